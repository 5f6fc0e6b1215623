// Packets as datagrams: runs of them, sent by the addon on a thread of its own. Never waits for the receiver.
//
// One run is under way at a time: what comes meanwhile makes the next one. An address whose host says that nobody
// listens is left for the next one of its name, if there is one.

import { binding, type UdpSender } from '../binding.js'
import type { Line, LineOwner } from './line.js'
import type { Run } from './run.js'
import type { RelayLoss } from './ticket.js'

const LOSSES = binding.sendOutcomes.map((outcome): RelayLoss | undefined => {
  if (outcome === 'sent') return undefined
  return outcome === 'too_long' ? 'too_long' : 'send_failed'
})
/** An address gets this long to prove itself. */
const MOVE_MS = 1000

export class UdpLine implements Line {
  readonly #owner: LineOwner
  readonly #port: number
  #addresses: readonly string[]
  #address: string
  #sender: UdpSender
  #movedAt = Date.now()
  #sending: Promise<void> | undefined
  #isClosed = false

  /** Throws a SystemError when none of the addresses can be reached from here. */
  constructor(addresses: readonly string[], port: number, owner: LineOwner) {
    this.#addresses = addresses
    this.#port = port
    this.#owner = owner
    const { address, sender } = firstSender(addresses, port)
    this.#address = address
    this.#sender = sender
  }

  pump(): void {
    if (this.#sending || this.#isClosed) return
    const run = this.#owner.queue.take()
    if (run) this.#sending = this.#send(run)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#sending
  }

  moveTo(addresses: readonly string[]): void {
    this.#addresses = addresses
    if (!addresses.includes(this.#address)) this.#move(addresses)
  }

  async #send(run: Run): Promise<void> {
    const outcomes = new Uint8Array(run.packets)
    const { refused, failed } = await this.#sender.send(run.octets, run.ends, outcomes)
    this.#sending = undefined
    this.#owner.settle(run, (packet) => LOSSES[outcomes[packet]!])
    if (refused + failed > 0) this.#doubt()
    this.pump()
  }

  #doubt(): void {
    this.#owner.suspect()
    if (Date.now() - this.#movedAt < MOVE_MS) return
    const at = this.#addresses.indexOf(this.#address)
    this.#move([...this.#addresses.slice(at + 1), ...this.#addresses.slice(0, at)])
  }

  /** To the first that can be reached; where there is none, all stays as it is. */
  #move(addresses: readonly string[]): void {
    this.#movedAt = Date.now()
    if (addresses.length === 0) return
    try {
      const { address, sender } = firstSender(addresses, this.#port)
      this.#address = address
      this.#sender = sender
    } catch {
      this.#owner.suspect()
    }
  }
}

function firstSender(addresses: readonly string[], port: number): { address: string; sender: UdpSender } {
  let failure: unknown = new Error('no address')
  for (const address of addresses) {
    try {
      return { address, sender: new binding.UdpSender(address, port, 0) }
    } catch (error) {
      failure = error
    }
  }
  throw failure
}
