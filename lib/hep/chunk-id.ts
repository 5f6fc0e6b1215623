// What scripts and modules write for a chunk: its id, its vendor, the type of its data.

import { binding, type ChunkDescription } from '../binding.js'
import type { ChunkDataType, ChunkId } from './chunk-types.js'

export interface ChunkKey {
  readonly type: number
  /** What the registry says of this type, which holds for vendor 0. */
  readonly registered: ChunkDescription | undefined
  /** It cannot be meant of another vendor. */
  readonly genericOnly: boolean
}

/** OpenSIPS's own, and the one of chunks that no registry has. */
const DEFAULT_VENDOR = 3

/**
 * The types that have always been generic. Later ones of the registry were free when scripts were written, so a
 * vendor beside such a number is meant as it stands.
 */
const LAST_ALWAYS_GENERIC = 0x12

const LARGEST_16_BITS = 0xffff

const byType = new Map(
  binding.chunks.map((chunk) => [chunk.type, keyOf(chunk, chunk.type <= LAST_ALWAYS_GENERIC)]),
)
const byName = new Map(binding.chunks.map((chunk) => [chunk.name, keyOf(chunk, true)]))
const vendors = new Map(binding.vendors.map(({ name, number }) => [name.toLowerCase(), number]))

const DATA_TYPES: ReadonlySet<string> = new Set<ChunkDataType>([
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'inet4-addr',
  'inet6-addr',
  'utf8-string',
  'octet-string',
])

function keyOf(chunk: ChunkDescription, genericOnly: boolean): ChunkKey {
  return { type: chunk.type, registered: chunk, genericOnly }
}

/** A name of the registry (case and blanks around it ignored), or a number: `11`, `0x11`. */
export function chunkKey(id: ChunkId): ChunkKey | undefined {
  const named = typeof id === 'string' ? byName.get(id) : undefined
  if (named) return named
  const type = typeof id === 'number' ? id : numeral(id)
  if (type === undefined) return byName.get(String(id).trim().toLowerCase())
  if (!Number.isInteger(type) || type < 1 || type > LARGEST_16_BITS) return undefined
  return byType.get(type) ?? { type, registered: undefined, genericOnly: false }
}

/** chunkKey() for load time: throws an Error that says what is expected. */
export function parseChunkId(id: ChunkId): ChunkKey {
  const key = chunkKey(id)
  if (key) return key
  const number = typeof id === 'number' || numeral(id) !== undefined
  throw new Error(
    number
      ? `${id} is no chunk id: ids are whole numbers from 1 to ${LARGEST_16_BITS}`
      : `"${id}" is no chunk: write a name such as src_ip, proto_type or payload, or a number such as 17 or 0x11`,
  )
}

/** A number (`3`, `0x3`) or the name of a vendor; throws an Error that says what is expected. */
export function parseVendor(text: string | number): number {
  const vendor = typeof text === 'number' ? text : (numeral(text) ?? vendors.get(text.trim().toLowerCase()))
  if (vendor !== undefined && isVendor(vendor)) return vendor
  throw new Error(`${JSON.stringify(text)} is no vendor: write a number from 0 to ${LARGEST_16_BITS}`)
}

/** Case ignored; throws an Error that says what is expected. */
export function parseDataType(text: string): ChunkDataType {
  const word = text.trim().toLowerCase()
  if (DATA_TYPES.has(word)) return word as ChunkDataType
  throw new Error(`"${text}" is no type of data: write one of ${[...DATA_TYPES].join(', ')}`)
}

/** Whose chunk is meant; undefined when no chunk of that vendor has this id. */
export function vendorOf(key: ChunkKey, asked: number | undefined): number | undefined {
  if (asked === undefined) return key.registered ? 0 : DEFAULT_VENDOR
  if (!isVendor(asked)) return undefined
  return asked !== 0 && key.genericOnly ? undefined : asked
}

function isVendor(vendor: number): boolean {
  return Number.isInteger(vendor) && vendor >= 0 && vendor <= LARGEST_16_BITS
}

function numeral(text: string): number | undefined {
  return /^\s*(\d+|0x[\da-f]+)\s*$/i.test(text) ? Number(text) : undefined
}
