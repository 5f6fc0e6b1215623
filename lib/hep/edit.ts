// One HEP version 3 packet as routes see and change it. The packet is never written: a change makes a new one, so
// what was handed out stays as it was, and a packet that nobody changed is the octets that came.
//
// Chunks 1 to 12 and the payload mean something: they are read by their meaning, the last of several counts, and
// deleting one deletes all of them. All others are a list: the first of a (vendor, type) pair is meant, and what is
// unknown, odd or there twice stays in its place. Every packet that is not a sound one of version 3 has no chunks
// and takes none.

import type { Message } from '../message.js'
import { addressOctets, addressText } from './address-text.js'
import { type ChunkKey, chunkKey, vendorOf } from './chunk-id.js'
import { chunkAt, firstOffset, isHep3, lastOffset, listChunks, packChunks } from './chunk-list.js'
import type { ChunkDataType, ChunkId, ChunkOptions, ChunkValue } from './chunk-types.js'
import { dataTypeOf, decodeValue, encodeValue, widths } from './chunk-values.js'
import { chunkType } from './chunks.js'
import {
  addressAt,
  type End,
  FAMILY,
  familyOf,
  isGeneric,
  put,
  putAt,
  withAddress,
  withoutAddress,
  withoutFamily,
} from './ends.js'
import { protocolName, protocolNumber, protocolTypeName, protocolTypeNumber } from './protocol-names.js'
import type { Chunk } from './writer.js'

const PROTOCOL = chunkType('proto_id')
const SECONDS = chunkType('timestamp')
const MICROSECONDS = chunkType('timestamp_us')
const PROTOCOL_TYPE = chunkType('proto_type')
const LAST_NUMBER = chunkType('captagent_id')
const PAYLOAD = chunkType('payload')
const COMPRESSED = chunkType('payload_compressed')

/** Whichever of both types is named, the address in the packet is meant. */
const ends = new Map<number, End>([
  [chunkType('src_ip'), 'source'],
  [chunkType('src_ip6'), 'source'],
  [chunkType('dst_ip'), 'destination'],
  [chunkType('dst_ip6'), 'destination'],
])

export class EditedPacket {
  readonly #isHep3: boolean
  readonly #inflated: (() => Buffer) | undefined
  #packet: Buffer
  #changed = false

  /** Of a message that has not been released; of one without HEP version 3 it has no chunks. */
  static of(message: Message): EditedPacket {
    const inflated = message.inflated ? () => message.payload : undefined
    return new EditedPacket(message.hepVersion === 3 ? message.packet : Buffer.alloc(0), inflated)
  }

  /** `inflated` gives what is in the compressed payload of this packet; without it that is read as it came. */
  constructor(packet: Buffer, inflated?: () => Buffer) {
    this.#packet = packet
    this.#inflated = inflated
    this.#isHep3 = isHep3(packet)
  }

  get changed(): boolean {
    return this.#changed
  }

  /** The packet as it is now: the very octets that it was made of until something changed. */
  encode(): Buffer {
    return this.#packet
  }

  /**
   * Numbers and texts as their chunk has them; `type` is for chunks whose type the packet does not fix: those that
   * are not of the registry or not in the way it says. Of the payload it can be `octet-string`.
   */
  get(id: ChunkId, options: ChunkOptions = {}): ChunkValue | undefined {
    const found = this.#find(id, options.vendor)
    if (!found) return undefined
    const { key, vendor } = found
    const value = isFixed(key, vendor)
      ? this.#fixed(key, options.type)
      : this.#listed(key, vendor, options.type)
    return value === undefined ? undefined : { value, vendor }
  }

  /** False for what the chunk cannot hold, for the family and the times, and when the packet would be too long. */
  set(id: ChunkId, value: string | number, options: ChunkOptions = {}): boolean {
    const found = this.#find(id, options.vendor)
    if (!found) return false
    const { key, vendor } = found
    const packet = isFixed(key, vendor)
      ? this.#withFixed(key, value, options.type)
      : this.#withListed(key, vendor, value, options.type)
    return this.#become(packet)
  }

  /** False when a chunk of the list is not there. */
  delete(id: ChunkId, options: Pick<ChunkOptions, 'vendor'> = {}): boolean {
    const found = this.#find(id, options.vendor)
    if (!found) return false
    const { key, vendor } = found
    const chunks = isFixed(key, vendor) ? this.#withoutFixed(key) : this.#withoutListed(key, vendor)
    return this.#become(chunks && packChunks(this.#packet, chunks))
  }

