// Texts between quotes: what their escapes mean, and where each character of the meaning was written.

import type { Position } from './ast.js'
import { Source, SourcePosition } from './source.js'

const ESCAPE = /\\(?:x([0-9A-Fa-f]{1,2})|([0-7]{2,3})|([\s\S]))/g
const MEANINGS: Record<string, string> = { n: '\n', r: '\r', t: '\t', a: '\x07', '"': '"', '\\': '\\' }

interface Piece {
  text: string
  /** Offset in what stands between the quotes; the characters of an escape share it. */
  from: number
  isEscape: boolean
}

/** `\x` and octal numbers are octets: several in a row may be one character of UTF-8. */
function* pieces(raw: string): Generator<Piece> {
  let from = 0
  let octets: number[] = []
  let octetsFrom = 0
  const spell = () => ({ text: Buffer.from(octets).toString('utf8'), from: octetsFrom, isEscape: true })
  for (const { 0: written, 1: hex, 2: octal, 3: character = '', index } of raw.matchAll(ESCAPE)) {
    const isOctet = hex !== undefined || octal !== undefined
    if (octets.length > 0 && !(isOctet && index === from)) {
      yield spell()
      octets = []
    }
    if (index > from) yield { text: raw.slice(from, index), from, isEscape: false }
    from = index + written.length
    if (isOctet) {
      if (octets.length === 0) octetsFrom = index
      octets.push(hex === undefined ? Number.parseInt(octal ?? '', 8) & 0xff : Number.parseInt(hex, 16))
    } else {
      yield { text: MEANINGS[character] ?? written, from: index, isEscape: character in MEANINGS }
    }
  }
  if (octets.length > 0) yield spell()
  if (from < raw.length) yield { text: raw.slice(from), from, isEscape: false }
}

/** What stands between double quotes, its escapes undone; a pair that means nothing stays as it is. */
export function undoEscapes(raw: string): string {
  if (!raw.includes('\\')) return raw
  let text = ''
  for (const piece of pieces(raw)) text += piece.text
  return text
}

/** Where the characters of a text stand, from the position of the text. */
export type Origin = (index: number) => Position

/** Offsets to positions; cheap as long as they are asked for in order. */
function walk(start: SourcePosition): (offset: number) => Position {
  let last = start
  return (offset) => {
    last = (offset < last.offset ? start : last).forward(offset)
    return last
  }
}

/** Of a text that begins at this position and has no escapes. */
export function plainOrigin(text: string, at: Position): Origin {
  if (at instanceof SourcePosition) {
    const position = walk(at)
    return (index) => position(at.offset + index)
  }
  const position = walk(new SourcePosition(new Source(at.file, text), 0, at.line, at.column))
  return (index) => {
    const { file, line, column } = position(index)
    return { file, line, column }
  }
}

/** Of a text of the tree: its position is that of the quote. */
export function textOrigin(text: string, at: Position): Origin {
  const quote = at instanceof SourcePosition ? at.source.text.charAt(at.offset) : ''
  if (!(at instanceof SourcePosition) || (quote !== '"' && quote !== "'")) return plainOrigin(text, at)
  const position = walk(at)
  const begin = at.offset + 1
  const raw = quote === '"' ? at.source.text.slice(begin, closingQuote(at.source.text, begin)) : ''
  if (!raw.includes('\\')) return (index) => position(begin + index)
  const places: number[] = []
  for (const { text, from, isEscape } of pieces(raw))
    for (let i = 0; i < text.length; i++) places.push(from + (isEscape ? 0 : i))
  return (index) => position(begin + (places[index] ?? raw.length))
}

/** Offset of the double quote that ends the text that begins here; -1 when there is none. */
export function closingQuote(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 34) return i
    if (code === 92) i++
  }
  return -1
}
