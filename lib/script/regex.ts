// POSIX extended expressions as scripts write them, case ignored, unanchored, run by an engine whose time is linear in
// the text: what a message holds cannot stall the capture.

import { RE2JS } from 're2js'

export type Matches = (text: string) => boolean

/** Throws an Error whose message says what is wrong with the expression. */
export function compileRegex(posix: string): Matches {
  const literal = literalOf(posix)
  if (literal !== undefined) return (text) => upToNul(text).toLowerCase().includes(literal)
  const expression = compileExpression(posix, RE2JS.CASE_INSENSITIVE | RE2JS.DOTALL)
  return (text) => expression.test(upToNul(text))
}

const KEPT = 256
const cache = new Map<string, Matches | Error>()

/** For expressions that come while messages do: those used last are kept. Throws as compileRegex(), or for its size. */
export function regexFor(posix: string): Matches {
  const made = cache.get(posix) ?? attempt(posix)
  cache.delete(posix)
  cache.set(posix, made)
  if (cache.size > KEPT) cache.delete(cache.keys().next().value ?? '')
  if (made instanceof Error) throw made
  return made
}

function attempt(posix: string): Matches | Error {
  try {
    refuseHuge(posix)
    return compileRegex(posix)
  } catch (error) {
    return error as Error
  }
}

const MAX_LENGTH = 4096
const MAX_COUNT = 1000

/** Compiling takes as long as the expression is with its {counts} written out. */
function refuseHuge(posix: string): void {
  if (posix.length > MAX_LENGTH) throw new Error(`an expression of more than ${MAX_LENGTH} characters`)
  let sum = 0
  for (const [, least, most] of posix.matchAll(/\{(\d*),?(\d*)/g))
    sum += Math.max(Number(least), Number(most))
  if (sum > MAX_COUNT) throw new Error(`an expression with counts of more than ${MAX_COUNT} together`)
}

/** C's texts end at their first NUL. */
function upToNul(text: string): string {
  const nul = text.indexOf('\0')
  return nul < 0 ? text : text.slice(0, nul)
}

/** In lower case, when no character of it means anything and all are ASCII. */
function literalOf(posix: string): string | undefined {
  return /^[\w \-:;,@/<>="'!#%&~]+$/.test(posix) ? posix.toLowerCase() : undefined
}

/** With MULTILINE, a bracket that names what is not meant does not mean a line feed either. */
export function compileExpression(posix: string, flags: number): RE2JS {
  const expression = translated(posix, (flags & RE2JS.MULTILINE) !== 0)
  try {
    return RE2JS.compile(expression, flags)
  } catch (error) {
    const why = (error as Error).message.replace(/^error parsing regexp: /, '').replace(/: `.*`$/s, '')
    throw notRegular(posix, why)
  }
}

function notRegular(posix: string, why: string): Error {
  return new Error(`"${posix}" is no regular expression: ${why}`)
}

/** What the engine means otherwise, or not at all. */
function translated(posix: string, byLine: boolean): string {
  let out = ''
  for (let at = 0; at < posix.length; ) {
    const end = posix[at] === '[' ? endOfBracket(posix, at) : at + (posix[at] === '\\' ? 2 : 1)
    const part = posix.slice(at, end)
    if (part.length === 1) out += /^\{,\d/.test(posix.slice(at, at + 3)) ? '{0' : part
    else out += part[0] === '[' ? bracket(part, posix, byLine) : escaped(part.slice(1), posix)
    at = end
  }
  return out
}

/** Behind the bracket expression that begins here: `]` is a member when it comes first, as are `[:classes:]`. */
function endOfBracket(posix: string, open: number): number {
  let at = open + 1
  if (posix[at] === '^') at++
  if (posix[at] === ']') at++
  while (at < posix.length && posix[at] !== ']') {
    const named = /^\[([:.=]).*?\1\]/s.exec(posix.slice(at))
    at += named ? named[0].length : 1
  }
  if (at >= posix.length) throw notRegular(posix, 'missing closing ]')
  return at + 1
}

/** In brackets a backslash is itself, unless it begins what every author means as a class. */
function bracket(part: string, posix: string, byLine: boolean): string {
  const [, negation = '', first = '', rest = ''] = /^\[(\^?)(\]?)(.*)\]$/s.exec(part) ?? []
  const members = rest.replace(
    /\[([:.=])(.*?)\1\]|\\[dDwWsS]|[[\\]/gs,
    (whole, kind?: string, name?: string) => {
      if (kind === ':' || (whole.length === 2 && whole[0] === '\\')) return whole
      if (kind === undefined) return `\\${whole}`
      if (name?.length !== 1) throw notRegular(posix, `${whole} is no character`)
      return /\w/.test(name) ? name : `\\${name}`
    },
  )
  return `[${negation}${first && '\\]'}${members}${byLine && negation ? '\\n' : ''}]`
}

const CLASSES = 'dDwWsSbB'

/** The engine knows the two ends of a word as one boundary. */
function escaped(letter: string, posix: string): string {
  if (letter === '<' || letter === '>') return '\\b'
  if (/[1-9]/.test(letter)) {
    throw new Error(
      `"${posix}" has the back-reference \\${letter}, which no expression in linear time can have`,
    )
  }
  return /[a-z0]/i.test(letter) && !CLASSES.includes(letter) ? letter : `\\${letter}`
}
