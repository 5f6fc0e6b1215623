// What values of options look like: one parser each, from text to a typed value, and back to its plainest text.

import { CONVERSIONS, expandUtc, strftimeFault } from './strftime.js'

/** A text that is no value of its option; the resolver adds where it stands. */
export class ValueFault extends Error {
  readonly what: string
  readonly cure: string

  constructor(what: string, cure: string) {
    super(what)
    this.what = what
    this.cure = cure
  }
}

export interface ValueType<V> {
  /** Stands for the value in the help. */
  readonly placeholder: string
  /** Bounds, with their reason. */
  readonly limit?: string
  /** What a flag without a value means; undefined: it needs one. */
  readonly bare?: string
  /** Throws a ValueFault. */
  parse(text: string): V
  /** What parse() reads as the same value. */
  show(value: V): string | number
}

/** How people write that they do not want something. */
export function isOff(text: string): boolean {
  return ['', '0', 'off', 'no', 'false'].includes(text.toLowerCase())
}

export const onOff: ValueType<boolean> = {
  placeholder: '0|1',
  bare: '1',
  parse(text) {
    if (isOff(text)) return false
    if (['1', 'on', 'yes', 'true'].includes(text.toLowerCase())) return true
    throw new ValueFault(`"${text}" is neither on nor off`, 'write 0 or 1')
  },
  show: (value) => Number(value),
}

export interface Bounds {
  min: number
  max: number
  why: string
}

export function integer({ min, max, why }: Bounds): ValueType<number> {
  return {
    placeholder: 'N',
    limit: `${min} to ${max}: ${why}`,
    parse(text) {
      const cure = `write a number from ${min} to ${max}`
      if (!/^[+-]?\d{1,15}$/.test(text)) throw new ValueFault(`"${text}" is no whole number`, cure)
      const value = Number(text)
      if (value < min || value > max) {
        throw new ValueFault(`${value} is not within ${min} to ${max}: ${why}`, cure)
      }
      return value
    },
    show: (value) => value,
  }
}

export const port = integer({ min: 0, max: 65535, why: 'ports have 16 bits, 0 is any free one' })

const sizeUnits = new Map([
  ['', 1],
  ['k', 2 ** 10],
  ['m', 2 ** 20],
  ['g', 2 ** 30],
  ['t', 2 ** 40],
])

/** Octets: a number, or one with K, M, G or T, which are powers of 1024. */
export function size({ min, max, why }: Bounds): ValueType<number> {
  return {
    placeholder: 'SIZE',
    limit: `${showSize(min)} to ${showSize(max)}: ${why}`,
    parse(text) {
      const [whole, digits, letter = ''] = /^(\d{1,15})\s*([kmgt]?)(?:i?b)?$/i.exec(text) ?? []
      if (whole === undefined)
        throw new ValueFault(`"${text}" is no size`, 'write it like 65536, 512K, 64MiB or 1G')
      const value = Number(digits) * sizeUnits.get(letter.toLowerCase())!
      if (value < min || value > max) {
        throw new ValueFault(
          `${text} is not within ${showSize(min)} to ${showSize(max)}: ${why}`,
          'name a size within these bounds',
        )
      }
      return value
    },
    show: showSize,
  }
}

function showSize(value: number): string {
  for (const [letter, unit] of [...sizeUnits].reverse()) {
    if (value >= unit && value % unit === 0)
      return letter ? `${value / unit}${letter.toUpperCase()}iB` : `${value}`
  }
  return `${value}`
}

