// One file of a script, word by word. It never fails: what is no word is a fault, and reading goes on behind it.

import { isIPv6 } from 'node:net'
import { closingQuote, undoEscapes } from './escapes.js'
import type { FaultList } from './faults.js'
import { refuseKamailio, refuseKamailioComment } from './kamailio.js'
import { BAD_CHARACTER, quoted, type Source, type SourcePosition } from './source.js'
import type { Token } from './token.js'

const BLANK = /[ \t\r\n\f\v]+/y
const CONTINUATION = /\\\r?\n/y
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y
const NUMBER = /0[xX][0-9A-Fa-f]+|[0-9]+/y
const IPV4 = /[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![\w.])/y
const IPV6 = /[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,45}/y
const ADDRESS_BEGINS = /[0-9A-Fa-f:]/
const SIGN = /[:+\-*/%&|^=!<>]=|=~|!~|&&|\|\||<<|>>|[;,(){}[\]:=<>+\-*/%&|^~!.]/y
const VARIABLE_NAME = /[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*/y
/** What stands in the parentheses of a variable that somebody forgot to close. */
const SIMPLE_INNER = /[\w.-]*/y
const STRANGE = /[^ \t\r\n\f\v\w"'#$;,(){}[\]:=<>+\-*/%&|^~!.\0\p{Cs}]+/uy
const BAD_HERE = /[\0\p{Cs}]+/uy
/** Editors show it as a blank, or not at all. */
const STRANGE_BLANK = /^[\s\u200b\u2060\ufeff]/
const TYPOGRAPHIC = /^[\u2018-\u201f\u00ab\u00bb]/
const IN_TYPOGRAPHIC = /.(?:[^\n\u2018-\u201f\u00ab\u00bb]*[\u2018-\u201f\u00ab\u00bb])?/y

/** Characters; a longer variable is one that is not closed. */
const MAX_VARIABLE = 2 ** 16

export class Lexer {
  readonly source: Source
  readonly #text: string
  readonly #faults: FaultList
  #offset = 0
  /** Not behind #offset; moved only forward, so that all positions together cost one walk. */
  #mark: SourcePosition
  #unclosedTexts = 0
  #toldOfComments = false

  constructor(source: Source, faults: FaultList) {
    this.source = source
    this.#text = source.text
    this.#faults = faults
    this.#mark = source.start
  }

  /** Something that never ends took the rest of the file: what is missing behind it says nothing. */
  isCutShort = false

  next(): Token {
    for (;;) {
      const isFirst = this.#skipBlanks() || this.#offset === 0
      if (this.#offset >= this.#text.length) return this.#token('end', '', this.#offset, isFirst)
      const token = this.#read(isFirst)
      if (token) {
        this.#offset = token.end
        return token
      }
    }
  }

  /** Reads on at another place. */
  moveTo(to: SourcePosition): void {
    this.#offset = to.offset
    this.#mark = to
  }

  /** What this sticky expression finds, blanks before it skipped. */
  match(pattern: RegExp): { found: RegExpExecArray; at: SourcePosition } | undefined {
    this.#offset += this.#lengthOf(/[ \t]*/y, this.#offset)
    pattern.lastIndex = this.#offset
    const found = pattern.exec(this.#text)
    if (!found) return undefined
    const at = this.#here()
    this.#offset += found[0].length
    return { found, at }
  }

  #here(): SourcePosition {
    this.#mark = this.#mark.forward(this.#offset)
    return this.#mark
  }

  #lengthOf(pattern: RegExp, at: number): number {
    pattern.lastIndex = at
    return pattern.exec(this.#text)?.[0].length ?? 0
  }

  #token(kind: Token['kind'], text: string, end: number, isFirst: boolean, value = Number.NaN): Token {
    return { kind, text, value, at: this.#here(), end, isFirst }
  }

  /** True when a line ended. */
  #skipBlanks(): boolean {
    const from = this.#offset
    for (;;) {
      this.#offset += this.#lengthOf(BLANK, this.#offset)
      const continued = this.#lengthOf(CONTINUATION, this.#offset)
      this.#offset += continued
      if (this.#text.startsWith('#', this.#offset)) this.#skipComment()
      else if (this.#text.startsWith('/*', this.#offset)) this.#skipBlockComment()
      else if (continued === 0) break
    }
    return this.#text.slice(from, this.#offset).includes('\n')
  }

  #skipComment(): void {
    const newline = this.#text.indexOf('\n', this.#offset)
    const end = newline < 0 ? this.#text.length : newline
    if (this.#text.startsWith('#!', this.#offset))
      refuseKamailioComment(this.#faults, this.#here(), this.#text.slice(this.#offset, end))
    this.#leaveComment(end)
  }

  #skipBlockComment(): void {
    const end = this.#text.indexOf('*/', this.#offset + 2)
    if (end < 0) {
      this.#faults.error(this.#here(), 'the comment that begins here is never closed', 'end it with `*/`')
      this.isCutShort = true
    }
    this.#leaveComment(end < 0 ? this.#text.length : end + 2)
  }

  #leaveComment(end: number): void {
    if (this.source.hasBadCharacters && !this.#toldOfComments) {
      const bad = this.#badWithin(end)
      if (bad) this.#faults.warning(bad.at, `a comment has ${bad.what}`, 'save the file as UTF-8')
      this.#toldOfComments = bad !== undefined
    }
    this.#offset = end
  }

  /** Of what stands before `end`. */
  #badWithin(end: number): { at: SourcePosition; what: string } | undefined {
    const index = this.#text.slice(this.#offset, end).search(BAD_CHARACTER)
    if (index < 0) return undefined
    const from = this.#offset + index
    return { at: this.#here().forward(from), what: nameOfBad(this.#text.charAt(from)) }
  }

  #read(isFirst: boolean): Token | undefined {
    const character = this.#text.charAt(this.#offset)
    if (character === '"' || character === "'") return this.#quoted(character, isFirst)
    if (character === '$') return this.#variable(isFirst)
    if (this.#text.startsWith('//', this.#offset)) return this.#slashes()
    const address = ADDRESS_BEGINS.test(character) ? this.#address(isFirst) : undefined
    return address ?? this.#number(isFirst) ?? this.#word(isFirst) ?? this.#strange(isFirst)
  }

  #word(isFirst: boolean): Token | undefined {
    for (const [kind, pattern] of [
      ['word', WORD],
      ['sign', SIGN],
    ] as const) {
      const end = this.#offset + this.#lengthOf(pattern, this.#offset)
      if (end > this.#offset) return this.#token(kind, this.#text.slice(this.#offset, end), end, isFirst)
    }
    return undefined
  }

  #address(isFirst: boolean): Token | undefined {
    let length = this.#lengthOf(IPV4, this.#offset)
    if (length === 0) {
      length = this.#lengthOf(IPV6, this.#offset)
      if (length === 0 || !isIPv6(this.#text.slice(this.#offset, this.#offset + length))) return undefined
    }
    const end = this.#offset + length
    return this.#token('address', this.#text.slice(this.#offset, end), end, isFirst)
  }

  #number(isFirst: boolean): Token | undefined {
    const end = this.#offset + this.#lengthOf(NUMBER, this.#offset)
    if (end === this.#offset) return undefined
    const text = this.#text.slice(this.#offset, end)
    const rest = this.#lengthOf(/(?:\.[0-9]+)?\w*/y, end)
    const isOctal = /^0[0-9]/.test(text)
    const value = isOctal ? Number.parseInt(text, 8) : Number(text)
    const token = this.#token('number', text, end + rest, isFirst, value)
    if (this.#text.charAt(end) === '.' && rest > 0) {
      const all = quoted(this.#text.slice(this.#offset, end + rest))
      this.#faults.error(token.at, `${all} is no whole number`, 'write a whole number, or a text in quotes')
    } else if (rest > 0) {
      const all = quoted(this.#text.slice(this.#offset, end + rest))
      this.#faults.error(
        token.at,
        `${all} is neither a number nor a name`,
        'begin a name with a letter, and write a text in quotes',
      )
    } else if (isOctal && /[89]/.test(text)) {
      this.#faults.error(token.at, `${quoted(text)} begins with 0 and is no octal number`, 'leave the 0 out')
    } else if (value > Number.MAX_SAFE_INTEGER) {
      this.#faults.error(
        token.at,
        `${quoted(text)} is too large for a number`,
        `write at most ${Number.MAX_SAFE_INTEGER}, or a text in quotes`,
      )
    }
    return token
  }

  #quoted(quote: string, isFirst: boolean): Token {
    const begin = this.#offset + 1
    const close = quote === '"' ? closingQuote(this.#text, begin) : this.#text.indexOf("'", begin)
    if (close < 0) return this.#unclosedText(quote, isFirst)
    const bad = this.source.hasBadCharacters ? this.#badWithin(close) : undefined
    if (bad) this.#faults.error(bad.at, `a text has ${bad.what}`, 'save the file as UTF-8')
    const raw = this.#text.slice(begin, close)
    return this.#token('text', quote === '"' ? undoEscapes(raw) : raw, close + 1, isFirst)
  }

  /** It is taken to end with its line, but not for ever: each further one costs another look at the whole file. */
  #unclosedText(quote: string, isFirst: boolean): Token {
    this.#faults.error(this.#here(), 'the text that begins here is never closed', `end it with \`${quote}\``)
    this.isCutShort = true
    const newline = this.#text.indexOf('\n', this.#offset)
    const end = newline < 0 || ++this.#unclosedTexts > 3 ? this.#text.length : newline
    return this.#token('text', this.#text.slice(this.#offset + 1, end), end, isFirst)
  }

  #variable(isFirst: boolean): Token | undefined {
    const nameEnd = this.#offset + 1 + this.#lengthOf(VARIABLE_NAME, this.#offset + 1)
    const isOpen = this.#text.startsWith('(', nameEnd)
    if (nameEnd === this.#offset + 1 && !isOpen) return this.#loneDollar(isFirst)
    const end = isOpen ? closingParenthesis(this.#text, nameEnd) : nameEnd
    if (end < 0) return this.#unclosedVariable(nameEnd + 1, isFirst)
    const bad = this.source.hasBadCharacters ? this.#badWithin(end) : undefined
    if (bad) this.#faults.error(bad.at, `a variable has ${bad.what}`, 'save the file as UTF-8')
    return this.#token('variable', this.#text.slice(this.#offset, end), end, isFirst)
  }

  /** It is read as if its parenthesis were closed after the name in it. */
  #unclosedVariable(inner: number, isFirst: boolean): Token {
    const end = inner + this.#lengthOf(SIMPLE_INNER, inner)
    const text = this.#text.slice(this.#offset, end)
    this.#faults.error(
      this.#here(),
      `the variable ${quoted(text)} is never closed`,
      `write ${quoted(`${text})`)}`,
    )
    return this.#token('variable', `${text})`, end, isFirst)
  }

  #loneDollar(isFirst: boolean): Token {
    const token = this.#token('variable', '$', this.#offset + 1, isFirst)
    this.#faults.error(token.at, 'this `$` begins no variable', 'write a name after it: `$var(name)`, `$ru`')
    return token
  }

  #slashes(): undefined {
    this.#faults.error(this.#here(), 'found `//`, which begins no comment here', 'begin a comment with `#`')
    const newline = this.#text.indexOf('\n', this.#offset)
    this.#offset = newline < 0 ? this.#text.length : newline
  }

  #strange(isFirst: boolean): Token | undefined {
    const at = this.#here()
    if (this.#text.charAt(this.#offset) === '@') refuseKamailio(this.#faults, at, '`@`')
    const length = this.#lengthOf(STRANGE, this.#offset)
    if (length === 0) return this.#badCharacters(at)
    const text = this.#text.slice(this.#offset, this.#offset + length)
    if (TYPOGRAPHIC.test(text)) return this.#typographic(at, isFirst)
    this.#noteStrange(at, text)
    this.#offset += length
    return undefined
  }

  #noteStrange(at: SourcePosition, text: string): void {
    if (STRANGE_BLANK.test(text)) {
      this.#faults.error(at, `found the blank ${codeOf(text)}`, 'write a plain blank')
    } else {
      const what = `found ${quoted(text)}, which means nothing in a script`
      this.#faults.error(at, what, 'take it out, or put it in quotes')
    }
  }

  /** What an editor for letters made of a text in quotes. */
  #typographic(at: SourcePosition, isFirst: boolean): Token {
    this.#faults.error(
      at,
      `found ${quoted(this.#text.charAt(this.#offset))} for a quote`,
      'write straight quotes: `"`',
    )
    const end = this.#offset + this.#lengthOf(IN_TYPOGRAPHIC, this.#offset)
    return this.#token('text', this.#text.slice(this.#offset, end), end, isFirst)
  }

  #badCharacters(at: SourcePosition): undefined {
    const what = nameOfBad(this.#text.charAt(this.#offset))
    this.#faults.error(at, `found ${what}`, 'save the file as UTF-8 text')
    this.#offset += Math.max(1, this.#lengthOf(BAD_HERE, this.#offset))
  }
}

/** `U+00A0` */
const codeOf = (text: string) => `U+${text.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`

const nameOfBad = (character: string) =>
  character === '\0' ? 'a NUL character' : 'octets that are not UTF-8'

/**
 * Offset behind the parenthesis that closes the one that begins here; quotes mean nothing. -1 when there is none, or
 * none near enough, or none before the line ends and other statements seem to follow.
 */
function closingParenthesis(text: string, from: number): number {
  let depth = 0
  let isFirstLine = true
  const to = Math.min(text.length, from + MAX_VARIABLE)
  for (let i = from; i < to; i++) {
    const character = text.charAt(i)
    if (character === '(') depth++
    else if (character === ')' && --depth === 0) return i + 1
    else if (character === '\n') isFirstLine = false
    else if (!isFirstLine && /[;{}"]/.test(character)) return -1
  }
  return -1
}
