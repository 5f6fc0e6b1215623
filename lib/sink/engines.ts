// The engines: the one place that knows them all. Each is loaded when it is used.

import type { DatabaseTarget } from './database-target.js'
import type { TableShapes } from './schema.js'
import type { Advise, Store } from './store.js'

/** Which store, and how it is used: plain data, for it travels to a worker thread. */
export type StoreTarget = ({ kind: 'sqlite'; path: string } | { kind: 'database'; at: DatabaseTarget }) & {
  /** Over all connections. */
  statementsInFlight: number
  shapes: TableShapes
}

export async function makeStore(target: StoreTarget, advise: Advise): Promise<Store> {
  if (target.kind === 'sqlite') {
    const { SqliteFiles } = await import('./sqlite-files.js')
    return new SqliteFiles(target.path, target.shapes)
  }
  if (target.at.engine === 'clickhouse') {
    const { ClickhouseStore } = await import('./clickhouse.js')
    return new ClickhouseStore(target.at, target, advise)
  }
  if (target.at.engine === 'postgres') {
    const { PostgresStore } = await import('./postgres.js')
    return new PostgresStore(target.at, target, advise)
  }
  throw new Error(`${target.at.engine} is not there`)
}