  #find(id: ChunkId, asked: number | undefined): { key: ChunkKey; vendor: number } | undefined {
    const key = this.#isHep3 ? chunkKey(id) : undefined
    const vendor = key && vendorOf(key, asked)
    return vendor === undefined ? undefined : { key: key!, vendor }
  }

  #become(packet: Buffer | undefined): boolean {
    if (!packet) return false
    // A packet begins with its length, so one that begins as this one does is this one.
    if (packet.equals(this.#packet.subarray(0, packet.length))) return true
    this.#packet = packet
    this.#changed = true
    return true
  }

  #fixed({ type, registered }: ChunkKey, asked: ChunkDataType | undefined): string | number | undefined {
    const end = ends.get(type)
    if (end) return this.#address(end)
    if (type === FAMILY) return this.#family()
    if (type === PAYLOAD || type === COMPRESSED) return this.#payload(asked)
    const octets = chunkAt(this.#packet, lastOffset(this.#packet, type))
    const number = octets && decodeValue(dataTypeOf(registered?.kind), octets)
    if (typeof number !== 'number') return undefined
    if (type === PROTOCOL) return protocolName(number)
    return type === PROTOCOL_TYPE ? protocolTypeName(number) : number
  }

  #address(end: End): string | undefined {
    const octets = addressAt(this.#packet, end)
    return octets && addressText(octets)
  }

  /** As the packet's addresses are read, whatever number the sender's system has for that. */
  #family(): string | undefined {
    const family = lastOffset(this.#packet, FAMILY) > 0 && familyOf(this.#packet)
    return family ? (family === 2 ? 'AF_INET' : 'AF_INET6') : undefined
  }

  #payload(asked: ChunkDataType | undefined): string | undefined {
    const plain = lastOffset(this.#packet, PAYLOAD)
    const compressed = lastOffset(this.#packet, COMPRESSED)
    const octets =
      compressed > plain && this.#inflated
        ? this.#inflated()
        : chunkAt(this.#packet, Math.max(plain, compressed))
    return octets && (decodeValue(textType(asked), octets) as string)
  }

  #listed(
    { type, registered }: ChunkKey,
    vendor: number,
    asked: ChunkDataType | undefined,
  ): string | number | undefined {
    const octets = chunkAt(this.#packet, firstOffset(this.#packet, vendor, type))
    return octets && decodeValue(asked ?? dataTypeOf(kindOf(registered, vendor)), octets)
  }

  #withFixed(
    { type, registered }: ChunkKey,
    value: string | number,
    asked: ChunkDataType | undefined,
  ): Buffer | undefined {
    const end = ends.get(type)
    if (end) return this.#withAddress(end, value, asked)
    if (type === FAMILY || type === SECONDS || type === MICROSECONDS) return undefined
    if (type === PAYLOAD || type === COMPRESSED) return this.#withPayload(value, asked)
    const octets = encodeValue(dataTypeOf(registered?.kind), numberIn(type, value))
    return octets && put(this.#packet, type, octets)
  }

  #withAddress(end: End, value: string | number, asked: ChunkDataType | undefined): Buffer | undefined {
    const wanted = asked === 'inet4-addr' || asked === 'inet6-addr' ? asked : undefined
    const octets = wanted ? encodeValue(wanted, value) : addressOctets(String(value))
    return octets && withAddress(this.#packet, end, octets)
  }

  /** What is written here is not compressed, whatever was there. */
  #withPayload(value: string | number, asked: ChunkDataType | undefined): Buffer | undefined {
    const octets = encodeValue(textType(asked), value)
    if (!octets) return undefined
    const payload = { vendor: 0, type: PAYLOAD, octets }
    if (lastOffset(this.#packet, COMPRESSED) === 0)
      return putAt(this.#packet, lastOffset(this.#packet, PAYLOAD), payload)
    const chunks = listChunks(this.#packet)
    const counts = chunks.findLastIndex((chunk) => isGeneric(chunk, PAYLOAD, COMPRESSED))
    chunks[counts] = payload
    return packChunks(
      this.#packet,
      chunks.filter((chunk) => !isGeneric(chunk, COMPRESSED)),
    )
  }

  #withListed(
    { type, registered }: ChunkKey,
    vendor: number,
    value: string | number,
    asked: ChunkDataType | undefined,
  ): Buffer | undefined {
    const kind = kindOf(registered, vendor)
    const octets = encodeValue(asked ?? dataTypeOf(kind), value)
    const width = widths[kind]
    if (!octets || (width !== 0 && octets.length !== width)) return undefined
    return putAt(this.#packet, firstOffset(this.#packet, vendor, type), { vendor, type, octets })
  }

  #withoutFixed({ type }: ChunkKey): Chunk[] {
    const end = ends.get(type)
    if (end) return withoutAddress(this.#packet, end)
    if (type === FAMILY) return withoutFamily(this.#packet)
    const gone = type === PAYLOAD || type === COMPRESSED ? [PAYLOAD, COMPRESSED] : [type]
    return listChunks(this.#packet).filter((chunk) => !isGeneric(chunk, ...gone))
  }

  #withoutListed({ type }: ChunkKey, vendor: number): Chunk[] | undefined {
    if (firstOffset(this.#packet, vendor, type) === 0) return undefined
    const chunks = listChunks(this.#packet)
    chunks.splice(
      chunks.findIndex((chunk) => chunk.vendor === vendor && chunk.type === type),
      1,
    )
    return chunks
  }
}

/** Its meaning says how it is read and written. */
function isFixed({ type }: ChunkKey, vendor: number): boolean {
  return vendor === 0 && (type <= LAST_NUMBER || type === PAYLOAD || type === COMPRESSED)
}

function kindOf(registered: ChunkKey['registered'], vendor: number) {
  return vendor === 0 && registered ? registered.kind : 'octets'
}

function textType(asked: ChunkDataType | undefined): ChunkDataType {
  return asked === 'octet-string' ? asked : 'utf8-string'
}

function numberIn(type: number, value: string | number): string | number {
  if (type === PROTOCOL) return protocolNumber(value)
  return type === PROTOCOL_TYPE ? protocolTypeNumber(value) : value
}
