// Where HEP packets are sent on: one for the daemon, with a queue and a line for each destination.
//
// Packets are copied at once and nobody ever waits: what finds no room is refused, counted. Over TCP and TLS a
// packet may arrive twice when a connection breaks, and is relayed once it is confirmed.

import type { TlsCredentials } from '../listen/certificates.js'
import type { BoundListen } from '../listen/protocols.js'
import type { RelayTarget } from '../route/rules.js'
import { Destination, type RelayStatus, type Surroundings } from './destination.js'
import { RELAY_LIMITS, type RelayLimits } from './limits.js'
import { OwnListeners } from './own.js'
import { targetName } from './target.js'
import type { RelayRefusal, RelayTicket } from './ticket.js'

export type { RelayState, RelayStatus } from './destination.js'
export type { RelayLoss, RelayRefusal, RelayTicket } from './ticket.js'

export interface RelaysOptions {
  limits?: Partial<RelayLimits>
  /** `ca` says who may sign the certificates of servers, else the system does; `cert` and `key` are shown to them. */
  tls?: TlsCredentials
  log?: Surroundings['log']
}

const NO_TLS: TlsCredentials = { cert: '', key: '', ca: '' }

export class Relays {
  readonly #shared: Surroundings
  readonly #byName = new Map<string, Destination>()
  readonly #byTarget = new WeakMap<RelayTarget, Destination>()
  #refused = 0
  #isClosed = false

  constructor({ limits, tls = NO_TLS, log }: RelaysOptions = {}) {
    this.#shared = { limits: { ...RELAY_LIMITS, ...limits }, own: new OwnListeners(), tls, log }
  }

  /** What is bound: packets are not sent there. */
  set listeners(bound: readonly BoundListen[]) {
    this.#shared.own.replace(bound)
    for (const destination of this.#byName.values()) destination.checkOwn()
  }

  /** For the connections that are made from now on. */
  set tls(credentials: TlsCredentials) {
    this.#shared.tls = credentials
  }

  /**
   * Copies the packet into the destination's queue, or says why not. The ticket of a packet that is accepted is settled
   * exactly once, later.
   */
  send(to: RelayTarget, packet: Uint8Array, ticket?: RelayTicket): RelayRefusal | undefined {
    if (this.#isClosed) return 'stopped'
    const destination = this.#find(to)
    if (!destination) this.#refused++
    return destination ? destination.send(packet, ticket) : 'too_many_destinations'
  }

  /** What send() would say; nothing is sent or counted. */
  refusalOf(to: RelayTarget, packet: Uint8Array): RelayRefusal | undefined {
    if (this.#isClosed) return 'stopped'
    const known = this.#byName.get(targetName(to))
    if (!known && this.#byName.size >= this.#shared.limits.destinations) return 'too_many_destinations'
    return (known ?? new Destination(to, this.#shared)).refusalOf(packet)
  }

  /** Resolves when the destination's queue has room again. */
  async room(to: RelayTarget): Promise<void> {
    await this.#byName.get(targetName(to))?.room()
  }

  /** Nobody sends there for now: once nothing waits its connection is closed, until somebody sends again. */
  rest(to: RelayTarget): void {
    this.#byName.get(targetName(to))?.rest()
  }

  /** Of each destination that something was sent to. */
  get destinations(): RelayStatus[] {
    return Array.from(this.#byName.values(), ({ status }) => status)
  }

  /** Packets that were refused because there were too many destinations. */
  get refusedDestinations(): number {
    return this.#refused
  }

  /** Sends what waits, for so long at most; the rest is lost as `stopped`. */
  async close(drainMs: number): Promise<void> {
    this.#isClosed = true
    await Promise.all(Array.from(this.#byName.values(), (destination) => destination.close(drainMs)))
  }

  #find(to: RelayTarget): Destination | undefined {
    const known = this.#byTarget.get(to)
    if (known) return known
    const name = targetName(to)
    const destination = this.#byName.get(name) ?? this.#add(name, to)
    if (destination) this.#byTarget.set(to, destination)
    return destination
  }

  #add(name: string, to: RelayTarget): Destination | undefined {
    if (this.#byName.size >= this.#shared.limits.destinations) return undefined
    const destination = new Destination(to, this.#shared)
    this.#byName.set(name, destination)
    return destination
  }
}
