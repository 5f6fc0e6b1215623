// The engines: the one place that knows them all. Each is loaded when it is used.

import type { RowKind } from '../route/rows.js'
import type { DatabaseTarget } from './database-target.js'
import type { Inspector } from './inspector.js'
import { sqliteSchema, type TableShapes } from './schema.js'
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
  const { MariadbStore } = await import('./mariadb.js')
  return new MariadbStore(target.at, target, advise)
}

/** For who wants to know about a database without storing there; nothing is opened before it is asked. */
export async function inspectorOf(
  target: { kind: 'sqlite'; path: string } | { kind: 'database'; at: DatabaseTarget },
  shapes: TableShapes,
): Promise<Inspector> {
  if (target.kind === 'sqlite') {
    const { SqliteInspector } = await import('./sqlite-inspector.js')
    return new SqliteInspector(target.path, shapes)
  }
  if (target.at.engine === 'clickhouse') {
    const { ClickhouseInspector } = await import('./clickhouse.js')
    return new ClickhouseInspector(target.at, shapes)
  }
  if (target.at.engine === 'postgres') {
    const { PostgresInspector } = await import('./postgres.js')
    return new PostgresInspector(target.at, shapes)
  }
  const { MariadbInspector } = await import('./mariadb.js')
  return new MariadbInspector(target.at, shapes)
}

export interface WantedTable {
  kind: RowKind
  table: string
}

export interface WantedSchema {
  tables: readonly WantedTable[]
  shapes: TableShapes
  /** Of ClickHouse servers: the tables are spread over them. */
  cluster?: string | undefined
}

/** The statements that make tables which are not there yet. */
export async function schemaOf(
  target: { kind: 'sqlite' } | { kind: 'database'; at: Pick<DatabaseTarget, 'engine'> },
  { tables, shapes, cluster }: WantedSchema,
): Promise<string[]> {
  if (target.kind === 'sqlite') return tables.flatMap(({ kind, table }) => sqliteSchema(kind, table, shapes))
  if (target.at.engine === 'clickhouse') {
    const { clickhouseDistributedSchema, clickhouseSchema } = await import('./clickhouse.js')
    return tables.flatMap(({ kind, table }) =>
      cluster === undefined
        ? clickhouseSchema(kind, table, shapes)
        : clickhouseDistributedSchema(kind, table, cluster, shapes),
    )
  }
  if (target.at.engine === 'postgres') {
    const { BLOCKS_SCHEMA, postgresSchema } = await import('./postgres.js')
    return [...tables.flatMap(({ kind, table }) => postgresSchema(kind, table, shapes)), BLOCKS_SCHEMA]
  }
  const { BLOCKS_SCHEMA, mariadbSchema } = await import('./mariadb.js')
  return [...tables.flatMap(({ kind, table }) => mariadbSchema(kind, table, shapes)), BLOCKS_SCHEMA]
}
