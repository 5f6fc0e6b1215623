// POSIX extended expressions as scripts write them, case ignored, unanchored, run by an engine whose time is linear in
// the text: what a message holds cannot stall the capture.

import { RE2JS } from 're2js'

export type Matches = (text: string) => boolean

/** Throws an Error whose message says what is wrong with the expression. */
export function compileRegex(posix: string): Matches {
  const literal = literalOf(posix)
  if (literal !== undefined) return (text) => upToNul(text).toLowerCase().includes(literal)
  const expression = compiled(posix, RE2JS.CASE_INSENSITIVE | RE2JS.DOTALL)
  return (text) => expression.test(upToNul(text))
}

const KEPT = 256
const cache = new Map<string, Matches>()

/** For expressions that come while messages do; the last ones are kept. Throws as compileRegex(). */
export function regexFor(posix: string): Matches {
  const known = cache.get(posix)
  if (known) return known
  const made = compileRegex(posix)
  if (cache.size >= KEPT) cache.delete(cache.keys().next().value!)
  cache.set(posix, made)
  return made
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

function compiled(posix: string, flags: number): RE2JS {
  const expression = translated(posix)
  try {
    return RE2JS.compile(expression, flags)
  } catch (error) {
    const why = (error as Error).message.replace(/^error parsing regexp: /, '').replace(/: `.*`$/s, '')
    throw new Error(`"${posix}" is no regular expression: ${why}`)
  }
}

/** What the engine means otherwise, or not at all. */
function translated(posix: string): string {
  let out = ''
  for (let at = 0; at < posix.length; ) {
    const end = posix[at] === '[' ? endOfBracket(posix, at) : at + (posix[at] === '\\' ? 2 : 1)
    const part = posix.slice(at, end)
    if (part[0] === '[' && part.length > 1) out += bracket(part)
    else out += part.length === 2 ? escapedLetter(part[1]!, posix) : part
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
  return Math.min(at + 1, posix.length)
}

/** In brackets a backslash is itself, unless it begins what every author means as a class. */
function bracket(part: string): string {
  const inner = part.slice(1, -1)
  const [negated, members] = inner[0] === '^' ? ['^', inner.slice(1)] : ['', inner]
  const first = members[0] === ']' ? '\\]' : ''
  const rest = members
    .slice(first === '' ? 0 : 1)
    .replace(/\\(?![dDwWsS])/g, '\\\\')
    .replace(/\[(?![:.=])/g, '\\[')
  return `[${negated}${first}${rest}]`
}

const CLASSES = 'dDwWsSbB'

function escapedLetter(letter: string, posix: string): string {
  if (letter === '<' || letter === '>') return '\\b'
  if (/[1-9]/.test(letter)) {
    throw new Error(
      `"${posix}" has the back-reference \\${letter}, which no expression in linear time can have`,
    )
  }
  return /[a-z]/i.test(letter) && !CLASSES.includes(letter) ? letter : `\\${letter}`
}

// {re.subst,/expression/replacement/flags}

export interface Substitution {
  expression: RE2JS
  /** Texts, and the numbers of groups. */
  replacement: (string | number)[]
  isGlobal: boolean
}

/** Throws an Error whose message says what is wrong. */
export function compileSubstitution(written: string): Substitution {
  const delimiter = written[0] ?? ''
  const parts =
    delimiter === '' ? [] : written.slice(1).split(new RegExp(`(?<!\\\\)[${escapedInSet(delimiter)}]`))
  const [expression, replacement, flags, ...more] = parts
  if (expression === undefined || replacement === undefined || flags === undefined || more.length > 0) {
    throw new Error(`"${written}" is no substitution: write it like /expression/replacement/`)
  }
  const unknown = /[^igs]/.exec(flags)
  if (unknown) throw new Error(`"${written}" has the flag ${unknown[0]}: flags are i, g and s`)
  const plain = expression.replaceAll(`\\${delimiter}`, delimiter)
  const bits =
    (flags.includes('i') ? RE2JS.CASE_INSENSITIVE : 0) |
    (flags.includes('s') ? RE2JS.DOTALL : RE2JS.MULTILINE)
  return {
    expression: compiled(plain, bits),
    replacement: replacementParts(replacement.replaceAll(`\\${delimiter}`, delimiter)),
    isGlobal: flags.includes('g'),
  }
}

function escapedInSet(character: string): string {
  return /[\\\]^-]/.test(character) ? `\\${character}` : character
}

function replacementParts(text: string): (string | number)[] {
  const parts = text.split(/(\\\d|\\\\)/).filter((part) => part !== '')
  return parts.map((part) => (part === '\\\\' ? '\\' : /^\\\d$/.test(part) ? Number(part[1]) : part))
}

/** The text unchanged when nothing matches. */
export function substitute({ expression, replacement, isGlobal }: Substitution, text: string): string {
  const matcher = expression.matcher(text)
  let out = ''
  let at = 0
  while (matcher.find()) {
    out += text.slice(at, matcher.start())
    for (const part of replacement) {
      out += typeof part === 'string' ? part : part <= matcher.groupCount() ? (matcher.group(part) ?? '') : ''
    }
    at = matcher.end()
    if (!isGlobal) break
  }
  return out + text.slice(at)
}
