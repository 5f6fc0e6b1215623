// Stores on a PostgreSQL server of a test, and what is in its tables.

import type { Test } from 'tap'
import type { RowKind } from '../../lib/route/rows.js'
import type { DatabaseTarget } from '../../lib/sink/database-target.js'
import { PostgresStore } from '../../lib/sink/postgres.js'
import { columnsOf } from '../../lib/sink/schema.js'
import type { PostgresServer } from './postgres-server.js'
import { rowLine } from './store-blocks.js'

export interface MadeStore {
  store: PostgresStore
  advice: string[]
}

/** Not open yet. */
export function makeStore(
  t: Test,
  server: PostgresServer,
  more: Partial<DatabaseTarget> & { silentMs?: number } = {},
): MadeStore {
  const { silentMs = 20_000, ...target } = more
  const advice: string[] = []
  const settings = { statementsInFlight: 5, silentMs }
  const store = new PostgresStore(server.target(target), settings, (text) => advice.push(text))
  t.teardown(() => store.close())
  return { store, advice }
}

/** Opened on a database of its own. */
export async function openStore(
  t: Test,
  server: PostgresServer,
  database: string,
  more: Partial<DatabaseTarget> & { silentMs?: number } = {},
): Promise<MadeStore> {
  const found = await server.query(`SELECT 1 FROM pg_database WHERE datname = '${database}'`)
  if (found.length === 0) await server.createDatabase(database)
  const made = makeStore(t, server, { database, ...more })
  await made.store.open()
  return made
}

/** A sorted line each row. */
export async function storedLines(
  server: PostgresServer,
  database: string,
  kind: RowKind,
  table: string,
): Promise<string[]> {
  const shown: Record<string, string> = {
    msg: "upper(encode(msg, 'hex')) AS msg",
    date: "to_char(date AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS date",
  }
  const columns = columnsOf(kind).map(({ name }) => shown[name] ?? name)
  const rows = await server.query(`SELECT ${columns.join(', ')} FROM ${table}`, database)
  return rows.map((row) => rowLine(row, kind)).sort()
}

/** Call-IDs in their order, as often as they are there. */
export async function callIds(
  server: PostgresServer,
  database: string,
  table = 'sip_capture',
): Promise<string[]> {
  const rows = await server.query<{ callid: string }>(
    `SELECT callid FROM ${table} ORDER BY callid COLLATE "C"`,
    database,
  )
  return rows.map(({ callid }) => callid)
}
