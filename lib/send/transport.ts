// How packets leave: datagrams by the addon, or one TCP connection. Both count what the kernel took.

import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { connect, isIPv6, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { binding, type UdpSender } from '../binding.js'
import type { PacketRun } from './packets.js'

export interface Destination {
  proto: 'hep_udp' | 'hep_tcp'
  host: string
  port: number
}

export interface SentCounts {
  sent: number
  bytes: number
  /** Packets that did not leave, by reason. */
  unsent: Map<string, number>
  /** How often the receiver's host said that nobody listens. */
  refused: number
}

export interface Transport {
  readonly counts: SentCounts
  send(run: PacketRun): Promise<void>
  /** Resolves when the receiver has closed too; rejects when the connection broke. */
  close(): Promise<void>
}

/** The other end has this long to close its side of a connection after we closed ours. */
const CLOSE_MS = 5000
/** With a rate, a connection gets what is due so often. */
const TICKS_PER_SECOND = 50

/** Rejects with a SystemError when the name is unknown or the connection is refused. */
export async function openTransport(to: Destination, rate: number): Promise<Transport> {
  const { address } = await lookup(to.host)
  return to.proto === 'hep_udp'
    ? new UdpTransport(new binding.UdpSender(address, to.port, rate))
    : new TcpTransport(await connected(address, to.port), rate)
}

/** HOST:PORT, with brackets around an IPv6 address. */
export function hostPort({ host, port }: Destination): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`
}

class UdpTransport implements Transport {
  readonly counts: SentCounts = noCounts()
  readonly #sender: UdpSender

  constructor(sender: UdpSender) {
    this.#sender = sender
  }

  async send({ octets, ends }: PacketRun): Promise<void> {
    const result = await this.#sender.send(octets, ends)
    this.counts.sent += result.sent
    this.counts.bytes += result.octets
    this.counts.refused += result.refused
    this.#count('too_long', result.tooLong)
    this.#count('no_room', result.noRoom)
    this.#count(result.lastError, result.failed)
  }

  async close(): Promise<void> {}

  #count(reason: string, packets: number): void {
    const { unsent } = this.counts
    if (packets > 0) unsent.set(reason, (unsent.get(reason) ?? 0) + packets)
  }
}

class TcpTransport implements Transport {
  readonly counts: SentCounts = noCounts()
  readonly #socket: Socket
  readonly #rate: number
  #beganMs = 0
  #scheduled = 0

  constructor(socket: Socket, rate: number) {
    this.#socket = socket
    this.#rate = rate
  }

  async send({ octets, ends }: PacketRun): Promise<void> {
    const slice = this.#rate > 0 ? Math.max(1, Math.floor(this.#rate / TICKS_PER_SECOND)) : ends.length
    for (let first = 0; first < ends.length; first += slice) {
      const last = Math.min(first + slice, ends.length)
      await this.#turn(last - first)
      const from = first === 0 ? 0 : (ends[first - 1] as number)
      await this.#write(octets.subarray(from, ends[last - 1]))
      this.counts.sent += last - first
      this.counts.bytes += (ends[last - 1] as number) - from
    }
  }

  async close(): Promise<void> {
    if (this.#socket.closed) return
    const closed = once(this.#socket, 'close') // rejects when the connection breaks
    this.#socket.end()
    const late = setTimeout(() => this.#socket.destroy(), CLOSE_MS)
    await closed
    clearTimeout(late)
  }

  /** Until these octets are with the kernel: the receiver's pace is ours. */
  #write(octets: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(octets, (error) => (error ? reject(error) : resolve()))
    })
  }

  async #turn(packets: number): Promise<void> {
    if (this.#rate === 0) return
    if (this.#beganMs === 0) this.#beganMs = performance.now()
    const waitMs = this.#beganMs + (this.#scheduled / this.#rate) * 1000 - performance.now()
    this.#scheduled += packets
    if (waitMs > 0) await sleep(waitMs)
  }
}

async function connected(address: string, port: number): Promise<Socket> {
  const socket = connect({ host: address, port, noDelay: true })
  await once(socket, 'connect')
  socket.on('error', () => {}) // write() rejects with it, and so says what was lost
  socket.resume()
  return socket
}

function noCounts(): SentCounts {
  return { sent: 0, bytes: 0, unsent: new Map(), refused: 0 }
}
