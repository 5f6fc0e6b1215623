// Statements and blocks. Behind a fault reading goes on with the next statement.

import { nearest } from '../options/suggest.js'
import type { For, If, Statement, Switch, Variable, While } from './ast.js'
import { call } from './parser-calls.js'
import { condition } from './parser-expressions.js'
import { assignment, endOfStatement, plainJump, returnStatement } from './parser-simple.js'
import { isAssignment, type Reader } from './reader.js'
import { quoted } from './source.js'
import { after, isSign, named, type Token } from './token.js'

/** The tree of a longer chain would be too deep for who walks through it. */
const MAX_BRANCHES = 1000
const ELSE_IF = new Set(['elseif', 'elsif', 'elif', 'elseIf', 'ElseIf'])
export const ROUTE_KINDS = new Set([
  'route',
  'onreply_route',
  'timer_route',
  'event_route',
  'startup_route',
  'error_route',
  'local_route',
  'failure_route',
  'branch_route',
])

type Parse = (p: Reader) => Statement | undefined

const KEYWORDS = new Map<string, Parse>([
  ['if', ifStatement],
  ['while', whileStatement],
  ['for', forStatement],
  ['switch', switchStatement],
  ['exit', plainJump],
  ['drop', plainJump],
  ['break', plainJump],
  ['return', returnStatement],
  ['else', strayElse],
  ['case', strayLabel],
  ['default', strayLabel],
])

/** `{`, statements, `}` */
export function block(p: Reader, what: string): Statement[] {
  const open = p.peek()
  p.expect('{', what, 'begin its statements with `{`')
  const body = statements(p, open, () => false)
  p.accept('}')
  return body
}

/** Up to a `}`, or to what the caller knows. */
function statements(p: Reader, open: Token, isEnd: () => boolean): Statement[] {
  const found: Statement[] = []
  while (!p.isSign('}') && !isEnd()) {
    if (p.peek().kind === 'end' || isRouteAhead(p)) {
      p.noteUnclosed(open)
      break
    }
    const before = p.taken
    const one = p.attempt(
      () => statement(p),
      () => p.skipStatement(),
    )
    if (one) found.push(one)
    if (p.taken === before) p.next()
  }
  return found
}

/** `route` and its like with a name or a block: a `}` is missing before. */
function isRouteAhead(p: Reader): boolean {
  const { kind, text } = p.peek()
  return kind === 'word' && ROUTE_KINDS.has(text) && (p.isSign('{', 1) || p.isSign('[', 1))
}

/** undefined for an empty one, and for one that is wrong as a whole. */
function statement(p: Reader): Statement | undefined {
  const token = p.peek()
  if (p.accept(';')) return undefined
  if (isSign(token, '{')) return inner(p)
  if (token.kind === 'variable') return assignment(p)
  if (token.kind !== 'word') return unexpectedStatement(p)
  const keyword = KEYWORDS.get(token.text) ?? inWrongCase(p, token)
  if (keyword) return keyword(p)
  if (token.text === 'modparam' || token.text === 'loadmodule') return declaration(p)
  return p.isSign('(', 1) ? callStatement(p) : bareName(p)
}

function inner(p: Reader): Statement | undefined {
  const { at } = p.peek()
  if (skipTooDeep(p)) return undefined
  return { type: 'block', at, body: p.deeper(() => block(p, '')) }
}

/** A block that is one too many: told and left out. */
function skipTooDeep(p: Reader): boolean {
  if (!p.isTooDeep) return false
  p.attempt(
    () => p.deeper(() => undefined),
    () => p.skipBlock(),
  )
  return true
}

function declaration(p: Reader): undefined {
  const { at, text } = p.next()
  p.note(at, `found \`${text}\` in a route`, 'put it before the routes')
  if (p.accept('(')) p.skipToParenthesis()
  else if (p.peek().kind === 'text') p.next()
  p.accept(';')
}

function inWrongCase(p: Reader, { at, text }: Token): Parse | undefined {
  const lower = text.toLowerCase()
  const keyword = text === lower ? undefined : KEYWORDS.get(lower)
  if (keyword) p.note(at, `found ${quoted(text)}, and keywords are in lower case`, `write \`${lower}\``)
  return keyword
}

