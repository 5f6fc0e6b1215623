// {class.name,arguments} behind a variable: what each makes of a value.

import { createHash } from 'node:crypto'
import { isIP, isIPv4, isIPv6 } from 'node:net'
import { dateText } from '../options/strftime.js'
import { nameAddr } from '../sip/headers.js'
import { compileSubstitution, substitute, substitutionFor } from './substitution.js'
import { escapeCommon, escapeParam, paramCount, paramValue, splitUri, unescapeCommon } from './text-parts.js'
import type { Value } from './value.js'
import { FAILED, numberOf, prefersNumber, type Reading, textOf } from './values.js'

/** undefined: there is no such part, which the dialects take for different things, as they do FAILED. */
export type Transform = (value: Exclude<Value, null>, args: readonly string[]) => Reading | undefined

export interface TransformationEntry {
  transform: Transform
  /** Numbers of arguments that it takes. */
  least: number
  most: number
  /** Throws an Error that says what is wrong with arguments that are known at load. */
  check?(args: readonly string[]): void
}

const text = (value: Value): string => textOf(value) ?? ''

function simple(transform: (value: string) => Reading | undefined): TransformationEntry {
  return { transform: (value) => transform(text(value)), least: 0, most: 0 }
}

function withArguments(
  least: number,
  most: number,
  transform: (value: string, ...args: string[]) => Reading | undefined,
  check?: (args: readonly string[]) => void,
): TransformationEntry {
  const entry = {
    transform: (value: Value, args: readonly string[]) => transform(text(value), ...args),
    least,
    most,
  }
  return check ? { ...entry, check } : entry
}

function wholeNumbers(...positions: number[]): (args: readonly string[]) => void {
  return (args) => {
    for (const at of positions) {
      const arg = args[at]
      if (arg !== undefined && !/^\s*[+-]?\d+\s*$/.test(arg)) throw new Error(`"${arg}" is no whole number`)
      if (!Number.isSafeInteger(Number(arg ?? 0))) throw new Error(`"${arg}" is too large for a number`)
    }
  }
}

/** The number of its leading digits, 0 when there are none; the text stays beside it. */
function toNumber(value: Exclude<Value, null>): Value {
  if (prefersNumber(value)) return value
  const digits = /^\s*[+-]?\d+/.exec(text(value))
  const number = digits ? Number(digits[0]) : 0
  return { text: text(value), number: Number.isSafeInteger(number) ? number : 0, prefersNumber: true }
}

function select(value: string, position: string, separator: string): string | undefined {
  return value.split(separator[0] ?? ',').at(Number(position))
}

/** `off` counts from the end when negative; a length under 1 stops so many before the end. */
function substring(value: string, off: string, length: string): string | undefined {
  const start = Number(off) < 0 ? value.length + Number(off) : Number(off)
  if (start < 0 || start >= value.length) return undefined
  const wanted = Number(length)
  const end = wanted > 0 ? Math.min(start + wanted, value.length) : value.length + wanted
  return end < start ? undefined : value.slice(start, end)
}

function index(value: string, wanted: string, from = '0'): number {
  return value.indexOf(wanted, Number(from) < 0 ? value.length + Number(from) : Number(from))
}

function fill(value: string, letter: string, width: string, isLeft: boolean): string {
  const columns = Math.min(Number(width), 4096)
  return isLeft ? value.padStart(columns, letter) : value.padEnd(columns, letter)
}

/** Of an empty text, and with a substitution that is none, it fails. */
function resubstitute(value: string, written: string): string | typeof FAILED {
  if (value === '') return FAILED
  try {
    return substitute(substitutionFor(written), value)
  } catch {
    return FAILED
  }
}

function csvFields(value: string): string[] {
  return (value.match(/"(?:[^"]|"")*"|[^,]+|(?<=,)(?=,|$)|^(?=,)/g) ?? []).map((field) => field.trim())
}

/** strftime, in UTC, of a number of seconds; of more than there are dates for, there is none. */
function formatted(value: Exclude<Value, null>, format: string): string | undefined {
  const seconds = numberOf(value) ?? Number.parseInt(text(value), 10)
  return dateText(format, Number.isNaN(seconds) ? 0 : seconds)
}

