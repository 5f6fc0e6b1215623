// {re.subst,/expression/replacement/flags}: the delimiter is whatever comes first.

import { RE2JS } from 're2js'
import { compileExpression } from './regex.js'

export interface Substitution {
  expression: RE2JS
  /** Texts, and the numbers of groups. */
  replacement: readonly (string | number)[]
  isGlobal: boolean
}

/** Throws an Error whose message says what is wrong. */
export function compileSubstitution(written: string): Substitution {
  const [expression, replacement, flags, ...more] = partsOf(written)
  if (!expression || replacement === undefined || flags === undefined || more.length > 0) {
    throw new Error(`"${written}" is no substitution: write it like /expression/replacement/`)
  }
  const unknown = /[^igs]/.exec(flags)
  if (unknown) throw new Error(`"${written}" has the flag ${unknown[0]}: flags are i, g and s`)
  const bits =
    (flags.includes('i') ? RE2JS.CASE_INSENSITIVE : 0) |
    (flags.includes('s') ? RE2JS.DOTALL : RE2JS.MULTILINE)
  return {
    expression: compileExpression(expression, bits),
    replacement: replacementParts(replacement),
    isGlobal: flags.includes('g'),
  }
}

/** What stands between the delimiters; one behind a backslash is a character like any other. */
function partsOf(written: string): string[] {
  const delimiter = written[0] ?? ''
  const parts: string[] = []
  let part = ''
  for (let at = 1; at < written.length; at++) {
    if (written[at] === delimiter) {
      parts.push(part)
      part = ''
    } else if (written[at] === '\\') {
      const next = written[++at] ?? ''
      part += next === delimiter ? next : `\\${next}`
    } else part += written[at]
  }
  return [...parts, part]
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

const KEPT = 256
const cache = new Map<string, Substitution>()

/** Of a substitution that is known while messages come; the last ones are kept. Throws as compileSubstitution(). */
export function substitutionFor(written: string): Substitution {
  let made = cache.get(written)
  if (!made) {
    made = compileSubstitution(written)
    if (cache.size >= KEPT) cache.clear()
    cache.set(written, made)
  }
  return made
}
