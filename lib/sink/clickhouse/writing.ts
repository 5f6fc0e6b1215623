// The rows of one block for one table on their way in: what is still to be sent, and what nobody knows of.
//
//   pieces   | stored | stored | in doubt | to send ...      refused: rows by themselves
//
// It outlives the attempts: what went in at one of them is not sent at the next. A piece that a row makes impossible
// is halved until the row stands alone.

import type { TableWindow } from '../../route/tables.js'
import type { BlockRefusal, StoreBlock } from '../store.js'
import type { Verdict } from './errors.js'

/**
 * A piece was sent, and perhaps stored: `before` by another process, `answered` with a fault that may have come after
 * a part was written, `lost` without an answer, so that it may still be on its way.
 */
export type Doubt = 'before' | 'answered' | 'lost'

/** Rows that are sent in one INSERT. */
export interface Piece {
  rows: Uint32Array
  /** Of its first row: the place among the rows of the table. */
  at: number
  doubt: Doubt | undefined
  /** Why its one row was refused, unless it turns out to be stored. */
  refused?: Verdict
}

export class Writing {
  readonly index: number
  readonly refusals: BlockRefusal[] = []
  /** Rows outside of it are dated by their arrival; undefined: all by their own time; null: not decided yet. */
  bound: NonNullable<TableWindow> | undefined | null = null
  readonly #pieces: Piece[]

  constructor({ tables, isFromBefore }: StoreBlock, index: number) {
    this.index = index
    const { rows } = tables[index]!
    const whole: Piece = { rows, at: 0, doubt: isFromBefore ? 'before' : undefined }
    this.#pieces = rows.length > 0 ? [whole] : []
  }

  /** What is to be done next; undefined when all rows are stored or refused. */
  get next(): Piece | undefined {
    return this.#pieces[0]
  }

  /** The next piece is in. */
  stored(): void {
    this.#pieces.shift()
  }

  /** Of the next piece, which was in doubt, these rows are not there. */
  missing(rows: Uint32Array): void {
    const { at, refused } = this.#pieces.shift() as Piece
    if (rows.length === 0) return
    if (refused) this.#refuse(rows[0]!, refused)
    else this.#pieces.unshift({ rows, at, doubt: undefined })
  }

  /** One of the rows of the next piece, or more, cannot be stored. `canBeFound`: a doubt can be cleared. */
  refused(verdict: Verdict, canBeFound: boolean): void {
    const piece = this.#pieces[0] as Piece
    if (piece.rows.length > 1) this.halve()
    else if (piece.doubt && canBeFound) piece.refused = verdict
    else {
      this.#pieces.shift()
      this.#refuse(piece.rows[0]!, verdict)
    }
  }

  /** What cannot be sent as a whole may go in halves. */
  halve(): void {
    const { rows, at, doubt } = this.#pieces.shift() as Piece
    const half = rows.length >> 1
    const left = { rows: rows.subarray(0, half), at, doubt }
    this.#pieces.unshift(left, { rows: rows.subarray(half), at: at + half, doubt })
  }

  #refuse(row: number, { code, message }: Verdict): void {
    this.refusals.push({ table: this.index, row, reason: code, message })
  }
}
