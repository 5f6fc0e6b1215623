// An HTTP proxy that everything of a browser goes through: it says what was asked of whom, and lets the rest of the world
// alone.

import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export class RecordingProxy {
  /** `host:port` of every request, forwarded or not. */
  readonly asked: string[] = []
  readonly #server: Server
  readonly #allowed: string

  private constructor(allowed: string) {
    this.#allowed = allowed
    this.#server = createServer((asked, answer) => this.#forward(asked, answer))
    this.#server.on('connect', ({ url = '' }, socket) => {
      this.asked.push(url)
      socket.destroy()
    })
  }

  /** Only what is for `allowed`, a `host:port`, goes there. */
  static async start(allowed: string): Promise<RecordingProxy> {
    const proxy = new RecordingProxy(allowed)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  /** For a browser: all goes through this, to this host too. */
  get flags(): string[] {
    const { port } = this.#server.address() as AddressInfo
    return [`--proxy-server=http://127.0.0.1:${port}`, '--proxy-bypass-list=<-loopback>']
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #forward(asked: IncomingMessage, answer: ServerResponse): void {
    const { host, hostname, port, pathname, search } = new URL(asked.url ?? '', 'http://nowhere')
    this.asked.push(host)
    if (host !== this.#allowed) return void answer.writeHead(403).end()
    const { 'proxy-connection': _, ...headers } = asked.headers
    const path = `${pathname}${search}`
    const onward = request({ hostname, port, path, method: asked.method, headers, agent: false }, (told) => {
      answer.writeHead(told.statusCode ?? 502, told.headers)
      told.pipe(answer)
    })
    onward.on('error', () => answer.destroy())
    asked.pipe(onward)
  }
}
