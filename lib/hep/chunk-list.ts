// The chunks of a version 3 packet, as they lie there. Nothing here knows what a chunk means, writes into a packet
// that it was given, or reads one that isHep3() did not accept.
//
// A walk touches each chunk once and ends with the announced total.

import { type Chunk, LARGEST_HEP3 } from './writer.js'

const MAGIC = 4
const HEADER = 6
const HEP3 = 0x48455033
const EEP3 = 0x45455033

/** True when magic, total and the lengths of all chunks agree. */
export function isHep3(packet: Buffer): boolean {
  if (packet.length < HEADER) return false
  const magic = packet.readUInt32BE(0)
  const total = totalOf(packet)
  if ((magic !== HEP3 && magic !== EEP3) || total > packet.length) return false
  let at = HEADER
  while (at + HEADER <= total) {
    const length = u16(packet, at + 4)
    if (length < HEADER) return false
    at += length
  }
  return at === total
}

/** The data of the first chunk with this id, where it lies. */
export function firstChunk(packet: Buffer, vendor: number, type: number): Buffer | undefined {
  const total = totalOf(packet)
  for (let at = HEADER; at < total; at += u16(packet, at + 4)) {
    if (u16(packet, at + 2) === type && u16(packet, at) === vendor) return dataAt(packet, at)
  }
  return undefined
}

/** The data of the last generic chunk of this type, where it lies. */
export function lastChunk(packet: Buffer, type: number): Buffer | undefined {
  const found = lastOffset(packet, type)
  return found === 0 ? undefined : dataAt(packet, found)
}

/** Where the header of the last generic chunk of this type stands; 0 when there is none. */
export function lastOffset(packet: Buffer, type: number): number {
  const total = totalOf(packet)
  let found = 0
  for (let at = HEADER; at < total; at += u16(packet, at + 4)) {
    if (u16(packet, at + 2) === type && u16(packet, at) === 0) found = at
  }
  return found
}

/** All chunks in their order; their octets lie in the packet. */
export function listChunks(packet: Buffer): Chunk[] {
  const chunks: Chunk[] = []
  const total = totalOf(packet)
  for (let at = HEADER; at < total; at += u16(packet, at + 4)) {
    chunks.push({ vendor: u16(packet, at), type: u16(packet, at + 2), octets: dataAt(packet, at) })
  }
  return chunks
}

/** A new packet with the magic of another one; undefined when it would be too long. */
export function packChunks(like: Buffer, chunks: readonly Chunk[]): Buffer | undefined {
  let total = HEADER
  for (const { octets } of chunks) total += HEADER + octets.length
  if (total > LARGEST_HEP3) return undefined
  const packet = Buffer.allocUnsafeSlow(total)
  packet.set(like.subarray(0, MAGIC))
  let at = packet.writeUInt16BE(total, MAGIC)
  for (const { vendor, type, octets } of chunks) {
    at = packet.writeUInt16BE(vendor, at)
    at = packet.writeUInt16BE(type, at)
    at = packet.writeUInt16BE(HEADER + octets.length, at)
    packet.set(octets, at)
    at += octets.length
  }
  return packet
}

function dataAt(packet: Buffer, at: number): Buffer {
  return packet.subarray(at + HEADER, at + u16(packet, at + 4))
}

function totalOf(packet: Buffer): number {
  return u16(packet, MAGIC)
}

/** Inside of the packet. */
function u16(packet: Buffer, at: number): number {
  return (packet[at]! << 8) | packet[at + 1]!
}
