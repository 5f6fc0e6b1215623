// HEP packets of versions 1, 2 and 3 from their parts, octet for octet as agents send them.

import { chunkType } from './chunks.js'

export type HepVersion = 1 | 2 | 3

/** A chunk beside those that every packet has. */
export interface Chunk {
  vendor: number
  type: number
  octets: Uint8Array
}

export interface HepMessage {
  /** IP protocol number of the captured packet. */
  protocol: number
  /** In network order: 4 octets, or 16; both addresses have the same number. */
  source: Uint8Array
  destination: Uint8Array
  sourcePort: number
  destinationPort: number
  /** Microseconds since the epoch; version 1 has no room for it. */
  timeUs: number
  /** 16 bits in version 2, none in version 1. */
  agentId: number
  /** HEP protocol type: 1 is SIP. Versions 1 and 2 carry nothing else. */
  type: number
  payload: Uint8Array
  /** The payload is gzip octets (chunk 0x10). Version 3. */
  compressed?: boolean
  authKey?: string
  correlationId?: string
  chunks?: Chunk[]
  /** The correlation id and the further chunks stand before the payload, unless this is false. */
  payloadLast?: boolean
}

/** What the length field of version 3 can say. */
export const LARGEST_HEP3 = 65535

/** The magic, big-endian. */
const HEP3 = 0x48455033
const HEADER = 6
const AF_INET = 2
const AF_INET6 = 10
const EXTENSION = 12

const type = {
  family: chunkType('proto_family'),
  protocol: chunkType('proto_id'),
  source: chunkType('src_ip'),
  destination: chunkType('dst_ip'),
  source6: chunkType('src_ip6'),
  destination6: chunkType('dst_ip6'),
  sourcePort: chunkType('src_port'),
  destinationPort: chunkType('dst_port'),
  seconds: chunkType('timestamp'),
  microseconds: chunkType('timestamp_us'),
  protocolType: chunkType('proto_type'),
  agentId: chunkType('captagent_id'),
  authKey: chunkType('auth_key'),
  payload: chunkType('payload'),
  compressed: chunkType('payload_compressed'),
  correlation: chunkType('correlation_id'),
}

/** Octets of the eight chunks of numbers that each packet has, chunk headers included. */
const NUMBER_CHUNKS = 67

/** The packet's size in octets. */
export function hepSize(version: HepVersion, message: HepMessage): number {
  const addresses = message.source.length + message.destination.length
  if (version < 3) return 8 + addresses + (version === 2 ? EXTENSION : 0) + message.payload.length
  let size = HEADER + NUMBER_CHUNKS + addresses + 2 * HEADER + HEADER + message.payload.length
  if (message.authKey !== undefined) size += HEADER + Buffer.byteLength(message.authKey)
  if (message.correlationId !== undefined) size += HEADER + Buffer.byteLength(message.correlationId)
  if (message.chunks) for (const chunk of message.chunks) size += HEADER + chunk.octets.length
  return size
}

/**
 * Writes the packet at an offset and returns the offset behind it. Throws a RangeError for what the format
 * cannot hold, and for too small a buffer.
 */
export function writeHep(version: HepVersion, message: HepMessage, into: Buffer, at: number): number {
  if (message.source.length !== message.destination.length) {
    throw new RangeError('source and destination are of one address family')
  }
  return version === 3 ? writeHep3(message, into, at) : writeHep12(version, message, into, at)
}

export function encodeHep(version: HepVersion, message: HepMessage): Buffer {
  const packet = Buffer.alloc(hepSize(version, message))
  writeHep(version, message, packet, 0)
  return packet
}

