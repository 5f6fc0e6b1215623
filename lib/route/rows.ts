// What a route emits and a sink takes: which messages become rows of which tables.

import type { Batch } from '../message.js'
import type { TableWindow } from './tables.js'

/** `sip` rows have the columns of the SIP table, `report` rows those of the report table. */
export type RowKind = 'sip' | 'report'

export interface TableRows {
  kind: RowKind
  table: string
  batch: Batch
  /** Row numbers of the batch, in their order; a message may occur in several tables. */
  rows: Uint32Array
}

/** Rows that are stored together. Their batches are sealed, and stay unreleased until no sink needs them. */
export interface RowBlock {
  /** Name of this capture node, for the `node` column. */
  node: string
  /** A table has an entry for each batch that it gets rows of. */
  tables: TableRows[]
  /** Which rows are named by their arrival: see namingSecond(). */
  window: TableWindow
}
