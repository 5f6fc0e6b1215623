// Valid packets of every kind, and what becomes of packets on their worst days.

import { gzipSync } from 'node:zlib'
import { chunk, hep1, hep2, hep3, options, packet, packet6, u8 } from './packets.js'
import type { Random } from './random.js'

const INVITE = [
  'INVITE sip:bob;x=1@[2001:db8::1]:5070;transport=tcp SIP/2.0',
  'v: SIP/2.0/TCP 10.0.0.1;branch=z9hG4bK1, SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK2',
  'f: "A, B" <sip:alice@example.org>;tag=a1',
  't: <tel:+123;x=y>;tag=t1',
  'i: call-1@example.org',
  'CSeq: 7 INVITE',
  'm: <sip:carol@192.0.2.9:5090>',
  'Proxy-Authorization: Digest username="dave@example.org", realm="x"',
  'Reason: Q.850;cause=16;',
  ' text="folded"',
  'X-OIP: 198.51.100.7:5066',
  '',
  'v=0',
].join('\r\n')

/** One of each version and family. */
export const VALID = [
  hep1(options('v1')),
  hep1(options('v1-6'), 10),
  hep2(options('v2')),
  hep2(options('v2-6'), 10),
  packet(options('v3'), { correlation: 'given' }),
  packet6(options('v3-6')),
]

/** More of what packets can have inside: compressed payloads, JSON, chunks of vendors, other types. */
export const RICH = [
  ...VALID,
  packet(INVITE),
  packet('SIP/2.0 180 Ringing\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n'),
  packet('{"rtcp":1}', { type: 5, correlation: 'call-1' }),
  hep3(chunk(1, u8(2)), chunk(11, u8(1)), chunk(16, gzipSync(INVITE))),
  hep3(
    chunk(1, u8(2)),
    chunk(11, u8(1)),
    chunk(101, '{"sip":"a\\u00e9\\"b","x":[{}]}'),
    chunk(15, options('j')),
  ),
  hep3(chunk(1, u8(2)), chunk(0x7d, 'vendor', 3), chunk(15, options('vendor'))),
]

/** The first octets of a packet, for every length from none to all but one. */
export function prefixes(packet: Buffer): Buffer[] {
  return Array.from(packet, (_, length) => packet.subarray(0, length))
}

/** Where the length field of each chunk of a version 3 packet is. */
export function chunkLengths(packet: Buffer): number[] {
  const places: number[] = []
  for (let at = 6; at + 6 <= packet.length; at += packet.readUInt16BE(at + 4)) places.push(at + 4)
  return places
}

const EDGES = [0, 1, 2, 3, 4, 5, 6, 7, 0x0a, 0x0d, 0x20, 0x22, 0x3c, 0x3e, 0x40, 0x7f, 0x80, 0xfe, 0xff]

const blows: ((octets: Buffer, random: Random) => Buffer)[] = [
  (octets, random) => {
    octets[random.below(octets.length)]! ^= 1 << random.below(8)
    return octets
  },
  (octets, random) => {
    octets[random.below(octets.length)] = random.pick(EDGES)
    return octets
  },
  (octets, random) => {
    if (octets.length >= 2)
      octets.writeUInt16BE(random.pick([...EDGES, 0xffff, octets.length]), random.below(octets.length - 1))
    return octets
  },
  (octets, random) => octets.subarray(0, random.below(octets.length + 1)),
  (octets, random) => Buffer.concat([octets, octets.subarray(random.below(octets.length))]),
  (octets, random) => {
    const other = random.pick(RICH)
    return Buffer.concat([
      octets.subarray(0, random.below(octets.length)),
      other.subarray(random.below(other.length)),
    ])
  },
  (octets, random) => {
    const [from, to] = [random.below(octets.length), random.below(octets.length)]
    octets.copyWithin(to, from, from + random.below(64))
    return octets
  },
  (octets, random) => octets.fill(random.pick(EDGES), random.below(octets.length)),
]

/** A rich packet after one to four blows. */
export function mutated(random: Random): Buffer {
  let octets: Buffer = Buffer.from(random.pick(RICH))
  for (let blow = random.below(4); blow >= 0 && octets.length > 0; blow--)
    octets = random.pick(blows)(octets, random)
  return octets
}
