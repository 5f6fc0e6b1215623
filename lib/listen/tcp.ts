// HEP over TCP: one listener, many connections, each a stream of packets.

import type { Socket } from 'node:net'
import { StreamListener } from './stream-listener.js'

export class TcpListener extends StreamListener {
  protected override accepted(socket: Socket): void {
    this.stream(socket)
  }
}
