// Headers that can be put around one another in any order, and messages whose Call-ID tells which were.
//
// A layer takes packets and gives packets: all that it is asked to wrap, fragment, double or mix up.

import * as f from './frames.js'
import type { MadeMessage } from './made.js'
import type { Random } from './random.js'

/** An EtherType and what stands behind it. */
export interface Packet {
  type: number
  octets: Buffer
}

export type Layer = (packets: Packet[], at: Place) => Packet[]

/** What the layers of one case share. */
export interface Place {
  random: Random
  /** Of tunnels. Each case has its own: tshark 4.0 mixes an IPv4 fragment's ends, protocol and number into 32 bits. */
  outer: Pick<f.Ends, 'source' | 'destination'>
}

const MPLS = 0x8847
const TRANSPARENT_ETHERNET = 0x6558
const FRAGMENT_OCTETS = 256

const each =
  (wrap: (packet: Packet, at: Place) => Packet): Layer =>
  (packets, at) =>
    packets.map((packet) => wrap(packet, at))

const outer4 = ({ outer }: Place, protocol: number, octets: Buffer): Packet => ({
  type: f.IPV4,
  octets: f.ipv4(outer, protocol, octets, { id: nextId() }),
})
const outer6 = ({ outer }: Place, protocol: number, octets: Buffer): Packet => ({
  type: f.IPV6,
  octets: f.ipv6(outer, protocol, octets),
})
const ethernetOf = ({ type, octets }: Packet) => f.ethernet(octets, type)

/** From a port that an encapsulator would choose. */
const ports = (destinationPort: number, random: Random) => ({
  sourcePort: 49_152 + random.below(16_000),
  destinationPort,
})

/** In UDP over IPv4, without a checksum as tunnels do. */
const inUdp4 = (port: number, header: (packet: Packet) => Buffer) =>
  each((packet, at) => outer4(at, f.UDP, f.udp(ports(port, at.random), header(packet))))

const inUdp6 = (port: number, header: (packet: Packet) => Buffer) =>
  each((packet, at) => {
    const datagram = f.udp(ports(port, at.random), header(packet))
    return outer6(at, f.UDP, f.withChecksum(f.IPV6, at.outer, f.UDP, datagram))
  })

let lastId = 0
/** Of 16 bits, and not the same twice within what a receiver waits for. */
const nextId = () => (lastId = (lastId + 0x101) & 0xffff)

/** Headers of the link layer, around IP. */
export const linkLayers: Record<string, Layer> = {
  vlan: each(({ type, octets }) => ({ type: 0x8100, octets: f.tag(9, octets, type) })),
  qinq: each(({ type, octets }) => ({ type: 0x88a8, octets: f.tag(7, f.tag(8, octets, type), 0x8100) })),
  oldQinq: each(({ type, octets }) => ({ type: 0x9100, octets: f.tag(7, f.tag(8, octets, type), 0x8100) })),
  mpls: each(({ octets }) => ({ type: MPLS, octets: f.mpls([17, 18, 19], octets) })),
}

/** Around IP of either version. */
export const routedTunnels: Record<string, Layer> = {
  inIp4: each(({ type, octets }, at) => outer4(at, type === f.IPV4 ? 4 : 41, octets)),
  inIp6: each(({ type, octets }, at) => outer6(at, type === f.IPV4 ? 4 : 41, octets)),
  gre4: each(({ type, octets }, at) => outer4(at, 47, f.tunnel.gre(type, octets))),
  gre6: each(({ type, octets }, at) => outer6(at, 47, f.tunnel.gre(type, octets))),
}

