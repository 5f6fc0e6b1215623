// Named counters of routes: `update_stat()` and `$stat`.

import type { Stats as StatsPort } from './services.js'

/** Names may be made of what messages hold: so many are kept, further ones are not counted. */
const MOST_NAMES = 100_000

export class Stats implements StatsPort {
  readonly #counts = new Map<string, number>()
  /** Counts that found no room. */
  refused = 0

  add(name: string, by: number): void {
    this.set(name, (this.#counts.get(name) ?? 0) + by)
  }

  get(name: string): number | undefined {
    return this.#counts.get(name)
  }

  set(name: string, value: number): void {
    if (this.#counts.size >= MOST_NAMES && !this.#counts.has(name)) this.refused++
    else this.#counts.set(name, value)
  }

  entries(): IterableIterator<[string, number]> {
    return this.#counts.entries()
  }
}
