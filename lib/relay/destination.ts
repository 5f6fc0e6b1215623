// One destination: what it accepts, what waits for it, and how it is reached again after it was lost.
//
// Nobody who sends here ever waits. Failures in a row make the pauses between attempts longer; from a number of
// them on the destination rests: what waited is lost, counted, and what comes is refused until the pause is over.

import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { TlsCredentials } from '../listen/certificates.js'
import type { Log } from '../log.js'
import type { RelayTarget } from '../route/rules.js'
import { connect } from './connect.js'
import { pauseMs, type RelayLimits } from './limits.js'
import { type Failure, type Line, type LineOwner, wordsOf } from './line.js'
import type { OwnListeners } from './own.js'
import { carriedOctets, LONGEST_DATAGRAM } from './packet.js'
import { RunQueue } from './queue.js'
import type { Run } from './run.js'
import { StreamLine } from './stream-line.js'
import { targetName } from './target.js'
import type { RelayLoss, RelayRefusal, RelayTicket } from './ticket.js'
import { UdpLine } from './udp-line.js'

/** `idle`: nothing was sent yet, or the receiver has closed and nothing waits for it. */
export type RelayState = 'idle' | 'connecting' | 'up' | 'resting'

export interface RelayStatus {
  name: string
  state: RelayState
  /** Packets that were taken, and their octets. */
  relayed: number
  octets: number
  /** Packets that were refused or lost, by reason. */
  dropped: Record<string, number>
  /** Packets that wait or are under way, and their octets. */
  queued: number
  queuedOctets: number
}

/** What all destinations share. */
export interface Surroundings {
  readonly limits: RelayLimits
  readonly own: OwnListeners
  /** As they were read last. */
  tls: TlsCredentials
  readonly log: Pick<Log, 'info' | 'repeated'> | undefined
}

/** After a doubt a name is looked up again, but no sooner than this. */
const DOUBT_MS = 5000

export class Destination implements LineOwner {
  readonly name: string
  readonly queue: RunQueue
  readonly #to: RelayTarget
  readonly #shared: Surroundings
  readonly #dropped = new Map<string, number>()
  #relayed = 0
  #octets = 0
  #line: Line | undefined
  #isFlushDue = false
  #isConnecting = false
  #failures = 0
  #upSince = 0
  #restsUntil = 0
  #restsFor: RelayRefusal = 'resting'
  #lookupAt = 0
  #isOwn: boolean | undefined
  #isLeaving = false
  #isClosing = false
  #isClosed = false
  /** Ends the attempt or the pause that is under way. */
  #abort = new AbortController()
  #whenEmpty: (() => void) | undefined
  #whenRoom: (() => void)[] = []

  constructor(to: RelayTarget, shared: Surroundings) {
    this.name = targetName(to)
    this.#to = { ...to }
    this.#shared = shared
    this.queue = new RunQueue(shared.limits)
  }

  /** Copies the packet; says why not when it is refused. */
  send(packet: Uint8Array, ticket: RelayTicket | undefined): RelayRefusal | undefined {
    const refusal = this.#accept(packet, ticket)
    this.#isLeaving = false
    if (refusal) this.#countDropped(refusal)
    else this.#wake()
    return refusal
  }

  /** What send() would say; nothing is copied or counted. */
  refusalOf(packet: Uint8Array): RelayRefusal | undefined {
    const octets = this.#accepted(packet)
    if (typeof octets === 'string') return octets
    return this.queue.fits(octets.length) ? undefined : 'queue_full'
  }

