// Rows that a store refused, with all their values: what is kept of them for the operator.

import type { Batch } from '../message.js'
import { type RowValue, rowValue } from './row-values.js'
import type { TableShapes } from './schema.js'
import type { BlockRefusal, StoreBlock } from './store.js'

export interface QuarantinedRow {
  table: string
  /** The engine's code. */
  reason: string
  /** What the engine said. */
  message: string
  row: Record<string, RowValue>
}

export function quarantined(
  block: StoreBlock,
  batch: Batch,
  refused: BlockRefusal[],
  shapes: TableShapes,
): QuarantinedRow[] {
  return refused.map(({ table, row, reason, message }) => {
    const { kind, table: name } = block.tables[table]!
    const values = shapes[kind].map(
      (column) => [column.name, rowValue(batch.message(row), column.from, block.node)] as const,
    )
    return { table: name, reason, message, row: Object.fromEntries(values) }
  })
}
