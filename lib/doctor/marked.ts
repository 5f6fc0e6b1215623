// The messages of a self-test: OPTIONS requests that nobody takes for traffic, by their From user and their Call-IDs.

import { randomBytes } from 'node:crypto'
import { hepSize, writeHep } from '../hep/writer.js'

/** From user of every one of them. */
export const DOCTOR_USER = 'hepcapd-doctor'
/** A name that never resolves (RFC 2606). */
const DOMAIN = 'hepcapd.invalid'
const SIP = 1
const UDP = 17
const LOOPBACK = Uint8Array.of(127, 0, 0, 1)

/** The Call-IDs of one input's messages. */
export type CallIds = readonly string[]

export class MarkedMessages {
  readonly #run = randomBytes(6).toString('hex')
  #inputs = 0

  /** For another input. */
  callIds(count: number): CallIds {
    const input = ++this.#inputs
    return Array.from({ length: count }, (_, at) => `doctor-${this.#run}-${input}-${at + 1}@${DOMAIN}`)
  }
}

export function sipMessage(callId: string): Buffer {
  const lines = [
    `OPTIONS sip:self-test@${DOMAIN} SIP/2.0`,
    `Via: SIP/2.0/UDP ${DOMAIN}:5060;branch=z9hG4bK${callId.replace(/@.*/, '')}`,
    'Max-Forwards: 0',
    `From: <sip:${DOCTOR_USER}@${DOMAIN}>;tag=${callId.replace(/@.*/, '')}`,
    `To: <sip:self-test@${DOMAIN}>`,
    `Call-ID: ${callId}`,
    'CSeq: 1 OPTIONS',
    `User-Agent: ${DOCTOR_USER}`,
    'Content-Length: 0',
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
}

/** In HEP version 3, with the key where the listener wants one. */
export function hepMessage(callId: string, authKey: string | undefined): Buffer {
  const message = {
    protocol: UDP,
    source: LOOPBACK,
    destination: LOOPBACK,
    sourcePort: 5060,
    destinationPort: 5060,
    timeUs: Date.now() * 1000,
    agentId: 0,
    type: SIP,
    payload: sipMessage(callId),
    ...(authKey === undefined ? {} : { authKey }),
  }
  const packet = Buffer.alloc(hepSize(3, message))
  writeHep(3, message, packet, 0)
  return packet
}