export const transformations: ReadonlyMap<string, TransformationEntry> = new Map<string, TransformationEntry>(
  [
    ['s.len', simple((value) => value.length)],
    ['s.int', { transform: toNumber, least: 0, most: 0 }],
    ['s.tolower', simple((value) => value.toLowerCase())],
    ['s.toupper', simple((value) => value.toUpperCase())],
    ['s.trim', simple((value) => value.trim())],
    ['s.trimr', simple((value) => value.trimEnd())],
    ['s.triml', simple((value) => value.trimStart())],
    ['s.numeric', simple((value) => value.replace(/\D/g, ''))],
    ['s.md5', simple((value) => createHash('md5').update(value).digest('hex'))],
    ['s.escape.common', simple(escapeCommon)],
    ['s.unescape.common', simple(unescapeCommon)],
    ['s.escape.param', simple(escapeParam)],
    ['s.encode.hexa', simple((value) => Buffer.from(value).toString('hex'))],
    ['s.decode.hexa', simple((value) => Buffer.from(value, 'hex').toString())],
    ['s.encode.b64', simple((value) => Buffer.from(value).toString('base64'))],
    ['s.decode.b64', simple((value) => Buffer.from(value, 'base64').toString())],
    ['s.select', withArguments(2, 2, select, wholeNumbers(0))],
    ['s.substr', withArguments(2, 2, substring, wholeNumbers(0, 1))],
    ['s.index', withArguments(1, 2, index, wholeNumbers(1))],
    ['s.rindex', withArguments(1, 1, (value, wanted) => value.lastIndexOf(wanted))],
    [
      's.fill.left',
      withArguments(2, 2, (value, letter, width) => fill(value, letter, width, true), wholeNumbers(1)),
    ],
    [
      's.fill.right',
      withArguments(2, 2, (value, letter, width) => fill(value, letter, width, false), wholeNumbers(1)),
    ],
    ['uri.user', simple((value) => splitUri(value)?.user)],
    ['uri.host', simple((value) => splitUri(value)?.host)],
    ['uri.domain', simple((value) => splitUri(value)?.host)],
    ['uri.port', simple((value) => splitUri(value)?.port)],
    ['uri.params', simple((value) => splitUri(value)?.parameters)],
    ['uri.schema', simple((value) => splitUri(value)?.scheme)],
    ['uri.scheme', simple((value) => splitUri(value)?.scheme)],
    ['uri.param', withArguments(1, 1, (value, name) => paramValue(splitUri(value)?.parameters ?? '', name))],
    ['nameaddr.name', simple((value) => nameAddr(value).displayName)],
    ['nameaddr.uri', simple((value) => nameAddr(value).uri)],
    ['nameaddr.len', simple((value) => value.length)],
    ['nameaddr.param', withArguments(1, 1, (value, name) => paramValue(afterUri(value), name))],
    ['param.value', withArguments(1, 1, paramValue)],
    ['param.exist', withArguments(1, 1, (value, name) => (paramValue(value, name) === undefined ? 0 : 1))],
    ['param.count', simple(paramCount)],
    ['csv.count', simple((value) => csvFields(value).length)],
    ['csv.value', withArguments(1, 1, (value, at) => csvFields(value).at(Number(at)), wholeNumbers(0))],
    ['ip.isip', simple((value) => (isIP(value) > 0 ? 1 : 0))],
    ['ip.family', simple((value) => (isIPv4(value) ? 'INET' : isIPv6(value) ? 'INET6' : undefined))],
    [
      're.subst',
      withArguments(1, 1, resubstitute, ([written]) => void (written && compileSubstitution(written))),
    ],
    ['date.strftime', { transform: (value, [format = '']) => formatted(value, format), least: 1, most: 1 }],
  ],
)

function afterUri(value: string): string {
  const close = value.indexOf('>')
  return close < 0 ? value.slice(value.indexOf(';') + 1 || value.length) : value.slice(close + 1)
}
