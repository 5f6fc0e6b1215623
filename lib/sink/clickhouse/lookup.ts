// After an answer was lost: which of the rows that were sent are not in the table.
//
// A row is there when the table has one that is equal in every column that we fill; as often as the rows to look for
// have it, so often it is looked for. Nothing is taken for granted about how much of an insert is stored.

import { binding, type RowBinaryColumn } from '../../binding.js'
import { Batch } from '../../message.js'
import type { StoreBlock } from '../store.js'
import type { Connection } from './connection.js'
import { quotedName, quotedText } from './schema.js'
import type { LookupKey, Table } from './table.js'
import { rowEnds, secondHeld } from './types.js'

/** Rows of one query: their keys have room in the 256 KiB that a query may have. */
const ROWS_AT_ONCE = 5000
/** Behind a Distributed table every server has to be asked. */
const SETTINGS = { skip_unavailable_shards: 0 }

/** Is an insert under way whose id begins so? */
export async function isRunning(
  connection: Connection,
  { cluster }: Table,
  idStart: string,
): Promise<boolean> {
  const from =
    cluster === undefined ? 'system.processes' : `cluster(${quotedText(cluster)}, system, processes)`
  const octets = await connection.run({
    query: `SELECT count() FROM ${from} WHERE position(initial_query_id, ${quotedText(idStart)}) = 1`,
    settings: SETTINGS,
  })
  return Number(octets.toString()) > 0
}

/** Those of the rows that the table does not have, in their order. */
export async function missingRows(
  connection: Connection,
  table: Table,
  { slab, node }: StoreBlock,
  rows: Uint32Array,
): Promise<Uint32Array> {
  const { encodings, key } = table
  if (!encodings || !key) return rows
  const missing: number[] = []
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    const some = rows.subarray(at, at + ROWS_AT_ONCE)
    const query = `SELECT ${table.columnList} FROM ${quotedName(table.name)} WHERE ${condition(new Batch(slab), some, key)}`
    const found = await connection.run({ query: `${query} FORMAT RowBinary`, settings: SETTINGS })
    const sent = rowTexts(binding.rowBinary(slab.handle, some, node, encodings).octets as Buffer, encodings)
    const counts = counted(rowTexts(found, encodings))
    for (const [index, text] of sent.entries()) if (!taken(counts, text)) missing.push(some[index] as number)
  }
  return Uint32Array.from(missing)
}

/** A superset of the rows, by their times. */
function condition(batch: Batch, rows: Uint32Array, { column, date }: LookupKey): string {
  const name = quotedName(column.name)
  if (column.from.name === 'date') {
    return `toUInt32(${name}) IN (${Array.from(secondsOf(batch, rows)).join(', ')})`
  }
  const isUnsigned = column.encoding?.type === 'UInt64'
  const times = new Set(Array.from(rows, (row) => Math.max(batch.microTs(row), isUnsigned ? 0 : -Infinity)))
  const isOne = `${name} IN (${Array.from(times).join(', ')})`
  if (!date) return isOne
  const seconds = Array.from(secondsOf(batch, rows)).sort((a, b) => a - b)
  const bounds = [seconds[0], seconds.at(-1)].map((second) => `toDateTime(${second})`)
  return `${quotedName(date.name)} >= ${bounds[0]} AND ${quotedName(date.name)} <= ${bounds[1]} AND ${isOne}`
}

function secondsOf(batch: Batch, rows: Uint32Array): Set<number> {
  return new Set(Array.from(rows, (row) => secondHeld(batch.microTs(row), batch.arrivalUs(row))))
}

function rowTexts(octets: Buffer, columns: RowBinaryColumn[]): string[] {
  let start = 0
  return rowEnds(octets, columns).map((end) => {
    const text = octets.toString('latin1', start, end)
    start = end
    return text
  })
}

function counted(texts: string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return counts
}

function taken(counts: Map<string, number>, text: string): boolean {
  const count = counts.get(text) ?? 0
  if (count > 0) counts.set(text, count - 1)
  return count > 0
}
