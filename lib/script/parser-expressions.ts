// Conditions and values: operators of one level bind from left to right, as OpenSIPS has them.

import type { Arithmetic, Bareword, Compare, CompareOperator, Expression, Logical } from './ast.js'
import { call, number } from './parser-calls.js'
import type { Reader } from './reader.js'
import { quoted } from './source.js'
import { isSign, isWord, named, type Token } from './token.js'

/** More is a mistake of a generator, and would be too deep for who walks through the tree. */
const MAX_OPERATORS = 1000
const COMPARE = new Set(['==', '!=', '<', '>', '<=', '>=', '=~', '!~'])
const ARITHMETIC = new Set(['+', '-', '*', '/', '%'])
const BITS = new Set(['&', '|', '^', '<<', '>>'])
const BAREWORDS = new Set(['status', 'method', 'uri', 'src_ip', 'dst_ip', 'src_port', 'dst_port'])
/** Words of 1.x, and what says the same. */
const OLD_WORDS = new Map([
  ['msg', '$ml'],
  ['max_len', '$ml'],
  ['proto', '$proto'],
  ['af', '$af'],
  ['retcode', '$rc'],
  ['from_uri', '$fu'],
  ['to_uri', '$tu'],
])
const CONDITION = 'a variable or a call in a condition'

const isOf = (signs: ReadonlySet<string>, { kind, text }: Token) => kind === 'sign' && signs.has(text)
const isNull = (token: Token) => isWord(token, 'NULL') || isWord(token, 'null')

/** `(expression)` or, up to 2.x, an expression without parentheses; `keyword` is whose condition it is. */
export function condition(p: Reader, keyword: string): Expression {
  if (!p.isSign('(')) return expression(p)
  const open = p.next()
  const first = p.attempt(
    () => {
      const inner = expression(p)
      endOfCondition(p, keyword)
      return inner
    },
    () => p.skipToParenthesis(),
  ) ?? { type: 'null', at: open.at }
  const all = isLogical(p.peek()) ? expression(p, parenthesized(first)) : parenthesized(first)
  if (p.isSign(')')) {
    p.note(p.peek().at, 'found a `)` that closes nothing', `take it out of the condition of \`${keyword}\``)
    while (p.accept(')'));
  }
  return all
}

function endOfCondition(p: Reader, keyword: string): void {
  if (p.accept(')')) return
  const { kind, text } = p.previous
  const isSuspect = kind === 'variable' && /[=<>!&|]/.test(text)
  const cure = isSuspect
    ? `see where the \`(\` of ${quoted(text)} should be closed`
    : 'close the condition with `)`'
  const isBody = p.isSign('{') || p.isSign(';') || p.isNewStatement()
  p.noteMissing(`\`)\` after the condition of \`${keyword}\``, cure)
  if (!isBody) p.skipToParenthesis()
}

const parenthesized = (node: Expression): Expression =>
  node.type === 'logical' ? { ...node, parenthesized: true } : node

function isLogical({ kind, text }: Token): boolean {
  return kind === 'word' ? /^(?:and|or)$/i.test(text) : kind === 'sign' && (text === '&&' || text === '||')
}

export function expression(p: Reader, first?: Expression): Expression {
  let left = first ?? term(p)
  for (let operators = 0; isLogical(p.peek()); operators++) {
    const token = p.next()
    if (operators >= MAX_OPERATORS) tooMany(p, token)
    noteCase(p, token)
    const operator = /^(?:&&|and)$/i.test(token.text) ? 'and' : 'or'
    const made: Logical = {
      type: 'logical',
      at: token.at,
      operator,
      left,
      right: term(p),
      parenthesized: false,
    }
    left = made
  }
  return left
}

function tooMany(p: Reader, { at }: Token): never {
  return p.fail(at, `found more than ${MAX_OPERATORS} operators in one expression`, 'divide it')
}

function noteCase(p: Reader, { kind, at, text }: Token): void {
  if (kind === 'word' && text !== text.toLowerCase()) {
    p.note(at, `found ${quoted(text)}, and keywords are in lower case`, `write \`${text.toLowerCase()}\``)
  }
}

