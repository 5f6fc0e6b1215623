// The text of a script, and where in it something stands: for trees, for faults, and for the excerpt under a fault.

import { isUtf8 } from 'node:buffer'
import type { Fault } from '../errors.js'
import type { Position } from './ast.js'

/** What an excerpt shows of a line that is longer. */
const EXCERPT_CHARACTERS = 100
/** No text has these: NUL, and what stands for octets that are not UTF-8. */
export const BAD_CHARACTER = /[\0\p{Cs}]/u
/** What a terminal would obey instead of showing it; tabs stay. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNPRINTABLE = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\p{Cs}]/gu

export class Source {
  readonly file: string
  readonly text: string
  /** Only then it has to be looked for. */
  readonly hasBadCharacters: boolean

  constructor(file: string, content: string | Buffer) {
    this.file = file
    const text = typeof content === 'string' ? content : decode(content)
    this.text = text.startsWith('\uFEFF') ? text.slice(1) : text
    this.hasBadCharacters = this.text.search(BAD_CHARACTER) >= 0
  }

  get start(): SourcePosition {
    return new SourcePosition(this, 0, 1, 1)
  }
}

/** Octets that are not UTF-8 become lone surrogates, which no text has. */
function decode(octets: Buffer): string {
  const text = octets.toString('utf8')
  return isUtf8(octets) ? text : text.replaceAll('\uFFFD', '\uDC80')
}

/** A position that knows its source: faults that are made with it get an excerpt. */
export class SourcePosition implements Position {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly #source: Source
  readonly #offset: number

  constructor(source: Source, offset: number, line: number, column: number) {
    this.file = source.file
    this.line = line
    this.column = column
    this.#source = source
    this.#offset = offset
  }

  get source(): Source {
    return this.#source
  }

  get offset(): number {
    return this.#offset
  }

  /** Of a later offset; its cost is the way from here to there. */
  forward(to: number): SourcePosition {
    const { text } = this.#source
    let { line, column } = this
    for (let i = this.#offset; i < to; i++) {
      const code = text.charCodeAt(i)
      if (code === 10) {
        line++
        column = 1
      } else if (!isSecondHalf(text, i)) {
        column++
      }
    }
    return new SourcePosition(this.#source, to, line, column)
  }
}

function isSecondHalf(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800
}

/** On one line, and nothing that a terminal obeys. */
export function harmless(text: string): string {
  return text.replace(UNPRINTABLE, '\uFFFD')
}

/** The fault of a script at this position; what the script says in its words does no harm. */
export function scriptFault(at: Position, severity: Fault['severity'], what: string, cure: string): Fault {
  const where = `${at.file}:${at.line}:${at.column}`
  const fault: Fault = { where, severity, what: harmless(what), cure: harmless(cure) }
  if (at instanceof SourcePosition) fault.excerpt = excerpt(at)
  return fault
}

function excerpt({ source: { text }, offset }: SourcePosition): string {
  const start = offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1
  const newline = text.indexOf('\n', offset)
  const end = newline < 0 ? text.length : newline
  const from = end - start > EXCERPT_CHARACTERS ? Math.max(start, offset - EXCERPT_CHARACTERS / 2) : start
  const to = Math.min(end, from + EXCERPT_CHARACTERS)
  const before = (from > start ? '…' : '') + whole(text, from, offset)
  const after = whole(text, offset, to).replace(/\r$/, '') + (to < end ? '…' : '')
  const caret = `${before.replace(/[^\t]/gu, ' ')}^`
  return `${harmless(before + after)}\n${caret}`
}

/** A part of the text that begins and ends between characters. */
function whole(text: string, from: number, to: number): string {
  return text.slice(isSecondHalf(text, from) ? from + 1 : from, isSecondHalf(text, to) ? to - 1 : to)
}

/** A piece of a script inside of a message: on one line, short, and nothing that a terminal obeys. */
export function quoted(piece: string): string {
  const line = harmless(piece.replace(/\s*\n\s*/g, ' '))
  return `\`${line.length > 40 ? `${whole(line, 0, 40)}…` : line}\``
}
