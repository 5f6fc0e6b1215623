// Packets to a daemon on 127.0.0.1, over each transport and from any loopback address.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { WebSocket } from 'ws'

/** Sends from one of our addresses; ends when the other side has taken all, or does not want it. */
export type Send = (port: number, from: string, packets: Buffer[]) => Promise<void>

export async function overUdp(port: number, from: string, packets: Buffer[]): Promise<void> {
  const socket = createSocket('udp4')
  socket.bind(0, from)
  await once(socket, 'listening')
  for (const [at, one] of packets.entries()) {
    if (at % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    await new Promise<void>((resolve, reject) =>
      socket.send(one, port, '127.0.0.1', (error) => (error ? reject(error) : resolve())),
    )
  }
  socket.close()
}

export async function overTcp(port: number, from: string, packets: Buffer[]): Promise<void> {
  const socket = connectTcp({ port, host: '127.0.0.1', localAddress: from })
  socket.on('error', () => {})
  socket.resume()
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.end(Buffer.concat(packets))
  await closed
}

export async function overTls(port: number, from: string, packets: Buffer[]): Promise<void> {
  const plain = connectTcp({ port, host: '127.0.0.1', localAddress: from })
  plain.on('error', () => {})
  const closed = new Promise((resolve) => plain.once('close', resolve))
  const socket = connectTls({ socket: plain, rejectUnauthorized: false })
  socket.on('error', () => {})
  socket.resume()
  socket.end(Buffer.concat(packets))
  await closed
}

export async function overWs(port: number, from: string, packets: Buffer[]): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { localAddress: from, perMessageDeflate: false })
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('open', () => {
    for (const one of packets) socket.send(one)
    socket.close()
  })
  await closed
}
