// Frames put together octet by octet, and the capture files that hold them.

import { writeFileSync } from 'node:fs'

export const ETHERNET = 1
export const RAW = 101
export const COOKED = 113
export const COOKED2 = 276

export const IPV4 = 0x0800
export const IPV6 = 0x86dd
export const TCP = 6
export const UDP = 17

const u8 = (value: number) => Buffer.from([value & 0xff])
export function u16(value: number): Buffer {
  const out = Buffer.alloc(2)
  out.writeUInt16BE(value & 0xffff)
  return out
}
export function u32(value: number): Buffer {
  const out = Buffer.alloc(4)
  out.writeUInt32BE(value >>> 0)
  return out
}
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** Classic pcap with microseconds; a frame a millisecond. */
export function writePcap(path: string, frames: Buffer[], linkType = ETHERNET): void {
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(262144, 16)
  header.writeUInt32LE(linkType, 20)
  writeFileSync(path, Buffer.concat([header, ...frames.map(record)]))
}

function record(frame: Buffer, index: number): Buffer {
  const header = Buffer.alloc(16)
  header.writeUInt32LE(1_700_000_000 + Math.floor(index / 1000), 0)
  header.writeUInt32LE((index % 1000) * 1000, 4)
  header.writeUInt32LE(frame.length, 8)
  header.writeUInt32LE(frame.length, 12)
  return Buffer.concat([header, frame])
}

export function ethernet(payload: Buffer, type = IPV4): Buffer {
  return Buffer.concat([hex('020000000002 020000000001'), u16(type), payload])
}

/** Behind an Ethernet or cooked header in place of its type's payload. */
export function tag(vlan: number, payload: Buffer, type = IPV4): Buffer {
  return Buffer.concat([u16(vlan), u16(type), payload])
}

/** Labels from the outermost to the last one, which says that it is. */
export function mpls(labels: number[], payload: Buffer): Buffer {
  const words = labels.map((label, i) => u32((label << 12) | (i === labels.length - 1 ? 0x100 : 0) | 64))
  return Buffer.concat([...words, payload])
}

export function cooked(payload: Buffer, type = IPV4): Buffer {
  return Buffer.concat([hex('0000 0001 0006 020000000001 0000'), u16(type), payload])
}

export function cooked2(payload: Buffer, type = IPV4): Buffer {
  return Buffer.concat([u16(type), hex('0000 00000002 0001 00 06 020000000001 0000'), payload])
}

export interface Ends {
  source: string
  destination: string
  sourcePort: number
  destinationPort: number
}

interface Ipv4Header {
  id?: number
  more?: boolean
  /** In octets. */
  offset?: number
  /** A multiple of four octets. */
  options?: Buffer
}

const octetsOf = (address: string) => Buffer.from(address.split('.').map(Number))

export function ipv4(
  { source, destination }: Pick<Ends, 'source' | 'destination'>,
  protocol: number,
  payload: Buffer,
  { id = 1, more = false, offset = 0, options = Buffer.alloc(0) }: Ipv4Header = {},
): Buffer {
  const header = Buffer.concat([
    u8(0x45 + options.length / 4),
    u8(0),
    u16(20 + options.length + payload.length),
    u16(id),
    u16((more ? 0x2000 : 0) | (offset / 8)),
    u8(64),
    u8(protocol),
    u16(0),
    octetsOf(source),
    octetsOf(destination),
    options,
  ])
  header.writeUInt16BE(checksum(header), 10)
  return Buffer.concat([header, payload])
}

