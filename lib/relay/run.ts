// Packets for one destination, back to back in one buffer: they wait together and are sent by one call.
//
// A run belongs to its queue, or to the line that sends it; it tells each ticket exactly once.

import type { RelayLoss, RelayTicket } from './ticket.js'

/** Room for the largest packet that there is. */
export const RUN_BYTES = 1 << 16

export class Run {
  readonly #buffer = Buffer.allocUnsafeSlow(RUN_BYTES)
  #length = 0
  #ends: number[] = []
  #tickets: (RelayTicket | undefined)[] = []

  get packets(): number {
    return this.#ends.length
  }

  /** Number of octets. */
  get length(): number {
    return this.#length
  }

  /** Those of all packets: valid until the run is settled. */
  get octets(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  /** Where each packet ends. */
  get ends(): Uint32Array {
    return Uint32Array.from(this.#ends)
  }

  hasRoomFor(octets: number): boolean {
    return this.#length + octets <= RUN_BYTES
  }

  add(packet: Uint8Array, ticket: RelayTicket | undefined): void {
    this.#buffer.set(packet, this.#length)
    this.#length += packet.length
    this.#ends.push(this.#length)
    this.#tickets.push(ticket)
  }

  /** Tells what became of each packet, and is empty. `reasonOf` gives undefined for one that was taken. */
  settle(reasonOf: (packet: number, octets: number) => RelayLoss | undefined): void {
    const [ends, tickets] = [this.#ends, this.#tickets]
    this.#ends = []
    this.#tickets = []
    this.#length = 0
    let start = 0
    for (const [packet, end] of ends.entries()) {
      const reason = reasonOf(packet, end - start)
      start = end
      tickets[packet]?.settle(reason)
    }
  }
}
