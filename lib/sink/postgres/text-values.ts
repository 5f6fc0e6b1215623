// A row as values for an INSERT, for columns of types that only the server can read: the same values that
// native/batch/copy_rows.cc makes for the others.

import type { ChangedValues } from '../../binding.js'
import type { Message } from '../../message.js'
import { rowValue } from '../row-values.js'
import { emptyText, type FilledColumn, isTextual } from './types.js'

type Value = string | Buffer | null

const INTEGERS: Record<string, [least: number, most: number]> = {
  int2: [-32_768, 32_767],
  int4: [-2_147_483_648, 2_147_483_647],
}
const LENIENT = new TextDecoder('utf-8', { ignoreBOM: true })
/** The years 1 to 9999, which a Date writes in four digits. */
const FIRST_US = Date.parse('0001-01-01T00:00:00Z') * 1000
const LAST_US = Date.parse('9999-12-31T23:59:59Z') * 1000

export function textValues(
  message: Message,
  columns: FilledColumn[],
  node: string,
  changed: ChangedValues,
): Value[] {
  return columns.map((filled) => textValue(message, filled, node, changed))
}

function textValue(message: Message, filled: FilledColumn, node: string, changed: ChangedValues): Value {
  const { column, from } = filled
  if (!from) return emptyText(column)
  if (/^(timestamp|date)/.test(column.type)) return timeText(message, from.name, changed)
  const isNumber = from.name === 'date' && !isTextual(column)
  const value = isNumber ? Math.floor(message.microTs / 1e6) : rowValue(message, from, node)
  if (column.type === 'bytea') return Buffer.isBuffer(value) ? value : Buffer.from(String(value))
  if (typeof value === 'number') return String(clamped(value, column.type, changed))
  const text = cut(Buffer.isBuffer(value) ? cleaned(value, changed) : value, filled, changed)
  return text === '' && !isTextual(column) ? null : text
}

/** `date` has seconds, the column of microseconds all that there is. */
function timeText({ microTs, arrivalUs }: Message, name: string, changed: ChangedValues): string {
  const isHeld = microTs >= FIRST_US && microTs <= LAST_US
  if (!isHeld) changed.arrivals++
  const us = isHeld ? microTs : arrivalUs
  const seconds = new Date(Math.floor(us / 1e6) * 1000).toISOString().slice(0, 19).replace('T', ' ')
  const micros = us - Math.floor(us / 1e6) * 1e6
  return name === 'date' ? `${seconds}+00` : `${seconds}.${String(micros).padStart(6, '0')}+00`
}

function clamped(value: number, type: string, changed: ChangedValues): number {
  const [least, most] = INTEGERS[type] ?? [-Infinity, Infinity]
  const held = Math.min(Math.max(value, least), most)
  if (held !== value) changed.clamped++
  return held
}

function cleaned(octets: Buffer, changed: ChangedValues): string {
  changed.cleaned++
  return LENIENT.decode(octets).replaceAll('\0', '\ufffd')
}

function cut(text: string, { characters }: FilledColumn, changed: ChangedValues): string {
  if (characters === 0 || text.length <= characters) return text
  const all = Array.from(text)
  if (all.length <= characters) return text
  changed.cut++
  return all.slice(0, characters).join('')
}
