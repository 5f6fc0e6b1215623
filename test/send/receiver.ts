// Receivers on free ports of the loopback address, and an Output that keeps what a command says.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { Output } from '../../lib/commands/output.js'

export class Heard implements Output {
  readonly colours = false
  readonly lines: string[] = []
  readonly errors: string[] = []
  out(text: string): void {
    this.lines.push(text)
  }
  err(text: string): void {
    this.errors.push(text)
  }
  /** The one line of JSON. */
  get summary(): Record<string, unknown> {
    if (this.lines.length !== 1) throw new Error(`${this.lines.length} lines instead of one`)
    return JSON.parse(this.lines[0] as string)
  }
}

export interface UdpReceiver {
  port: number
  /** Resolves once so many datagrams have come. */
  packets(count: number): Promise<Buffer[]>
  close(): void
}

export async function udpReceiver(address = '127.0.0.1'): Promise<UdpReceiver> {
  const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 4 << 20 })
  const got: Buffer[] = []
  socket.on('message', (packet) => got.push(packet))
  socket.bind(0, address)
  await once(socket, 'listening')
  return {
    port: socket.address().port,
    async packets(count) {
      while (got.length < count) await once(socket, 'message')
      return got
    },
    close: () => socket.close(),
  }
}

export interface TcpReceiver {
  port: number
  /** All octets of the first connection, once its sender has closed it. */
  octets: Promise<Buffer>
  close(): void
}

/** Reads no faster than it must with `pauseMs` between reads. */
export async function tcpReceiver(pauseMs = 0): Promise<TcpReceiver> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const octets = once(server, 'connection').then(async ([socket]) => {
    const parts: Buffer[] = []
    for await (const part of socket) {
      parts.push(part)
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
    return Buffer.concat(parts)
  })
  return { port: (server.address() as AddressInfo).port, octets, close: () => server.close() }
}

/** Packets of a stream, by the lengths that they announce. */
export function packetsOf(stream: Buffer): Buffer[] {
  const packets: Buffer[] = []
  for (let at = 0; at < stream.length; at += stream.readUInt16BE(at + 4)) {
    if (stream.toString('latin1', at, at + 4) !== 'HEP3') throw new Error(`no packet begins at ${at}`)
    packets.push(stream.subarray(at, at + stream.readUInt16BE(at + 4)))
  }
  return packets
}

/** The data of the first chunk of a type in a version 3 packet. */
export function chunkOf(packet: Buffer, type: number): Buffer | undefined {
  for (let at = 6; at < packet.length; at += packet.readUInt16BE(at + 4)) {
    if (packet.readUInt16BE(at + 2) === type) return packet.subarray(at + 6, at + packet.readUInt16BE(at + 4))
  }
  return undefined
}
