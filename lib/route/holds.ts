// Who still needs the memory of a batch: it is released when the last one has let go.

import type { Batch } from '../message.js'

export class Holds {
  readonly #counts = new Map<Batch, number>()
  readonly #released: (batch: Batch) => void

  /** `released` is called after a batch was given back. */
  constructor(released: (batch: Batch) => void) {
    this.#released = released
  }

  hold(batch: Batch): void {
    this.#counts.set(batch, (this.#counts.get(batch) ?? 0) + 1)
  }

  letGo(batch: Batch): void {
    const left = (this.#counts.get(batch) ?? 0) - 1
    if (left > 0) {
      this.#counts.set(batch, left)
      return
    }
    this.#counts.delete(batch)
    batch.release()
    this.#released(batch)
  }
}
