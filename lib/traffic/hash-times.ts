// When something was seen, by a hash of it, in a bounded room: where there is none, the oldest of a few makes it. What
// is forgotten early, or taken for another (one in a thousand million), is a count that is off by one.

const WAYS = 4
const PAIR = 2
const TIME = 1
const SET = WAYS * PAIR

/** Two numbers of 32 bits, signed. */
export interface Hash {
  low: number
  high: number
}

export class HashTimes {
  /** Pairs of a mark and a time, side by side for the processor's cache; those of one hash are WAYS in a row. */
  readonly #slots: Float64Array
  readonly #mask: number

  /** `entries` is a power of two. */
  constructor(entries: number) {
    this.#slots = new Float64Array(entries * PAIR)
    this.#mask = entries / WAYS - 1
  }

  /** The time that was put; 0 for none. */
  get(hash: Hash): number {
    const at = this.#find(hash)
    return at < 0 ? 0 : (this.#slots[at + TIME] as number)
  }

  /** `time` is more than 0. */
  put(hash: Hash, time: number): void {
    const found = this.#find(hash)
    const at = found < 0 ? this.#oldest(hash) : found
    this.#slots[at] = hash.high
    this.#slots[at + TIME] = time
  }

  remove(hash: Hash): void {
    const at = this.#find(hash)
    if (at >= 0) this.#slots[at + TIME] = 0
  }

  #find({ low, high }: Hash): number {
    const first = (low & this.#mask) * SET
    for (let at = first; at < first + SET; at += PAIR) {
      if (this.#slots[at] === high && this.#slots[at + TIME] !== 0) return at
    }
    return -1
  }

  #oldest({ low }: Hash): number {
    const first = (low & this.#mask) * SET
    let oldest = first
    for (let at = first + PAIR; at < first + SET; at += PAIR) {
      if ((this.#slots[at + TIME] as number) < (this.#slots[oldest + TIME] as number)) oldest = at
    }
    return oldest
  }
}

/** Longer ones are told apart by their length. */
const MOST_OCTETS = 128

/** Adds octets to a hash, in place. */
export function mix(hash: Hash, octets: Uint8Array, start: number, length: number): void {
  const end = start + Math.min(length, MOST_OCTETS)
  let { low, high } = hash
  for (let at = start; at < end; at++) {
    const octet = octets[at] as number
    low = Math.imul(low ^ octet, 0x01000193)
    high = Math.imul(high ^ octet, 0x85ebca6b)
    high ^= high >>> 15
  }
  hash.low = Math.imul(low ^ length, 0x01000193)
  hash.high = Math.imul(high ^ length, 0xc2b2ae35)
  hash.low ^= hash.low >>> 13
}
