// What routes keep from message to message, as somebody sees it who must not change it: reads what there is, and keeps
// his own changes to himself.

import { Cache } from '../route/cache.js'
import type { Cache as CachePort, Stats as StatsPort } from '../route/services.js'
import { Stats } from '../route/stats.js'

/** Of what one message stores. */
const BOUNDS = { keys: 10_000, characters: 8 << 20 }

export class OverlayStats implements StatsPort {
  readonly #below: StatsPort
  readonly #own = new Stats()

  constructor(below: StatsPort) {
    this.#below = below
  }

  add(name: string, by: number): void {
    this.#own.set(name, (this.get(name) ?? 0) + by)
  }

  get(name: string): number | undefined {
    return this.#own.get(name) ?? this.#below.get(name)
  }

  set(name: string, value: number): void {
    this.#own.set(name, value)
  }
}

export class OverlayCache implements CachePort {
  readonly #below: Pick<CachePort, 'fetch'>
  readonly #own: Cache
  /** By system: what is to be read from below no more. */
  readonly #touched = new Map<string, Set<string>>()

  constructor(below: Pick<CachePort, 'fetch'>, now: () => number) {
    this.#below = below
    this.#own = new Cache(now, BOUNDS)
  }

  store(system: string, key: string, value: string, expiresSeconds: number): void {
    this.#touch(system, key)
    this.#own.store(system, key, value, expiresSeconds)
  }

  fetch(system: string, key: string): string | undefined {
    const isOwn = this.#touched.get(system)?.has(key) ?? false
    return (isOwn ? this.#own : this.#below).fetch(system, key)
  }

  remove(system: string, key: string): void {
    this.#touch(system, key)
    this.#own.remove(system, key)
  }

  add(system: string, key: string, by: number, expiresSeconds: number): number | undefined {
    const found = this.fetch(system, key)
    if (found !== undefined && !this.#touched.get(system)?.has(key)) this.store(system, key, found, 0)
    this.#touch(system, key)
    return this.#own.add(system, key, by, expiresSeconds)
  }

  #touch(system: string, key: string): void {
    const keys = this.#touched.get(system)
    if (keys) keys.add(key)
    else this.#touched.set(system, new Set([key]))
  }
}
