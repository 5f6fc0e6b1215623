// Octets as text and back without a loss. UTF-8 reads as what it says. An octet that is not part of any UTF-8
// becomes the code unit U+DC80 to U+DCFF that ends in its number, which no UTF-8 can spell, and is written as that
// octet again. So a text that was read and is written back is the same octets, whatever they were; whoever prints it
// gets the replacement character there.

import { isUtf8 } from 'node:buffer'

const ESCAPE = 0xdc00
const ESCAPED = /[\udc80-\udcff]/u

export function textOfOctets(octets: Uint8Array): string {
  const buffer = Buffer.from(octets.buffer, octets.byteOffset, octets.length)
  return isUtf8(buffer) ? buffer.toString('utf8') : escapedText(buffer)
}

export function octetsOfText(text: string): Buffer {
  return ESCAPED.test(text) ? unescapedOctets(text) : Buffer.from(text)
}

function escapedText(octets: Buffer): string {
  const units = new Uint16Array(octets.length)
  let to = 0
  for (let at = 0; at < octets.length; ) {
    const size = sequenceSize(octets, at)
    const point = size === 0 ? ESCAPE | octets[at]! : codePoint(octets, at, size)
    if (point > 0xffff) units[to++] = 0xd7c0 + (point >> 10)
    units[to++] = point > 0xffff ? 0xdc00 | (point & 0x3ff) : point
    at += Math.max(size, 1)
  }
  return Buffer.from(units.buffer, 0, 2 * to).toString('utf16le')
}

/** Each code unit is three octets at most. */
function unescapedOctets(text: string): Buffer {
  const octets = Buffer.allocUnsafe(3 * text.length)
  let to = 0
  for (const character of text) {
    const point = character.codePointAt(0)!
    if (point < 0x80 || (point >= 0xdc80 && point <= 0xdcff)) octets[to++] = point & 0xff
    else to += octets.write(character, to)
  }
  return octets.subarray(0, to)
}

/** Of a sequence that is one. */
function codePoint(octets: Buffer, at: number, size: number): number {
  if (size === 1) return octets[at]!
  let point = octets[at]! & (0x7f >> size)
  for (let i = 1; i < size; i++) point = (point << 6) | (octets[at + i]! & 0x3f)
  return point
}

/** Octets of the character that begins here, 0 when none does. Table 3-7 of the Unicode standard. */
function sequenceSize(octets: Buffer, at: number): number {
  const first = octets[at]!
  if (first < 0x80) return 1
  const size = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
  if (size === 0 || at + size > octets.length) return 0
  const [low, high] = secondOctet(first)
  if (octets[at + 1]! < low || octets[at + 1]! > high) return 0
  for (let i = 2; i < size; i++) if ((octets[at + i]! & 0xc0) !== 0x80) return 0
  return size
}

function secondOctet(first: number): [number, number] {
  switch (first) {
    case 0xe0:
      return [0xa0, 0xbf]
    case 0xed:
      return [0x80, 0x9f]
    case 0xf0:
      return [0x90, 0xbf]
    case 0xf4:
      return [0x80, 0x8f]
    default:
      return [0x80, 0xbf]
  }
}
