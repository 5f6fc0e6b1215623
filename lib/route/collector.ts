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
  #lists: CollectedRows[] = []
  #last: CollectedRows | undefined

  get isEmpty(): boolean {
    return this.#lists.length === 0
  }

  /** Returns where the row stands: its list, and its place there. `origin` is given for derived rows. */
  put(
    kind: RowKind,
    table: string,
    batch: Batch,
    row: number,
    origin?: number,
  ): { list: number; place: number } {
    const list = this.#listOf(kind, table, batch, origin !== undefined)
    list.rows.push(row)
    list.origins?.push(origin!)
    return { list: this.#lists.indexOf(list), place: list.rows.length - 1 }
  }

  take(): CollectedRows[] {
    const lists = this.#lists
    this.#lists = []
    this.#last = undefined
    return lists
  }

  #listOf(kind: RowKind, table: string, batch: Batch, isDerived: boolean): CollectedRows {
    const isOne = (list: CollectedRows) => list.kind === kind && list.table === table && list.batch === batch
    if (this.#last && isOne(this.#last)) return this.#last
    this.#last = this.#lists.find(isOne)
    if (!this.#last) {
      this.#last = { kind, table, batch, rows: [], origins: isDerived ? [] : undefined }
      this.#lists.push(this.#last)
    }
    return this.#last
  }
}
