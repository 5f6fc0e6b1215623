// HEP over WebSocket, with TLS beneath it or without: each binary message is one packet or several whole ones.
// Messages that are anything else cost themselves, and the connection stays.

import { createServer, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Engine, Framer } from '../binding.js'
import type { TlsCredentials } from './certificates.js'
import type { Carrier, StreamLimits } from './stream.js'
import { StreamListener } from './stream-listener.js'
import { Handshakes } from './tls.js'
import { FrameBoundary } from './ws-boundary.js'

/** Of one message: room for many packets of the largest size. */
const LARGEST_MESSAGE = 1 << 20
/** Octets of answers to pings that wait for a peer that does not read. */
const LARGEST_BACKLOG = 64 << 10
/** Close codes, RFC 6455 7.4.1. */
const GOING_AWAY = 1001
const POLICY = 1008
const TOO_LONG = 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'

export class WsListener extends StreamListener {
  readonly #http: Server
  readonly #upgrades = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false, // a small message may inflate to anything
    maxPayload: LARGEST_MESSAGE,
    skipUTF8Validation: true, // texts are not looked at
    autoPong: false,
  })
  readonly #handshakes: Handshakes | undefined

  /** With credentials it is `hep_wss`. */
  constructor(engine: Engine, input: number, credentials: TlsCredentials | undefined, limits?: StreamLimits) {
    super(engine, input, limits)
    this.#http = this.#httpServer()
    if (!credentials) return
    this.#handshakes = new Handshakes(credentials, this.door, (socket) => {
      this.door.goOn(socket, 'ws')
      this.#http.emit('connection', socket)
    })
  }

  override reload(credentials: TlsCredentials): void {
    this.#handshakes?.reload(credentials)
  }

  protected override accepted(socket: Socket): void {
    if (this.#handshakes) {
      this.#handshakes.begin(socket)
      return
    }
    this.door.enter(socket, 'ws')
    if (!socket.destroyed) this.#http.emit('connection', socket)
  }

  /** It never listens: sockets are given to it, and the door sees to their time. */
  #httpServer(): Server {
    const server = createServer((_, response) => {
      response.writeHead(426, { Connection: 'close', Upgrade: 'websocket' })
      response.end('HEP over WebSocket, and nothing else\n')
    })
    server.on('clientError', (_, socket) => socket.destroy())
    server.on('upgrade', (request, socket, head) => {
      this.#upgrades.handleUpgrade(request, socket, head, (ws) => this.#open(ws, socket as Socket))
    })
    return server
  }

  #open(ws: WebSocket, socket: Socket): void {
    if (!this.door.pass(socket)) {
      ws.terminate()
      return
    }
    const boundary = new FrameBoundary()
    const messages = new MessageFramer(this.framer(socket, 'ws/bad_message'), boundary, (reason) =>
      this.engine.drop(this.input, reason, 1),
    )
    const connection = this.group.add(
      carrierOf(ws, () => watch(true)),
      messages,
    )
    const watch = (isNew: boolean) => {
      if (connection.isHolding) return
      if (boundary.isBetween) connection.incompleteSince = Number.POSITIVE_INFINITY
      else if (isNew || connection.incompleteSince === Number.POSITIVE_INFINITY)
        connection.incompleteSince = Date.now()
    }
    ws.on('message', (octets, isBinary) => {
      if (!isBinary) messages.count('ws/text_message')
      else connection.take(octets as Buffer)
    })
    ws.on('ping', (octets) => {
      if (socket.writableLength < LARGEST_BACKLOG) ws.pong(octets)
    })
    ws.on('error', (error: NodeJS.ErrnoException) => messages.fail(error))
    ws.on('close', () => connection.atEnd())
    socket.on('data', (octets: Buffer) => watch(boundary.follow(octets))) // after the library has read them
  }
}

function carrierOf(ws: WebSocket, resumed: () => void): Carrier {
  return {
    stage: 'ws',
    pause: () => ws.pause(),
    resume() {
      ws.resume()
      resumed()
    },
    farewell: () => ws.close(GOING_AWAY, 'the collector stops'),
    destroy(why) {
      if (why === 'timeout') ws.close(POLICY, 'a message took too long')
      ws.terminate()
    },
  }
}

/** Frames the packets of messages, none of which goes on in the next one. */
class MessageFramer implements Framer {
  readonly pending = 0
  readonly fault = null
  readonly #framer: Framer
  readonly #boundary: FrameBoundary
  /** Counts one message that is lost. */
  readonly count: (reason: string) => void
  #failed = false

  constructor(framer: Framer, boundary: FrameBoundary, count: (reason: string) => void) {
    this.#framer = framer
    this.#boundary = boundary
    this.count = count
  }

  push(message: Buffer, mayDrop: boolean): number {
    if (message.length === 0) this.count('ws/bad_message')
    const taken = this.#framer.push(message, mayDrop)
    const isOver = this.#framer.fault !== null || taken === message.length
    if (isOver) this.#framer.end('ws/bad_message') // a packet without its end is one
    return isOver ? message.length : taken
  }

  /** The library gave the connection up; errors of the socket itself have an errno. */
  fail({ code = '' }: NodeJS.ErrnoException): void {
    if (this.#failed || !code.startsWith('WS_ERR_')) return
    this.#failed = true
    this.count(code === TOO_LONG ? 'ws/too_long' : 'ws/bad_frame')
  }

  end(reason: string): void {
    if (!this.#failed && this.#boundary.inMessage) this.count(reason)
  }
}
