// Collects rows by table; runs of rows of one batch for one table are the common case.

import type { Batch } from '../message.js'
import type { RowKind } from './rows.js'

/** Rows for one table, of one batch, in their order. */
export interface CollectedRows {
  kind: RowKind
  table: string
  batch: Batch
  rows: number[]
  /** For each row the message that it is of, by its row in the batch that was received; undefined: it is the same row. */
  origins: number[] | undefined
}

export class Collector {
  /** By batch, then by kind and table. */
  #lists = new Map<Batch, Map<string, CollectedRows>>()
  #open: CollectedRows | undefined

  /** `origin` is given for derived rows. */
  put(kind: RowKind, table: string, batch: Batch, row: number, origin?: number): void {
    const list = this.#listOf(kind, table, batch, origin !== undefined)
    list.rows.push(row)
    list.origins?.push(origin!)
  }

  /** Where the row stands that was put last. */
  get last(): { list: CollectedRows; place: number } | undefined {
    return this.#open && { list: this.#open, place: this.#open.rows.length - 1 }
  }

  take(): CollectedRows[] {
    const lists = Array.from(this.#lists.values(), (byTable) => [...byTable.values()]).flat()
    this.#lists = new Map()
    this.#open = undefined
    return lists
  }

  #listOf(kind: RowKind, table: string, batch: Batch, isDerived: boolean): CollectedRows {
    const open = this.#open
    if (open && open.table === table && open.kind === kind && open.batch === batch) return open
    const byTable = this.#lists.get(batch) ?? new Map<string, CollectedRows>()
    if (byTable.size === 0) this.#lists.set(batch, byTable)
    const key = `${kind} ${table}`
    this.#open = byTable.get(key) ?? { kind, table, batch, rows: [], origins: isDerived ? [] : undefined }
    byTable.set(key, this.#open)
    return this.#open
  }
}
