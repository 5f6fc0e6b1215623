// A sender that can be told apart message by message, at a steady rate, and goes on at another daemon.

import { options, packet } from './packets.js'
import { TcpClient } from './tcp-client.js'
import { octetsTaken } from './tcp-queues.js'

const TICK_MS = 20
/** So that messages have the size of real ones. */
const PADDING = `X-Padding: ${'p'.repeat(400)}`

export class FaultLoad {
  /** Messages that the kernel took, each with its number as Call-ID. */
  sent = 0
  readonly #perTick: number
  #client: TcpClient | undefined
  /** Of the current connection: after how many of its octets how many messages had been sent. */
  #marks: { octets: number; sent: number }[] = []
  /** What the receiver had read of them, and when. */
  #taken: { at: number; sent: number }[] = []
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(perSecond: number) {
    this.#perTick = Math.ceil((perSecond * TICK_MS) / 1000)
  }

  async start(port: number): Promise<void> {
    const client = await TcpClient.connect(port)
    this.#client = client
    this.#marks = [{ octets: 0, sent: this.sent }]
    this.#taken = []
    this.#timer = setInterval(() => {
      this.taken()
      this.#writing = this.#writing.then(() => this.#send(client))
    }, TICK_MS)
  }

  /** How many of the messages the receiver has read by now; of a tick's messages all or none. */
  taken(): number {
    const octets = this.#client ? octetsTaken(this.#client.socket) : 0
    const sent = this.#marks.findLast((mark) => mark.octets <= octets)?.sent ?? 0
    this.#taken.push({ at: performance.now(), sent })
    return sent
  }

  /** How many it had read so many milliseconds ago. */
  takenBefore(ms: number): number {
    const then = performance.now() - ms
    return this.#taken.findLast(({ at }) => at <= then)?.sent ?? 0
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
    const octets = Buffer.concat(packets)
    this.#marks.push({ octets: client.socket.bytesWritten + octets.length, sent: this.sent })
    await Promise.race([client.send(octets), client.closed])
  }
}
