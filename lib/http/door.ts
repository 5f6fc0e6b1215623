// The HTTP door: one server, a few handlers, and who may come in. A web page that somebody looks at on this host, or a
// name that suddenly means this host, reaches nothing here; nobody who waits keeps others waiting.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Admission, type Refusal } from './admission.js'
import type { HttpAnswer, HttpHandler } from './handler.js'

export interface DoorSettings {
  /** An address; '' is every one. */
  host: string
  port: number
  /** '' is none. */
  token: string
  /** Of a socket that is bound to it already. */
  descriptor?: number | undefined
}

const MOST_BODY = 1 << 20
const MOST_CONNECTIONS = 512
/** A request's head has this time, and all of it the other; then its connection may wait so long for the next one. */
const TIMES = { headersTimeout: 10_000, requestTimeout: 20_000, keepAliveTimeout: 5_000 } as const
const CHECK_MS = 1_000
const MOST_HEAD = 16 << 10

/** An answer's own headers go before these. */
const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
}

export class HttpDoor {
  readonly #settings: DoorSettings
  readonly #handlers: readonly HttpHandler[]
  readonly #fault: (error: Error) => void
  readonly #server: Server
  #admission: Admission | undefined
  readonly #refused = new Map<string, number>()

  /** `fault` hears of handlers that throw. */
  constructor(settings: DoorSettings, handlers: readonly HttpHandler[], fault: (error: Error) => void) {
    this.#settings = settings
    this.#handlers = handlers
    this.#fault = fault
    this.#server = createServer(
      { ...TIMES, connectionsCheckingInterval: CHECK_MS, maxHeaderSize: MOST_HEAD },
      (request, response) => void this.#take(request, response),
    )
    this.#server.maxConnections = MOST_CONNECTIONS
    this.#server.on('drop', () => this.#count('connections'))
    this.#server.on('clientError', (_, socket) => {
      this.#count('malformed')
      if (socket.writable)
        socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      else socket.destroy()
    })
  }

  /** Resolves with the address that it got; rejects with Node's system error. */
  open(): Promise<{ host: string; port: number }> {
    const { host, port, token, descriptor } = this.#settings
    const place = { port, ...(host === '' ? {} : { host }) }
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(descriptor === undefined ? place : { fd: descriptor }, () => {
        this.#server.off('error', reject)
        this.#server.on('error', () => {}) // accept(2) failed, EMFILE say: the next one may succeed
        const bound = this.#server.address() as AddressInfo
        this.#admission = new Admission(bound.address, token)
        resolve({ host: bound.address, port: bound.port })
      })
    })
  }

  /** Requests and connections that were turned away, by reason. */
  get refused(): Record<string, number> {
    return Object.fromEntries(this.#refused)
  }

  /** Waits for nobody. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => {}) // 'close' follows
    response.on('error', () => {})
    try {
      send(request, response, await this.#answer(request))
    } catch (error) {
      this.#fault(error as Error)
      send(request, response, told(500, 'fault', 'a fault of this program, see its log'))
    }
  }

  async #answer(request: IncomingMessage): Promise<HttpAnswer> {
    const { method = '', headers, url = '' } = request
    const [path = '', query = ''] = url.split(/\?(.*)/s)
    const there = this.#handlers.filter((handler) => handler.path === path)
    const verdict = this.#admission!.of(headers, there.length > 0 && there.every(({ isPublic }) => isPublic))
    if (verdict.refusal) return this.#refuse(verdict.refusal)
    if (there.length === 0) return told(404, 'not_found', 'there is nothing of this name')
    const handler = there.find((one) => one.method === (method === 'HEAD' ? 'GET' : method))
    if (!handler) return notAllowed(there)
    if (handler.takes && mediaType(headers['content-type']) !== handler.takes)
      return told(415, 'media_type', `it takes ${handler.takes}`)
    const body = handler.method === 'POST' ? await bodyOf(request) : Buffer.alloc(0)
    if (!body) return told(413, 'too_large', `at most ${MOST_BODY} octets`)
    return handler.answer({ query: new URLSearchParams(query), headers, body, hasToken: verdict.hasToken })
  }

  #refuse({ status, reason, cure }: Refusal): HttpAnswer {
    this.#count(reason)
    const challenge: Record<string, string> = status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}
    return { ...told(status, reason, cure), headers: challenge }
  }

  #count(reason: string): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1)
  }
}

function send(request: IncomingMessage, response: ServerResponse, answer: HttpAnswer): void {
  if (response.destroyed || response.headersSent) return
  const { status, type, body, headers } = answer
  const isWhole = request.complete || request.method === 'GET' || request.method === 'HEAD'
  response.writeHead(status, {
    ...HEADERS,
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    ...(isWhole ? {} : { Connection: 'close' }), // what is left of its body is read by nobody
    ...headers,
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

function told(status: number, error: string, detail: string): HttpAnswer {
  return { status, type: 'application/json', body: `${JSON.stringify({ error, detail })}\n` }
}

function notAllowed(handlers: readonly HttpHandler[]): HttpAnswer {
  const methods = handlers.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ')
  return { ...told(405, 'method', `it takes ${methods}`), headers: { Allow: methods } }
}

function mediaType(header: string | undefined): string | undefined {
  return /^[^;]*/
    .exec(header ?? '')?.[0]
    .trim()
    .toLowerCase()
}

/** undefined for one that is too large; rejects when the caller goes away. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > MOST_BODY) return undefined
  const parts: Buffer[] = []
  let octets = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    octets += part.length
    if (octets > MOST_BODY) return undefined
    parts.push(part)
  }
  return Buffer.concat(parts)
}
