// A PostgreSQL server as the doctor looks at it: its catalogue and its privileges, one connection for each question.

import { RefusedError } from '../../errors.js'
import type { DatabaseTarget } from '../database-target.js'
import type { WantedTable } from '../engines.js'
import {
  compared,
  type DatabaseReport,
  type Inspector,
  type MarkedRows,
  noTable,
  quotedTexts,
  type TableReport,
} from '../inspector.js'
import { quoted, type TableShapes } from '../schema.js'
import { AwayError } from '../store.js'
import { verdictOf } from './errors.js'
import { Session } from './session.js'
import { Table } from './table.js'
import { type CatalogueColumn, charactersOf } from './types.js'

const SILENT_MS = 5000
/** Largest numbers; what is not here is wide enough. */
const MOST: Record<string, number> = { int2: 2 ** 15 - 1, int4: 2 ** 31 - 1 }

export class PostgresInspector implements Inspector {
  readonly #target: DatabaseTarget
  readonly #shapes: TableShapes

  /** Of its hosts the first. */
  constructor(target: DatabaseTarget, shapes: TableShapes) {
    this.#target = target
    this.#shapes = shapes
  }

  inspect(tables: readonly WantedTable[]): Promise<DatabaseReport> {
    return this.#opened(async (session) => {
      const [found] = await session.rows<{ version: string; creates: boolean | null }>(
        `SELECT current_setting('server_version') AS version,
          has_schema_privilege(current_schema(), 'CREATE') AS creates`,
        [],
      )
      const reports: TableReport[] = []
      for (const wanted of tables) reports.push(await this.#report(session, wanted))
      return { server: `server ${found?.version}`, mayCreate: found?.creates ?? false, tables: reports }
    })
  }

  count({ table, column, callIds }: MarkedRows): Promise<number> {
    const sql = `SELECT count(*)::int AS rows FROM ${quoted(table)} WHERE ${quoted(column)} IN (${quotedTexts(callIds)})`
    return this.#opened(async (session) => (await session.rows<{ rows: number }>(sql, []))[0]?.rows ?? 0)
  }

  remove({ table, column, callIds }: MarkedRows): Promise<boolean> {
    const sql = `DELETE FROM ${quoted(table)} WHERE ${quoted(column)} IN (${quotedTexts(callIds)})`
    return this.#opened(async (session) => {
      await session.run(sql)
      return true
    })
  }

  async close(): Promise<void> {}

  async #report(session: Session, wanted: WantedTable): Promise<TableReport> {
    const columns = await Table.columns(session, wanted.table)
    if (!columns) return noTable(wanted)
    const [right] = await session.rows<{ inserts: boolean }>(
      `SELECT has_any_column_privilege(to_regclass(quote_ident($1)), 'INSERT') AS inserts`,
      [wanted.table],
    )
    const found = columns.map((column) => ({ ...column, type: shownType(column), column }))
    const difference = compared(this.#shapes[wanted.kind], found, (_, { column }) => ({
      length: charactersOf(column),
      most: MOST[column.type],
    }))
    return { ...wanted, exists: true, ...difference, mayInsert: right?.inserts ?? false }
  }

  /** What goes wrong is what storing would meet. */
  async #opened<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const [address] = this.#target.hosts
    let session: Session | undefined
    try {
      session = new Session(this.#target, address!, SILENT_MS)
      await session.connect()
      return await work(session)
    } catch (error) {
      const { isLasting, code, message, cure } = verdictOf(error)
      const { password } = this.#target
      const text = password === '' ? message : message.replaceAll(password, '***')
      throw isLasting ? new RefusedError({ code, message: text, cure }) : new AwayError(code, text, cure)
    } finally {
      await session?.end()
    }
  }
}

function shownType(column: CatalogueColumn): string {
  const characters = charactersOf(column)
  return characters > 0 ? `${column.type}(${characters})` : column.type
}
