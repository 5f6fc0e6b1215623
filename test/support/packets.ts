// HEP packets for tests, built by a second hand: nothing here uses the code that it tests.

export function u8(value: number): Buffer {
  return Buffer.from([value])
}

export function u16(value: number): Buffer {
  return Buffer.from([value >>> 8, value & 0xff])
}

export function u32(value: number): Buffer {
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(value)
  return octets
}

export function chunk(type: number, body: Buffer | string, vendor = 0): Buffer {
  const octets = Buffer.from(body as string)
  return Buffer.concat([u16(vendor), u16(type), u16(6 + octets.length), octets])
}

export function hep3(...chunks: Buffer[]): Buffer {
  const body = Buffer.concat(chunks)
  return Buffer.concat([Buffer.from('HEP3'), u16(6 + body.length), body])
}

export interface PacketParts {
  seconds?: number
  micros?: number
  agentId?: number
  type?: number
  sourcePort?: number
  correlation?: string
}

/** A v3 packet from 10.0.0.1 to 10.0.0.2 by UDP. */
export function packet(payload: Buffer | string, parts: PacketParts = {}): Buffer {
  const { seconds = 1_700_000_000, micros = 123_456, agentId = 7, type = 1, sourcePort = 5060 } = parts
  return hep3(
    chunk(1, u8(2)),
    chunk(2, u8(17)),
    chunk(3, Buffer.from([10, 0, 0, 1])),
    chunk(4, Buffer.from([10, 0, 0, 2])),
    chunk(7, u16(sourcePort)),
    chunk(8, u16(5080)),
    chunk(9, u32(seconds)),
    chunk(10, u32(micros)),
    chunk(11, u8(type)),
    chunk(12, u32(agentId)),
    ...(parts.correlation === undefined ? [] : [chunk(0x11, parts.correlation)]),
    chunk(15, payload),
  )
}

/** A request whose Call-ID tells which one it is. */
export function options(callId: string, ...headers: string[]): string {
  const lines = [
    'OPTIONS sip:bob@example.com SIP/2.0',
    `Call-ID: ${callId}`,
    'CSeq: 1 OPTIONS',
    ...headers,
    '',
    '',
  ]
  return lines.join('\r\n')
}

/** Packets back to back, and where each ends: what Engine.feed() takes. */
export function joined(packets: Buffer[]): { octets: Buffer; ends: Uint32Array } {
  let end = 0
  const ends = Uint32Array.from(packets, (one) => {
    end += one.length
    return end
  })
  return { octets: Buffer.concat(packets), ends }
}

const IPV4_PAIR = Buffer.from([10, 0, 0, 1, 10, 0, 0, 2])
const IPV6_PAIR = Buffer.from('20010db800000000000000000000000120010db8000000000000000000000002', 'hex')

function header(version: number, family: number, pair: Buffer): Buffer {
  const fixed = 8 + pair.length
  return Buffer.concat([u8(version), u8(fixed), u8(family), u8(17), u16(5060), u16(5080), pair])
}

/** A version 1 packet between the addresses and ports of packet(), or their IPv6 likes. */
export function hep1(payload: string, family: 2 | 10 = 2): Buffer {
  return Buffer.concat([header(1, family, family === 2 ? IPV4_PAIR : IPV6_PAIR), Buffer.from(payload)])
}

/** A version 2 packet, its time and agent little-endian, as agents of the field send it. */
export function hep2(payload: string, family: 2 | 10 = 2): Buffer {
  const more = Buffer.alloc(12)
  more.writeUInt32LE(1_700_000_000, 0)
  more.writeUInt32LE(123_456, 4)
  more.writeUInt16LE(7, 8)
  const start = header(2, family, family === 2 ? IPV4_PAIR : IPV6_PAIR)
  return Buffer.concat([start, more, Buffer.from(payload)])
}

/** packet() between IPv6 addresses. */
export function packet6(payload: Buffer | string): Buffer {
  return hep3(
    chunk(1, u8(10)),
    chunk(2, u8(17)),
    chunk(5, IPV6_PAIR.subarray(0, 16)),
    chunk(6, IPV6_PAIR.subarray(16)),
    chunk(7, u16(5060)),
    chunk(8, u16(5080)),
    chunk(9, u32(1_700_000_000)),
    chunk(10, u32(123_456)),
    chunk(11, u8(1)),
    chunk(12, u32(7)),
    chunk(15, payload),
  )
}
