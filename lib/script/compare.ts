// Comparisons of scripts: texts without regard to ASCII case, numbers as numbers, NULL unlike everything but NULL.

import type { CompareOperator } from './ast.js'
import { regexFor } from './regex.js'
import type { Value } from './value.js'
import { numberOf, textOf } from './values.js'

/** What stands on the right: a variable may be NULL too, which the keyword always is. */
export type RightKind = 'variable' | 'constant' | 'NULL'

/** undefined: an error, which is neither true nor false. */
export function compare(
  operator: CompareOperator,
  left: Value,
  right: Value,
  rightIs: RightKind,
): boolean | undefined {
  if (rightIs === 'NULL') return withNull(operator, left === null)
  if (left === null) return right === null ? isEqualing(operator) : isDiffering(operator)
  if (right === null) return isDiffering(operator)
  if (operator === '=~' || operator === '!~') return match(operator, left, right, rightIs)
  const [a, b] = [numberOf(left), numberOf(right)]
  const wantsNumber = rightIs === 'constant' && typeof right === 'number'
  if (b !== undefined && a !== undefined && (wantsNumber || rightIs === 'variable'))
    return order(operator, a - b)
  if (wantsNumber) return undefined
  return order(operator, compareTexts(textOf(left) ?? '', textOf(right) ?? ''))
}

function withNull(operator: CompareOperator, isNull: boolean): boolean {
  if (operator === '==') return isNull
  return operator === '!=' ? !isNull : false
}

function isEqualing(operator: CompareOperator): boolean {
  return operator === '==' || operator === '=~'
}

function isDiffering(operator: CompareOperator): boolean {
  return operator === '!=' || operator === '!~'
}

/** A pattern that is no expression is an error. */
function match(operator: '=~' | '!~', left: Value, right: Value, rightIs: RightKind): boolean | undefined {
  if (rightIs === 'constant' && typeof right === 'number') return undefined
  try {
    return regexFor(textOf(right) ?? '')(textOf(left) ?? '') === (operator === '=~')
  } catch {
    return undefined
  }
}

function order(operator: CompareOperator, difference: number): boolean {
  switch (operator) {
    case '==':
      return difference === 0
    case '!=':
      return difference !== 0
    case '<':
      return difference < 0
    case '>':
      return difference > 0
    case '<=':
      return difference <= 0
    default:
      return difference >= 0
  }
}

/** Negative, 0 or positive, ASCII letters in either case. Makes no text. */
export function compareTexts(one: string, other: string): number {
  if (one === other) return 0
  const length = Math.min(one.length, other.length)
  for (let i = 0; i < length; i++) {
    const difference = lowerOf(one.charCodeAt(i)) - lowerOf(other.charCodeAt(i))
    if (difference !== 0) return difference
  }
  return one.length - other.length
}

function lowerOf(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code | 0x20 : code
}
