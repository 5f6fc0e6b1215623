// Connections to receivers: TCP, and TLS whose server has to prove who it is.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { isIP, connect as tcpConnect } from 'node:net'
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from 'node:tls'
import { TLS_FLOOR, type TlsCredentials } from '../listen/certificates.js'
import type { RelayTarget } from '../route/rules.js'
import type { Connection } from './stream-line.js'

/** Where systems keep the authorities that they trust; Node has its own only. */
const SYSTEM_AUTHORITIES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]
/** In TLS 1.3 a server refuses our certificate only after the handshake; what it sends next says that it did not. */
const PROOF_MS = 200

/** Rejects with the error of the system or of TLS, or with the reason of the signal. */
export async function connect(
  to: RelayTarget,
  address: string,
  credentials: TlsCredentials,
  signal: AbortSignal,
): Promise<Connection> {
  const tcp = tcpConnect({
    host: address,
    port: to.port,
    noDelay: true,
    keepAlive: true,
    allowHalfOpen: true,
  })
  tcp.on('error', () => {}) // who waits for it hears of it
  try {
    await once(tcp, 'connect', { signal })
    if (to.proto !== 'hep_tls') return { socket: tcp, tcp }
    const socket = tlsConnect({ ...clientOptions(to.host, credentials), socket: tcp })
    return { socket: await secured(socket, signal), tcp }
  } catch (error) {
    tcp.destroy()
    throw signal.aborted ? signal.reason : error
  }
}

function clientOptions(host: string, { cert, key, ca }: TlsCredentials): ConnectionOptions {
  const authorities = ca === '' ? systemAuthorities() : ca
  return {
    ...TLS_FLOOR,
    host,
    ...(isIP(host) ? {} : { servername: host }),
    ...(authorities === undefined ? {} : { ca: authorities }),
    ...(cert === '' ? {} : { cert, key }),
  }
}

async function secured(socket: TLSSocket, signal: AbortSignal): Promise<TLSSocket> {
  const proof = new Promise<void>((resolve) => socket.once('session', () => resolve()))
  const failed = new Promise<never>((_, reject) => socket.once('error', reject))
  failed.catch(() => {}) // it may come too late
  try {
    await Promise.race([once(socket, 'secureConnect', { signal }), failed])
    if (socket.getProtocol() === 'TLSv1.3') {
      await Promise.race([proof, failed, new Promise((resolve) => setTimeout(resolve, PROOF_MS))])
    }
    // a write from inside of 'session', which comes while OpenSSL reads, would break the stream
    await new Promise((resolve) => setImmediate(resolve))
    if (socket.destroyed) throw new Error('the receiver closed the connection')
    return socket
  } catch (error) {
    socket.on('error', () => {})
    socket.destroy()
    throw error
  }
}

let known: string | undefined

function systemAuthorities(): string | undefined {
  const files = process.env.SSL_CERT_FILE ? [process.env.SSL_CERT_FILE] : SYSTEM_AUTHORITIES
  for (const file of known === undefined ? files : []) {
    try {
      known = readFileSync(file, 'utf8')
      break
    } catch {
      // this system has another place
    }
  }
  return known
}
