// Variables and texts with variables in them: `$name(inner)`, `$(name(inner)[index]{class.name,argument}{...})`. Knows
// their form and nothing of their names.

import type { Fault } from '../errors.js'
import type { Format, Position, Transformation, Variable } from './ast.js'
import { type Origin, plainOrigin, textOrigin } from './escapes.js'
import { quoted, scriptFault } from './source.js'

/** Variables in the parentheses of others. */
const MAX_DEPTH = 200
/** More about one text would say nothing new. */
const MAX_FAULTS = 20
/** Characters of one variable: a longer one is not closed. */
const MAX_LENGTH = 2 ** 16
const NAME = /[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*/y
const CONTEXT = /<\w+>/y
const INTEGER = /^-?[0-9]{1,15}$/
/** `s.select`, `s.escape.common` */
const TRANSFORMATION = /^([A-Za-z][A-Za-z0-9]*)\.([A-Za-z][A-Za-z0-9_.]*)$/
/** Of these the last argument takes the rest, commas included: a separator may be one, and an expression may have some. */
const LAST_TAKES_ALL: Record<string, number> = { 's.select': 2, 're.subst': 1 }
const CLOSING: Record<string, string> = { '(': ')', '[': ']', '{': '}' }

export type Report = (at: Position, what: string, cure: string) => void

/** Ends the reading of one variable; it was reported. */
class BadVariable extends Error {}

/** The text of an argument or a message, as functions that expand their strings take it. */
export function parseFormat(text: string, at: Position, faults: Fault[]): Format {
  const report: Report = (...fault) => faults.push(scriptFault(fault[0], 'error', fault[1], fault[2]))
  return new FormatReader(text, textOrigin(text, at), report).format(0, text.length)
}

/** A text that is one variable and nothing else: `"$var(x)"`, the old way to say where a result goes. */
export function parseVariable(text: string, at: Position, faults: Fault[] = []): Variable | undefined {
  if (!text.startsWith('$') || text.startsWith('$$')) return undefined
  const format = parseFormat(text, at, faults)
  const [only] = format
  return format.length === 1 && typeof only === 'object' ? only : undefined
}

/** A variable outside of quotes; undefined when it was reported. */
export function parseBareVariable(text: string, at: Position, report: Report): Variable | undefined {
  const format = new FormatReader(text, plainOrigin(text, at), report).format(0, text.length)
  const [only] = format
  return format.length === 1 && typeof only === 'object' ? only : undefined
}

class FormatReader {
  readonly #text: string
  readonly #origin: Origin
  readonly #report: Report
  #depth = 0
  #faults = 0

  constructor(text: string, origin: Origin, report: Report) {
    this.#text = text
    this.#origin = origin
    this.#report = report
  }

  format(from: number, to: number): Format {
    const parts: (string | Variable)[] = []
    let text = ''
    let at = from
    for (
      let dollar = this.#dollar(at, to);
      dollar >= 0 && this.#faults < MAX_FAULTS;
      dollar = this.#dollar(at, to)
    ) {
      text += this.#text.slice(at, dollar)
      if (this.#text.charAt(dollar + 1) === '$' && dollar + 1 < to) {
        text += '$'
        at = dollar + 2
        continue
      }
      const { variable, end } = this.#variable(dollar, to)
      at = end
      if (!variable) continue
      if (text !== '') parts.push(text)
      text = ''
      parts.push(variable)
    }
    text += this.#text.slice(at, to)
    if (text !== '') parts.push(text)
    return parts
  }

  #dollar(from: number, to: number): number {
    const dollar = this.#text.indexOf('$', from)
    return dollar < to ? dollar : -1
  }

  /** Behind a bad one reading goes on where it cannot begin again. */
  #variable(from: number, to: number): { variable?: Variable; end: number } {
    try {
      if (++this.#depth > MAX_DEPTH)
        this.#bad(from, `variables stand more than ${MAX_DEPTH} deep in each other`, 'use fewer')
      return this.#text.charAt(from + 1) === '(' ? this.#enclosed(from, to) : this.#simple(from, to)
    } catch (error) {
      if (!(error instanceof BadVariable)) throw error
      const close = this.#text.charAt(from + 1) === '(' ? this.#closing(from + 1, to) : -1
      return { end: close < 0 ? Math.max(from + 1, this.#nameEnd(from + 1, to)) : close + 1 }
    } finally {
      this.#depth--
    }
  }

  /** `$name`, `$name(inner)` */
  #simple(from: number, to: number): { variable: Variable; end: number } {
    const at = this.#origin(from)
    const { name, inner, end } = this.#nameAndInner(from, from + 1, to)
    const source = this.#text.slice(from, end)
    return {
      variable: { type: 'variable', at, name, inner, index: undefined, transformations: [], source },
      end,
    }
  }

  /** `$(name(inner)[index]{transformation}...)` */
  #enclosed(from: number, to: number): { variable: Variable; end: number } {
    const at = this.#origin(from)
    const close = this.#closing(from + 1, to)
    if (close < 0) this.#bad(from, 'the variable `$(` is never closed', 'write `$(NAME)`')
    const begin = this.#skipBlanks(from + 2, close)
    this.#refuseContext(begin)
    const { name, inner, end } = this.#nameAndInner(from, begin, close)
    let next = this.#skipBlanks(end, close)
    let index: Variable['index']
    if (this.#text.charAt(next) === '[') {
      const bracket = this.#closingOrBad(next, close)
      index = this.#index(next + 1, bracket)
      next = this.#skipBlanks(bracket + 1, close)
    }
    const transformations: Transformation[] = []
    while (next < close && this.#text.charAt(next) === '{') {
      const brace = this.#closingOrBad(next, close)
      transformations.push(this.#transformation(next + 1, brace))
      next = this.#skipBlanks(brace + 1, close)
    }
    if (next < close) this.#unexpected(next, close)
    const source = this.#text.slice(from, close + 1)
    return { variable: { type: 'variable', at, name, inner, index, transformations, source }, end: close + 1 }
  }

  #unexpected(at: number, close: number): never {
    const found = quoted(this.#text.slice(at, close))
    this.#bad(
      at,
      `expected \`[INDEX]\`, \`{TRANSFORMATION}\` or \`)\` in a variable, found ${found}`,
      'write `$(NAME(x)[0]{s.len})`',
    )
  }

  /** `$(<reply>rs)` */
  #refuseContext(at: number): void {
    CONTEXT.lastIndex = at
    const context = CONTEXT.exec(this.#text)?.[0]
    if (context) this.#bad(at, `found ${quoted(context)}, and there is only one message here`, 'take it out')
  }

  #nameAndInner(
    from: number,
    begin: number,
    to: number,
  ): { name: string; inner: Format | undefined; end: number } {
    const nameEnd = this.#nameEnd(begin, to)
    if (nameEnd === begin) {
      const cure =
        begin === from + 1 ? 'write `$$` for the character itself, or a name after it' : 'write `$(NAME)`'
      this.#bad(from, 'this `$` begins no variable', cure)
    }
    const name = this.#text.slice(begin, nameEnd)
    if (nameEnd >= to || this.#text.charAt(nameEnd) !== '(') return { name, inner: undefined, end: nameEnd }
    const close = this.#closing(nameEnd, to)
    if (close < 0) {
      this.#bad(from, `the variable ${quoted(`$${name}(`)} is never closed`, `write ${quoted(`$${name}(x)`)}`)
    }
    return { name, inner: this.format(nameEnd + 1, close), end: close + 1 }
  }

  #nameEnd(from: number, to: number): number {
    NAME.lastIndex = from
    const length = NAME.exec(this.#text)?.[0].length ?? 0
    return Math.min(from + length, to)
  }

  #index(from: number, to: number): Variable['index'] {
    const text = this.#text.slice(from, to).trim()
    if (text === '*') return '*'
    if (INTEGER.test(text)) return Number(text)
    const begin = this.#skipBlanks(from, to)
    if (text.startsWith('$')) {
      const { variable, end } = this.#variable(begin, to)
      if (!variable) throw new BadVariable()
      if (this.#skipBlanks(end, to) === to) return variable
    }
    this.#bad(
      begin,
      `expected a number, \`*\` or a variable as index, found ${quoted(text)}`,
      'write `[0]`, `[-1]` or `[*]`',
    )
  }

  #transformation(from: number, to: number): Transformation {
    const begin = this.#skipBlanks(from, to)
    const at = this.#origin(begin)
    const comma = this.#comma(begin, to)
    const full = this.#text.slice(begin, comma).trim()
    const [, kind = '', name = ''] = TRANSFORMATION.exec(full) ?? []
    if (name === '') {
      this.#bad(
        begin,
        `expected a transformation, found ${quoted(full)}`,
        'write `{CLASS.NAME}`, for example `{s.len}`',
      )
    }
    const most = LAST_TAKES_ALL[full] ?? Number.POSITIVE_INFINITY
    return { at, class: kind, name, arguments: comma < to ? this.#arguments(kind, comma + 1, to, most) : [] }
  }

  #arguments(kind: string, from: number, to: number, most: number): Format[] {
    const found: Format[] = []
    for (let at = from; ; ) {
      const end = found.length + 1 < most ? this.#comma(at, to) : to
      found.push(this.#argument(kind, at, end))
      if (end >= to) return found
      at = end + 1
    }
  }

  /** Either a variable or plain text, in which `$` means nothing: the end of a line in an expression. */
  #argument(kind: string, from: number, to: number): Format {
    const text = this.#text.slice(from, to)
    if (!text.startsWith('$') || this.#nameOrParenthesis(from + 1, to) === 0) return text === '' ? [] : [text]
    const { variable, end } = this.#variable(from, to)
    if (!variable) throw new BadVariable()
    if (end === to) return [variable]
    if (kind === 're') return [text]
    const found = quoted(this.#text.slice(end, to))
    this.#bad(
      end,
      `expected \`,\` or \`}\` after a variable, found ${found}`,
      'an argument is a variable or a text',
    )
  }

  #nameOrParenthesis(at: number, to: number): number {
    return at < to && this.#text.charAt(at) === '(' ? 1 : this.#nameEnd(at, to) - at
  }

  /** The next comma that stands in no bracket, or the end. */
  #comma(from: number, to: number): number {
    let depth = 0
    for (let i = from; i < to; i++) {
      const character = this.#text.charAt(i)
      if (character === '(' || character === '{') depth++
      else if (character === ')' || character === '}') depth--
      else if (character === ',' && depth <= 0) return i
    }
    return to
  }

  #closingOrBad(open: number, to: number): number {
    const close = this.#closing(open, to)
    const character = this.#text.charAt(open)
    if (close < 0)
      this.#bad(open, `this \`${character}\` is never closed`, `close it with \`${CLOSING[character]}\``)
    return close
  }

  /** Of the bracket that stands here: brackets of its kind are counted, everything else means nothing. */
  #closing(open: number, to: number): number {
    const opening = this.#text.charAt(open)
    const closing = CLOSING[opening]
    let depth = 0
    const end = Math.min(to, open + MAX_LENGTH)
    for (let i = open; i < end; i++) {
      const character = this.#text.charAt(i)
      if (character === opening) depth++
      else if (character === closing && --depth === 0) return i
    }
    return -1
  }

  #skipBlanks(from: number, to: number): number {
    let at = from
    while (at < to && /\s/.test(this.#text.charAt(at))) at++
    return at
  }

  #bad(at: number, what: string, cure: string): never {
    if (++this.#faults <= MAX_FAULTS) this.#report(this.#origin(at), what, cure)
    throw new BadVariable()
  }
}
