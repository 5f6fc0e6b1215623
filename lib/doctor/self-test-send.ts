// Sends the messages of a self-test to a listener as agents do, or past a mirror port on the loopback interface.

import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6, type Socket, connect as tcpConnect } from 'node:net'
import { connect as tlsConnect } from 'node:tls'
import { WebSocket } from 'ws'
import type { TlsCredentials } from '../listen/certificates.js'
import { type BoundListen, isDatagram, isTls } from '../listen/protocols.js'

const SEND_MS = 5000
/** Ports that are tried for one which nobody has. */
const PORTS_TRIED = 32

/** Rejects with what went wrong, within a bound in time. */
export async function sendTo(
  listener: BoundListen,
  packets: readonly Buffer[],
  credentials: TlsCredentials,
): Promise<void> {
  const host = listener.address === '' ? '127.0.0.1' : listener.address
  if (isDatagram(listener.proto)) return sendDatagrams(host, listener.port, packets)
  const signal = AbortSignal.timeout(SEND_MS)
  const isWebSocket = listener.proto === 'hep_ws' || listener.proto === 'hep_wss'
  try {
    await (isWebSocket ? sendMessages : sendStream)(listener, host, packets, credentials, signal)
  } catch (error) {
    throw signal.aborted ? new Error(`no answer within ${SEND_MS / 1000} s`) : error
  }
}

async function sendDatagrams(host: string, port: number, packets: readonly Buffer[]): Promise<void> {
  const socket = createSocket(isIPv6(host.replace(/%.*/, '')) ? 'udp6' : 'udp4')
  try {
    for (const packet of packets) await datagram(socket, packet, port, host)
  } finally {
    socket.close()
  }
}

function datagram(socket: UdpSocket, packet: Buffer, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(packet, port, host, (error) => (error ? reject(error) : resolve()))
  })
}

async function sendStream(
  { proto, port }: BoundListen,
  host: string,
  packets: readonly Buffer[],
  credentials: TlsCredentials,
  signal: AbortSignal,
): Promise<void> {
  const isSecure = isTls(proto)
  const socket: Socket = isSecure
    ? tlsConnect({ host, port, ...clientOptions(credentials) })
    : tcpConnect({ host, port })
  socket.on('error', () => {}) // who waits for it hears of it
  try {
    await once(socket, isSecure ? 'secureConnect' : 'connect', { signal })
    socket.resume()
    const closed = once(socket, 'close', { signal })
    socket.end(Buffer.concat(packets))
    await closed
  } finally {
    socket.destroy()
  }
}

async function sendMessages(
  { proto, port }: BoundListen,
  host: string,
  packets: readonly Buffer[],
  credentials: TlsCredentials,
  signal: AbortSignal,
): Promise<void> {
  const shown = isIPv6(host) ? `[${host}]` : host
  const url = `${proto === 'hep_wss' ? 'wss' : 'ws'}://${shown}:${port}/`
  const socket = new WebSocket(url, { ...clientOptions(credentials), perMessageDeflate: false })
  socket.on('error', () => {}) // who waits for it hears of it
  try {
    await once(socket, 'open', { signal })
    for (const packet of packets) socket.send(packet)
    const closed = once(socket, 'close', { signal })
    socket.close()
    await closed
  } finally {
    socket.terminate()
  }
}

/** Whose certificate it is does not matter: it is our own listener. Where it wants one, ours is the one we have. */
function clientOptions({ cert, key, ca }: TlsCredentials) {
  return { rejectUnauthorized: false, ...(ca === '' ? {} : { cert, key }) }
}

/** A port on the loopback interface that is held, so that nobody else hears what is sent there. */
export interface HeldPort {
  port: number
  send(packets: readonly Buffer[]): Promise<void>
  close(): void
}

/** Of these ports the first that is free; undefined when none is. */
export async function holdPort(first: number, last: number): Promise<HeldPort | undefined> {
  for (let port = first; port <= Math.min(last, first + PORTS_TRIED - 1); port++) {
    const receiver = createSocket('udp4')
    try {
      receiver.bind(port, '127.0.0.1')
      await once(receiver, 'listening')
      const bound = receiver.address().port
      return {
        port: bound,
        send: (packets) => sendDatagrams('127.0.0.1', bound, packets),
        close: () => receiver.close(),
      }
    } catch {
      receiver.close()
    }
  }
  return undefined
}
