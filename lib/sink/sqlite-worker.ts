// The worker thread of a SQLite sink: takes blocks of rows in order, their slabs by handle; commits each, answers.
//
// A store that is away is tried again until it is back; meanwhile the blocks wait, and the bounded queue
// before the sinks fills.

import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { binding } from '../binding.js'
import type { RefusedRow } from './sink.js'
import { isTransient, type SlabRows, SqliteStore } from './sqlite-store.js'

/** Of a block: `index` is its place in the block's list of tables. */
export type OrderedRows = SlabRows & { index: number }

/** To the worker: the rows of one block for one or more files, a transaction each. */
export interface InsertOrder {
  id: number
  node: string
  files: { path: string; tables: OrderedRows[] }[]
}

/** From the worker. */
export type Report =
  | { type: 'done'; id: number; rows: { table: string; count: number }[]; refused: RefusedRow[] }
  | { type: 'opened'; error?: Fault }
  | { type: 'away'; error: Fault }
  | { type: 'back' }

export interface Fault {
  code: string
  message: string
}

/** Files that stay open: the one of this hour, the last one, and stragglers. */
const OPEN_FILES = 4
const FIRST_RETRY_MS = 50
const LAST_RETRY_MS = 2000

/** Of this thread alone (setpriority(2) with 0): when processors are short, capturing goes before storing. */
const NICE = 10

const port = parentPort
if (!port) throw new Error('sqlite-worker runs as a worker thread')

setPriority(NICE)

const stores = new Map<string, SqliteStore>()

function storeOf(path: string): SqliteStore {
  let store = stores.get(path)
  if (store && !store.isInPlace()) {
    store.close()
    stores.delete(path)
    store = undefined
  }
  store ??= new SqliteStore(path)
  stores.delete(path) // the map's order is the order of last use
  stores.set(path, store)
  for (const [oldest, idle] of stores) {
    if (stores.size <= OPEN_FILES) break
    idle.close()
    stores.delete(oldest)
  }
  return store
}

function faultOf(error: unknown): Fault {
  const { code, message } = error as { code?: string; message?: string }
  return { code: code ?? 'ERROR', message: message ?? String(error) }
}

/** Set by the sink when what is not stored yet is given up. */
const givenUp = new Int32Array(workerData as SharedArrayBuffer)

class GivenUp extends Error {}

/** Runs `work` until the world lets it, or it is given up. */
function persist<T>(work: () => T): T {
  let wait = FIRST_RETRY_MS
  for (let away = false; ; wait = Math.min(wait * 2, LAST_RETRY_MS)) {
    try {
      const result = work()
      if (away) port?.postMessage({ type: 'back' } satisfies Report)
      return result
    } catch (error) {
      if (!isTransient(error) && !isMissingFolder(error)) throw error
      away = true
      port?.postMessage({ type: 'away', error: faultOf(error) } satisfies Report)
      Atomics.wait(givenUp, 0, 0, wait)
      if (givenUp[0]) throw new GivenUp()
    }
  }
}

/** better-sqlite3's way of saying that the folder does not exist. */
function isMissingFolder(error: unknown): boolean {
  return error instanceof TypeError && error.message.includes('directory does not exist')
}

function insert(order: InsertOrder): void {
  const counts = new Map<string, number>()
  const refused: RefusedRow[] = []
  for (const { path, tables } of order.files) {
    const left = persist(() => insertOrRefuse(path, order, tables))
    for (const [place, { index, table, rows }] of tables.entries()) {
      const ofTable = left.filter((one) => one.table === place)
      for (const { row, reason } of ofTable) refused.push({ table: index, row, reason })
      const stored = rows.length - ofTable.length
      counts.set(table, (counts.get(table) ?? 0) + stored)
    }
  }
  const rows = Array.from(counts, ([table, count]) => ({ table, count }))
  port?.postMessage({ type: 'done', id: order.id, rows, refused } satisfies Report)
}

function insertOrGiveUp(order: InsertOrder): void {
  try {
    insert(order)
  } catch (error) {
    if (!(error instanceof GivenUp)) throw error
  }
}

/** A fault that is neither the world's nor one row's refuses all rows of the file, with its reason. */
function insertOrRefuse(path: string, order: InsertOrder, tables: SlabRows[]): RefusedRow[] {
  try {
    return storeOf(path).insert(tables, order.node)
  } catch (error) {
    if (isTransient(error) || isMissingFolder(error)) throw error
    const reason = faultOf(error).code
    return tables.flatMap(({ rows }, table) => Array.from(rows, (row) => ({ table, row, reason })))
  }
}

port.on('message', (order: InsertOrder | { open: string } | { close: true }) => {
  if ('open' in order) {
    try {
      storeOf(order.open)
      port.postMessage({ type: 'opened' } satisfies Report)
    } catch (error) {
      port.postMessage({ type: 'opened', error: faultOf(error) } satisfies Report)
    }
  } else if ('close' in order) {
    for (const store of stores.values()) store.close()
    stores.clear()
    port.close()
  } else if (!givenUp[0]) {
    insertOrGiveUp(order)
  }
})

// Loading the addon here makes the engine's slabs readable from this thread.
void binding