function unexpectedStatement(p: Reader): never {
  const { kind, at } = p.peek()
  if (kind === 'number' || kind === 'text' || kind === 'address') {
    p.fail(
      at,
      `a statement cannot begin with ${named(p.peek())}`,
      'begin it with a variable, a call or a keyword',
    )
  }
  return p.fail(at, `expected a statement, found ${named(p.peek())}`, 'take it out')
}

function bareName(p: Reader): never {
  const { at, text } = p.next()
  const found = p.peek()
  if (isAssignment(found)) {
    p.fail(
      at,
      `found ${quoted(text)} before \`${found.text}\`, and it is no variable`,
      `write ${quoted(`$var(${text})`)}`,
    )
  }
  const keyword = nearest(text, [...KEYWORDS.keys()])
  if (keyword && (found.kind === 'variable' || isSign(found, '{'))) {
    p.fail(at, `${quoted(text)} is no keyword`, `write \`${keyword}\``)
  }
  p.fail(
    at,
    `bare word ${quoted(text)} found, calls need ()`,
    `write ${quoted(`${text}(${isSign(found, ';') ? '' : '...'})`)}`,
  )
}

function callStatement(p: Reader): Statement | undefined {
  const { text } = p.peek()
  const made = call(p)
  const keyword = p.isSign('{') ? nearest(text, [...KEYWORDS.keys()]) : undefined
  if (keyword) {
    p.note(made.at, `${quoted(text)} is no keyword`, `write \`${keyword}\``)
    p.skipBlock()
    return undefined
  }
  endOfStatement(p, `the call of ${quoted(text)}`)
  return made
}

/** A block, or one statement. */
function body(p: Reader, keyword: string): readonly Statement[] {
  if (p.isSign('{')) {
    const one = inner(p)
    return one?.type === 'block' ? one.body : []
  }
  const one = p.attempt(
    () => {
      if (p.isSign('}') || p.peek().kind === 'end' || p.isWord('else') || isRouteAhead(p)) {
        p.unexpected(`a statement or a block after \`${keyword}\``, 'write `{ }` when there is nothing to do')
      }
      return p.deeper(() => statement(p))
    },
    () => p.skipStatement(),
  )
  return one ? [one] : []
}

/** A chain of `else if` is read in a loop: it is not deep for who writes it. */
function ifStatement(p: Reader): Statement {
  const branches: Pick<If, 'at' | 'condition' | 'then'>[] = []
  let otherwise: readonly Statement[] = []
  for (;;) {
    const { at } = p.next()
    if (branches.length >= MAX_BRANCHES)
      p.fail(at, `found more than ${MAX_BRANCHES} branches of one \`if\``, 'write a `switch`')
    const tested = condition(p, 'if')
    // biome-ignore lint/suspicious/noThenProperty: nobody awaits a tree
    branches.push({ at, condition: tested, then: body(p, 'if') })
    if (!takeElse(p)) break
    if (p.isWord('if') || ELSE_IF.has(p.peek().text)) continue
    otherwise = body(p, 'else')
    break
  }
  const last = branches.length - 1
  let made: If = { type: 'if', ...(branches[last] as (typeof branches)[0]), otherwise }
  for (let i = last - 1; i >= 0; i--) {
    made = { type: 'if', ...(branches[i] as (typeof branches)[0]), otherwise: [made] }
  }
  return made
}

/** `else`, or `elseif` and its like, which are left to be the `if` after it. */
function takeElse(p: Reader): boolean {
  const token = p.peek()
  const { kind, at, text } = token
  if (kind !== 'word') return false
  if (ELSE_IF.has(text)) {
    p.note(at, `found ${quoted(text)}`, 'write `else if`')
    return true
  }
  if (text.toLowerCase() !== 'else') return false
  if (text !== 'else') p.note(at, `found ${quoted(text)}, and keywords are in lower case`, 'write `else`')
  p.next()
  return true
}

function whileStatement(p: Reader): While {
  const { at } = p.next()
  return { type: 'while', at, condition: condition(p, 'while'), body: body(p, 'while') }
}

const FOR_CURE = 'write `for ($var(x) in $(avp(y)[*]))`'
const SWITCH_CURE = 'write `switch ($var(x)) { case "a": ... }`'

function forStatement(p: Reader): Statement | undefined {
  const { at } = p.next()
  p.expect('(', 'after `for`', FOR_CURE)
  const head = p.attempt(
    () => forHead(p),
    () => p.skipHead(),
  )
  const inside = body(p, 'for')
  return head && { type: 'for', at, ...head, body: inside }
}

