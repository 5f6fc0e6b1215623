// A ClickHouse server as the doctor looks at it: its tables, its settings, and its grants where it tells them.

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
import { Connection, Refused } from './connection.js'
import { quotedName } from './schema.js'
import { Table } from './table.js'
import type { FilledColumn } from './types.js'

const SILENT_MS = 5000

type Rights = (right: string, table: string) => boolean | undefined

export class ClickhouseInspector implements Inspector {
  readonly #database: string
  readonly #shapes: TableShapes
  readonly #connection: Connection

  /** Of its hosts the first. */
  constructor(target: DatabaseTarget, shapes: TableShapes) {
    this.#database = target.database
    this.#shapes = shapes
    this.#connection = new Connection(
      { ...target, hosts: target.hosts.slice(0, 1) },
      { statementsInFlight: 1, silentMs: SILENT_MS },
    )
  }

  inspect(tables: readonly WantedTable[]): Promise<DatabaseReport> {
    return this.#asked(async () => {
      const [found] = await this.#connection.rows<{ version: string }>('SELECT version() AS version')
      const may = await this.#rights()
      const reports: TableReport[] = []
      for (const wanted of tables) reports.push(await this.#report(wanted, may))
      const [first] = reports
      const mayCreate = may('CREATE TABLE', first?.table ?? '')
      return { server: `server ${found?.version}`, mayCreate, tables: reports }
    })
  }

  count({ table, column, callIds }: MarkedRows): Promise<number> {
    const sql = `SELECT toUInt32(count()) AS rows FROM ${quotedName(table)} WHERE ${quotedName(column)} IN (${quotedTexts(callIds)})`
    return this.#asked(async () => (await this.#connection.rows<{ rows: number }>(sql))[0]?.rows ?? 0)
  }

  /** It rewrites whole parts for that: a few rows of ours are not worth it. */
  async remove(): Promise<boolean> {
    return false
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  async #report(wanted: WantedTable, may: Rights): Promise<TableReport> {
    const table = await Table.read(this.#connection, this.#shapes[wanted.kind], wanted.table)
    if (!table) return noTable(wanted)
    const difference = compared(this.#shapes[wanted.kind], table.columns, (_, column) => roomOf(column))
    return { ...wanted, exists: true, ...difference, mayInsert: may('INSERT', wanted.table) }
  }

  /** Servers before 20 have no grants, but users that may only read. */
  async #rights(): Promise<Rights> {
    const settings = await this.#connection.rows<{ name: string; value: string }>(
      "SELECT name, value FROM system.settings WHERE name IN ('readonly', 'allow_ddl')",
    )
    const settingOf = (name: string) => settings.find((one) => one.name === name)?.value ?? '0'
    const lines = await this.#grants()
    return (right, table) => {
      if (settingOf('readonly') !== '0') return false
      if (right !== 'INSERT' && settingOf('allow_ddl') === '0') return false
      if (!lines) return undefined
      return lines.some((line) => grants(line, right, this.#database, table)) || undefined
    }
  }

  async #grants(): Promise<string[] | undefined> {
    try {
      const answer = await this.#connection.run({ query: 'SHOW GRANTS FORMAT TabSeparatedRaw' })
      return answer.toString().trimEnd().split('\n')
    } catch (error) {
      if (error instanceof Refused && !error.verdict.isLost) return undefined
      throw error
    }
  }

  async #asked<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const { isLasting, code, message, cure } = error.verdict
      throw isLasting ? new RefusedError({ code, message, cure }) : new AwayError(code, message, cure)
    }
  }
}

/** Octets of a FixedString; largest numbers. */
function roomOf({ encoding }: FilledColumn): Room {
  if (!encoding) return {}
  const { type, size } = encoding
  const [, sign = '', bits] = /^(U?)Int(\d+)$/.exec(type) ?? []
  if (bits !== undefined) return { most: 2 ** (Number(bits) - (sign === 'U' ? 0 : 1)) - 1 }
  return type === 'FixedString' ? { length: size } : {}
}
