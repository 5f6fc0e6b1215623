// The sinks of one configuration, and whether batches are on their way through its routes to them.

import type { Deed } from '../route/fates.js'
import type { Sink } from './sink.js'

export class SinkSet {
  readonly sinks: readonly Sink[]
  /** What a row is for its message: stored, sent, or both. */
  readonly deeds: readonly Deed[]
  #batches = 0
  #whenUnused: (() => void)[] = []

  constructor(sinks: readonly Sink[]) {
    this.sinks = sinks
    const stores: Deed[] = sinks.some(({ sends }) => !sends) ? ['row'] : []
    this.deeds = sinks.some(({ sends }) => sends) ? [...stores, 'sent_row'] : stores
  }

  /** The routes of a batch begin. */
  begin(): void {
    this.#batches++
  }

  /** They have ended: no further row of it comes. */
  end(): void {
    if (--this.#batches > 0) return
    for (const resolve of this.#whenUnused.splice(0)) resolve()
  }

  get isUnused(): boolean {
    return this.#batches === 0
  }

  /** Resolves when the routes of every batch have ended; for a set that no batch is begun with any more. */
  unused(): Promise<void> {
    if (this.isUnused) return Promise.resolve()
    return new Promise((resolve) => this.#whenUnused.push(resolve))
  }
}
