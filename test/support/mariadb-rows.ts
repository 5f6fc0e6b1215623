// Stores on a MariaDB server of a test, and what is in its tables.

import type { Test } from 'tap'
import type { RowKind } from '../../lib/route/rows.js'
import type { DatabaseTarget } from '../../lib/sink/database-target.js'
import { MariadbStore } from '../../lib/sink/mariadb.js'
import { columnsOf } from '../../lib/sink/schema.js'
import type { MariadbServer } from './mariadb-server.js'
import { rowLine } from './store-blocks.js'

export interface MadeStore {
  store: MariadbStore
  advice: string[]
}

type More = Partial<DatabaseTarget> & { silentMs?: number }

/** Not open yet. */
export function makeStore(t: Test, server: MariadbServer, more: More = {}): MadeStore {
  const { silentMs = 20_000, ...target } = more
  const advice: string[] = []
  const settings = { statementsInFlight: 5, silentMs }
  const store = new MariadbStore(server.target(target), settings, (text) => advice.push(text))
  t.teardown(() => store.close())
  return { store, advice }
}

/** Opened on a database of its own. */
export async function openStore(
  t: Test,
  server: MariadbServer,
  database: string,
  more: More = {},
): Promise<MadeStore> {
  const found = await server.query(`SHOW DATABASES LIKE '${database}'`)
  if (found.length === 0) await server.createDatabase(database)
  const made = makeStore(t, server, { database, ...more })
  await made.store.open()
  return made
}

/** A sorted line each row. */
export async function storedLines(
  server: MariadbServer,
  database: string,
  kind: RowKind,
  table: string,
): Promise<string[]> {
  const columns = columnsOf(kind).map(({ name }) => (name === 'msg' ? 'hex(msg) AS msg' : `\`${name}\``))
  const rows = await server.query<Record<string, unknown>>(
    `SELECT ${columns.join(', ')} FROM \`${table}\``,
    database,
  )
  return rows.map((row) => rowLine(row, kind)).sort()
}

/** Call-IDs in their order, as often as they are there. */
export async function callIds(
  server: MariadbServer,
  database: string,
  table = 'sip_capture',
): Promise<string[]> {
  const rows = await server.query<{ callid: string }>(
    `SELECT callid FROM \`${table}\` ORDER BY CAST(callid AS BINARY)`,
    database,
  )
  return rows.map(({ callid }) => callid)
}
