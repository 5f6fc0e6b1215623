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

/** Where the header of the first chunk with this id stands; 0 when there is none. */
export function firstOffset(packet: Buffer, vendor: number, type: number): number {
  const total = totalOf(packet)
  for (let at = HEADER; at < total; at += u16(packet, at + 4)) {
    if (u16(packet, at + 2) === type && u16(packet, at) === vendor) return at
  }
  return 0
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

/** The data of the chunk at an offset, where it lies; undefined for 0. */
export function chunkAt(packet: Buffer, at: number): Buffer | undefined {
  return at === 0 ? undefined : packet.subarray(at + HEADER, at + u16(packet, at + 4))
}

/** All chunks in their order; their octets lie in the packet. */
export function listChunks(packet: Buffer): Chunk[] {
  const chunks: Chunk[] = []
  const total = totalOf(packet)
  for (let at = HEADER; at < total; at += u16(packet, at + 4)) {
    chunks.push({ vendor: u16(packet, at), type: u16(packet, at + 2), octets: chunkAt(packet, at)! })
  }
  return chunks
}

/** A new packet with the magic of another one; undefined when it would be too long. */
export function packChunks(like: Buffer, chunks: readonly Chunk[]): Buffer | undefined {
  let total = HEADER
  for (const { octets } of chunks) total += HEADER + octets.length
  if (total > LARGEST_HEP3) return undefined
  const packet = Buffer.allocUnsafe(total)
  like.copy(packet, 0, 0, MAGIC)
  let at = packet.writeUInt16BE(total, MAGIC)
  for (const chunk of chunks) at = writeChunk(packet, at, chunk)
  return packet
}

/**
 * A new packet with this chunk where the old one has the octets from one offset to another; undefined when it would
 * be too long. Both offsets are between chunks.
 */
export function spliced(packet: Buffer, from: number, to: number, chunk: Chunk): Buffer | undefined {
  const total = totalOf(packet) - (to - from) + HEADER + chunk.octets.length
  if (total > LARGEST_HEP3) return undefined
  const changed = Buffer.allocUnsafe(total)
  packet.copy(changed, 0, 0, from)
  packet.copy(changed, writeChunk(changed, from, chunk), to, totalOf(packet))
  changed.writeUInt16BE(total, MAGIC)
  return changed
}

/** Where the chunk at this offset ends. */
export function endOf(packet: Buffer, at: number): number {
  return at + u16(packet, at + 4)
}

function writeChunk(packet: Buffer, start: number, { vendor, type, octets }: Chunk): number {
  let at = packet.writeUInt16BE(vendor, start)
  at = packet.writeUInt16BE(type, at)
  at = packet.writeUInt16BE(HEADER + octets.length, at)
  packet.set(octets, at)
  return at + octets.length
}

/** What the packet says that its length is. */
export function totalOf(packet: Buffer): number {
  return u16(packet, MAGIC)
}

/** Inside of the packet. */
function u16(packet: Buffer, at: number): number {
  return (packet[at]! << 8) | packet[at + 1]!
}