function term(p: Reader): Expression {
  const token = p.peek()
  if (
    isSign(token, '!') ||
    (token.kind === 'word' && /^not$/i.test(token.text) && !p.isSign('(', 1)) ||
    isWord(token, 'not')
  ) {
    noteCase(p, p.next())
    return { type: 'not', at: token.at, operand: p.deeper(() => term(p)) }
  }
  if (isSign(token, '(')) return inParentheses(p)
  if (isSign(token, '[')) {
    p.next()
    const operand = p.deeper(() => arithmetic(p))
    p.expect(']', `after the arithmetic that begins in line ${token.at.line}`, 'close it with `]`')
    return { type: 'bracketed', at: token.at, operand }
  }
  const made = comparison(p, operandOfCondition(p))
  refuseOperators(p)
  return made
}

function inParentheses(p: Reader): Expression {
  const open = p.next()
  const inner = p.deeper(() => expression(p))
  refuseOperators(p)
  p.expect(')', `for the \`(\` in line ${open.at.line}, column ${open.at.column}`, 'close it with `)`')
  if (isOf(COMPARE, p.peek())) {
    p.fail(p.peek().at, 'found a comparison with what stands in parentheses', 'compare a variable')
  }
  return parenthesized(inner)
}

/** What stands behind a comparison by mistake. */
function refuseOperators(p: Reader): void {
  const { kind, text, at } = p.peek()
  if (kind !== 'sign') return
  if (text === '&' || text === '|')
    p.fail(at, `found \`${text}\` between conditions`, `write \`${text}${text}\``)
  if (ARITHMETIC.has(text) || BITS.has(text)) {
    p.fail(
      at,
      `found \`${text}\` in a condition, where a value is one word`,
      'calculate before, into a variable, or in brackets: `[ $var(a) + 1 ]`',
    )
  }
}

function operandOfCondition(p: Reader): Expression {
  const token = p.peek()
  if (token.kind === 'text' || token.kind === 'address' || isNull(token)) {
    const what = `expected ${CONDITION}, found ${named(token)}`
    p.note(token.at, what, 'write the variable on the left, and what it is compared with on the right')
    return valueOfComparison(p)
  }
  if (token.kind === 'word' && !p.isSign('(', 1) && !BAREWORDS.has(token.text)) return bareName(p)
  return operand(p, CONDITION, 'write what is to be tested')
}

/** A name in a condition that is none of the old words: a function, most of the time. */
function bareName(p: Reader): Expression {
  const { text, at } = p.next()
  const variable = OLD_WORDS.get(text)
  if (variable !== undefined) {
    p.note(at, `found the bare word ${quoted(text)}`, `write \`${variable}\``)
    if (text === 'msg' && p.accept(':')) p.next()
    return { type: 'text', at, text }
  }
  p.note(at, `bare word ${quoted(text)} found, calls need ()`, `write ${quoted(`${text}()`)}, or a variable`)
  return { type: 'call', at, name: text, arguments: [] }
}

/** A variable, a call, one of the old words or a number. */
function operand(p: Reader, expected: string, cure: string): Expression {
  const token = p.peek()
  if (token.kind === 'variable') return p.takeVariable()
  if (token.kind === 'number' || (isSign(token, '-') && p.peek(1).kind === 'number')) return number(p)
  if (token.kind !== 'word') return p.unexpected(expected, cure)
  if (p.isSign('(', 1)) {
    if (token.text === 'async' || token.text === 'launch') {
      p.note(token.at, `${quoted(token.text)} stands in an expression`, 'make it a statement of its own')
    }
    return call(p)
  }
  p.next()
  const { at, text } = token
  if (BAREWORDS.has(text)) {
    p.hints.bareword(text, at)
    return { type: 'bareword', at, name: text as Bareword['name'] }
  }
  p.note(
    at,
    `the value ${quoted(text)} has no quotes`,
    `write ${quoted(`"${text}"`)}, or ${quoted(`${text}()`)} if it is a function`,
  )
  return { type: 'text', at, text }
}

