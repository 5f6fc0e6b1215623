// Rows as TabSeparated, for tables with a column that RowBinary is not written for: the server reads the texts.

import type { Batch, Message } from '../../message.js'
import type { RowValue } from '../row-values.js'
import { rowValue } from '../row-values.js'
import { type FilledColumn, secondHeld } from './types.js'

const ESCAPES: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r', '\0': '\\0' }
const SPECIAL = new RegExp(`[${Object.values(ESCAPES).join('')}]`, 'g')
const TIME_DIGITS = 10

/** Octets as they are but for the five that TabSeparated gives a meaning. */
export function tabSeparated(batch: Batch, rows: Uint32Array, node: string, columns: FilledColumn[]): Buffer {
  const lines: string[] = []
  for (const row of rows) {
    const message = batch.message(row)
    lines.push(columns.map((column) => escaped(sentValue(message, column, node))).join('\t'))
  }
  return Buffer.from(`${lines.join('\n')}\n`, 'latin1')
}

function sentValue(message: Message, { from, type }: FilledColumn, node: string): RowValue {
  return from.name === 'date' && /\bDateTime/.test(type) ? timeText(message) : rowValue(message, from, node)
}

/** In any time zone of the column: seconds of the epoch, with all the digits that tell them from a year. */
function timeText({ microTs, arrivalUs }: Message): string {
  return String(secondHeld(microTs, arrivalUs)).padStart(TIME_DIGITS, '0')
}

/** One character an octet. */
function escaped(value: RowValue): string {
  if (typeof value === 'number') return String(value)
  const octets = typeof value === 'string' ? Buffer.from(value) : value
  return octets.toString('latin1').replace(SPECIAL, (one) => ESCAPES[one] as string)
}
