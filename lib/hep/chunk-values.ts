// The data of one chunk as scripts see it. Numbers are unsigned, and never longer or shorter than their type.

import type { ChunkDescription } from '../binding.js'
import { addressOctets, addressText } from './address-text.js'
import type { ChunkDataType } from './chunk-types.js'
import { octetsOfText, textOfOctets } from './octet-text.js'

export const widths: Record<ChunkDescription['kind'], number> = {
  octets: 0,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  inet4: 4,
  inet6: 16,
}

const typeOfKind: Record<ChunkDescription['kind'], ChunkDataType> = {
  octets: 'utf8-string',
  uint8: 'uint8',
  uint16: 'uint16',
  uint32: 'uint32',
  uint64: 'uint64',
  inet4: 'inet4-addr',
  inet6: 'inet6-addr',
}

/** How data is read and written when nobody says it. */
export function dataTypeOf(kind: ChunkDescription['kind'] | undefined): ChunkDataType {
  return typeOfKind[kind ?? 'octets']
}

/** Undefined for what the type cannot hold. The octets are new ones. */
export function encodeValue(type: ChunkDataType, value: string | number): Uint8Array | undefined {
  switch (type) {
    case 'uint8':
    case 'uint16':
    case 'uint32':
    case 'uint64':
      return numberOctets(value, widths[type])
    case 'inet4-addr':
      return addressOf(value, 4)
    case 'inet6-addr':
      return addressOf(value, 16)
    case 'utf8-string':
      return octetsOfText(String(value))
    case 'octet-string':
      return octetString(String(value))
    default:
      return undefined
  }
}

/** Undefined when the octets are more or fewer than the type has. A number above 2^53 is decimal text. */
export function decodeValue(type: ChunkDataType, octets: Buffer): string | number | undefined {
  switch (type) {
    case 'uint8':
    case 'uint16':
    case 'uint32':
      return octets.length === widths[type] ? octets.readUIntBE(0, octets.length) : undefined
    case 'uint64':
      return octets.length === 8 ? exact(octets.readBigUInt64BE()) : undefined
    case 'inet4-addr':
      return octets.length === 4 ? addressText(octets) : undefined
    case 'inet6-addr':
      return octets.length === 16 ? addressText(octets) : undefined
    case 'utf8-string':
      return textOfOctets(octets)
    case 'octet-string':
      return octets.toString('latin1')
    default:
      return undefined
  }
}

/** A whole number, also in decimal digits, of so many octets. */
function numberOctets(value: string | number, width: number): Uint8Array | undefined {
  const digits = /^0*(\d{1,20})$/.exec(String(value))?.[1]
  if (digits === undefined || (typeof value === 'number' && !Number.isSafeInteger(value))) return undefined
  if (width === 8) return longOctets(BigInt(digits))
  const number = Number(digits)
  if (number >= 256 ** width) return undefined
  const octets = Buffer.allocUnsafe(width)
  octets.writeUIntBE(number, 0, width)
  return octets
}

function longOctets(number: bigint): Uint8Array | undefined {
  if (number >= 1n << 64n) return undefined
  const octets = Buffer.allocUnsafe(8)
  octets.writeBigUInt64BE(number)
  return octets
}

function exact(number: bigint): string | number {
  return number <= Number.MAX_SAFE_INTEGER ? Number(number) : String(number)
}

function addressOf(value: string | number, width: number): Uint8Array | undefined {
  const octets = addressOctets(String(value))
  return octets?.length === width ? octets : undefined
}

function octetString(text: string): Uint8Array | undefined {
  return /[^\0-\xff]/.test(text) ? undefined : Buffer.from(text, 'latin1')
}
