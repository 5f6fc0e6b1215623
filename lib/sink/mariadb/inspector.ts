// A MariaDB or MySQL server as the doctor looks at it: its catalogue and its grants, one connection for each question.

import { RefusedError } from '../../errors.js'
import type { DatabaseTarget } from '../database-target.js'
import type { WantedTable } from '../engines.js'
import {
  compared,
  type DatabaseReport,
  grants,
  type Inspector,
  type MarkedRows,
  noTable,
  quotedTexts,
  type Room,
  type TableReport,
} from '../inspector.js'
import type { TableShapes } from '../schema.js'
import { AwayError } from '../store.js'
import { verdictOf } from './errors.js'
import { quoted } from './schema.js'
import { Session } from './session.js'
import { Table } from './table.js'
import { type CatalogueColumn, valueColumn } from './types.js'

const SILENT_MS = 5000

export class MariadbInspector implements Inspector {
  readonly #target: DatabaseTarget
  readonly #shapes: TableShapes

  /** Of its hosts the first. */
  constructor(target: DatabaseTarget, shapes: TableShapes) {
    this.#target = target
    this.#shapes = shapes
  }

  inspect(tables: readonly WantedTable[]): Promise<DatabaseReport> {
    return this.#opened(async (session) => {
      const [found] = await session.rows<{ version: string }>('SELECT version() AS version')
      const lines = (await session.rows<Record<string, string>>('SHOW GRANTS')).flatMap((row) =>
        Object.values(row),
      )
      const hasRole = lines.some((line) => !/ ON /i.test(line)) // whose rights may be told elsewhere
      const { database } = this.#target
      const may = (right: string, table: string) =>
        lines.some((line) => grants(line, right, database, table)) || (hasRole ? undefined : false)
      const reports: TableReport[] = []
      for (const wanted of tables) reports.push(await this.#report(session, wanted, may))
      const wanting = reports.filter(({ exists }) => !exists)
      const creates = wanting.map(({ table }) => may('CREATE', table))
      const mayCreate = creates.includes(false) ? false : creates.includes(undefined) ? undefined : true
      return { server: `server ${found?.version}`, mayCreate, tables: reports }
    })
  }

  count({ table, column, callIds }: MarkedRows): Promise<number> {
    const sql = `SELECT count(*) AS rows_ FROM ${quoted(table)} WHERE ${quoted(column)} IN (${quotedTexts(callIds)})`
    return this.#opened(async (session) => {
      const [found] = await session.rows<{ rows_: number | bigint }>(sql)
      return Number(found?.rows_)
    })
  }

  remove({ table, column, callIds }: MarkedRows): Promise<boolean> {
    const sql = `DELETE FROM ${quoted(table)} WHERE ${quoted(column)} IN (${quotedTexts(callIds)})`
    return this.#opened(async (session) => {
      await session.run(sql)
      return true
    })
  }

  async close(): Promise<void> {}

  async #report(
    session: Session,
    wanted: WantedTable,
    may: (right: string, table: string) => boolean | undefined,
  ): Promise<TableReport> {
    const columns = await Table.columns(session, wanted.table)
    if (columns.length === 0) return noTable(wanted)
    const found = columns.map((column) => ({ ...column, type: column.wholeType, column }))
    const difference = compared(this.#shapes[wanted.kind], found, (from, { column }) => roomOf(from, column))
    return { ...wanted, exists: true, ...difference, mayInsert: may('INSERT', wanted.table) }
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

function roomOf(from: Parameters<typeof valueColumn>[0], column: CatalogueColumn): Room {
  const { characters, octets, most } = valueColumn(from, column)
  return { length: characters || octets, most }
}
