// One SQLite file: its tables, and one transaction a block of rows. Runs on the sink's worker thread.
//
// The fast way in is the addon's own virtual table over the slab: no value ever becomes a JavaScript object.
// Where that way fails for a reason that lies in a row, the rows are bound one by one, and the row that the
// database refuses costs none of its neighbours.

import { statSync } from 'node:fs'
import type Database from 'better-sqlite3'
import { addonPath } from '../binding.js'
import { Batch } from '../message.js'
import type { RowKind } from '../route/rows.js'
import { openSqlite } from '../sqlite.js'
import { rowValue } from './row-values.js'
import { defaultShapes, quoted, sqliteSchema, type TableColumn, type TableShapes } from './schema.js'
import type { BlockId, BlockRefusal, SlabRows as RowsOfSlab, SlabRef } from './store.js'

/** Rows for one table, of one slab. */
export interface SlabRows extends RowsOfSlab {
  slab: SlabRef
}

/** The world's fault, not the row's: the same rows may go in later. */
const TRANSIENT =
  /^SQLITE_(BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY|NOMEM|PROTOCOL|CORRUPT|NOTADB|AUTH|PERM|INTERRUPT)/

export function isTransient(error: unknown): boolean {
  return TRANSIENT.test((error as { code?: string }).code ?? '')
}

/** The blocks of rows that may come again, and are here already. */
const BLOCKS = 'hepcapd_blocks'

/** Tables whose statements are kept: names can change every second. */
const PREPARED_TABLES = 64

interface PreparedTable {
  fast: Database.Statement
  oneRow: Database.Statement
  columns: TableColumn[]
}

/** One view of each slab, however many tables have rows of it. */
function lender(): (slab: SlabRef) => Batch {
  const batches = new Map<number, Batch>()
  return (slab) => {
    const batch = batches.get(slab.handle) ?? new Batch(slab)
    batches.set(slab.handle, batch)
    return batch
  }
}

export class SqliteStore {
  readonly path: string
  readonly #shapes: TableShapes
  readonly #db: Database.Database
  readonly #inode: bigint
  readonly #exists: Database.Statement
  readonly #prepared = new Map<string, PreparedTable>()

  /**
   * Opens or creates the file; another writer is waited for `busyMs`. Throws better-sqlite3's SqliteError, or a
   * TypeError for a missing folder.
   */
  constructor(path: string, { busyMs = 1000, shapes = defaultShapes } = {}) {
    this.path = path
    this.#shapes = shapes
    this.#db = openSqlite(path)
    try {
      this.#db.pragma(`busy_timeout = ${busyMs}`)
      this.#db.pragma('page_size = 16384') // counts for a new file only
      this.#db.pragma('journal_mode = WAL') // readers never wait for us, nor we for them
      this.#db.pragma('synchronous = NORMAL') // a crash of the host may cost the last commits, never the file
      this.#db.pragma('wal_autocheckpoint = 2000')
      this.#db.loadExtension(addonPath)
      this.#exists = this.#db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?")
      this.#inode = statSync(path, { bigint: true }).ino
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  /** False when the file was moved or removed under us: what we would write, nobody could read. */
  isInPlace(): boolean {
    return statSync(this.path, { bigint: true, throwIfNoEntry: false })?.ino === this.#inode
  }

  /**
   * All rows in one transaction, and with `id` nothing if it was stored before. Throws when nothing was stored;
   * returns the rows that cannot be stored.
   */
  insert(tables: SlabRows[], node: string, id?: BlockId): BlockRefusal[] {
    try {
      this.#transaction(id, () => {
        for (const { kind, table, slab, rows } of tables) {
          const octets = Buffer.from(rows.buffer, rows.byteOffset, rows.byteLength)
          this.#prepare(kind, table).fast.run(BigInt(slab.handle), octets, node)
        }
      })
      return []
    } catch (error) {
      if (isTransient(error)) throw error
      return this.insertOneByOne(tables, node, id)
    }
  }

