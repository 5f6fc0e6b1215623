// The one small interface of all that takes rows.

import type { Batch } from '../message.js'
import type { RowBlock } from '../route/rows.js'
import type { Durations } from './durations.js'

/** A row that is not stored, and will not be later either. */
export interface RefusedRow {
  /** Index in the list of tables that were given. */
  table: number
  /** Row number of the batch of that table. */
  row: number
  /** A short name, as the ledger counts it. */
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
  /** How long its blocks took, of a sink that stores. */
  readonly durations?: Durations
  /** Rows that wait on the disk. */
  readonly spooledRows?: number
  /** Of what may lie on the disk, 0 to 1. */
  readonly spoolShare?: number
  /** False while the database is away; absent: there is nothing that could be. */
  readonly answers?: boolean
  /** What cannot be stored for now has a place on the disk. */
  readonly isAway?: boolean
  /** Values that were changed to fit, by a name each. */
  readonly odd?: Readonly<Record<string, number>>
  /** Tries the store once; rejects with a RefusedError when it cannot be used at all. */
  open(): Promise<void>
  /**
   * Resolves when every row is committed or refused. `spooled` hears of a batch whose rows are on the disk: its memory
   * is needed no more. Without a disk a store that is away is waited for, and the queue before the sinks fills.
   */
  insert(block: RowBlock, spooled: (batch: Batch) => void): Promise<RefusedRow[]>
  /** No more rows will come; resolves when what waits on the disk is stored, or cannot be for now. */
  drained?(): Promise<void>
  /** After the last insert() has resolved; else what is not committed goes to the disk, or stays pending. */
  close(): Promise<void>
  /** In place of close() where the process goes on without it. */
  remove(): Promise<void>
}
