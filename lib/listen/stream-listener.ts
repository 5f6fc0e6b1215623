// What the listeners for TCP, TLS and WebSocket have in common: a port, its connections, and their end.

import { createServer, type Server, type Socket } from 'node:net'
import { binding, type Engine, type Framer } from '../binding.js'
import type { TlsCredentials } from './certificates.js'
import { Door } from './door.js'
import { Connections, STREAM_LIMITS, type StreamLimits } from './stream.js'

const SWEEP_MS = 500
/** Half open: an agent that has sent all may have to wait until we have taken it. */
const SOCKET_OPTIONS = { keepAlive: true, keepAliveInitialDelay: 60_000, allowHalfOpen: true }

export abstract class StreamListener {
  protected readonly engine: Engine
  protected readonly input: number
  protected readonly group: Connections
  protected readonly door: Door
  readonly #server: Server
  #sweep: NodeJS.Timeout | undefined

  constructor(engine: Engine, input: number, limits: StreamLimits = STREAM_LIMITS) {
    this.engine = engine
    this.input = input
    this.group = new Connections(limits)
    this.door = new Door(limits)
    this.#server = createServer(SOCKET_OPTIONS, (socket) => this.#enter(socket))
  }

  /** A socket that has no listener for 'error' yet. */
  protected abstract accepted(socket: Socket): void

  /** Certificates for the connections that come from here on. */
  reload(_credentials: TlsCredentials): void {}

  /**
   * Binds and resolves with the port; rejects with Node's system error. '' is every address. With the descriptor of
   * a socket that is bound already, it is that.
   */
  listen(address: string, port: number, descriptor?: number): Promise<number> {
    const place = { port, ...(address === '' ? {} : { host: address }) }
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(descriptor === undefined ? place : { fd: descriptor }, () => {
        this.#server.off('error', reject)
        this.#server.on('error', () => {}) // accept(2) failed, EMFILE say: the next one may succeed
        this.#sweep = setInterval(() => this.#checkTimes(), SWEEP_MS).unref()
        const bound = this.#server.address()
        resolve(typeof bound === 'object' && bound ? bound.port : port)
      })
    })
  }

  /** Those that are through their handshakes. */
  get connections(): number {
    return this.group.size
  }

  /** Connections that never came as far as a packet, by name. */
  get odd(): Record<string, number> {
    return { ...this.door.refused }
  }

  /** The queue has room again. */
  resume(): void {
    this.group.resume()
  }

  /** Accepts no more, and ends what there is: see Connections.close(). */
  async close(drainMs: number): Promise<void> {
    this.#server.close()
    this.door.close()
    await this.group.close(drainMs)
    clearInterval(this.#sweep)
  }

  protected framer(socket: Socket, fault?: string): Framer {
    const { remoteAddress = '', remotePort = 0, localAddress = '' } = socket
    const ends = { senderAddress: remoteAddress, senderPort: remotePort, receiverAddress: localAddress }
    return new binding.Framer(this.engine, this.input, ends, fault)
  }

  /** The socket's octets are a stream of packets. */
  protected stream(socket: Socket): void {
    const connection = this.group.add(
      {
        stage: 'tcp',
        pause: () => socket.pause(),
        resume: () => socket.resume(),
        farewell: () => socket.end(),
        destroy: () => socket.destroy(),
      },
      this.framer(socket),
    )
    socket.on('data', (octets: Buffer) => connection.take(octets))
    socket.on('error', () => {}) // 'close' follows
    socket.on('end', () => connection.atEnd())
    socket.on('close', () => connection.finish('incomplete'))
  }

  /** Whoever may not send costs no handshake. */
  #enter(socket: Socket): void {
    if (this.engine.admits(this.input, socket.remoteAddress ?? '')) this.accepted(socket)
    else this.door.turnAway(socket)
  }

  #checkTimes(): void {
    const now = Date.now()
    this.door.checkTimes(now)
    this.group.checkTimes(now)
  }
}
