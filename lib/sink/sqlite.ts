// The SQLite sink, main thread side: hands rows to the worker, their slabs by handle, and keeps its promises.

import { Worker } from 'node:worker_threads'
import { RefusedError } from '../errors.js'
import type { Log } from '../log.js'
import { expandUtc } from '../options/strftime.js'
import type { RowBlock, TableRows } from '../route/rows.js'
import type { RefusedRow, Sink, SinkCounts } from './sink.js'
import type { Fault, InsertOrder, OrderedRows, Report } from './sqlite-worker.js'

export class SqliteSink implements Sink {
  readonly name: string
  readonly counts: SinkCounts = { rows: 0, tables: new Map() }
  readonly #path: string
  readonly #log: Log
  readonly #worker: Worker
  /** Shared with the worker, which sleeps on it while the store is away. */
  readonly #givenUp = new Int32Array(new SharedArrayBuffer(4))
  readonly #waiting = new Map<number, (refused: RefusedRow[]) => void>()
  #opened: ((error?: Fault) => void) | undefined
  #nextId = 1

  /** `path` may have strftime letters, expanded in UTC with each packet's time. */
  constructor(path: string, log: Log) {
    this.name = `sqlite:${path}`
    this.#path = path
    this.#log = log
    this.#worker = new Worker(new URL('./sqlite-worker.js', import.meta.url), {
      workerData: this.#givenUp.buffer,
    })
    this.#worker.on('message', (report: Report) => this.#hear(report))
    this.#worker.on('error', (error) => {
      throw error // a broken invariant: nothing can be stored any more, and nobody shall believe it is
    })
  }

  async open(): Promise<void> {
    const path = this.#fileAt(Date.now() / 1000)
    const error = await new Promise<Fault | undefined>((resolve) => {
      this.#opened = resolve
      this.#worker.postMessage({ open: path })
    })
    if (error)
      throw new RefusedError({ code: error.code, message: `${path}: ${error.message}`, cure: cureOf(error) })
  }

  insert(block: RowBlock): Promise<RefusedRow[]> {
    const id = this.#nextId++
    const order: InsertOrder = { id, node: block.node, files: this.#files(block) }
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      this.#worker.postMessage(order)
    })
  }

  /** Never by terminate(): better-sqlite3 aborts the process when its thread is terminated inside of SQLite. */
  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve))
    if (this.#waiting.size > 0) {
      this.#givenUp[0] = 1
      Atomics.notify(this.#givenUp, 0)
    }
    this.#worker.postMessage({ close: true })
    await ended
  }

  #hear(report: Report): void {
    switch (report.type) {
      case 'opened':
        this.#opened?.(report.error)
        break
      case 'away':
        this.#log.repeated(
          `${this.name}: ${report.error.message} (${report.error.code}); ${cureOf(report.error)}`,
        )
        break
      case 'back':
        this.#log.info(`${this.name}: stores again`)
        break
      case 'done':
        this.#settle(report)
    }
  }

  #settle(report: Extract<Report, { type: 'done' }>): void {
    for (const { table, count } of report.rows) {
      this.counts.rows += count
      this.counts.tables.set(table, (this.counts.tables.get(table) ?? 0) + count)
    }
    const resolve = this.#waiting.get(report.id)
    this.#waiting.delete(report.id)
    resolve?.(report.refused)
  }

  /** The rows of a block by file: one file, unless the path has strftime letters. */
  #files(block: RowBlock): InsertOrder['files'] {
    if (!this.#path.includes('%')) {
      return [{ path: this.#path, tables: block.tables.map((one, index) => ordered(one, index, one.rows)) }]
    }
    const files = new Map<string, OrderedRows[]>()
    for (const [index, one] of block.tables.entries()) {
      for (const [path, some] of this.#byFile(block, one)) {
        const tables = files.get(path) ?? []
        tables.push(ordered(one, index, Uint32Array.from(some)))
        files.set(path, tables)
      }
    }
    return Array.from(files, ([path, tables]) => ({ path, tables }))
  }

  #byFile(block: RowBlock, { batch, rows }: TableRows): Map<string, number[]> {
    const byFile = new Map<string, number[]>()
    for (const row of rows) {
      const path = this.#fileAt(block.namingSecond(batch, row))
      const some = byFile.get(path)
      if (some) some.push(row)
      else byFile.set(path, [row])
    }
    return byFile
  }

  #fileAt(second: number): string {
    return expandUtc(this.#path, Math.floor(second))
  }
}

/** Rows of a table of a block, as the worker takes them. */
function ordered({ kind, table, batch }: TableRows, index: number, rows: Uint32Array): OrderedRows {
  const slab = { handle: batch.handle, input: batch.input, rows: batch.rows }
  return { index, kind, table, slab, rows }
}

function cureOf({ code, message }: Fault): string {
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