  /** The slow way: every row bound by itself, refused rows left out. Same rows, same values. */
  insertOneByOne(tables: SlabRows[], node: string, id?: BlockId): BlockRefusal[] {
    const refused: BlockRefusal[] = []
    const batchOf = lender()
    this.#transaction(id, () => {
      for (const [index, { kind, table, slab, rows }] of tables.entries()) {
        const batch = batchOf(slab)
        const { oneRow, columns } = this.#prepare(kind, table)
        for (const row of rows) {
          const message = batch.message(row)
          try {
            oneRow.run(columns.map((column) => rowValue(message, column.from, node)))
          } catch (error) {
            if (isTransient(error)) throw error
            const { code = 'error', message } = error as Error & { code?: string }
            refused.push({ table: index, row, reason: code, message })
          }
        }
      }
    })
    return refused
  }

  close(): void {
    this.#db.close()
  }

  /** Forgets blocks of this origin below `number`: nobody will send them again. */
  forget({ origin, number }: BlockId): void {
    this.#exec(`DELETE FROM ${BLOCKS} WHERE origin = ? AND number < ?`, origin, number)
  }

  #transaction(id: BlockId | undefined, work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      if (!id || this.#remember(id)) work()
      this.#db.exec('COMMIT')
    } catch (error) {
      this.#prepared.clear() // a table made in this transaction is gone with it
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }

  /** False for a block that is here already. */
  #remember({ origin, number }: BlockId): boolean {
    this.#exec(
      `CREATE TABLE IF NOT EXISTS ${BLOCKS} (origin TEXT, number INTEGER, at TEXT, PRIMARY KEY (origin, number)) WITHOUT ROWID`,
    )
    const at = new Date().toISOString()
    return this.#exec(`INSERT OR IGNORE INTO ${BLOCKS} VALUES (?, ?, ?)`, origin, number, at) === 1
  }

  #exec(sql: string, ...values: (string | number)[]): number {
    return this.#db.prepare(sql).run(...values).changes
  }

  /** An existing table is used as it is: it gets neither columns nor indexes from us. */
  #prepare(kind: RowKind, table: string): PreparedTable {
    const key = `${kind} ${table}`
    const known = this.#prepared.get(key)
    if (known) return known
    if (!this.#exists.get(table))
      for (const statement of sqliteSchema(kind, table, this.#shapes)) this.#db.exec(statement)
    if (this.#prepared.size >= PREPARED_TABLES) this.#prepared.clear()
    const prepared = this.#statements(kind, table)
    this.#prepared.set(key, prepared)
    return prepared
  }

  /** The columns that the table has, of those that we fill; what else must not be NULL gets an empty value. */
  #statements(kind: RowKind, table: string): PreparedTable {
    const present = this.#db.pragma(`table_info(${quoted(table)})`) as {
      name: string
      type: string
      notnull: number
      dflt_value: string | null
      pk: number
    }[]
    const names = new Map(present.map((column) => [column.name.toLowerCase(), column.name]))
    const columns = this.#shapes[kind].filter(({ name }) => names.has(name.toLowerCase()))
    const filled = new Set(columns.map(({ name }) => name.toLowerCase()))
    const needy = present.filter(
      (c) => c.notnull && c.dflt_value === null && !c.pk && !filled.has(c.name.toLowerCase()),
    )
    const empty = needy.map(({ type }) => (/INT|REAL|NUM|DEC|FLOA|DOUB/i.test(type) ? '0' : "''"))
    const into = [
      ...columns.map(({ name }) => names.get(name.toLowerCase()) as string),
      ...needy.map(({ name }) => name),
    ]
    const head = `INSERT INTO ${quoted(table)} (${into.map(quoted).join(', ')})`
    const selected = [...columns.map(({ from }) => quoted(from.name)), ...empty].join(', ')
    const bound = [...columns.map(() => '?'), ...empty].join(', ')
    return {
      fast: this.#db.prepare(`${head} SELECT ${selected} FROM hepcapd_rows(?, ?, ?)`),
      oneRow: this.#db.prepare(`${head} VALUES (${bound})`),
      columns,
    }
  }
}
