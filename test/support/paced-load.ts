// Messages at a steady rate that the daemon surely keeps up with, each told from all others by its Call-ID.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { options, packet } from './packets.js'
import { TcpClient } from './tcp-client.js'

const TICK_MS = 10

/** Takes packets, and says when the kernel has them. */
interface Way {
  send(packets: Buffer[]): Promise<void>
  end(): Promise<void>
}

export class PacedLoad {
  /** Messages that the kernel took. */
  sent = 0
  readonly #way: Way
  readonly #name: string
  readonly #perTick: number
  readonly #done: Promise<void>
  #isRunning = true

  private constructor(way: Way, name: string, perSecond: number) {
    this.#way = way
    this.#name = name
    this.#perTick = Math.ceil((perSecond * TICK_MS) / 1000)
    this.#done = this.#run()
  }

  static async udp(port: number, perSecond: number, name = 'udp'): Promise<PacedLoad> {
    const socket = createSocket('udp4')
    socket.connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const send = (one: Buffer) =>
      new Promise<void>((resolve, reject) => socket.send(one, (error) => (error ? reject(error) : resolve())))
    const way: Way = {
      send: async (packets) => void (await Promise.all(packets.map(send))),
      end: async () => void socket.close(),
    }
    return new PacedLoad(way, name, perSecond)
  }

  static async tcp(port: number, perSecond: number, name = 'tcp'): Promise<PacedLoad> {
    const client = await TcpClient.connect(port)
    const way: Way = {
      send: (packets) => client.send(Buffer.concat(packets)),
      end: () => client.end(),
    }
    return new PacedLoad(way, name, perSecond)
  }

  async stop(): Promise<void> {
    this.#isRunning = false
    await this.#done
    await this.#way.end()
  }

  async #run(): Promise<void> {
    while (this.#isRunning) {
      const packets = Array.from({ length: this.#perTick }, (_, i) =>
        packet(options(`${this.#name}-${this.sent + i}`)),
      )
      await this.#way.send(packets)
      this.sent += packets.length
      await new Promise((resolve) => setTimeout(resolve, TICK_MS))
    }
  }
}