function forHead(p: Reader): Pick<For, 'each' | 'of'> {
  const each = variable(p, 'the variable of `for`', FOR_CURE)
  if (!p.isWord('in')) p.unexpected('`in` after the variable of `for`', FOR_CURE)
  p.next()
  const of = variable(p, 'the values of `for`', FOR_CURE)
  p.expect(')', 'after the values of `for`', FOR_CURE)
  return { each, of }
}

function variable(p: Reader, what: string, cure: string): Variable {
  if (p.peek().kind !== 'variable') p.unexpected(what, cure)
  return p.takeVariable()
}

function switchStatement(p: Reader): Statement | undefined {
  const { at } = p.next()
  p.expect('(', 'after `switch`', SWITCH_CURE)
  const subject = p.attempt(
    () => switchHead(p),
    () => p.skipHead(),
  )
  const open = p.peek()
  if (p.isSign('{') && skipTooDeep(p)) return undefined
  p.expect('{', 'before the cases of `switch`', SWITCH_CURE)
  const inside = p.deeper(() => cases(p, open))
  return subject && { type: 'switch', at, subject, ...inside }
}

function switchHead(p: Reader): Variable {
  const subject = variable(p, 'the variable of `switch`', SWITCH_CURE)
  p.expect(')', 'after the variable of `switch`', SWITCH_CURE)
  return subject
}

const isLabel = (p: Reader) => p.isWord('case') || p.isWord('default')

function cases(p: Reader, open: Token): Pick<Switch, 'cases' | 'otherwise'> {
  const found: Switch['cases'][number][] = []
  let otherwise: Statement[] | undefined
  beforeCases(p, open)
  while (isLabel(p)) {
    const { at, text } = p.next()
    if (text === 'default') {
      if (otherwise) p.note(at, 'found a second `default` in one `switch`', 'join the two')
      endOfLabel(p, 'after `default`')
      otherwise = statements(p, open, () => isLabel(p))
    } else {
      const label = caseLabel(p)
      found.push({ at, label, body: statements(p, open, () => isLabel(p)) })
    }
  }
  p.accept('}')
  return { cases: found, otherwise }
}

/** Nothing can stand there but `;`. */
function beforeCases(p: Reader, open: Token): void {
  while (p.accept(';'));
  if (isLabel(p) || p.isSign('}')) return
  p.noteMissing('`case` or `default` in `switch`', 'put each statement behind a `case`', p.peek().at)
  statements(p, open, () => isLabel(p))
}

function caseLabel(p: Reader): string | number {
  const isNegative = p.accept('-')
  const token = p.peek()
  const { kind, at, text } = token
  if (kind !== 'number' && (kind !== 'text' || isNegative)) {
    if (kind !== 'word') {
      p.noteMissing('a text or a number after `case`', 'write `case "a":` or `case 1:`')
      while (
        !p.isSign(':') &&
        !p.isSign('}') &&
        !p.isSign(';') &&
        p.peek().kind !== 'end' &&
        !p.peek().isFirst
      )
        p.next()
      p.accept(':')
      return ''
    }
    p.note(at, `the label ${quoted(text)} has no quotes`, `write ${quoted(`case "${text}":`)}`)
  }
  p.next()
  endOfLabel(p, 'after the label of `case`')
  return kind === 'number' ? (isNegative ? -token.value : token.value) : text
}

function endOfLabel(p: Reader, where: string): void {
  if (!p.accept(':')) p.noteMissing(`\`:\` ${where}`, 'write `:`', after(p.previous))
}

function strayElse(p: Reader): Statement | undefined {
  const isBehindSemicolon = isSign(p.previous, ';')
  const cure = isBehindSemicolon ? 'take out the `;` before it' : 'begin with `if`'
  p.note(p.next().at, 'found `else` without an `if` before it', cure)
  return p.peek().kind === 'end' || p.isSign('}') ? undefined : p.deeper(() => statement(p))
}

/** What follows is read as if the label were not there. */
function strayLabel(p: Reader): undefined {
  const { at, text } = p.next()
  p.note(at, `found \`${text}\` outside of \`switch\``, 'put it right inside of the block of a `switch`')
  while (!p.isSign(':') && !p.peek().isFirst && !/^[;{}]$/.test(p.peek().text) && p.peek().kind !== 'end')
    p.next()
  p.accept(':')
}

export const isKeyword = ({ kind, text }: Token): boolean => kind === 'word' && KEYWORDS.has(text)
