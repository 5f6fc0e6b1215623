// Arithmetic of scripts: whole numbers of 53 bits; texts are joined, and what has no answer is none.

import type { Arithmetic } from './ast.js'
import type { Value } from './value.js'
import { numberOf, prefersNumber, textOf } from './values.js'

/** undefined: there is no answer, and an assignment leaves its variable as it is. NULL counts as 0. */
export function arithmetic(operator: Arithmetic['operator'], left: Value, right: Value): Value | undefined {
  if (left === null ? prefersNumber(right) || right === null : prefersNumber(left)) {
    const [a, b] = [numberOf(left) ?? 0, right === null ? 0 : numberOf(right)]
    return b === undefined ? undefined : calculate(operator, a, b)
  }
  if (operator === '+') return joined(textOf(left) ?? '', textOf(right) ?? '')
  return bytewise(operator, textOf(left) ?? '', textOf(right))
}

/** Characters: a loop that doubles a text has to end somewhere. */
export const MAX_TEXT = 1 << 20

function joined(a: string, b: string): string | undefined {
  return a.length + b.length > MAX_TEXT ? undefined : a + b
}

/** `~` */
export function complement(value: Value): Value | undefined {
  const number = value === null ? 0 : numberOf(value)
  return number === undefined ? undefined : exact(-number - 1)
}

/** Division goes towards zero; by zero it is 0. */
function calculate(operator: Arithmetic['operator'], a: number, b: number): number | undefined {
  switch (operator) {
    case '+':
      return exact(a + b)
    case '-':
      return exact(a - b)
    case '*':
      return exact(a * b)
    case '/':
      return b === 0 ? 0 : exact(Math.trunc(a / b))
    case '%':
      return b === 0 ? 0 : exact(a % b)
    case '<<':
      return b < 0 ? undefined : exact(a * 2 ** b)
    case '>>':
      return b < 0 ? undefined : exact(Math.floor(a / 2 ** Math.min(b, 53)))
    default:
      return exact(bits(operator, a, b))
  }
}

/** No answer beyond 53 bits; -0 is 0. */
function exact(result: number): number | undefined {
  return Number.isSafeInteger(result) ? result + 0 : undefined
}

function bits(operator: '&' | '|' | '^', a: number, b: number): number {
  const [left, right] = [BigInt(a), BigInt(b)]
  if (operator === '&') return Number(left & right)
  return Number(operator === '|' ? left | right : left ^ right)
}

function bytewise(operator: Arithmetic['operator'], a: string, b: string | undefined): string | undefined {
  if (b === undefined || a.length !== b.length) return undefined
  if (operator !== '&' && operator !== '|' && operator !== '^') return undefined
  let out = ''
  for (let i = 0; i < a.length; i++)
    out += String.fromCharCode(bits(operator, a.charCodeAt(i), b.charCodeAt(i)))
  return out
}
