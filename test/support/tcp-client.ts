// A TCP client in the event loop of the listener that it talks to.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Lets everything that is ready be read, twice. */
export async function turns(count = 2): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

export class TcpClient {
  readonly socket: Socket
  /** Resolves when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>

  private constructor(socket: Socket) {
    this.socket = socket
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.on('error', () => {}) // a listener that closes on us resets what we still send
    socket.resume()
  }

  static async connect(
    port: number,
    host = '127.0.0.1',
    more: { allowHalfOpen?: boolean } = {},
  ): Promise<TcpClient> {
    const socket = connect({ port, host, noDelay: true, ...more })
    await once(socket, 'connect')
    return new TcpClient(socket)
  }

  /** Writes each part by itself: the next one follows when the kernel has the last and it could be read. */
  async segments(...parts: Buffer[]): Promise<void> {
    for (const part of parts) {
      await this.send(part)
      await turns()
    }
  }

  /** Resolves when the kernel has taken all. */
  send(octets: Buffer): Promise<void> {
    return new Promise((resolve) => this.socket.write(octets, () => resolve()))
  }

  /** Sends the end of the stream and waits until the listener has closed its side too. */
  async end(): Promise<void> {
    this.socket.end()
    await this.closed
  }
}