  get status(): RelayStatus {
    return {
      name: this.name,
      state: this.#state,
      relayed: this.#relayed,
      octets: this.#octets,
      dropped: Object.fromEntries(this.#dropped),
      queued: this.queue.packets,
      queuedOctets: this.queue.octets,
    }
  }

  /** Nothing waits, and nobody is connected: it can be forgotten. */
  get isUnused(): boolean {
    return this.queue.packets === 0 && !this.#line && !this.#isConnecting
  }

  /** Resolves when the queue has room again, or will not have it any more. */
  room(): Promise<void> {
    if (this.queue.hasRoom || this.#isClosed) return Promise.resolve()
    return new Promise((resolve) => this.#whenRoom.push(resolve))
  }

  /** The listeners are others now. */
  checkOwn(): void {
    this.#isOwn = undefined
  }

  /** Gives up the connection once nothing waits for it; the next packet makes another one. */
  rest(): void {
    this.#isLeaving = true
    this.#leaveIfEmpty()
  }

  /** Sends what waits, for so long at most; the rest is lost as `stopped`. */
  async close(drainMs: number): Promise<void> {
    this.#isClosing = true
    if (this.queue.packets > 0 && drainMs > 0) {
      this.#pump()
      await this.#emptied(drainMs)
    }
    this.#isClosed = true
    this.#abort.abort(new Error('closed'))
    await this.#line?.close()
    this.#loseAll('stopped')
    this.#tellRoom()
  }

  settle(run: Run, reasonOf: (packet: number) => RelayLoss | undefined): void {
    this.queue.forget(run)
    run.settle((packet, octets) => {
      const reason = reasonOf(packet)
      if (reason) this.#countDropped(reason)
      else this.#countRelayed(octets)
      return reason
    })
    this.queue.reuse(run)
    if (this.queue.hasRoom) this.#tellRoom()
    if (this.queue.packets === 0) this.#whenEmpty?.()
    if (this.#isLeaving) this.#leaveIfEmpty()
  }

  broke(failure: Failure | undefined): void {
    this.#line = undefined
    if (this.#isClosed) return
    const isStable = Date.now() - this.#upSince >= this.#shared.limits.stableMs
    if (isStable || !failure) this.#failures = 0
    if (failure) this.#fail(failure)
    if (this.queue.isWaiting) void this.#connect()
  }

  suspect(): void {
    this.#lookupAt = Math.min(this.#lookupAt, Date.now() + DOUBT_MS)
  }

  #leaveIfEmpty(): void {
    if (this.queue.packets > 0) return
    const line = this.#line
    this.#line = undefined
    void line?.close()
  }

  #accept(packet: Uint8Array, ticket: RelayTicket | undefined): RelayRefusal | undefined {
    const octets = this.#accepted(packet)
    if (typeof octets === 'string') return octets
    return this.queue.add(octets, ticket) ? undefined : 'queue_full'
  }

  /** As it would be queued, or why not. */
  #accepted(packet: Uint8Array): Uint8Array | RelayRefusal {
    if (this.#isClosing) return 'stopped'
    if (this.#isLoop()) return 'loop'
    if (this.#state === 'resting') return this.#restsFor
    const isDatagram = this.#to.proto === 'hep_udp'
    if (isDatagram && packet.length > LONGEST_DATAGRAM) return 'too_long'
    return (isDatagram ? packet : carriedOctets(packet)) ?? 'not_v3'
  }

  /** A name is known for what it is once it is looked up. */
  #isLoop(): boolean {
    const { proto, host, port } = this.#to
    this.#isOwn ??= isIP(host) !== 0 && this.#shared.own.has(proto, host, port)
    return this.#isOwn
  }

  get #state(): RelayState {
    if (this.#line) return 'up'
    if (this.#restsUntil > 0 && Date.now() < this.#restsUntil) return 'resting'
    return this.#isConnecting ? 'connecting' : 'idle'
  }

  /** What comes in one turn of the event loop leaves together. */
  #wake(): void {
    if (this.queue.hasFullRun) this.#pump()
    if (this.#isFlushDue) return
    this.#isFlushDue = true
    setImmediate(() => {
      this.#isFlushDue = false
      this.#pump()
    })
  }

  #pump(): void {
    if (!this.queue.isWaiting) return
    if (!this.#line) {
      if (!this.#isConnecting) void this.#connect()
      return
    }
    this.#line.pump()
    if (this.#line.moveTo && Date.now() >= this.#lookupAt) void this.#lookAgain()
  }

  async #connect(): Promise<void> {
    this.#isConnecting = true
    while (!this.#isClosed && this.queue.isWaiting) {
      await this.#pause()
      const line = this.#isClosed ? undefined : await this.#attempt()
      if (line && this.#isClosed) await line.close()
      else if (line) {
        this.#up(line)
        break
      }
    }
    this.#isConnecting = false
    this.#line?.pump()
  }

  /** After a failure; none when a rest is over. */
  async #pause(): Promise<void> {
    if (this.#failures === 0 || this.#failures >= this.#shared.limits.failures) return
    this.#abort = new AbortController()
    const { signal } = this.#abort
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pauseMs(this.#shared.limits, this.#failures))
      signal.addEventListener('abort', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #up(line: Line): void {
    if (this.#failures > 0) this.#shared.log?.info(`${this.name}: reached again`)
    this.#line = line
    this.#upSince = Date.now()
    this.#restsUntil = 0
    if (line.moveTo) this.#failures = 0 // no connection that could still turn out to be useless
  }

  async #attempt(): Promise<Line | undefined> {
    const addresses = await this.#addresses()
    if (!Array.isArray(addresses)) return this.#fail(addresses)
    if (this.#to.proto === 'hep_udp') return this.#openUdp(addresses)
    let failure: Failure | undefined
    for (const address of addresses) {
      if (this.#isClosed) return undefined
      const line = await this.#openStream(address)
      if ('pump' in line) return line
      failure = line
    }
    return this.#isClosed ? undefined : this.#fail(failure!)
  }

  #openUdp(addresses: string[]): Line | undefined {
    try {
      return new UdpLine(addresses, this.#to.port, this)
    } catch (error) {
      return this.#fail({ reason: 'send_failed', what: wordsOf(error) })
    }
  }

  async #openStream(address: string): Promise<Line | Failure> {
    const { limits, tls } = this.#shared
    this.#abort = new AbortController()
    const late = new Error(`no connection within ${limits.connectTimeoutMs} ms`)
    const timer = setTimeout(() => this.#abort.abort(late), limits.connectTimeoutMs)
    try {
      const connection = await connect(this.#to, address, tls, this.#abort.signal)
      return new StreamLine(connection, limits.sendTimeoutMs, this)
    } catch (error) {
      return { reason: error === late ? 'timeout' : 'send_failed', what: wordsOf(error) }
    } finally {
      clearTimeout(timer)
    }
  }

  /** Where the name leads, without ourselves. */
  async #addresses(): Promise<string[] | Failure> {
    const { host, port, proto } = this.#to
    this.#lookupAt = Date.now() + this.#shared.limits.lookupMs
    let found: string[]
    try {
      found = (await lookup(host, { all: true })).map(({ address }) => address)
    } catch (error) {
      return { reason: 'unresolved', what: wordsOf(error) }
    }
    const others = found.filter((address) => !this.#shared.own.has(proto, address, port))
    return others.length > 0 ? others : { reason: 'loop', what: 'this is a listener of our own' }
  }

  /** The socket stays while the name cannot be looked up. */
  async #lookAgain(): Promise<void> {
    const addresses = await this.#addresses()
    if (Array.isArray(addresses)) this.#line?.moveTo?.(addresses)
    else if (addresses.reason === 'loop') {
      const line = this.#line
      this.#line = undefined
      await line?.close()
      this.#fail(addresses)
    }
  }

  #fail({ reason, what }: Failure): undefined {
    const { limits, log } = this.#shared
    this.#failures++
    log?.repeated(`${this.name}: ${what}`)
    if (reason !== 'loop' && this.#failures < limits.failures) return
    this.#restsUntil = Date.now() + pauseMs(limits, this.#failures)
    this.#restsFor = reason === 'loop' ? 'loop' : 'resting'
    this.#loseAll(reason)
  }

  #loseAll(reason: RelayLoss): void {
    for (const run of this.queue.takeAll()) this.settle(run, () => reason)
  }

  #countDropped(reason: string): void {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + 1)
  }

  #countRelayed(octets: number): void {
    this.#relayed++
    this.#octets += octets
  }

  #tellRoom(): void {
    for (const resolve of this.#whenRoom.splice(0)) resolve()
  }

  async #emptied(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#whenEmpty = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
