// What every part of the parser works with: the next words, the faults, and how to go on behind a fault.

import type { Position, Variable } from './ast.js'
import { DialectHints } from './dialect.js'
import type { FaultList } from './faults.js'
import { quoted, type SourcePosition } from './source.js'
import type { TokenStream } from './stream.js'
import { after, isSign, isUnclosed, isWord, named, type Token } from './token.js'
import { parseBareVariable } from './variable-parser.js'

/** Statements and parentheses in each other. */
const MAX_DEPTH = 200
const ASSIGNMENTS = new Set(['=', ':=', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^='])
/** `[0]`, `{s.len}` */
const SUFFIXES = /(?:\[\s*(?:-?[0-9]+|\*|\$[^\]\n]*)\s*\]|\{\s*[A-Za-z0-9]+\.[A-Za-z][^{};\n]*\})+/y
const STATEMENT_WORDS = new Set([
  'if',
  'else',
  'while',
  'for',
  'switch',
  'case',
  'default',
  'exit',
  'drop',
  'break',
  'return',
])

export const isAssignment = ({ kind, text }: Token): boolean => kind === 'sign' && ASSIGNMENTS.has(text)

/** Ends what is being read; it has been reported. */
export class SyntaxFault extends Error {}

export class Reader {
  readonly faults: FaultList
  readonly tokens: TokenStream
  readonly hints = new DialectHints()
  /** The word that was taken last. */
  previous: Token
  /** Words taken so far: whoever goes on after a fault must take one. */
  taken = 0
  /** How many they were at the last fault. */
  #takenAtFault = -1
  #depth = 0
  #isUnwinding = false

  constructor(tokens: TokenStream, faults: FaultList) {
    this.tokens = tokens
    this.faults = faults
    this.previous = tokens.peek()
  }

  peek(distance = 0): Token {
    return this.tokens.peek(distance)
  }

  next(): Token {
    this.taken++
    this.previous = this.tokens.next()
    return this.previous
  }

  isSign(text: string, distance = 0): boolean {
    return isSign(this.peek(distance), text)
  }

  isWord(text: string): boolean {
    return isWord(this.peek(), text)
  }

  accept(sign: string): boolean {
    const isThere = this.isSign(sign)
    if (isThere) this.next()
    return isThere
  }

  expect(sign: string, where: string, cure: string): void {
    if (!this.accept(sign)) this.unexpected(`\`${sign}\` ${where}`, cure)
  }

  note(at: Position, what: string, cure: string): void {
    this.#takenAtFault = this.taken
    this.faults.error(at, what, cure)
  }

  /** Nothing was taken since the last fault: what is missing here follows from it. */
  get hasJustFailed(): boolean {
    return this.#takenAtFault === this.taken
  }

  fail(at: Position, what: string, cure: string): never {
    this.note(at, what, cure)
    throw new SyntaxFault()
  }

  unexpected(expected: string, cure: string): never {
    this.noteMissing(expected, cure)
    throw new SyntaxFault()
  }

  /** The next word is not what has to stand here. */
  noteMissing(expected: string, cure: string, at?: SourcePosition): void {
    const found = this.peek()
    if (this.#noteRunawayText(expected, found)) return
    const isKnown = isUnclosed(this.previous) || (found.kind === 'end' && this.tokens.isCutShort)
    if (isKnown) {
      this.#takenAtFault = this.taken
      return
    }
    const isInOtherLine = found.kind === 'end' || found.isFirst
    this.note(
      at ?? (isInOtherLine ? after(this.previous) : found.at),
      `expected ${expected}, found ${named(found)}`,
      cure,
    )
  }

  /** A quote that somebody forgot pairs with the first one of a later line. Reading goes on behind its own line. */
  #noteRunawayText(expected: string, found: Token): boolean {
    const { kind, at, end } = this.previous
    const newline = at.source.text.indexOf('\n', at.offset)
    if (kind !== 'text' || newline < 0 || newline >= end) return false
    if (found.kind === 'end' || (found.kind === 'sign' && found.at.offset > end)) return false
    const lineEnd = at.forward(newline)
    if (!this.tokens.moveTo(lineEnd)) return false
    const quote = `\`${at.source.text.charAt(at.offset)}\``
    const lines = at.forward(end).line - at.line + 1
    const what = `expected ${expected}, found ${named(found)} behind a text of ${lines} lines`
    this.note(at, what, `end the text with ${quote} where it should end`)
    return true
  }

  /** Runs it, and on a fault what finds the place to go on. */
  attempt<T>(run: () => T, recover: () => void): T | undefined {
    try {
      return run()
    } catch (error) {
      if (!(error instanceof SyntaxFault)) throw error
      recover()
      return undefined
    }
  }

  /** Something inside of something of its kind. */
  deeper<T>(run: () => T): T {
    if (this.#depth >= MAX_DEPTH) {
      this.fail(
        this.peek().at,
        `found more than ${MAX_DEPTH} levels in each other`,
        'make routes of the inner ones',
      )
    }
    this.#depth++
    try {
      return run()
    } finally {
      this.#depth--
    }
  }

  get isTooDeep(): boolean {
    return this.#depth >= MAX_DEPTH
  }

  /** The block that begins here has no end: said once for all blocks around it. */
  noteUnclosed(open: Token): void {
    const found = this.peek()
    if (!this.#isUnwinding && !(found.kind === 'end' && this.tokens.isCutShort)) {
      const before = found.kind === 'end' ? named(found) : `${named(found)} in line ${found.at.line}`
      this.note(open.at, 'the block that begins here is never closed', `end it with \`}\` before ${before}`)
    }
    this.#isUnwinding = true
  }

  /** Something new begins outside of all blocks. */
  beginItem(): void {
    this.#isUnwinding = false
  }

  variable(token: Token): Variable {
    const { text, at } = token
    const report = (place: Position, what: string, cure: string) => this.note(place, what, cure)
    const unknown = { name: '', inner: undefined, index: undefined, transformations: [], source: text }
    return parseBareVariable(text, at, report) ?? { type: 'variable', at, ...unknown }
  }

  /** Takes a variable, and what somebody wrote behind it instead of into it. */
  takeVariable(): Variable {
    return this.variable(this.takeVariableWord())
  }

  takeVariableWord(): Token {
    const token = this.next()
    const { at, end, text } = token
    SUFFIXES.lastIndex = end
    const [suffixes] = SUFFIXES.exec(at.source.text) ?? []
    if (suffixes === undefined) return token
    const inner = text.startsWith('$(') ? text.slice(2, -1) : text.slice(1)
    const what = `found ${quoted(suffixes)} after a variable`
    this.note(at.forward(end), what, `put it inside: ${quoted(`$(${inner}${suffixes})`)}`)
    this.tokens.moveTo(at.forward(end + suffixes.length))
    return token
  }

  /** To behind the head of `for` or `switch`, semicolons included, or to its block. */
  skipHead(): void {
    for (let depth = 1; depth > 0; ) {
      const { kind, isFirst } = this.peek()
      if (kind === 'end' || isFirst || this.isSign('{')) return
      if (this.isSign('(')) depth++
      if (this.isSign(')')) depth--
      this.next()
    }
  }

  /** To behind the `)` of the parenthesis that is open, or to where it can no longer be. */
  skipToParenthesis(): void {
    for (let depth = 1; depth > 0 && !this.#isEndOfStatement(); ) {
      if (this.isSign('(')) depth++
      if (this.isSign(')')) depth--
      this.next()
    }
  }

  /** To where the next statement can begin. */
  skipStatement(): void {
    while (!this.#isEndOfStatement()) this.next()
    if (this.isSign(';')) this.next()
  }

  #isEndOfStatement(): boolean {
    const { kind, text } = this.peek()
    return kind === 'end' || (kind === 'sign' && /^[;{}]$/.test(text)) || this.isNewStatement()
  }

  /** A line begins, and with it surely a statement. */
  isNewStatement(): boolean {
    const { kind, text, isFirst } = this.peek()
    if (!isFirst) return false
    if (kind === 'variable') return isAssignment(this.peek(1))
    return kind === 'word' && (STATEMENT_WORDS.has(text) || this.isSign('(', 1))
  }

  /** From a `{` to behind its `}`. */
  skipBlock(): void {
    let depth = 0
    do {
      if (this.isSign('{')) depth++
      if (this.isSign('}')) depth--
      if (this.next().kind === 'end') return
    } while (depth > 0)
  }
}