function comparison(p: Reader, left: Expression): Expression {
  const sign = p.peek()
  if (isSign(sign, '=')) {
    p.note(sign.at, 'found `=`, which assigns, in a condition', 'compare with `==`')
  } else if (isSign(sign, '<') && p.isSign('>', 1)) {
    p.fail(sign.at, 'found `<>`', 'write `!=`')
  } else if (!isOf(COMPARE, sign)) {
    return left
  }
  p.next()
  if (p.isSign('=')) p.fail(sign.at, `found \`${sign.text}=\``, 'write `==` or `!=`')
  if (left.type === 'call') {
    p.note(
      sign.at,
      `found ${named(sign)} after a call, which is only true or false`,
      'call it first, then compare `$rc`',
    )
  }
  const operator = (sign.text === '=' ? '==' : sign.text) as CompareOperator
  const made: Compare = { type: 'compare', at: sign.at, operator, left, right: valueOfComparison(p) }
  return made
}

/** A variable, a text, a number, NULL, or an address with an optional mask. */
function valueOfComparison(p: Reader): Expression {
  const token = p.peek()
  const { kind, at, text } = token
  if (kind === 'text') return { type: 'text', at: p.next().at, text }
  if (isNull(token)) return { type: 'null', at: p.next().at }
  if (kind === 'address') return network(p)
  if (isWord(token, 'myself')) {
    p.next()
    p.note(
      at,
      'found `myself`, and a capture server has no addresses of its own to compare with',
      'take this test out',
    )
    return { type: 'null', at }
  }
  if (kind === 'word' && p.isSign('(', 1)) {
    p.fail(at, `found the call of ${quoted(text)} as a value`, 'call it first, then compare `$rc`')
  }
  return operand(
    p,
    'a value to compare with',
    'write a variable, a text in quotes, a number, NULL or an address',
  )
}

function network(p: Reader): Expression {
  const { at, text } = p.next()
  if (!p.accept('/')) return { type: 'network', at, text }
  const mask = p.peek()
  if (mask.kind !== 'number' && mask.kind !== 'address') {
    p.unexpected('a mask after `/`', 'write the length of the prefix in bits')
  }
  p.next()
  return { type: 'network', at, text: `${text}/${mask.text}` }
}

/** What an assignment gives its variable. */
export function value(p: Reader): Expression {
  const token = p.peek()
  if (isNull(token)) return { type: 'null', at: p.next().at }
  return arithmetic(p)
}

function arithmetic(p: Reader): Expression {
  return chain(p, BITS, () => chain(p, ARITHMETIC, () => unary(p)))
}

function chain(p: Reader, operators: ReadonlySet<string>, operandOf: () => Expression): Expression {
  let left = operandOf()
  for (let count = 0; isOf(operators, p.peek()); count++) {
    const { at, text } = p.next()
    if (count >= MAX_OPERATORS) tooMany(p, p.previous)
    left = { type: 'arithmetic', at, operator: text as Arithmetic['operator'], left, right: operandOf() }
  }
  return left
}

function unary(p: Reader): Expression {
  const token = p.peek()
  if (isSign(token, '~')) {
    p.next()
    return { type: 'complement', at: token.at, operand: p.deeper(() => unary(p)) }
  }
  if (isSign(token, '(')) {
    p.next()
    const inner = p.deeper(() => arithmetic(p))
    p.expect(')', `for the \`(\` in line ${token.at.line}, column ${token.at.column}`, 'close it with `)`')
    return inner
  }
  if (token.kind === 'text') return { type: 'text', at: p.next().at, text: token.text }
  if (isNull(token))
    p.fail(token.at, 'found NULL inside of an expression', 'assign it alone, or compare with it')
  const left = operand(p, 'a value', 'write a variable, a text in quotes or a number')
  return isOf(COMPARE, p.peek()) ? comparison(p, left) : left
}