/** Time and agent id in the order of the host, which is little-endian on every host that we run on. */
function writeHep12(version: 1 | 2, message: HepMessage, into: Buffer, start: number): number {
  const four = message.source.length === 4
  let at = into.writeUInt8(version, start)
  at = into.writeUInt8(four ? 16 : 40, at)
  at = into.writeUInt8(four ? AF_INET : AF_INET6, at)
  at = into.writeUInt8(message.protocol, at)
  at = into.writeUInt16BE(message.sourcePort, at)
  at = into.writeUInt16BE(message.destinationPort, at)
  at = writeOctets(message.source, into, at)
  at = writeOctets(message.destination, into, at)
  if (version === 2) {
    at = into.writeUInt32LE(Math.floor(message.timeUs / 1e6), at)
    at = into.writeUInt32LE(message.timeUs % 1e6, at)
    at = into.writeUInt16LE(message.agentId, at)
    at = into.writeUInt16LE(0, at)
  }
  return writeOctets(message.payload, into, at)
}

function writeHep3(message: HepMessage, into: Buffer, start: number): number {
  const totalAt = into.writeUInt32BE(HEP3, start)
  let at = writeNumbers(message, into, totalAt + 2)
  at = writeAddresses(message, into, at)
  if (message.authKey !== undefined) at = writeChunk(0, type.authKey, Buffer.from(message.authKey), into, at)
  const last = message.payloadLast ?? true
  if (last) at = writeFurther(message, into, at)
  at = writeChunk(0, message.compressed ? type.compressed : type.payload, message.payload, into, at)
  if (!last) at = writeFurther(message, into, at)
  into.writeUInt16BE(at - start, totalAt)
  return at
}

function writeNumbers(message: HepMessage, into: Buffer, start: number): number {
  let at = writeUint8(type.family, message.source.length === 4 ? AF_INET : AF_INET6, into, start)
  at = writeUint8(type.protocol, message.protocol, into, at)
  at = writeUint16(type.sourcePort, message.sourcePort, into, at)
  at = writeUint16(type.destinationPort, message.destinationPort, into, at)
  at = writeUint32(type.seconds, Math.floor(message.timeUs / 1e6), into, at)
  at = writeUint32(type.microseconds, message.timeUs % 1e6, into, at)
  at = writeUint8(type.protocolType, message.type, into, at)
  return writeUint32(type.agentId, message.agentId, into, at)
}

function writeAddresses(message: HepMessage, into: Buffer, start: number): number {
  const four = message.source.length === 4
  const at = writeChunk(0, four ? type.source : type.source6, message.source, into, start)
  return writeChunk(0, four ? type.destination : type.destination6, message.destination, into, at)
}

function writeFurther(message: HepMessage, into: Buffer, start: number): number {
  let at = start
  if (message.correlationId !== undefined) {
    at = writeChunk(0, type.correlation, Buffer.from(message.correlationId), into, at)
  }
  if (!message.chunks) return at
  for (const chunk of message.chunks) at = writeChunk(chunk.vendor, chunk.type, chunk.octets, into, at)
  return at
}

/** vendor 2 | type 2 | length 2, these six octets included */
function writeHeader(vendor: number, chunk: number, octets: number, into: Buffer, start: number): number {
  let at = into.writeUInt16BE(vendor, start)
  at = into.writeUInt16BE(chunk, at)
  return into.writeUInt16BE(HEADER + octets, at)
}

function writeChunk(vendor: number, chunk: number, octets: Uint8Array, into: Buffer, at: number): number {
  return writeOctets(octets, into, writeHeader(vendor, chunk, octets.length, into, at))
}

function writeUint8(chunk: number, value: number, into: Buffer, at: number): number {
  return into.writeUInt8(value, writeHeader(0, chunk, 1, into, at))
}

function writeUint16(chunk: number, value: number, into: Buffer, at: number): number {
  return into.writeUInt16BE(value, writeHeader(0, chunk, 2, into, at))
}

function writeUint32(chunk: number, value: number, into: Buffer, at: number): number {
  return into.writeUInt32BE(value, writeHeader(0, chunk, 4, into, at))
}

function writeOctets(octets: Uint8Array, into: Buffer, at: number): number {
  if (at + octets.length > into.length) throw new RangeError('the buffer ends before the packet')
  into.set(octets, at)
  return at + octets.length
}
