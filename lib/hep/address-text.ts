// IP addresses between text and octets in network order. Never looks a name up.

import { isIPv4, isIPv6 } from 'node:net'
import { ipv6Text } from '../message.js'

/** 4 octets or 16; undefined for what is no address, and for one with a zone, which means nothing elsewhere. */
export function addressOctets(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split('.'), Number)
  return isIPv6(text) && !text.includes('%') ? ipv6Octets(text) : undefined
}

/** Undefined unless there are 4 octets or 16. */
export function addressText(octets: Uint8Array): string | undefined {
  if (octets.length === 4) return octets.join('.')
  return octets.length === 16 ? ipv6Text(octets) : undefined
}

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

/** ::ffff:a.b.c.d, RFC 4291 2.5.5.2. */
export function mappedToIpv6(ipv4: Uint8Array): Uint8Array {
  return Uint8Array.of(...MAPPED, ...ipv4)
}

/** The IPv4 address in a mapped one, or undefined. */
export function mappedToIpv4(ipv6: Uint8Array): Uint8Array | undefined {
  return MAPPED.every((octet, i) => ipv6[i] === octet) ? ipv6.slice(12, 16) : undefined
}

function ipv6Octets(text: string): Uint8Array {
  const [head = '', tail = ''] = withoutDots(text).split('::')
  const first = words(head)
  const last = words(tail)
  const octets = Buffer.alloc(16)
  for (const [i, word] of first.entries()) octets.writeUInt16BE(word, 2 * i)
  for (const [i, word] of last.entries()) octets.writeUInt16BE(word, 16 - 2 * (last.length - i))
  return octets
}

function words(groups: string): number[] {
  return groups === '' ? [] : groups.split(':').map((group) => Number.parseInt(group, 16))
}

/** A dotted end as two groups. */
function withoutDots(text: string): string {
  return text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number)
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  })
}