/** Around Ethernet, so around any packet. */
export const bridgedTunnels: Record<string, Layer> = {
  greBridged: each((packet, at) =>
    outer4(at, 47, f.tunnel.greWithAll(TRANSPARENT_ETHERNET, ethernetOf(packet))),
  ),
  erspan1: each((packet, at) => outer4(at, 47, f.tunnel.erspan1(ethernetOf(packet)))),
  erspan2: each((packet, at) => outer4(at, 47, f.tunnel.erspan2(ethernetOf(packet)))),
  erspan3: each((packet, at) => outer4(at, 47, f.tunnel.erspan3(ethernetOf(packet)))),
  vxlan: inUdp4(4789, (packet) => f.tunnel.vxlan(ethernetOf(packet))),
  vxlan6: inUdp6(4789, (packet) => f.tunnel.vxlan(ethernetOf(packet))),
  geneve: inUdp6(6081, (packet) => f.tunnel.geneve(ethernetOf(packet))),
  geneveOption: inUdp4(6081, (packet) => f.tunnel.geneveWithOption(ethernetOf(packet))),
  tzsp: inUdp4(37008, (packet) => f.tunnel.tzsp(ethernetOf(packet))),
}

/** Cuts what is long enough; the fragments go in any order, some of them twice. */
export const fragmented: Layer = (packets, { random }) =>
  packets.flatMap((packet) => {
    const parts = packet.type === f.IPV4 ? fragments4(packet.octets) : fragments6(packet.octets)
    const twice = parts.filter((_, i) => i > 0 && random.below(4) === 0)
    return shuffled([...parts, ...twice], random).map((octets) => ({ type: packet.type, octets }))
  })

function fragments4(packet: Buffer): Buffer[] {
  const headerOctets = (packet.readUInt8(0) & 0x0f) * 4
  return f.pieces(packet.subarray(headerOctets), FRAGMENT_OCTETS).map(({ offset, more, part }) => {
    const header = Buffer.from(packet.subarray(0, headerOctets))
    header.writeUInt16BE(headerOctets + part.length, 2)
    header.writeUInt16BE((more ? 0x2000 : 0) | (offset / 8), 6)
    header.writeUInt16BE(0, 10)
    header.writeUInt16BE(f.checksum(header), 10)
    return Buffer.concat([header, part])
  })
}

/** Only headers that each router looks at stand before the one of fragmentation: here none do. */
function fragments6(packet: Buffer): Buffer[] {
  const id = nextId()
  return f.pieces(packet.subarray(40), FRAGMENT_OCTETS).map(({ offset, more, part }) => {
    const header = Buffer.from(packet.subarray(0, 40))
    const behind = f.ipv6Fragment(header[6] as number, offset, more, id, part)
    header.writeUInt16BE(behind.length, 4)
    header[6] = 44
    return Buffer.concat([header, behind])
  })
}

export function shuffled<T>(list: T[], random: Random): T[] {
  const out = [...list]
  for (let i = out.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[out[i], out[j]] = [out[j] as T, out[i] as T]
  }
  return out
}

/** One datagram a message. */
export function datagrams(type: IpType, messages: MadeMessage[]): Packet[] {
  return messages.map((m) => ipPacket(type, m, f.UDP, f.udp(m, m.payload)))
}

/** One stream of all messages, cut anywhere; now and then a segment is sent again. */
export function stream(type: IpType, messages: MadeMessage[], random: Random): Packet[] {
  const octets = Buffer.concat(messages.map(({ payload }) => payload))
  const segment = segmentsOf(type, messages[0] as MadeMessage, random.below(2 ** 32))
  const packets = [segment(-1, Buffer.alloc(0), f.SYN)]
  for (let at = 0; at < octets.length; ) {
    const part = octets.subarray(at, at + 1 + random.below(1300))
    packets.push(segment(at, part))
    if (random.below(5) === 0) packets.push(segment(at, part))
    at += part.length
  }
  return packets
}

/** Makes segments of one direction: what stands at a place of its stream. */
export function segmentsOf(type: IpType, ends: MadeMessage, start: number) {
  return (at: number, octets: Buffer, flags?: number) =>
    ipPacket(type, ends, f.TCP, f.tcp(ends, (start + at) >>> 0, octets, flags))
}

type IpType = typeof f.IPV4 | typeof f.IPV6

function ipPacket(
  type: IpType,
  ends: MadeMessage,
  protocol: typeof f.UDP | typeof f.TCP,
  octets: Buffer,
): Packet {
  const whole = f.withChecksum(type, ends, protocol, octets)
  return {
    type,
    octets: type === f.IPV4 ? f.ipv4(ends, protocol, whole, { id: nextId() }) : f.ipv6(ends, protocol, whole),
  }
}
