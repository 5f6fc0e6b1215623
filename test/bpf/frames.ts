// Frames of every kind that a packet filter tells apart: from capture files, made by hand, and spoiled.

import { readFileSync } from 'node:fs'
import { u16, u32 } from '../support/packets.js'
import type { Random } from '../support/random.js'

/** What a link header announces: an EtherType, and what follows. */
export interface Typed {
  type: number
  rest: Buffer
}

const IPV4 = 0x0800
const IPV6 = 0x86dd
const MPLS = 0x8847
const TAGS = [0x8100, 0x88a8, 0x9100]
export const isTag = (type: number) => TAGS.includes(type)

/** By the number of the link type: the frame that carries it, or undefined where it cannot. */
export const framings = new Map<number, (typed: Typed) => Buffer | undefined>([
  [1, ({ type, rest }) => Buffer.concat([Buffer.alloc(12, 2), u16(type), rest])],
  [113, ({ type, rest }) => Buffer.concat([Buffer.alloc(14), u16(type), rest])],
  [276, ({ type, rest }) => Buffer.concat([u16(type), Buffer.alloc(18), rest])],
  [101, ({ type, rest }) => (type === IPV4 || type === IPV6 ? rest : undefined)],
  [228, ({ type, rest }) => (type === IPV4 ? rest : undefined)],
  [229, ({ type, rest }) => (type === IPV6 ? rest : undefined)],
  [0, (typed) => loopback(typed, nativeU32)],
  [108, (typed) => loopback(typed, u32)],
])

function loopback({ type, rest }: Typed, number: (value: number) => Buffer): Buffer | undefined {
  if (type !== IPV4 && type !== IPV6) return undefined
  return Buffer.concat([number(type === IPV4 ? 2 : 10), rest])
}

/** In the order of this host, as its tcpdump expects it. */
function nativeU32(value: number): Buffer {
  return Buffer.from(Uint32Array.of(value).buffer)
}

/** Frames of a classic pcap file of this host's byte order, Ethernet or Linux cooked. */
export function typedFramesOf(path: string): Typed[] {
  const file = readFileSync(path)
  const typeAt = file.readUInt32LE(20) === 113 ? 14 : 12
  const frames: Typed[] = []
  for (let at = 24; at + 16 <= file.length; ) {
    const octets = file.subarray(at + 16, at + 16 + file.readUInt32LE(at + 8))
    frames.push({ type: octets.readUInt16BE(typeAt), rest: octets.subarray(typeAt + 2) })
    at += 16 + octets.length
  }
  return frames
}

function ipv4(protocol: number, payload: Buffer, { fragment = 0, options = 0 } = {}): Typed {
  const header = Buffer.alloc(20 + options * 4, 1)
  header.writeUInt8(0x45 + options, 0)
  header.writeUInt16BE(header.length + payload.length, 2)
  header.writeUInt16BE(fragment, 6)
  header.writeUInt8(protocol, 9)
  return { type: IPV4, rest: Buffer.concat([header, payload]) }
}

function ipv6(next: number, payload: Buffer): Typed {
  const header = Buffer.concat([u32(0x60000000), u16(payload.length), Buffer.from([next, 64])])
  return { type: IPV6, rest: Buffer.concat([header, Buffer.alloc(32, 1), payload]) }
}

function ports(source: number, destination: number): Buffer {
  return Buffer.concat([u16(source), u16(destination), u16(12), u16(0), Buffer.from('body')])
}

const PORTS = [80, 5059, 5060, 5061, 5062, 4789, 6081, 37008]

function withPorts(): Typed[] {
  return PORTS.flatMap((port) => [ports(port, 9), ports(9, port)]).flatMap((transport) =>
    [1, 6, 17, 132].flatMap((protocol) => [
      ipv4(protocol, transport),
      ipv4(protocol, transport, { options: 3 }),
      ipv6(protocol, transport),
    ]),
  )
}

function fragments(): Typed[] {
  const part = ports(9, 4789)
  return [0x2000, 0x2001, 1, 0x1fff, 0x4000].flatMap((fragment) => [
    ipv4(17, part, { fragment }),
    ipv4(47, part, { fragment, options: 2 }),
  ])
}

/** Tunnels over both, and IPv6 headers before the ports; GRE, ERSPAN, VXLAN and the rest are known by these. */
function nested(): Typed[] {
  const inner = ipv4(17, ports(5060, 5060)).rest
  const extension = Buffer.concat([Buffer.from([17, 0, 1, 4, 0, 0, 0, 0]), ports(5060, 5060)])
  return [
    ...[4, 41, 47, 50].map((protocol) => ipv4(protocol, inner)),
    ...[0, 4, 41, 43, 44, 47, 50, 51, 58, 60].map((next) => ipv6(next, extension)),
    ...[MPLS, 0x8848].map((type) => ({ type, rest: Buffer.concat([u32(0x00001140), inner]) })),
    { type: 0x0806, rest: Buffer.alloc(28, 1) },
  ]
}

/** Each under none, one, two and three tags. */
export function madeFrames(): Typed[] {
  const plain = [...withPorts(), ...fragments(), ...nested()]
  const once = plain.map((typed, index) => tagged(typed, TAGS[index % 3]!))
  const twice = once.map((typed, index) => tagged(typed, TAGS[(index >> 1) % 3]!))
  return [...plain, ...once, ...twice, ...twice.slice(0, 20).map((typed) => tagged(typed, 0x8100))]
}

function tagged({ type, rest }: Typed, tag: number): Typed {
  return { type: tag, rest: Buffer.concat([u16(100), u16(type), rest]) }
}

const OCTETS = [0, 1, 4, 6, 17, 41, 43, 44, 45, 47, 60, 132, 0x20, 0x40, 0x45, 0x4f, 0x60, 0x81, 0x88, 0xff]
const WORDS = [...PORTS, IPV4, IPV6, MPLS, ...TAGS]
/** Where headers are. */
const HEAD = 100

/** Other octets or words in the headers, or an early end. */
export function spoiled(frame: Buffer, random: Random): Buffer {
  const copy = Buffer.from(frame)
  for (let changes = random.below(4); changes > 0; changes--) {
    const at = random.below(Math.min(copy.length, HEAD))
    const kind = random.below(4)
    if (kind === 0) copy[at] = random.below(256)
    else if (kind === 1) copy[at] = random.pick(OCTETS)
    else if (kind === 2) copy[at] = copy[at]! ^ (1 << random.below(8))
    else if (at + 2 <= copy.length) copy.writeUInt16BE(random.pick(WORDS), at)
  }
  return random.below(4) === 0 ? copy.subarray(0, random.below(Math.min(copy.length, HEAD) + 1)) : copy
}
