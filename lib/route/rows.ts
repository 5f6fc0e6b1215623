// What a route emits and a sink takes: which messages of a batch become rows of which tables.

import type { Batch } from '../message.js'

/** `sip` rows have the columns of the SIP table, `report` rows those of the report table. */
export type RowKind = 'sip' | 'report'

export interface TableRows {
  kind: RowKind
  table: string
  /** Row numbers of the batch, in its order; a message may occur in several tables. */
  rows: Uint32Array
}

/** All rows of one batch. The batch must stay unreleased until every sink has answered. */
export interface RowBlock {
  batch: Batch
  /** Name of this capture node, for the `node` column. */
  node: string
  tables: TableRows[]
  /** The second of the epoch that names a row's table and file: the packet's, or that of its arrival. */
  namingSecond(row: number): number
}
