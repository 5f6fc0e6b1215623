// Stores on a ClickHouse server of a test, and what is in its tables.

import type { Test } from 'tap'
import type { RowKind } from '../../lib/route/rows.js'
import { ClickhouseStore } from '../../lib/sink/clickhouse.js'
import type { DatabaseTarget } from '../../lib/sink/database-target.js'
import { columnsOf } from '../../lib/sink/schema.js'
import { AwayError, type BlockRefusal, type StoreBlock } from '../../lib/sink/store.js'
import type { ClickHouseServer } from './clickhouse-server.js'
import { rowLine } from './store-blocks.js'

const ATTEMPTS = 300
const PAUSE_MS = 100

export interface MadeStore {
  store: ClickhouseStore
  advice: string[]
}

/** Not open yet. */
export function makeStore(
  t: Test,
  server: ClickHouseServer,
  more: Partial<DatabaseTarget> & { silentMs?: number } = {},
): MadeStore {
  const { silentMs = 20_000, ...target } = more
  const advice: string[] = []
  const limits = { statementsInFlight: 5, silentMs }
  const store = new ClickhouseStore(server.target(target), limits, (text) => advice.push(text))
  t.teardown(() => store.close())
  return { store, advice }
}

/** Opened on a database of its own. */
export async function openStore(
  t: Test,
  server: ClickHouseServer,
  database: string,
  more: Partial<DatabaseTarget> & { silentMs?: number } = {},
): Promise<MadeStore> {
  await server.query(`CREATE DATABASE IF NOT EXISTS ${database}`)
  const made = makeStore(t, server, { database, ...more })
  await made.store.open()
  return made
}

/** As the worker of a sink does it: again and again, as long as the store is away. */
export async function persist(
  store: ClickhouseStore,
  block: StoreBlock,
  away: (error: AwayError) => void = () => {},
): Promise<BlockRefusal[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await store.write(block)
    } catch (error) {
      if (!(error instanceof AwayError) || attempt >= ATTEMPTS) throw error
      away(error)
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
}

/** Two blocks at once, as a sink writes them. */
export async function persistAll(store: ClickhouseStore, blocks: StoreBlock[]): Promise<BlockRefusal[]> {
  const [waiting, refused] = [[...blocks], [] as BlockRefusal[]]
  const lane = async () => {
    for (let block = waiting.shift(); block; block = waiting.shift()) {
      refused.push(...(await persist(store, block)))
    }
  }
  await Promise.all(Array.from({ length: store.lanes }, lane))
  return refused
}

/** A sorted line each row. */
export async function storedLines(server: ClickHouseServer, kind: RowKind, table: string): Promise<string[]> {
  const columns = columnsOf(kind).map(({ name }) => (name === 'msg' ? 'hex(msg) AS msg' : name))
  const rows = await server.rows(`SELECT ${columns.join(', ')} FROM ${table}`)
  // Old servers show no date at the second 0, which they hold.
  const shown = ({ date, ...row }: Record<string, unknown>) => ({
    ...row,
    date: String(date).replace('0000-00-00', '1970-01-01'),
  })
  return rows.map((row) => rowLine(shown(row), kind)).sort()
}

/** Call-IDs in their order, as often as they are there. */
export async function callIds(server: ClickHouseServer, table: string): Promise<string[]> {
  const rows = await server.rows(`SELECT callid FROM ${table} ORDER BY callid`)
  return rows.map(({ callid }) => callid as string)
}