const timeUnits = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['min', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

const DAY_MS = 86_400_000

export interface DurationShape {
  /** Unit of a plain number. */
  unit: 'ms' | 's'
  maxMs?: number
  why?: string
}

/** Milliseconds. */
export function duration({
  unit,
  maxMs = 366 * DAY_MS,
  why = 'a year is long enough',
}: DurationShape): ValueType<number> {
  return {
    placeholder: 'TIME',
    limit: `in ${unit}, or like 500ms, 30s, 5m, 1h, 2d; at most ${showDuration(maxMs)}: ${why}`,
    parse: (text) => {
      const ms = parseDuration(text, unit)
      if (ms > maxMs) {
        throw new ValueFault(`${text} is more than ${showDuration(maxMs)}: ${why}`, 'name a shorter time')
      }
      return ms
    },
    show: showDuration,
  }
}

export function parseDuration(text: string, unit: 'ms' | 's'): number {
  const [whole, digits, letters = unit] = /^(\d{1,12}(?:\.\d{1,3})?)\s*(ms|s|m|min|h|d)?$/i.exec(text) ?? []
  if (whole === undefined)
    throw new ValueFault(`"${text}" is no time`, 'write it like 500ms, 30s, 5m, 1h or 2d')
  return Math.round(Number(digits) * timeUnits.get(letters.toLowerCase())!)
}

export function showDuration(ms: number): string {
  for (const [letters, unit] of [...timeUnits].reverse()) {
    if (letters !== 'min' && ms >= unit && ms % unit === 0) return `${ms / unit}${letters}`
  }
  return '0s'
}

export function choice<const C extends string>(choices: readonly C[]): ValueType<C> {
  return {
    placeholder: choices.join('|'),
    parse(text) {
      const found = choices.find((known) => known.toLowerCase() === text.toLowerCase())
      if (found === undefined)
        throw new ValueFault(`"${text}" is none of ${choices.join(', ')}`, 'write one of them')
      return found
    },
    show: (value) => value,
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const CONTROLS = /[\u0000-\u001f\u007f]/

export function text(
  placeholder: string,
  maxOctets = 4096,
  why = 'nothing sensible is longer',
): ValueType<string> {
  return {
    placeholder,
    parse(value) {
      if (CONTROLS.test(value)) throw new ValueFault('it has control characters', 'write printable text')
      if (Buffer.byteLength(value) > maxOctets) {
        throw new ValueFault(`it has more than ${maxOctets} octets: ${why}`, 'write a shorter text')
      }
      return value
    },
    show: (value) => value,
  }
}

/** A text that may be off, which is `''`. */
export function offOr(placeholder: string): ValueType<string> {
  const any = text(placeholder)
  return {
    ...any,
    parse: (value) => (isOff(value) ? '' : any.parse(value)),
    show: (value) => value || 'off',
  }
}

/** A value that may be missing: `''`. */
export function optional<V>(type: ValueType<V>): ValueType<V | undefined> {
  return {
    ...type,
    parse: (value) => (value === '' ? undefined : type.parse(value)),
    show: (value) => (value === undefined ? '' : type.show(value)),
  }
}

const TABLE_NAME = /^[A-Za-z0-9_]{1,64}$/
/** A time with four digits in its year and three in its day: the longest names. */
const LATE_SECOND = Date.UTC(2099, 11, 31) / 1000

/** Is it a template as `tableName` takes it? */
export function isTableName(template: string): boolean {
  return !strftimeFault(template) && TABLE_NAME.test(expandUtc(template, LATE_SECOND))
}

/** A template of table names: expanded, it is one that every engine takes without quoting. */
export const tableName: ValueType<string> = {
  placeholder: 'NAME',
  limit: `letters, digits, _ and ${CONVERSIONS}; at most 64 characters when expanded: it goes into SQL`,
  parse(template) {
    const fault = strftimeFault(template)
    if (fault) throw new ValueFault(`"${template}": ${fault}`, `use ${CONVERSIONS}`)
    const name = expandUtc(template, LATE_SECOND)
    if (!TABLE_NAME.test(name)) {
      const what = name.length > 64 ? 'has more than 64 characters' : 'is no table name'
      throw new ValueFault(`"${template}" ${what}`, 'use 1 to 64 letters, digits and _')
    }
    return template
  },
  show: (template) => template,
}
