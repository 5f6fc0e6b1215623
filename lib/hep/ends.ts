// The captured packet's two ends in a HEP packet: which address family it is of, and the chunks that say so.
//
// A packet that leaves an edit has both addresses in one family, and a family chunk that names it.

import { mappedToIpv4, mappedToIpv6 } from './address-text.js'
import {
  chunkAt,
  endOf,
  firstOffset,
  lastOffset,
  listChunks,
  packChunks,
  spliced,
  totalOf,
} from './chunk-list.js'
import { chunkType } from './chunks.js'
import type { Chunk } from './writer.js'

export type End = 'source' | 'destination'
/** 2 and 10, as HEP has them. */
export type Family = 2 | 10

export const FAMILY = chunkType('proto_family')
const PAYLOAD = chunkType('payload')
const COMPRESSED = chunkType('payload_compressed')

const types: Record<End, Record<Family, number>> = {
  source: { 2: chunkType('src_ip'), 10: chunkType('src_ip6') },
  destination: { 2: chunkType('dst_ip'), 10: chunkType('dst_ip6') },
}

export function isGeneric(chunk: Chunk, ...of: number[]): boolean {
  return chunk.vendor === 0 && of.includes(chunk.type)
}

/** A usable family chunk decides, else the address chunks, if they agree. */
export function familyOf(packet: Buffer): Family | undefined {
  return familyNamed(chunkAt(packet, lastOffset(packet, FAMILY))) ?? familyOfAddresses(packet)
}

/** AF_INET6 is 10 on Linux, 23, 28 or 30 elsewhere. */
function familyNamed(octets: Uint8Array | undefined): Family | undefined {
  if (octets?.length !== 1) return undefined
  if (octets[0] === 2) return 2
  return [10, 23, 28, 30].includes(octets[0] as number) ? 10 : undefined
}

function familyOfAddresses(packet: Buffer): Family | undefined {
  const has = (family: Family) =>
    lastOffset(packet, types.source[family]) > 0 || lastOffset(packet, types.destination[family]) > 0
  const ipv4 = has(2)
  return ipv4 === has(10) ? undefined : ipv4 ? 2 : 10
}

/** Its octets, where they lie; undefined for data that is no address. */
export function addressAt(packet: Buffer, end: End): Buffer | undefined {
  const family = familyOf(packet)
  const octets = family && chunkAt(packet, lastOffset(packet, types[end][family]))
  return octets?.length === (family === 2 ? 4 : 16) ? octets : undefined
}

/**
 * The packet with this address. Its family becomes that of both ends: an IPv4 address at the other end is then mapped
 * to IPv6. An IPv6 one has no IPv4 (unless it is such a mapped one), so then it is the new address that is mapped.
 * Whichever of two ends is changed first, two IPv4 addresses make an IPv4 packet. Undefined when it would be too long.
 */
export function withAddress(packet: Buffer, end: End, address: Uint8Array): Buffer | undefined {
  const otherEnd = end === 'source' ? 'destination' : 'source'
  const other = addressAt(packet, otherEnd)
  const [mine, theirs] = inOneFamily(address, other)
  const family = mine.length === 4 ? 2 : 10
  const before = familyOf(packet)
  let changed: Buffer | undefined = packet
  if (before !== undefined && before !== family) changed = packChunks(packet, intoOtherFamily(packet, before))
  changed &&= put(changed, types[end][family], mine)
  if (theirs && theirs !== other) changed &&= put(changed, types[otherEnd][family], theirs)
  return changed && namingFamily(changed, family)
}

function inOneFamily(
  address: Uint8Array,
  other: Uint8Array | undefined,
): [Uint8Array, Uint8Array | undefined] {
  if (other === undefined || other.length === address.length) return [address, other]
  if (address.length === 16) return [address, mappedToIpv6(other)]
  const unmapped = mappedToIpv4(other)
  return unmapped ? [address, unmapped] : [mappedToIpv6(address), other]
}

/** The address chunks that count, in their places under the types of the other family; further ones go. */
function intoOtherFamily(packet: Buffer, before: Family): Chunk[] {
  const after = before === 2 ? 10 : 2
  const chunks = listChunks(packet)
  const moved = new Map<Chunk | undefined, number>()
  for (const end of ['source', 'destination'] as const) {
    moved.set(
      chunks.findLast((chunk) => isGeneric(chunk, types[end][before])),
      types[end][after],
    )
  }
  return chunks
    .filter((chunk) => moved.has(chunk) || !(isOfEnd(chunk, 'source') || isOfEnd(chunk, 'destination')))
    .map((chunk) => ({ ...chunk, type: moved.get(chunk) ?? chunk.type }))
}

function isOfEnd(chunk: Chunk, end: End): boolean {
  return isGeneric(chunk, types[end][2], types[end][10])
}

function namingFamily(packet: Buffer, family: Family): Buffer | undefined {
  const named = familyNamed(chunkAt(packet, lastOffset(packet, FAMILY)))
  return named === family ? packet : put(packet, FAMILY, Uint8Array.of(family))
}

/** Without the address of this end, of either family. */
export function withoutAddress(packet: Buffer, end: End): Chunk[] {
  return listChunks(packet).filter((chunk) => !isOfEnd(chunk, end))
}

/** Without the family chunk, and without the pair of addresses that it kept out of sight. */
export function withoutFamily(packet: Buffer): Chunk[] {
  const family = familyOf(packet)
  const hidden = family && (family === 2 ? 10 : 2)
  return listChunks(packet).filter(
    (chunk) =>
      !isGeneric(chunk, FAMILY) &&
      !(hidden && isGeneric(chunk, types.source[hidden], types.destination[hidden])),
  )
}

/** The packet with this data in the last generic chunk of a type, or in a new one. */
export function put(packet: Buffer, type: number, octets: Uint8Array): Buffer | undefined {
  return putAt(packet, lastOffset(packet, type), { vendor: 0, type, octets })
}

/** In place of the chunk at an offset; a new one (offset 0) stands before the payload. */
export function putAt(packet: Buffer, at: number, chunk: Chunk): Buffer | undefined {
  if (at > 0) return spliced(packet, at, endOf(packet, at), chunk)
  const payload = [firstOffset(packet, 0, PAYLOAD), firstOffset(packet, 0, COMPRESSED)].filter(
    (one) => one > 0,
  )
  const before = Math.min(totalOf(packet), ...payload)
  return spliced(packet, before, before, chunk)
}
