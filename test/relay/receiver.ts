// Receivers on loopback that keep the packets that they were sent, and a hand that counts tickets.

import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import type { RelayLoss, Relays, RelayTicket } from '../../lib/relay/relays.js'
import type { RelayTarget } from '../../lib/route/rules.js'

export class StreamReceiver {
  readonly packets: Buffer[] = []
  readonly sockets = new Set<Socket>()
  /** Connections so far. */
  connections = 0
  /** Takes nothing from the connections that come. */
  isDeaf = false
  readonly #tls: TlsOptions | undefined
  #server: Server | undefined
  #port = 0

  constructor(tls?: TlsOptions) {
    this.#tls = tls
  }

  get port(): number {
    return this.#port
  }

  get isListening(): boolean {
    return this.#server !== undefined
  }

  /** On the port that it had before. */
  async listen(): Promise<void> {
    const server = this.#tls ? createTlsServer(this.#tls) : createServer()
    server.on(this.#tls ? 'secureConnection' : 'connection', (socket: Socket) => this.#take(socket))
    server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
    this.#server = server
    this.#port = (server.address() as AddressInfo).port
  }

  /** As when the process is killed. */
  async kill(): Promise<void> {
    for (const socket of this.sockets) socket.resetAndDestroy()
    const server = this.#server
    if (!server) return
    this.#server = undefined
    await new Promise((resolve) => server.close(resolve))
  }

  #take(socket: Socket): void {
    this.connections++
    this.sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.sockets.delete(socket))
    let rest: Buffer = Buffer.alloc(0)
    if (this.isDeaf) socket.pause()
    else
      socket.on('data', (octets: Buffer) => {
        rest = this.#cut(Buffer.concat([rest, octets]))
      })
  }

  #cut(octets: Buffer): Buffer {
    let rest = octets
    while (rest.length >= 6 && rest.length >= rest.readUInt16BE(4)) {
      if (!/^(HEP3|EEP3)/.test(rest.toString('latin1', 0, 4))) throw new Error('no packet begins here')
      this.packets.push(rest.subarray(0, rest.readUInt16BE(4)))
      rest = rest.subarray(rest.readUInt16BE(4))
    }
    return rest
  }
}

/** Sends and sees to it that each packet has one outcome. */
export class Hand {
  readonly #relays: Relays
  readonly refused: string[] = []
  /** By packet, in the order in which they were sent; undefined while it is not settled. */
  readonly outcomes: ('relayed' | RelayLoss | undefined)[] = []
  #settled = 0

  constructor(relays: Relays) {
    this.#relays = relays
  }

  send(to: RelayTarget, packet: Uint8Array): string | undefined {
    const at = this.outcomes.length
    let isAccepted = false
    const ticket: RelayTicket = {
      settle: (reason) => {
        if (!isAccepted) throw new Error('settled before it was accepted')
        if (this.outcomes[at] !== undefined) throw new Error('settled twice')
        this.outcomes[at] = reason ?? 'relayed'
        this.#settled++
      },
    }
    this.outcomes.push(undefined)
    const refusal = this.#relays.send(to, packet, ticket)
    isAccepted = refusal === undefined
    if (refusal) {
      this.outcomes.pop()
      this.refused.push(refusal)
    }
    return refusal
  }

  get pending(): number {
    return this.outcomes.length - this.#settled
  }

  /** How many had each outcome. */
  get counts(): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const outcome of this.outcomes)
      counts[outcome ?? 'pending'] = (counts[outcome ?? 'pending'] ?? 0) + 1
    return counts
  }
}
