// The one small interface of every store.

import type { RowBlock } from '../route/rows.js'

/** A row that the store would not have, and will not have later either. */
export interface RefusedRow {
  /** Index in the list of tables that were given. */
  table: number
  /** Row number of the batch of that table. */
  row: number
  reason: string
}

export interface SinkCounts {
  /** Rows committed. */
  rows: number
  /** By table. */
  tables: Map<string, number>
}

export interface Sink {
  /** The db_url without credentials: how the ledger and the log name it. */
  readonly name: string
  readonly counts: SinkCounts
  /** It sends rows on and keeps nothing: what it refuses is no loss where another sink stores. */
  readonly sends?: boolean
  /** Tries the store once; rejects with a RefusedError when it cannot be used at all. */
  open(): Promise<void>
  /**
   * Resolves when every row is committed or refused. A store that is away is waited for: the promise stays
   * pending, and the queue before the sinks fills.
   */
  insert(block: RowBlock): Promise<RefusedRow[]>
  /** After the last insert() has resolved, or to abandon what has not. */
  close(): Promise<void>
}
