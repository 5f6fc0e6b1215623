// The captured packet's two ends in a HEP packet: which address family it is of, and the chunks that say so.
//
// A packet that leaves an edit has both addresses in one family, and a family chunk that names it.

import { mappedToIpv4, mappedToIpv6 } from './address-text.js'
import { lastChunk, listChunks } from './chunk-list.js'
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
  return familyNamed(lastChunk(packet, FAMILY)) ?? familyOfAddresses(packet)
}

/** AF_INET6 is 10 on Linux, 23, 28 or 30 elsewhere. */
function familyNamed(octets: Uint8Array | undefined): Family | undefined {
  if (octets?.length !== 1) return undefined
  if (octets[0] === 2) return 2
  return [10, 23, 28, 30].includes(octets[0] as number) ? 10 : undefined
}

function familyOfAddresses(packet: Buffer): Family | undefined {
  const has = (family: Family) =>
    lastChunk(packet, types.source[family]) !== undefined ||
    lastChunk(packet, types.destination[family]) !== undefined
  const ipv4 = has(2)
  return ipv4 === has(10) ? undefined : ipv4 ? 2 : 10
}

/** Its octets, where they lie; undefined for data that is no address. */
export function addressAt(packet: Buffer, end: End): Buffer | undefined {
  const family = familyOf(packet)
  const octets = family && lastChunk(packet, types[end][family])
  return octets?.length === (family === 2 ? 4 : 16) ? octets : undefined
}

/**
 * The packet's chunks with this address. Its family becomes that of both ends: an IPv4 address at the other end is
 * then mapped to IPv6. An IPv6 one has no IPv4 (unless it is such a mapped one), so then it is the new address that
 * is mapped. Whichever of two ends is changed first, two IPv4 addresses make an IPv4 packet.
 */
export function withAddress(packet: Buffer, end: End, address: Uint8Array): Chunk[] {
  const otherEnd = end === 'source' ? 'destination' : 'source'
  const [mine, theirs] = inOneFamily(address, addressAt(packet, otherEnd))
  const family = mine.length === 4 ? 2 : 10
  const before = familyOf(packet)
  const chunks =
    before === undefined || before === family ? listChunks(packet) : intoOtherFamily(packet, before)
  put(chunks, types[end][family], mine)
  if (theirs) put(chunks, types[otherEnd][family], theirs)
  return namingFamily(chunks, family)
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
  for (const end of ['source', 'destination'] as const) {
    const counts = chunks.findLastIndex((chunk) => isGeneric(chunk, types[end][before]))
    for (let i = chunks.length - 1; i >= 0; i--) {
      const chunk = chunks[i] as Chunk
      if (i === counts) chunks[i] = { vendor: 0, type: types[end][after], octets: chunk.octets }
      else if (isOfEnd(chunk, end)) chunks.splice(i, 1)
    }
  }
  return chunks
}

function isOfEnd(chunk: Chunk, end: End): boolean {
  return isGeneric(chunk, types[end][2], types[end][10])
}

function namingFamily(chunks: Chunk[], family: Family): Chunk[] {
  const named = chunks.findLast((chunk) => isGeneric(chunk, FAMILY))
  if (familyNamed(named?.octets) !== family) put(chunks, FAMILY, Uint8Array.of(family))
  return chunks
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

/** Replaces the last generic chunk of this type, or adds one before the payload. */
export function put(chunks: Chunk[], type: number, octets: Uint8Array): void {
  const at = chunks.findLastIndex((chunk) => isGeneric(chunk, type))
  if (at < 0) add(chunks, { vendor: 0, type, octets })
  else chunks[at] = { vendor: 0, type, octets }
}

/** A new chunk stands before the payload. */
export function add(chunks: Chunk[], chunk: Chunk): void {
  const payload = chunks.findIndex((one) => isGeneric(one, PAYLOAD, COMPRESSED))
  chunks.splice(payload < 0 ? chunks.length : payload, 0, chunk)
}
