// Connections that bring HEP3 packets: TCP and TLS streams, cut anywhere, and WebSockets. Each is framed natively.
//
// A connection whose packets find the queue full is no longer read: the agent feels it. That is bounded in
// octets and in time; behind the bound packets are dropped and counted. Faults of a stream close it, counted.

import type { Framer } from '../binding.js'

export interface StreamLimits {
  /** An incomplete packet may take this long. */
  incompleteMs: number
  /** A connection waits this long for room in the queue before packets are dropped. */
  holdMs: number
  /** Octets that all waiting connections together may hold. */
  holdBytes: number
  /** The handshakes of TLS and WebSocket may together take this long. */
  handshakeMs: number
  /** Connections that may be in their handshakes at once: behind that the oldest one goes. */
  handshakes: number
}

export const STREAM_LIMITS: StreamLimits = {
  incompleteMs: 10_000,
  holdMs: 10_000,
  holdBytes: 64 << 20,
  handshakeMs: 10_000,
  handshakes: 512,
}

/** At the end, a connection that is silent for this long has nothing more on its way. */
const QUIET_MS = 50
/** A process that was held up may have silent connections whose octets nobody has read: so often it looks again. */
const LAST_LOOKS = 3
/** At the end, a connection that is never silent is cut off after this long. */
const LAST_WORDS_MS = 2000

/** Why a packet was cut short: with its stage before it the name of a drop. */
type CutShort = 'incomplete' | 'timeout'

/** What a connection is read from. */
export interface Carrier {
  /** Of the names of drops. */
  readonly stage: 'tcp' | 'ws'
  pause(): void
  resume(): void
  /** Tells the agent that we go, and is read on. */
  farewell(): void
  destroy(why: CutShort): void
}

/** The connections of one listener, and what they may hold together. */
export class Connections {
  readonly limits: StreamLimits
  readonly #open = new Set<Connection>()
  #heldBytes = 0

  constructor(limits: StreamLimits) {
    this.limits = limits
  }

  get size(): number {
    return this.#open.size
  }

  add(carrier: Carrier, framer: Framer): Connection {
    const connection = new Connection(carrier, framer, this)
    this.#open.add(connection)
    return connection
  }

  /** The queue has room again. */
  resume(): void {
    for (const connection of this.#open) connection.retry()
  }

  checkTimes(now: number): void {
    for (const connection of this.#open) {
      if (connection.heldSince < now - this.limits.holdMs) connection.dropHeld()
      if (connection.incompleteSince < now - this.limits.incompleteMs) connection.finish('timeout')
    }
  }

  /**
   * Takes what the connections have sent already, and ends them. Packets that wait for room in the queue wait
   * on, up to `drainMs`; then they are dropped and counted.
   */
  async close(drainMs: number): Promise<void> {
    const now = Date.now()
    for (const connection of this.#open) connection.farewell()
    while (this.#open.size > 0 && Date.now() < now + drainMs) {
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS))
      for (let look = 0; look < LAST_LOOKS; look++) await new Promise((resolve) => setImmediate(resolve))
      const quietMs = Date.now() < now + LAST_WORDS_MS ? QUIET_MS : 0
      for (const connection of this.#open) connection.endWhenQuiet(quietMs)
    }
    for (const connection of this.#open) connection.finish('incomplete')
  }

  /** For a connection: may it hold these octets until there is room? */
  mayHold(octets: number): boolean {
    if (this.#heldBytes + octets > this.limits.holdBytes) return false
    this.#heldBytes += octets
    return true
  }

  letGo(octets: number): void {
    this.#heldBytes -= octets
  }

  ended(connection: Connection): void {
    this.#open.delete(connection)
  }
}

export class Connection {
  /** When the connection began to wait for room; Infinity while it does not. */
  heldSince = Number.POSITIVE_INFINITY
  /** When the packet that is not complete began. */
  incompleteSince = Number.POSITIVE_INFINITY
  readonly #carrier: Carrier
  readonly #framer: Framer
  readonly #group: Connections
  #held: Buffer[] = []
  /** The wait was in vain: until there is room again, what finds none is dropped. */
  #dropping = false
  #lastArrival = Date.now()
  #sawEnd = false
  #ended = false

  constructor(carrier: Carrier, framer: Framer, group: Connections) {
    this.#carrier = carrier
    this.#framer = framer
    this.#group = group
  }

  get isHolding(): boolean {
    return this.#held.length > 0
  }

  /** Octets of a stream, or those of one message. */
  take(octets: Buffer): void {
    if (this.isHolding && !this.#dropping) this.#hold(octets)
    else this.#offer(octets, this.#dropping)
  }

  /** The agent has sent all; what is held still waits for room. */
  atEnd(): void {
    this.#sawEnd = true
    if (!this.isHolding) this.finish('incomplete')
  }

  /** There is room: offers what is held once more. */
  retry(): void {
    this.#dropping = false
    const since = this.heldSince
    this.#offerHeld(false)
    if (this.isHolding) this.heldSince = since
  }

  /** The wait is over: what finds no room is dropped and counted, and the connection is read again. */
  dropHeld(): void {
    this.#dropping = true
    this.#offerHeld(true)
  }

  farewell(): void {
    this.#carrier.farewell()
  }

  endWhenQuiet(quietMs: number): void {
    if (!this.isHolding && Date.now() - this.#lastArrival >= quietMs) this.finish('incomplete')
  }

  /** Ends the connection; a packet that it cut short is counted. */
  finish(why: CutShort): void {
    if (this.#ended) return
    this.#ended = true
    for (const octets of this.#releaseHeld()) this.#framer.push(octets, true)
    this.#framer.end(`${this.#carrier.stage}/${why}`)
    this.#carrier.destroy(why)
    this.#group.ended(this)
  }

  #offer(octets: Buffer, mayDrop: boolean): void {
    if (this.#ended) return
    this.#lastArrival = Date.now()
    const before = this.#framer.pending
    const taken = this.#framer.push(octets, mayDrop)
    this.#watchIncomplete(before + octets.length)
    if (this.#framer.fault) this.finish('incomplete')
    else if (taken < octets.length) this.#hold(octets.subarray(taken))
  }

  /** The clock of an incomplete packet runs from its first octet, not from its last. */
  #watchIncomplete(pendingIfNoneWasComplete: number): void {
    const { pending } = this.#framer
    if (pending === 0) this.incompleteSince = Number.POSITIVE_INFINITY
    else if (pending !== pendingIfNoneWasComplete || this.incompleteSince === Number.POSITIVE_INFINITY) {
      this.incompleteSince = Date.now()
    }
  }

  #hold(rest: Buffer): void {
    if (!this.#group.mayHold(rest.length)) {
      this.#offer(rest, true)
      return
    }
    this.#held.push(rest)
    if (this.heldSince === Number.POSITIVE_INFINITY) this.heldSince = Date.now()
    this.incompleteSince = Number.POSITIVE_INFINITY // it is we who wait
    this.#carrier.pause()
  }

  #releaseHeld(): Buffer[] {
    const held = this.#held
    this.#held = []
    for (const octets of held) this.#group.letGo(octets.length)
    this.heldSince = Number.POSITIVE_INFINITY
    return held
  }

  #offerHeld(mayDrop: boolean): void {
    if (!this.isHolding) return
    for (const octets of this.#releaseHeld()) {
      if (this.isHolding) this.#hold(octets)
      else this.#offer(octets, mayDrop)
    }
    if (this.isHolding || this.#ended) return
    if (this.#sawEnd) this.finish('incomplete')
    else this.#carrier.resume()
  }
}
