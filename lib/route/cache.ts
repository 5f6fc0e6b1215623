// The map of `cache_store()` and its like: one for each system that scripts name, shared by all routes, in memory.
//
// Bounded in keys and characters: when it is full, what was stored first goes first.

import type { Cache as CachePort } from './services.js'

interface Entry {
  text: string
  /** Milliseconds since the epoch; Infinity is for ever. */
  expires: number
}

export interface CacheBounds {
  keys: number
  /** Characters of keys and values, all together. */
  characters: number
}

const BOUNDS: CacheBounds = { keys: 1_000_000, characters: 128 << 20 }

export class Cache implements CachePort {
  readonly #now: () => number
  readonly #bounds: CacheBounds
  /** In the order in which they were stored. */
  readonly #entries = new Map<string, Entry>()
  #characters = 0
  /** Entries that had to go for others before their time. */
  evicted = 0

  constructor(now: () => number, bounds: CacheBounds = BOUNDS) {
    this.#now = now
    this.#bounds = bounds
  }

  /** `expiresSeconds` 0 is for ever. */
  store(system: string, key: string, text: string, expiresSeconds: number): void {
    const name = nameOf(system, key)
    this.#delete(name)
    const expires = expiresSeconds > 0 ? this.#now() + expiresSeconds * 1000 : Number.POSITIVE_INFINITY
    this.#entries.set(name, { text, expires })
    this.#characters += name.length + text.length
    if (!this.#fits()) this.#makeRoom()
  }

  fetch(system: string, key: string): string | undefined {
    return this.#live(nameOf(system, key))?.text
  }

  remove(system: string, key: string): void {
    this.#delete(nameOf(system, key))
  }

  /** What is there keeps its time; `expiresSeconds` is for what is new. */
  add(system: string, key: string, by: number, expiresSeconds: number): number | undefined {
    const entry = this.#live(nameOf(system, key))
    if (!entry) {
      this.store(system, key, String(by), expiresSeconds)
      return by
    }
    if (!/^-?\d{1,15}$/.test(entry.text)) return undefined
    const sum = Number(entry.text) + by
    if (!Number.isSafeInteger(sum)) return undefined
    this.#characters += String(sum).length - entry.text.length
    entry.text = String(sum)
    return sum
  }

  #live(name: string): Entry | undefined {
    const entry = this.#entries.get(name)
    if (!entry || entry.expires > this.#now()) return entry
    this.#delete(name)
    return undefined
  }

  #delete(name: string): void {
    const entry = this.#entries.get(name)
    if (!entry) return
    this.#characters -= name.length + entry.text.length
    this.#entries.delete(name)
  }

  #fits(): boolean {
    return this.#entries.size <= this.#bounds.keys && this.#characters <= this.#bounds.characters
  }

  #makeRoom(): void {
    const now = this.#now()
    for (const [name, { expires }] of this.#entries) {
      if (this.#fits()) return
      this.#delete(name)
      if (expires > now) this.evicted++
    }
  }
}

/** A length tells systems and keys apart, whatever is in them. */
function nameOf(system: string, key: string): string {
  return `${system.length} ${system}${key}`
}
