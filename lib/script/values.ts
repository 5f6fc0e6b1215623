// What values say: their text, their number, and whether they are true.

import type { Value } from './value.js'

/** A value that could not be read: a comparison with it is an error, and an assignment of it does nothing. */
export const FAILED = Symbol('failed')

export type Reading = Value | typeof FAILED

/** undefined for NULL; a number has the text of its digits. */
export function textOf(value: Value): string | undefined {
  if (value === null) return undefined
  if (typeof value === 'object') return value.text
  return typeof value === 'number' ? String(value) : value
}

/** undefined for NULL, and for a text that is no number beside: numerals are not read. */
export function numberOf(value: Value): number | undefined {
  if (typeof value === 'number') return value
  return value !== null && typeof value === 'object' ? value.number : undefined
}

export const NUMERAL = /^([-+]?)(\d+|0x[0-9a-f]+)$/i

/** Of a text that is a whole number of 53 bits, in digits or hexadecimal; undefined for all else. */
export function numeralOf(text: string): number | undefined {
  const [, sign, digits] = NUMERAL.exec(text) ?? []
  const number = Number(digits)
  if (!Number.isSafeInteger(number)) return undefined
  return sign === '-' ? 0 - number : number
}

/** Does it stand for its number where both would do? */
export function prefersNumber(value: Value): boolean {
  return typeof value === 'number' || (value !== null && typeof value === 'object' && value.prefersNumber)
}

/** A value alone in a condition: NULL, the empty text and 0 are false; the text "0" is true. */
export function isTrue(value: Value): boolean {
  if (value === null) return false
  return prefersNumber(value) ? numberOf(value) !== 0 : textOf(value) !== ''
}

/** What a variable keeps of a value that is assigned to it. */
export function kept(value: Value): Value {
  if (value === null || typeof value !== 'object') return value
  return value.prefersNumber ? value.number : value.text
}
