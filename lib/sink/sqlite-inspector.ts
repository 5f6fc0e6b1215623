// A SQLite file as the doctor looks at it: read only, but for removing its own rows.

import { rmSync } from 'node:fs'
import type Database from 'better-sqlite3'
import { RefusedError } from '../errors.js'
import { openSqlite } from '../sqlite.js'
import type { WantedTable } from './engines.js'
import {
  compared,
  type DatabaseReport,
  type Inspector,
  type MarkedRows,
  noTable,
  quotedTexts,
  type TableReport,
} from './inspector.js'
import { quoted, type TableShapes } from './schema.js'

const BUSY_MS = 2000

export class SqliteInspector implements Inspector {
  readonly #path: string
  readonly #shapes: TableShapes

  /** Without strftime letters. */
  constructor(path: string, shapes: TableShapes) {
    this.#path = path
    this.#shapes = shapes
  }

  async inspect(tables: readonly WantedTable[]): Promise<DatabaseReport> {
    return this.#opened(true, (db) => ({
      server: `SQLite ${db.prepare('SELECT sqlite_version()').pluck().get()}, journal ${db.pragma('journal_mode', { simple: true })}`,
      mayCreate: undefined,
      tables: tables.map((wanted) => this.#report(db, wanted)),
    }))
  }

  async count({ table, column, callIds }: MarkedRows): Promise<number> {
    const sql = `SELECT count(*) FROM ${quoted(table)} WHERE ${quoted(column)} IN (${quotedTexts(callIds)})`
    return this.#opened(true, (db) => (isThere(db, table) ? Number(db.prepare(sql).pluck().get()) : 0))
  }

  async remove({ table, column, callIds }: MarkedRows): Promise<boolean> {
    const sql = `DELETE FROM ${quoted(table)} WHERE ${quoted(column)} IN (${quotedTexts(callIds)})`
    this.#opened(false, (db) => db.exec(sql))
    return true
  }

  async close(): Promise<void> {}

  /** Columns of SQLite are as wide as their values. */
  #report(db: Database.Database, wanted: WantedTable): TableReport {
    if (!isThere(db, wanted.table)) return noTable(wanted)
    const columns = db.pragma(`table_info(${quoted(wanted.table)})`) as { name: string; type: string }[]
    const difference = compared(this.#shapes[wanted.kind], columns, () => ({}))
    return { ...wanted, exists: true, ...difference, mayInsert: undefined }
  }

  /** A file of another kind is refused before anything is read of it. */
  #opened<T>(readonly: boolean, work: (db: Database.Database) => T): T {
    let db: Database.Database | undefined
    try {
      db = openSqlite(this.#path, { readonly, fileMustExist: true, timeout: BUSY_MS })
      return work(db)
    } catch (error) {
      const { code = 'ERROR', message } = error as Error & { code?: string }
      throw new RefusedError({ code, message: `${this.#path}: ${message}`, cure: cureOf(code) })
    } finally {
      db?.close()
    }
  }
}

function isThere(db: Database.Database, table: string): boolean {
  const sql = "SELECT 1 FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?"
  return db.prepare(sql).get(table) !== undefined
}

function cureOf(code: string): string {
  if (/NOTADB|CORRUPT/.test(code)) return 'the file is no sound SQLite database: move it away'
  if (/BUSY|LOCKED/.test(code)) return 'another program holds a lock on the database: end its transaction'
  return 'make the file readable for this user'
}

/** A file that has no rows at all is removed, with what stands beside it. Nobody else may have it open. */
export function removeIfEmpty(path: string): void {
  const db = openSqlite(path, { fileMustExist: true, timeout: BUSY_MS })
  try {
    const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all() as string[]
    const hasRows = tables.some((table) => db.prepare(`SELECT 1 FROM ${quoted(table)} LIMIT 1`).get())
    if (hasRows) return
  } finally {
    db.close()
  }
  for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
}
