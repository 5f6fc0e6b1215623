// HEP over TCP: one listener, many connections, each framed natively.
//
// A connection whose packets find the queue full is no longer read: the agent feels it. That is bounded in
// octets and in time; behind the bound packets are dropped and counted. Faults of a stream close it, counted.

import { createServer, type Server, type Socket } from 'node:net'
import { binding, type Engine, type Framer } from '../binding.js'

export interface TcpLimits {
  /** An incomplete packet may take this long. */
  incompleteMs: number
  /** A connection waits this long for room in the queue before packets are dropped. */
  holdMs: number
  /** Octets that all waiting connections together may hold. */
  holdBytes: number
}

export const TCP_LIMITS: TcpLimits = { incompleteMs: 10_000, holdMs: 10_000, holdBytes: 64 << 20 }

const SWEEP_MS = 500
/** Half open: an agent that has sent all may have to wait until we have taken it. */
const SOCKET_OPTIONS = { keepAlive: true, keepAliveInitialDelay: 60_000, allowHalfOpen: true }
/** At the end, a connection that is silent for this long has nothing more on its way. */
const QUIET_MS = 50
/** At the end, a connection that is never silent is cut off after this long. */
const LAST_WORDS_MS = 2000

export class TcpListener {
  readonly #engine: Engine
  readonly #input: number
  readonly #limits: TcpLimits
  readonly #server: Server
  readonly #connections = new Set<Connection>()
  #sweep: NodeJS.Timeout | undefined
  #heldBytes = 0

  constructor(engine: Engine, input: number, limits: TcpLimits = TCP_LIMITS) {
    this.#engine = engine
    this.#input = input
    this.#limits = limits
    this.#server = createServer(SOCKET_OPTIONS, (socket) => {
      this.#connections.add(new Connection(socket, this.#framer(socket), this))
    })
  }

  /** Binds and resolves with the port; rejects with Node's system error. '' is every address. */
  listen(address: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ port, ...(address === '' ? {} : { host: address }) }, () => {
        this.#server.off('error', reject)
        this.#server.on('error', () => {}) // accept(2) failed, EMFILE say: the next one may succeed
        this.#sweep = setInterval(() => this.#checkTimes(), SWEEP_MS).unref()
        const bound = this.#server.address()
        resolve(typeof bound === 'object' && bound ? bound.port : port)
      })
    })
  }

  get connections(): number {
    return this.#connections.size
  }

  /** The queue has room again. */
  resume(): void {
    for (const connection of this.#connections) connection.retry()
  }

  /**
   * Accepts no more, takes what the connections have sent already, and ends them. Packets that wait for room
   * in the queue wait on, up to `drainMs`; then they are dropped and counted.
   */
  async close(drainMs: number): Promise<void> {
    this.#server.close()
    const now = Date.now()
    for (const connection of this.#connections) connection.farewell()
    while (this.#connections.size > 0 && Date.now() < now + drainMs) {
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS))
      const quietMs = Date.now() < now + LAST_WORDS_MS ? QUIET_MS : 0
      for (const connection of this.#connections) connection.endWhenQuiet(quietMs)
    }
    for (const connection of this.#connections) connection.finish('tcp/incomplete')
    clearInterval(this.#sweep)
  }

  /** For a connection: may it hold these octets until there is room? */
  mayHold(octets: number): boolean {
    if (this.#heldBytes + octets > this.#limits.holdBytes) return false
    this.#heldBytes += octets
    return true
  }

  letGo(octets: number): void {
    this.#heldBytes -= octets
  }

  ended(connection: Connection): void {
    this.#connections.delete(connection)
  }

  #framer(socket: Socket): Framer {
    return new binding.Framer(this.#engine, this.#input, socket.remoteAddress ?? '', socket.remotePort ?? 0)
  }

  #checkTimes(): void {
    const now = Date.now()
    for (const connection of this.#connections) {
      if (connection.heldSince < now - this.#limits.holdMs) connection.dropHeld()
      if (connection.incompleteSince < now - this.#limits.incompleteMs) connection.finish('tcp/timeout')
    }
  }
}

class Connection {
  /** When the connection began to wait for room; Infinity while it does not. */
  heldSince = Number.POSITIVE_INFINITY
  /** When the packet that is not complete began. */
  incompleteSince = Number.POSITIVE_INFINITY
  readonly #socket: Socket
  readonly #framer: Framer
  readonly #listener: TcpListener
  #held: Buffer | undefined
  /** The wait was in vain: until there is room again, what finds none is dropped. */
  #dropping = false
  #lastData = Date.now()
  #sawEnd = false
  #ended = false

  constructor(socket: Socket, framer: Framer, listener: TcpListener) {
    this.#socket = socket
    this.#framer = framer
    this.#listener = listener
    socket.on('data', (octets: Buffer) => this.#take(octets, this.#dropping))
    socket.on('error', () => {}) // 'close' follows
    socket.on('end', () => this.#atEnd())
    socket.on('close', () => this.finish('tcp/incomplete'))
  }

  /** There is room: offers what is held once more. */
  retry(): void {
    this.#dropping = false
    const since = this.heldSince
    this.#offerHeld(false)
    if (this.#held) this.heldSince = since
  }

  /** The wait is over: what finds no room is dropped and counted, and the connection is read again. */
  dropHeld(): void {
    this.#dropping = true
    this.#offerHeld(true)
  }

  /** Tells the agent that we go, and keeps reading. */
  farewell(): void {
    this.#socket.end()
  }

  endWhenQuiet(quietMs: number): void {
    if (!this.#held && Date.now() - this.#lastData >= quietMs) this.finish('tcp/incomplete')
  }

  /** Ends the connection; a packet that it cut short is counted under `reason`. */
  finish(reason: 'tcp/incomplete' | 'tcp/timeout'): void {
    if (this.#ended) return
    this.#ended = true
    if (this.#held) {
      const held = this.#held
      this.#releaseHeld()
      this.#framer.push(held, true)
    }
    this.#framer.end(reason)
    this.#socket.destroy()
    this.#listener.ended(this)
  }

  #take(octets: Buffer, mayDrop: boolean): void {
    if (this.#ended) return
    this.#lastData = Date.now()
    const before = this.#framer.pending
    const taken = this.#framer.push(octets, mayDrop)
    this.#watchIncomplete(before + octets.length)
    if (this.#framer.fault) this.finish('tcp/incomplete')
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
    if (!this.#listener.mayHold(rest.length)) {
      this.#take(rest, true)
      return
    }
    this.#held = rest
    if (this.heldSince === Number.POSITIVE_INFINITY) this.heldSince = Date.now()
    this.incompleteSince = Number.POSITIVE_INFINITY // it is we who wait
    this.#socket.pause()
  }

  #releaseHeld(): void {
    this.#listener.letGo(this.#held?.length ?? 0)
    this.#held = undefined
    this.heldSince = Number.POSITIVE_INFINITY
  }

  #offerHeld(mayDrop: boolean): void {
    const held = this.#held
    if (!held) return
    this.#releaseHeld()
    this.#take(held, mayDrop)
    if (this.#held || this.#ended) return
    if (this.#sawEnd) this.finish('tcp/incomplete')
    else this.#socket.resume()
  }

  /** The agent has sent all; what is held still waits for room. */
  #atEnd(): void {
    this.#sawEnd = true
    if (!this.#held) this.finish('tcp/incomplete')
  }
}
