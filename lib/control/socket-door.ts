// The control socket: JSON-RPC 2.0 on a Unix socket, a text a line each way. Who may is a matter of the file's mode.

import { chmodSync, lstatSync, unlinkSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { JsonRpc } from './json-rpc.js'

/** User and group. */
const MODE = 0o660
const MOST_CONNECTIONS = 512
const LONGEST_LINE = 1 << 20
/** Octets (unix(7), sun_path without its NUL). */
const LONGEST_PATH = 107

export class SocketDoor {
  readonly #path: string
  readonly #rpc: JsonRpc
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor(path: string, rpc: JsonRpc) {
    this.#path = path
    this.#rpc = rpc
    this.#server = createServer((socket) => this.#accept(socket))
    this.#server.maxConnections = MOST_CONNECTIONS
  }

  /** Takes the place of a socket that nobody listens on. Rejects with Node's system error. */
  async open(): Promise<void> {
    checkLength(this.#path)
    await removeStale(this.#path)
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(this.#path, () => {
        this.#server.off('error', reject)
        this.#server.on('error', () => {}) // accept(2) failed: the next one may succeed
        resolve()
      })
    })
    chmodSync(this.#path, MODE) // whatever the umask is
  }

  /** Waits for nobody; the file goes with it. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      for (const socket of this.#sockets) socket.destroy()
    })
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => {}) // 'close' follows
    let rest = ''
    let turn = Promise.resolve()
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop()!
      if (rest.length > LONGEST_LINE) return socket.destroy()
      for (const line of lines) turn = turn.then(() => this.#answer(socket, line))
    })
    socket.on('end', () => {
      if (rest.trim() !== '') turn = turn.then(() => this.#answer(socket, rest))
    })
  }

  async #answer(socket: Socket, line: string): Promise<void> {
    if (line.trim() === '' || socket.destroyed) return
    const answer = await this.#rpc.answer(line)
    if (answer !== undefined && !socket.destroyed) socket.write(`${answer}\n`)
  }
}

/** Node would make the file at a shorter path. */
function checkLength(path: string): void {
  if (Buffer.byteLength(path) <= LONGEST_PATH) return
  throw Object.assign(new Error('the path is too long'), { code: 'ENAMETOOLONG', syscall: 'bind' })
}

/** Rejects when somebody listens on it; what is no socket stays, and listening fails. */
async function removeStale(path: string): Promise<void> {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) return
  const isLive = await new Promise<boolean>((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(true))
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED'))
    socket.once('close', () => socket.destroy())
    socket.once('connect', () => socket.destroy())
  })
  if (isLive) throw Object.assign(new Error('another program listens on it'), { code: 'EADDRINUSE' })
  unlinkSync(path)
}
