// Packets of calls between hosts of documentation addresses.

import { addressOctets } from '../../lib/hep/address-text.js'
import { encodeHep } from '../../lib/hep/writer.js'

export interface Sent {
  from?: string
  to?: string
  agentId?: number
  /** HEP protocol type. */
  type?: number
  timeMs?: number
}

export const [PHONE, PROXY, GATEWAY] = ['192.0.2.1', '192.0.2.10', '198.51.100.7'] as const

export function packed(payload: string, sent: Sent = {}): Buffer {
  const { from = PHONE, to = PROXY, agentId = 7, type = 1, timeMs = 1_700_000_000_000 } = sent
  return encodeHep(3, {
    protocol: 17,
    source: addressOctets(from)!,
    destination: addressOctets(to)!,
    sourcePort: 5060,
    destinationPort: 5060,
    timeUs: timeMs * 1000,
    agentId,
    type,
    payload: Buffer.from(payload),
  })
}

export function request(method: string, callId: string, ...headers: string[]): string {
  return message(`${method} sip:bob@example.com SIP/2.0`, callId, method, headers)
}

export function reply(code: number, method: string, callId: string, ...headers: string[]): string {
  return message(`SIP/2.0 ${code} Whatever`, callId, method, headers)
}

function message(first: string, callId: string, method: string, headers: string[]): string {
  return [first, `Call-ID: ${callId}`, `CSeq: 1 ${method}`, ...headers, '', ''].join('\r\n')
}
