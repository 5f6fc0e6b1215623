// Traffic that goes on until it is told to stop, whatever becomes of the receiver.

import { createSocket, type Socket } from 'node:dgram'
import { options, packet } from './packets.js'
import { TcpClient } from './tcp-client.js'

/** Datagrams after which others get a turn. */
const RUN = 50

export class UdpLoad {
  /** Datagrams that the kernel took. */
  sent = 0
  readonly #socket: Socket
  readonly #name: string
  #running = true
  readonly #done: Promise<void>

  constructor(port: number, name = 'udp', address = '127.0.0.1') {
    this.#name = name
    this.#socket = createSocket('udp4')
    this.#done = this.#send(port, address)
  }

  async stop(): Promise<void> {
    this.#running = false
    await this.#done
    this.#socket.close()
  }

  async #send(port: number, address: string): Promise<void> {
    while (this.#running) {
      await new Promise((resolve) => setImmediate(resolve))
      for (let i = 0; i < RUN; i++) {
        const one = packet(options(`${this.#name}-${this.sent}`))
        await new Promise<void>((resolve, reject) => {
          this.#socket.send(one, port, address, (error) => (error ? reject(error) : resolve()))
        })
        this.sent++
      }
    }
  }
}

export class TcpLoad {
  /** Packets that were written, some of them perhaps to nobody. */
  sent = 0
  readonly #client: TcpClient
  #running = true
  readonly #done: Promise<void>

  private constructor(client: TcpClient) {
    this.#client = client
    void client.closed.then(() => {
      this.#running = false
    })
    this.#done = this.#send()
  }

  static async start(port: number): Promise<TcpLoad> {
    return new TcpLoad(await TcpClient.connect(port))
  }

  /** Resolves when the connection is gone. */
  async stop(): Promise<void> {
    this.#running = false
    await this.#done
    await this.#client.end()
  }

  async #send(): Promise<void> {
    while (this.#running && this.#client.socket.writable) {
      await new Promise((resolve) => setImmediate(resolve))
      const packets = Array.from({ length: RUN }, (_, i) => packet(options(`tcp-${this.sent + i}`)))
      await Promise.race([this.#client.send(Buffer.concat(packets)), this.#client.closed])
      this.sent += RUN
    }
  }
}
