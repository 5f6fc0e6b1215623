// Derived rows within bounds: who holds their memory, and when routing has to wait for some of it to come back.

import { binding } from '../binding.js'
import { Derivation, type RowChanges } from '../derivation.js'
import type { Batch, Message } from '../message.js'
import type { Holds } from './holds.js'

export type { RowChanges } from '../derivation.js'

/** Beside the messages that wait, as share of their memory. */
const SHARE = 0.5
const LEAST_SLABS = 4
/** One that is filled, and one that is begun when that is full. */
const SLABS_IN_HAND = 2

export class DerivedRows {
  readonly #derivation: Derivation
  readonly #slabs: number
  #holds!: Holds
  /** Batches whose memory has not come back. */
  readonly #live = new Set<Batch>()
  /** Those of them that are not sealed, or not known to be: we hold them. */
  readonly #held = new Set<Batch>()
  /** Messages that found no room. */
  lost = 0

  /** `queueBytes` is the bound of messages that wait for the sinks. */
  constructor(queueBytes: number) {
    const slabBytes = binding.layout.smallestSlab
    this.#slabs = Math.max(LEAST_SLABS, Math.floor((queueBytes * SHARE) / slabBytes))
    this.#derivation = new Derivation({ slabBytes, slabs: this.#slabs })
  }

  /** Who counts the holds of all batches. */
  use(holds: Holds): void {
    this.#holds = holds
  }

  /** No further message should be routed before memory has come back. */
  get isTight(): boolean {
    return this.#live.size > this.#slabs - SLABS_IN_HAND
  }

  /** undefined: there was no room, or no packet in the octets. */
  edit(message: Message, packet: Uint8Array): Message | undefined {
    return this.#keep(this.#derivation.edit(message, packet))
  }

  copy(message: Message, changes: RowChanges): Message | undefined {
    return this.#keep(this.#derivation.copy(message, changes))
  }

  /** Ends what is being filled: whoever needs a batch holds it by now. */
  seal(): void {
    this.#derivation.seal()
    for (const batch of this.#held) this.#holds.letGo(batch)
    this.#held.clear()
  }

  /** Holds a batch for a run, once. */
  keepFor(kept: Set<Batch>, batch: Batch): void {
    if (kept.has(batch)) return
    kept.add(batch)
    this.#holds.hold(batch)
  }

  released(batch: Batch): void {
    this.#live.delete(batch)
  }

  #keep(derived: Message | string): Message | undefined {
    if (typeof derived === 'string') {
      this.lost++
      return undefined
    }
    const { batch } = derived
    if (!this.#live.has(batch)) {
      this.#live.add(batch)
      this.#held.add(batch)
      this.#holds.hold(batch)
    }
    return derived
  }
}
