// What a feed asks of its spool: blocks in, the oldest out again, and what becomes of them.

import type { QuarantinedRow } from './quarantine.js'
import type { BlockId, StoreBlock } from './store.js'

/** `spool_full`: they made room for newer ones. `spool_damaged`: they were not what had been written. */
export type SpoolLoss = 'spool_full' | 'spool_damaged'
export type GaveUp = (blocks: readonly StoreBlock[], loss: SpoolLoss) => void

export interface SpoolPort {
  /** Takes what an earlier process left; rejects with a RefusedError where there can be no spool. */
  open(): Promise<void>
  /** Of blocks that are not done. */
  readonly rows: number
  /** Of what it may take on the disk, 0 to 1. */
  readonly share: number
  /**
   * Writes a block behind the others; `isTaken` ones are not handed out by next() in this process. `full` keeps
   * nothing. Rejects with a `code` when the disk does not take it; nothing of it is kept then either.
   */
  append(block: StoreBlock, isTaken: boolean): Promise<'kept' | 'full'>
  /** The oldest block that was not handed out, in a slab that is to be released; undefined when there is none. */
  next(): Promise<StoreBlock | undefined>
  /** It was committed, or refused: it need not be kept. */
  done(id: BlockId): void
  quarantine(rows: readonly QuarantinedRow[]): void
  /** `gaveUp` hears of blocks that are lost; of their slabs nothing is left. */
  onGivenUp(gaveUp: GaveUp): void
  /** Rows and octets that were not what had been written, of this process or an earlier one; absent: none. */
  readonly odd: Readonly<Record<string, number>>
  close(): Promise<void>
}

/** One that is open. */
export type OpenSpool = Omit<SpoolPort, 'open'>
