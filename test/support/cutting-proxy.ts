// A TCP proxy that cuts connections at a given place: how far a request got, or before its answer gets back.

import { connect, createServer, type Server, type Socket } from 'node:net'

/** `up` and `down`: octets of this connection so far, this part included. */
export type Verdict = 'pass' | 'cut'
export type Judge = (part: Buffer, passed: { connection: number; octets: number }) => Verdict

export class CuttingProxy {
  /** What the client sends; the part that is judged is not passed on when the connection is cut. */
  onRequest: Judge = () => 'pass'
  /** What the server sends. */
  onAnswer: Judge = () => 'pass'
  /** Connections that were cut. */
  cuts = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #connections = 0

  private constructor(to: { host: string; port: number }) {
    this.#server = createServer((client) => this.#join(client, connect(to.port, to.host)))
  }

  static async start(to: { host: string; port: number }): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(to)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(client: Socket, server: Socket): void {
    const connection = this.#connections++
    const ends = [client, server]
    for (const one of ends) {
      this.#sockets.add(one)
      one.on('error', () => {})
      one.on('close', () => {
        this.#sockets.delete(one)
        for (const other of ends) other.destroy()
      })
    }
    this.#pass(client, server, connection, (part, passed) => this.onRequest(part, passed))
    this.#pass(server, client, connection, (part, passed) => this.onAnswer(part, passed))
  }

  #pass(from: Socket, to: Socket, connection: number, judge: Judge): void {
    let octets = 0
    from.on('data', (part: Buffer) => {
      octets += part.length
      if (judge(part, { connection, octets }) === 'pass') {
        if (!to.write(part)) {
          from.pause()
          to.once('drain', () => from.resume())
        }
        return
      }
      this.cuts++
      from.destroy()
      to.destroy()
    })
  }
}
