// What an engine implements: its connections, and blocks of rows, each in one transaction. It runs on the worker
// thread of its sink, which tries again what the world refused; it never waits for a store that is away by itself.

import type { RowKind } from '../route/rows.js'
import type { TableWindow } from '../route/tables.js'
import type { RefusedRow } from './sink.js'

/** A sealed slab, which stays unreleased until the block that it is of is settled. */
export interface SlabRef {
  handle: number
  input: number
  rows: number
}

/** Rows of a slab for one table, in their order. */
export interface SlabRows {
  kind: RowKind
  /** Its name is sound: `[A-Za-z0-9_]{1,64}`. */
  table: string
  rows: Uint32Array
}

/** Names a block for good, in every process and in the database. */
export interface BlockId {
  /** Who numbered it: 32 hexadecimal digits. */
  origin: string
  /** Counts up from 1 within the origin. */
  number: number
}

/** Rows that are stored together: all of them and the block's id, or nothing. */
export interface StoreBlock {
  id: BlockId
  /** Of the same origin: smaller numbers are settled and need not be remembered any more. */
  settledBefore: number
  /** It is in the spool, so it may come again in another process. */
  isSpooled: boolean
  /** It is from before this process, which another one may have had stored already. */
  isFromBefore?: boolean
  /** Name of the capture node that received it. */
  node: string
  /** Which rows are named by their arrival. */
  window: TableWindow
  slab: SlabRef
  tables: SlabRows[]
}

/** A row that the store refuses; `table` is an index of the block's tables, `reason` the engine's code. */
export interface BlockRefusal extends RefusedRow {
  /** What the engine said. */
  message: string
}

/** The world's fault, not the rows': the same block may go in later. Nothing of it is stored, or nobody knows. */
export class AwayError extends Error {
  override readonly name = 'AwayError'
  readonly code: string
  readonly cure: string

  constructor(code: string, message: string, cure: string) {
    super(message)
    this.code = code
    this.cure = cure
  }
}

/** Something that holds once and that the operator should know: a table without transactions, a missing right. */
export type Advise = (message: string) => void

export interface Store {
  /** Blocks that write() may be given at the same time. */
  readonly lanes: number
  /** Tries the store once. Throws an AwayError when it is not there, any other error when it never will be. */
  open(): Promise<void>
  /**
   * Resolves when every row is committed or refused; a block whose id is there already is committed. A row that is
   * refused costs no other one. Throws an AwayError; any other error refuses the whole block.
   */
  write(block: StoreBlock): Promise<BlockRefusal[]>
  /** Values that were changed to fit, up to now, by a name each. */
  odd?(): Record<string, number>
  close(): Promise<void>
}
