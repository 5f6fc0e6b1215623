// After an answer was lost: which of the rows that were sent are not in the table.
//
// A row is there when the table has one that is equal in every column that we fill; as often as the rows to look for
// have it, so often it is looked for. Nothing is taken for granted about how much of an insert is stored.

import type { RowBinaryColumn } from '../../binding.js'
import { Batch } from '../../message.js'
import type { Connection } from './connection.js'
import { isInside } from './odd-days.js'
import { quotedName, quotedText } from './schema.js'
import type { LookupKey, Source, Table } from './table.js'
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
  source: Source,
  rows: Uint32Array,
): Promise<Uint32Array> {
  const { encodings, key } = table
  if (!encodings || !key) return rows
  const missing: number[] = []
  const taken = new Map<string, number>()
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    const some = rows.subarray(at, at + ROWS_AT_ONCE)
    const query = `SELECT ${table.columnList} FROM ${quotedName(table.name)} WHERE ${condition(source, some, key)}`
    const answer = await connection.run({ query: `${query} FORMAT RowBinary`, settings: SETTINGS })
    const there = counted(rowTexts(answer, encodings))
    for (const [index, text] of rowTexts(table.encode(some, source).octets, encodings).entries()) {
      const count = (taken.get(text) ?? 0) + 1
      if (count > (there.get(text) ?? 0)) missing.push(some[index]!)
      else taken.set(text, count)
    }
  }
  return Uint32Array.from(missing)
}

/** A superset of the rows, by their times. */
function condition({ slab, bound }: Source, rows: Uint32Array, { column, date }: LookupKey): string {
  const batch = new Batch(slab)
  const name = quotedName(column.name)
  const seconds = secondsOf(batch, rows, bound)
  if (column.from.name === 'date') return `toUInt32(${name}) IN (${seconds.join(', ')})`
  const least = column.encoding?.type === 'UInt64' ? 0 : Number.NEGATIVE_INFINITY
  const times = new Set(Array.from(rows, (row) => Math.max(batch.microTs(row), least)))
  const isOne = `${name} IN (${Array.from(times).join(', ')})`
  if (!date) return isOne
  const [first, last] = [seconds[0], seconds.at(-1)].map((second) => `toDateTime(${second})`)
  return `${quotedName(date.name)} >= ${first} AND ${quotedName(date.name)} <= ${last} AND ${isOne}`
}

/** Those that stand in a DateTime, each once, in their order. */
function secondsOf(batch: Batch, rows: Uint32Array, bound: Source['bound']): number[] {
  const seconds = new Set<number>()
  for (const row of rows) {
    const [own, arrival] = [batch.microTs(row), batch.arrivalUs(row)]
    seconds.add(secondHeld(!bound || isInside(own, arrival, bound) ? own : arrival, arrival))
  }
  return Array.from(seconds).sort((a, b) => a - b)
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
