// What becomes of the messages of one batch: each ends in exactly one outcome, once its routes have ended and
// all that they set under way has been answered.

import type { Outcomes } from '../ledger.js'

/** What a route sets under way for a message: a row for the sinks that store, one for those that send, a packet. */
export type Deed = 'row' | 'sent_row' | 'packet'

const SET: Record<Deed, number> = { row: 1, sent_row: 2, packet: 4 }
const DONE: Record<Deed, number> = { row: 0, sent_row: 8, packet: 8 }
const LOST = 16
const SETTLED = 32
const SPOOLED = 64

export class Fates {
  readonly #outcomes: Outcomes
  readonly #state: Uint8Array
  /** What is under way for each message, its routes included. */
  readonly #pending: Uint32Array
  /** Why a message was lost or discarded. */
  readonly #reasons = new Map<number, string>()
  readonly #settled: (messages: number) => void
  #abandoned = false

  /** `settled` hears of messages that have their outcome. */
  constructor(rows: number, outcomes: Outcomes, settled: (messages: number) => void) {
    this.#outcomes = outcomes
    this.#state = new Uint8Array(rows)
    this.#pending = new Uint32Array(rows).fill(1)
    this.#settled = settled
  }

  /** Something is under way for a message; done() is called for it, once. */
  begin(row: number, deed: Deed): void {
    this.#pending[row]!++
    this.#state[row]! |= SET[deed]
  }

  /** It was done, or failed for a reason: `stage/reason`. */
  done(row: number, deed: Deed, failure?: string): void {
    if (failure === undefined) this.#state[row]! |= DONE[deed]
    else this.#lose(row, deed, failure)
    this.#letGo(row)
  }

  /** Is, or was, anything under way for it? */
  hasDeeds(row: number): boolean {
    return this.#state[row] !== 0
  }

  /** Every sink has its rows in the database or on the disk: its outcome, until the last of them is committed. */
  spool(row: number): void {
    if (this.#state[row]! & (SPOOLED | SETTLED) || this.#abandoned) return
    this.#state[row]! |= SPOOLED
    this.#outcomes.spooled++
    this.#settled(1)
  }

  /** The routes are through with a message; `reason` is why it is discarded if they did nothing with it. */
  end(row: number, reason: string): void {
    if (this.#state[row] === 0) this.#reasons.set(row, reason)
    this.#letGo(row)
  }

  /** Gives up what is not settled yet: dropped, with this reason. */
  abandon(where: string): void {
    this.#abandoned = true
    const left = this.#state.filter((state) => (state & (SETTLED | SPOOLED)) === 0).length
    this.#outcomes.drop(where, left)
    this.#settled(left)
  }

  /** A row that is lost is a lost message; a packet only where nothing else was done with it. */
  #lose(row: number, deed: Deed, failure: string): void {
    if (deed === 'row') this.#state[row]! |= LOST
    if (deed === 'row' || !this.#reasons.has(row)) this.#reasons.set(row, failure)
  }

  #letGo(row: number): void {
    if (--this.#pending[row]! > 0) return
    const isSpooled = (this.#state[row]! & SPOOLED) !== 0
    if (this.#abandoned && !isSpooled) return
    this.#settle(row, this.#state[row]! & ~SPOOLED)
    this.#state[row]! |= SETTLED
    if (isSpooled) this.#outcomes.spooled--
    else this.#settled(1)
  }

  #settle(row: number, state: number): void {
    if (state === SET.row) this.#outcomes.stored++
    else if (state & LOST) this.#outcomes.drop(this.#reasons.get(row)!, 1)
    else if (state & SET.row) this.#outcomes.stored++
    else if (state & (DONE.packet | DONE.sent_row)) this.#outcomes.relayed++
    else if (state === 0) this.#outcomes.discard(this.#reasons.get(row)!, 1)
    else this.#outcomes.drop(this.#reasons.get(row)!, 1)
  }
}
