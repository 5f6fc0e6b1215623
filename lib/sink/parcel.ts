// Blocks on their way through a feed, and what is asked of the store that they go to.

import type { Batch } from '../message.js'
import type { BlockRefusal, SlabRows, StoreBlock } from './store.js'
import type { StoreThread } from './store-thread.js'

/** The store's thread, as far as a feed knows it. */
export type StorePort = Pick<
  StoreThread,
  'name' | 'shapes' | 'lanes' | 'isAway' | 'turned' | 'odd' | 'open' | 'write' | 'close'
>

/** A block on its way: rows of one batch. */
export interface Parcel {
  block: StoreBlock
  batch: Batch
  /** Of each of the block's tables its place in the row block. */
  places: number[]
  /** Its rows are on the disk, and its memory is needed no more. */
  spooled(): void
  settle(refused: BlockRefusal[]): void
}

/** A block that was on the disk has the same rows in the same order, but another slab may number them anew. */
export function renumbered(refused: BlockRefusal[], from: SlabRows[], to: SlabRows[]): BlockRefusal[] {
  if (from === to) return refused
  return refused.map((one) => ({ ...one, row: to[one.table]!.rows[from[one.table]!.rows.indexOf(one.row)]! }))
}

/** Every row of a block, refused for one reason. */
export function everyRow({ tables }: StoreBlock, reason: string): BlockRefusal[] {
  return tables.flatMap(({ rows }, table) =>
    Array.from(rows, (row) => ({ table, row, reason, message: reason })),
  )
}

/** Its store may have taken it, and was not heard. */
export function doubtful(parcel: Parcel): Parcel {
  parcel.block.isFromBefore = true
  return parcel
}

export function whenAway(thread: StorePort, away: () => void): void {
  const look = () => {
    if (thread.isAway) away()
  }
  thread.turned = look
  look()
}

export function summed(
  some: Readonly<Record<string, number>>,
  more: Readonly<Record<string, number>>,
): Record<string, number> {
  const sum: Record<string, number> = { ...some }
  for (const [name, count] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + count
  return sum
}
