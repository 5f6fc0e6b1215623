// HEP over TLS: a stream of packets as over TCP, once the handshake is done and the certificate of the sender,
// where one is wanted, is good.

import { constants } from 'node:crypto'
import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { Engine } from '../binding.js'
import { serverOptions, type TlsCredentials } from './certificates.js'
import type { Door } from './door.js'
import type { StreamLimits } from './stream.js'
import { StreamListener } from './stream-listener.js'

export class TlsListener extends StreamListener {
  readonly #handshakes: Handshakes

  constructor(engine: Engine, input: number, credentials: TlsCredentials, limits?: StreamLimits) {
    super(engine, input, limits)
    this.#handshakes = new Handshakes(credentials, this.door, (socket) => {
      if (this.door.pass(socket)) this.stream(socket)
      else socket.destroy()
    })
  }

  override reload(credentials: TlsCredentials): void {
    this.#handshakes.reload(credentials)
  }

  protected override accepted(socket: Socket): void {
    this.#handshakes.begin(socket)
  }
}

/** Accepted sockets in, those with a good handshake out; the others end at the door. */
export class Handshakes {
  readonly #door: Door
  readonly #next: (socket: TLSSocket) => void
  #server: Server

  constructor(credentials: TlsCredentials, door: Door, next: (socket: TLSSocket) => void) {
    this.#door = door
    this.#next = next
    this.#server = this.#serverOf(credentials)
  }

  /** Handshakes that have begun end with the certificates that they began with. */
  reload(credentials: TlsCredentials): void {
    this.#server = this.#serverOf(credentials)
  }

  begin(socket: Socket): void {
    this.#door.enter(socket, 'tls')
    socket.allowHalfOpen = false // who goes in the middle of it has gone
    if (!socket.destroyed) this.#server.emit('connection', socket)
  }

  /** It never listens: sockets are given to it. A sender stays for days, so that no session is worth keeping. */
  #serverOf(credentials: TlsCredentials): Server {
    const options = { ...serverOptions(credentials), secureOptions: constants.SSL_OP_NO_TICKET }
    const wantsCertificate = credentials.ca !== ''
    return createServer(options, (socket) => {
      socket.on('error', () => {}) // 'close' follows
      socket.allowHalfOpen = true
      const reason = wantsCertificate ? refusalOf(socket) : undefined
      if (reason) this.#door.refuse(socket, reason)
      else this.#next(socket)
    })
  }
}

/** A resumed session counts as authorized without any certificate, so both are asked for. */
function refusalOf(socket: TLSSocket): string | undefined {
  if (!socket.getPeerX509Certificate()) return 'no_client_certificate'
  return socket.authorized ? undefined : 'bad_client_certificate'
}
