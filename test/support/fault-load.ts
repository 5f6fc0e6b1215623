// A sender that can be told apart message by message, at a steady rate, and goes on at another daemon.

import { options, packet } from './packets.js'
import { TcpClient } from './tcp-client.js'

const TICK_MS = 20
/** So that messages have the size of real ones. */
const PADDING = `X-Padding: ${'p'.repeat(400)}`

export class FaultLoad {
  /** Messages that the kernel took, each with its number as Call-ID. */
  sent = 0
  readonly #perTick: number
  #client: TcpClient | undefined
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(perSecond: number) {
    this.#perTick = Math.ceil((perSecond * TICK_MS) / 1000)
  }

  async start(port: number): Promise<void> {
    const client = await TcpClient.connect(port)
    this.#client = client
    this.#timer = setInterval(() => {
      this.#writing = this.#writing.then(() => this.#send(client))
    }, TICK_MS)
  }

  /** Resolves when the daemon has taken everything that was sent, and the connection is closed. */
  async pause(): Promise<void> {
    clearInterval(this.#timer)
    await this.#writing
    await this.#client?.end()
    this.#client = undefined
  }

  /** The receiver is gone: what was on its way is lost. */
  abandon(): void {
    clearInterval(this.#timer)
    this.#client?.socket.destroy()
    this.#client = undefined
  }

  async #send(client: TcpClient): Promise<void> {
    if (client !== this.#client || !client.socket.writable) return
    const packets = Array.from({ length: this.#perTick }, (_, i) =>
      packet(options(`n${this.sent + i}`, PADDING)),
    )
    this.sent += packets.length
    await Promise.race([client.send(Buffer.concat(packets)), client.closed])
  }
}
