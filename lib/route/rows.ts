// What a route emits and a sink takes: which messages become rows of which tables.

import type { Batch } from '../message.js'

/** `sip` rows have the columns of the SIP table, `report` rows those of the report table. */
export type RowKind = 'sip' | 'report'

export interface TableRows {
  kind: RowKind
  table: string
  batch: Batch
  /** Row numbers of the batch, in their order; a message may occur in several tables. */
  rows: Uint32Array
}

/** Rows that are stored together. Their batches are sealed, and stay unreleased until every sink has answered. */
export interface RowBlock {
  /** Name of this capture node, for the `node` column. */
  node: string
  /** A table has an entry for each batch that it gets rows of. */
  tables: TableRows[]
  /** The second of the epoch that names a row's table and file: the packet's, or that of its arrival. */
  namingSecond(batch: Batch, row: number): number
}