/** RFC 1071; an odd octet at the end counts as if a zero followed it. */
export function checksum(octets: Buffer): number {
  let sum = 0
  for (let at = 0; at + 1 < octets.length; at += 2) sum += octets.readUInt16BE(at)
  if (octets.length % 2 === 1) sum += (octets.at(-1) as number) << 8
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

/** A UDP datagram or TCP segment with the checksum that it has between these ends (RFC 768, RFC 9293, RFC 8200). */
export function withChecksum(
  type: typeof IPV4 | typeof IPV6,
  { source, destination }: Pick<Ends, 'source' | 'destination'>,
  protocol: typeof UDP | typeof TCP,
  segment: Buffer,
): Buffer {
  const octets = type === IPV4 ? octetsOf : ipv6Octets
  const pseudo = [octets(source), octets(destination), u32(segment.length), u32(protocol), segment]
  const out = Buffer.from(segment)
  out.writeUInt16BE(checksum(Buffer.concat(pseudo)) || 0xffff, protocol === UDP ? 6 : 16)
  return out
}

/** `2001:db8::NUMBER` for each end that is written `10.0.0.NUMBER`. */
export function ipv6Of(address: string): string {
  return `2001:db8::${Number(address.split('.')[3]).toString(16)}`
}

function ipv6Octets(address: string): Buffer {
  return Buffer.concat([hex('20010db8'), Buffer.alloc(10), u16(Number(address.split('.')[3]))])
}

export function ipv6(
  { source, destination }: Pick<Ends, 'source' | 'destination'>,
  next: number,
  payload: Buffer,
) {
  return Buffer.concat([
    hex('60000000'),
    u16(payload.length),
    u8(next),
    u8(64),
    ipv6Octets(source),
    ipv6Octets(destination),
    payload,
  ])
}

/** Hop-by-hop or destination options with nothing but padding. */
export function ipv6Options(next: number, payload: Buffer): Buffer {
  return Buffer.concat([u8(next), hex('00 01 04 00000000'), payload])
}

export function ipv6Fragment(
  next: number,
  offset: number,
  more: boolean,
  id: number,
  payload: Buffer,
): Buffer {
  return Buffer.concat([u8(next), u8(0), u16(offset | (more ? 1 : 0)), u32(id), payload])
}

export function udp(
  { sourcePort, destinationPort }: Pick<Ends, 'sourcePort' | 'destinationPort'>,
  payload: Buffer,
) {
  return Buffer.concat([u16(sourcePort), u16(destinationPort), u16(8 + payload.length), u16(0), payload])
}

export const SYN = 0x02
export const PUSH_ACK = 0x18
export function tcp(
  { sourcePort, destinationPort }: Pick<Ends, 'sourcePort' | 'destinationPort'>,
  sequence: number,
  payload: Buffer,
  flags = PUSH_ACK,
): Buffer {
  const head = [u16(sourcePort), u16(destinationPort), u32(sequence), u32(1), u8(0x50), u8(flags), u16(65535)]
  return Buffer.concat([...head, u32(0), payload])
}

/** Of 8 octets a unit, so that only the last may have another length. */
export function pieces(octets: Buffer, size: number): { offset: number; more: boolean; part: Buffer }[] {
  const out = []
  for (let offset = 0; offset < octets.length; offset += size) {
    const part = octets.subarray(offset, offset + size)
    out.push({ offset, more: offset + size < octets.length, part })
  }
  return out
}

/** The outer packets of tunnels, with what stands before the inner one. */
export const tunnel = {
  gre: (type: number, inner: Buffer) => Buffer.concat([u16(0), u16(type), inner]),
  greWithAll: (type: number, inner: Buffer) =>
    Buffer.concat([u16(0xb000), u16(type), u32(0), u32(77), u32(5), inner]),
  erspan1: (frame: Buffer) => Buffer.concat([u16(0), u16(0x88be), frame]),
  erspan2: (frame: Buffer) =>
    Buffer.concat([u16(0x1000), u16(0x88be), u32(9), hex('1001 0002 00000003'), frame]),
  erspan3: (frame: Buffer) =>
    Buffer.concat([u16(0x1000), u16(0x22eb), u32(9), hex('2001 0002 00000003 0000 0000'), frame]),
  vxlan: (frame: Buffer) => Buffer.concat([hex('08000000 00002a00'), frame]),
  geneve: (frame: Buffer) => Buffer.concat([hex('0000 6558 00002a00'), frame]),
  geneveWithOption: (frame: Buffer) => Buffer.concat([hex('0200 6558 00002a00 0102 03 01 deadbeef'), frame]),
  tzsp: (frame: Buffer) => Buffer.concat([hex('01 00 0001 01'), frame]),
}

/** RFC 6455 section 5.2: one text frame; a client masks. */
export function webSocketFrame(payload: Buffer, masked: boolean): Buffer {
  const length = payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 0xff]
  const head = Buffer.from([0x81, (length[0] as number) | (masked ? 0x80 : 0), ...length.slice(1)])
  if (!masked) return Buffer.concat([head, payload])
  const key = hex('a1b2c3d4')
  const covered = Buffer.from(payload.map((octet, i) => octet ^ (key[i % 4] as number)))
  return Buffer.concat([head, key, covered])
}
