// A spool that is made when it is needed first: where nobody named it, no folder appears before. Where it cannot be had,
// rows wait in memory.

import { RefusedError } from '../errors.js'
import type { Log } from '../log.js'
import type { QuarantinedRow } from '../sink/quarantine.js'
import type { GaveUp, OpenSpool, SpoolPort } from '../sink/spool-port.js'
import type { BlockId, StoreBlock } from '../sink/store.js'

export class LazySpool implements SpoolPort {
  readonly #open: () => Promise<OpenSpool>
  readonly #isAtOnce: boolean
  readonly #log: Log | undefined
  #opening: Promise<OpenSpool> | undefined
  #spool: OpenSpool | undefined
  #gaveUp: GaveUp = () => {}

  /** `isAtOnce`: open() opens it. With a log it may fail then, and is tried again when it is needed. */
  constructor(open: () => Promise<OpenSpool>, isAtOnce: boolean, log?: Log) {
    this.#open = open
    this.#isAtOnce = isAtOnce
    this.#log = log
  }

  async open(): Promise<void> {
    if (!this.#isAtOnce) return
    try {
      await this.#opened()
    } catch (error) {
      if (!this.#log || !(error instanceof RefusedError)) throw error
      this.#log.warn(`${error.message} (${error.code}); rows wait in memory, or: ${error.cure}`)
    }
  }

  get rows(): number {
    return this.#spool?.rows ?? 0
  }

  get share(): number {
    return this.#spool?.share ?? 0
  }

  get odd(): Readonly<Record<string, number>> {
    return this.#spool?.odd ?? {}
  }

  async append(block: StoreBlock, isTaken: boolean): Promise<'kept' | 'full'> {
    return (await this.#opened()).append(block, isTaken)
  }

  async next(): Promise<StoreBlock | undefined> {
    return this.#spool?.next()
  }

  done(id: BlockId): void {
    this.#spool?.done(id)
  }

  quarantine(rows: readonly QuarantinedRow[]): void {
    this.#opened().then(
      (spool) => spool.quarantine(rows),
      () => {}, // the rows are counted, and the next append says why there is no spool
    )
  }

  onGivenUp(gaveUp: GaveUp): void {
    this.#gaveUp = gaveUp
    this.#spool?.onGivenUp(gaveUp)
  }

  async close(): Promise<void> {
    await this.#opening?.catch(() => {})
    await this.#spool?.close()
  }

  #opened(): Promise<OpenSpool> {
    this.#opening ??= this.#openNow()
    return this.#opening
  }

  async #openNow(): Promise<OpenSpool> {
    try {
      const spool = await this.#open()
      spool.onGivenUp(this.#gaveUp)
      this.#spool = spool
      return spool
    } catch (error) {
      this.#opening = undefined
      throw error
    }
  }
}
