// SQLite as an engine: one file, or one for each expansion of a path with strftime letters.

import { RefusedError } from '../errors.js'
import { Batch } from '../message.js'
import { expandUtc } from '../options/strftime.js'
import { namingSecond } from '../route/tables.js'
import type { TableShapes } from './schema.js'
import { isTransient, type SlabRows, SqliteStore } from './sqlite-store.js'
import { AwayError, type BlockRefusal, type Store, type StoreBlock } from './store.js'

/** Files that stay open: the one of this hour, the last one, and stragglers. */
const OPEN_FILES = 4
/** Blocks between two times that settled ones are forgotten. */
const FORGET_EVERY = 256

/** Rows of one file; `index` is a table's place in the block. */
type FileRows = SlabRows & { index: number }

export class SqliteFiles implements Store {
  readonly lanes = 1
  readonly #path: string
  readonly #shapes: TableShapes
  readonly #stores = new Map<string, SqliteStore>()
  /** What is done of a block whose other files are away. */
  #partial: { block: StoreBlock; done: Map<string, BlockRefusal[]> } | undefined
  #sinceForgotten = 0

  /** `path` may have strftime letters, expanded in UTC with each packet's time. */
  constructor(path: string, shapes: TableShapes) {
    this.#path = path
    this.#shapes = shapes
  }

  async open(): Promise<void> {
    const path = expandUtc(this.#path, Math.floor(Date.now() / 1000))
    try {
      this.#storeOf(path)
    } catch (error) {
      const { code, message } = faultOf(error)
      if (/BUSY|LOCKED/.test(code)) throw awayOf(error)
      throw new RefusedError({ code, message: `${path}: ${message}`, cure: cureOf(error) })
    }
  }

  async write(block: StoreBlock): Promise<BlockRefusal[]> {
    if (this.#partial?.block !== block) this.#partial = { block, done: new Map() }
    const { done } = this.#partial
    for (const [path, tables] of this.#files(block)) {
      if (!done.has(path)) done.set(path, this.#insert(path, tables, block))
    }
    this.#partial = undefined
    return [...done.values()].flat()
  }

  async close(): Promise<void> {
    for (const store of this.#stores.values()) store.close()
    this.#stores.clear()
  }

  /** A fault that is neither the world's nor one row's refuses all rows of the file, with its reason. */
  #insert(
    path: string,
    tables: FileRows[],
    { node, id, isSpooled, settledBefore }: StoreBlock,
  ): BlockRefusal[] {
    try {
      const store = this.#storeOf(path)
      const refused = store.insert(tables, node, isSpooled ? id : undefined)
      if (isSpooled && this.#sinceForgotten++ % FORGET_EVERY === 0) {
        store.forget({ origin: id.origin, number: settledBefore })
      }
      return refused.map((one) => ({ ...one, table: tables[one.table]!.index }))
    } catch (error) {
      if (isTransient(error) || isMissingFolder(error)) throw awayOf(error)
      const { code: reason, message } = faultOf(error)
      return tables.flatMap(({ index, rows }) =>
        Array.from(rows, (row) => ({ table: index, row, reason, message })),
      )
    }
  }

  #storeOf(path: string): SqliteStore {
    let store = this.#stores.get(path)
    if (store && !store.isInPlace()) {
      store.close()
      this.#stores.delete(path)
      store = undefined
    }
    store ??= new SqliteStore(path, { shapes: this.#shapes })
    this.#stores.delete(path) // the map's order is the order of last use
    this.#stores.set(path, store)
    for (const [oldest, idle] of this.#stores) {
      if (this.#stores.size <= OPEN_FILES) break
      idle.close()
      this.#stores.delete(oldest)
    }
    return store
  }

  #files(block: StoreBlock): Map<string, FileRows[]> {
    const { slab } = block
    const whole = block.tables.map((one, index) => ({ ...one, slab, index }))
    if (!this.#path.includes('%')) return new Map([[this.#path, whole]])
    const files = new Map<string, FileRows[]>()
    const batch = new Batch(slab)
    for (const one of whole) {
      for (const [path, rows] of this.#byFile(batch, one, block)) {
        const tables = files.get(path) ?? []
        tables.push({ ...one, rows: Uint32Array.from(rows) })
        files.set(path, tables)
      }
    }
    return files
  }

  #byFile(batch: Batch, { rows }: FileRows, { window }: StoreBlock): Map<string, number[]> {
    const byFile = new Map<string, number[]>()
    for (const row of rows) {
      const path = expandUtc(this.#path, namingSecond(batch, row, window))
      const some = byFile.get(path)
      if (some) some.push(row)
      else byFile.set(path, [row])
    }
    return byFile
  }
}

function faultOf(error: unknown): { code: string; message: string } {
  const { code, message } = error as { code?: string; message?: string }
  return { code: code ?? 'ERROR', message: message ?? String(error) }
}

function awayOf(error: unknown): AwayError {
  const { code, message } = faultOf(error)
  return new AwayError(code, message, cureOf(error))
}

/** better-sqlite3's way of saying that the folder does not exist. */
function isMissingFolder(error: unknown): boolean {
  return error instanceof TypeError && error.message.includes('directory does not exist')
}

function cureOf(error: unknown): string {
  const { code, message } = faultOf(error)
  if (code.startsWith('SQLITE_FULL')) return 'free space on the disk, storing resumes by itself'
  if (code.startsWith('SQLITE_READONLY')) return 'make the file and its folder writable for this user'
  if (code.startsWith('SQLITE_CANTOPEN') || message.includes('directory')) {
    return 'create the folder and make it writable for this user, or name another file with --db-url'
  }
  if (code.startsWith('SQLITE_BUSY'))
    return 'another program holds a lock on the database: end its transaction'
  if (/NOTADB|CORRUPT/.test(code)) return 'the file is no sound SQLite database: move it away'
  return 'see the message of the database'
}
