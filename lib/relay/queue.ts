// The bounded queue of one destination. What is under way stays in its count until it is settled.

import type { RelayLimits } from './limits.js'
import { Run } from './run.js'
import type { RelayTicket } from './ticket.js'

/** Octets that a packet costs beside its own. */
const PACKET_COST = 64
/** Emptied runs that are kept for the next packets. */
const SPARE_RUNS = 2

export class RunQueue {
  readonly #mostBytes: number
  readonly #mostPackets: number
  #waiting: Run[] = []
  #spare: Run[] = []
  #packets = 0
  #bytes = 0

  constructor({ queueBytes, queuePackets }: Pick<RelayLimits, 'queueBytes' | 'queuePackets'>) {
    this.#mostBytes = queueBytes
    this.#mostPackets = queuePackets
  }

  /** Packets that are not settled. */
  get packets(): number {
    return this.#packets
  }

  /** Their octets. */
  get octets(): number {
    return this.#bytes - this.#packets * PACKET_COST
  }

  /** Less than half of it is used. */
  get hasRoom(): boolean {
    return this.#bytes * 2 <= this.#mostBytes && this.#packets * 2 <= this.#mostPackets
  }

  /** Is there anything that nobody sends yet? */
  get isWaiting(): boolean {
    return this.#waiting.length > 0
  }

  /** Is there so much that waiting for more gains nothing? */
  get hasFullRun(): boolean {
    return this.#waiting.length > 1
  }

  /** Is there room for a packet of so many octets? */
  fits(octets: number): boolean {
    return this.#bytes + octets + PACKET_COST <= this.#mostBytes && this.#packets < this.#mostPackets
  }

  /** False when there is no room. */
  add(packet: Uint8Array, ticket: RelayTicket | undefined): boolean {
    if (!this.fits(packet.length)) return false
    this.#packets++
    this.#bytes += packet.length + PACKET_COST
    this.#lastRun(packet.length).add(packet, ticket)
    return true
  }

  /** The next run; putBack() or done() says what became of it. */
  take(): Run | undefined {
    return this.#waiting.shift()
  }

  /** All that wait. */
  takeAll(): Run[] {
    return this.#waiting.splice(0)
  }

  /** In front of all others, in their order. */
  putBack(runs: readonly Run[]): void {
    this.#waiting.unshift(...runs)
  }

  /** Called before the run is settled. */
  forget(run: Run): void {
    this.#packets -= run.packets
    this.#bytes -= run.length + run.packets * PACKET_COST
  }

  /** Called when the run is settled, and empty. */
  reuse(run: Run): void {
    if (this.#spare.length < SPARE_RUNS) this.#spare.push(run)
  }

  #lastRun(octets: number): Run {
    const last = this.#waiting.at(-1)
    if (last?.hasRoomFor(octets)) return last
    const run = this.#spare.pop() ?? new Run()
    this.#waiting.push(run)
    return run
  }
}
