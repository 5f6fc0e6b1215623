// Blocks of rows for stores, and the same rows as SQLite has them: what every other engine is compared with.

import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import { binding, type Engine } from '../../lib/binding.js'
import { Batch } from '../../lib/message.js'
import type { RowKind } from '../../lib/route/rows.js'
import { Packer } from '../../lib/send/packets.js'
import { fromDialogs } from '../../lib/send/source.js'
import { columnsOf, quoted } from '../../lib/sink/schema.js'
import { SqliteStore } from '../../lib/sink/sqlite-store.js'
import type { SlabRows, StoreBlock } from '../../lib/sink/store.js'
import { openSqlite } from '../../lib/sqlite.js'
import { until } from './tools.js'

const SLAB_BYTES = 8 << 20
const AT_ONCE = 5000
const SEED = 4711
export const NODE = 'homer01'

export function roomyEngine(slabs = 24): Engine {
  const limits = { slabBytes: SLAB_BYTES, slabs, flushMs: 3_600_000, maxRows: 10_000 }
  return new binding.Engine(limits, () => {})
}

export function takenBatches(engine: Engine): Batch[] {
  engine.flush(true)
  return engine.take().map((slab) => new Batch(slab))
}

/** Distinct messages of made dialogs. */
export function dialogBatches(engine: Engine, count: number): Batch[] {
  const packer = new Packer({ hep: 3, agentId: 2001, compress: false })
  for (const batch of fromDialogs(count, SEED, AT_ONCE)) {
    for (const captured of batch) packer.add(captured)
    const { octets, ends } = packer.take()
    engine.feed(0, octets, ends)
  }
  return takenBatches(engine)
}

/** The messages of a capture file. */
export async function captureBatches(engine: Engine, path: string): Promise<Batch[]> {
  engine.readFile(1, path, { tunnels: false })
  await until(() => engine.reading(1).state !== 'more')
  return takenBatches(engine)
}

/** The default path's tables of a batch. */
export function defaultTables(batch: Batch, table = 'sip_capture'): SlabRows[] {
  const rows = Array.from({ length: batch.rows }, (_, row) => row)
  const some = (kind: RowKind, name: string, isSip: boolean) => ({
    kind,
    table: name,
    rows: Uint32Array.from(rows.filter((row) => batch.isSip(row) === isSip)),
  })
  const tables = [some('sip', table, true), some('report', 'rtcp_capture', false)]
  return tables.filter((one) => one.rows.length > 0)
}

/** Blocks of one origin, in their order. */
export class Blocks {
  readonly #origin = randomBytes(16).toString('hex')
  #number = 0

  of(batch: Batch, more: Partial<StoreBlock> = {}): StoreBlock {
    const number = ++this.#number
    return {
      id: { origin: this.#origin, number },
      settledBefore: number,
      isSpooled: false,
      node: NODE,
      window: null,
      slab: { handle: batch.handle, input: batch.input, rows: batch.rows },
      tables: defaultTables(batch),
      ...more,
    }
  }
}

/** A row as one line: every column in the order of the table, octets of `msg` in hexadecimal digits. */
export function rowLine(row: Record<string, unknown>, kind: RowKind): string {
  return columnsOf(kind)
    .map(({ name }) => String(row[name]))
    .join('\u0001')
}

/** The same lines in the same order; where they are not, the first that differs is shown, not all of them. */
export function sameLines(t: Test, found: string[], expected: string[], what: string): void {
  const index = expected.findIndex((line, at) => line !== found[at])
  t.equal(index, -1, what)
  if (index >= 0) t.equal(found[index]?.slice(0, 2000), expected[index]?.slice(0, 2000))
  t.equal(found.length, expected.length, `${what}: as many`)
}

/** What SQLite has of these batches: a sorted line each row, by table. */
export function sqliteLines(path: string, batches: Batch[]): Record<RowKind, string[]> {
  const store = new SqliteStore(path)
  for (const batch of batches) {
    const slab = { handle: batch.handle, input: batch.input, rows: batch.rows }
    store.insert(
      defaultTables(batch).map((one) => ({ ...one, slab })),
      NODE,
    )
  }
  store.close()
  const db = openSqlite(path, { readonly: true })
  const lines = (kind: RowKind, table: string) => {
    const exists = db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(table)
    if (!exists) return []
    const columns = columnsOf(kind).map(({ name }) => (name === 'msg' ? 'hex(msg) AS msg' : quoted(name)))
    const rows = db.prepare(`SELECT ${columns.join(', ')} FROM ${table}`).all() as Record<string, unknown>[]
    return rows.map((row) => rowLine(row, kind)).sort()
  }
  const all = { sip: lines('sip', 'sip_capture'), report: lines('report', 'rtcp_capture') }
  db.close()
  return all
}
