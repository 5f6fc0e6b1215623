// A TCP proxy that cuts connections: what passed has passed, and neither side is told why it ends.

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** Octets that a connection may pass in both directions together before it is cut; undefined: it is not. */
export type Cut = () => number | undefined

export class TcpProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #target: { host: string; port: number }
  cut: Cut = () => undefined
  /** Connections that were cut. */
  cuts = 0

  constructor(target: { host: string; port: number }) {
    this.#target = target
    this.#server = createServer((client) => this.#pass(client))
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #pass(client: Socket): void {
    const server = connect(this.#target)
    let left = this.cut() ?? Number.POSITIVE_INFINITY
    const end = () => {
      client.destroy()
      server.destroy()
    }
    const relay = (from: Socket, to: Socket) => {
      this.#sockets.add(from)
      from.on('data', (octets: Buffer) => {
        const passed = octets.subarray(0, Math.min(left, octets.length))
        left -= octets.length
        if (left > 0) {
          if (!to.write(passed)) from.pause()
          return
        }
        this.cuts++
        to.write(passed, end)
        from.pause()
      })
      to.on('drain', () => from.resume())
      from.on('error', end)
      from.on('close', () => {
        this.#sockets.delete(from)
        end()
      })
    }
    relay(client, server)
    relay(server, client)
  }
}
