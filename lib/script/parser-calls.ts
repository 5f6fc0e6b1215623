// Calls: `name(argument, ...)`, `route(name, ...)`, `async(call, route)`.

import type { Argument, Call, Text } from './ast.js'
import type { Reader } from './reader.js'
import { quoted } from './source.js'
import { isSign, named, type Token } from './token.js'

const OPERATOR = /^(?:[=!<>]=|=~|!~|[-+*/%&|^<>=~!]|&&|\|\||<<|>>)$/

const asText = ({ at, text }: Token): Text => ({ type: 'text', at, text })

/** The name is the next word, and `(` the one after it. */
export function call(p: Reader): Call {
  const name = p.next()
  p.next()
  if (name.text === 'async' || name.text === 'launch') return asynchronous(p, name)
  const found: (Argument | undefined)[] = []
  p.attempt(
    () => (name.text === 'route' ? routeArguments(p, found) : callArguments(p, name, found)),
    () => p.skipToParenthesis(),
  )
  const made: Call = { type: 'call', at: name.at, name: name.text, arguments: found }
  p.hints.call(made)
  return made
}

function callArguments(p: Reader, name: Token, found: (Argument | undefined)[]): void {
  if (p.accept(')')) return
  do {
    found.push(p.isSign(',') || p.isSign(')') ? undefined : argument(p))
  } while (p.accept(','))
  endOfArguments(p, name)
}

function endOfArguments(p: Reader, { text: name, at }: Token): void {
  const found = p.peek()
  if (p.accept(')')) return
  const cure = `close the call of ${quoted(name)} in line ${at.line} with \`)\``
  if (found.kind === 'sign' && OPERATOR.test(found.text)) {
    const what = `expected \`,\` or \`)\` after an argument, found ${named(found)}, and a call takes no expressions`
    p.fail(found.at, what, 'assign the result to a variable, and give that')
  } else if (/^[;{}]$/.test(found.text) || found.kind === 'end' || p.isNewStatement()) {
    p.noteMissing('`,` or `)` after an argument', cure)
  } else {
    p.unexpected('`,` or `)` after an argument', 'separate arguments with `,`')
  }
}

export function argument(p: Reader): Argument {
  const token = p.peek()
  const { kind, at } = token
  if (kind === 'variable') return p.takeVariable()
  if (kind === 'text') return asText(p.next())
  if (kind === 'number' || (isSign(token, '-') && p.peek(1).kind === 'number')) return number(p)
  if (kind === 'word') return unquoted(p)
  if (kind === 'address') {
    p.note(
      at,
      `found ${named(token)}, which is no number`,
      `write it in quotes: ${quoted(`"${token.text}"`)}`,
    )
    return asText(p.next())
  }
  return p.unexpected('an argument', 'write a text in quotes, a number or a variable')
}

export function number(p: Reader): Argument {
  const at = p.peek().at
  const isNegative = p.accept('-')
  const { value } = p.next()
  return { type: 'number', at, value: isNegative ? -value : value }
}

function unquoted(p: Reader): Argument {
  const token = p.next()
  if (p.isSign('(')) {
    p.fail(
      token.at,
      `the call of ${quoted(token.text)} stands as an argument`,
      'call it before, and give what it leaves in a variable',
    )
  }
  p.note(token.at, `the argument ${quoted(token.text)} has no quotes`, `write ${quoted(`"${token.text}"`)}`)
  return asText(token)
}

/** A name, quoted or not, is a text; `0` is the default route, which has no name. */
function routeArguments(p: Reader, found: (Argument | undefined)[]): void {
  const { kind } = p.peek()
  if (kind === 'variable') found.push(p.takeVariable())
  else found.push(routeName(p, 'the name of a route'))
  while (p.accept(',')) found.push(p.isSign(',') || p.isSign(')') ? undefined : argument(p))
  endOfArguments(p, found.length > 0 ? { ...p.previous, text: 'route' } : p.previous)
}

export function routeName(p: Reader, what: string): Text {
  const token = p.peek()
  if (token.kind !== 'word' && token.kind !== 'number' && token.kind !== 'text') {
    p.unexpected(what, 'write the name that stands between the brackets of a route')
  }
  p.next()
  const text = token.kind === 'number' ? String(token.value) : token.text
  return { type: 'text', at: token.at, text: text === '0' ? '' : text }
}

function asynchronous(p: Reader, { at, text: name }: Token): Call {
  const made = p.attempt(
    () => {
      if (p.peek().kind !== 'word' || !p.isSign('(', 1)) {
        p.unexpected(`a call in ${quoted(name)}`, `write \`${name}(FUNCTION(), ROUTE)\``)
      }
      const inner = call(p)
      if (name === 'async' || p.isSign(','))
        p.expect(',', 'and a route', `write \`${name}(FUNCTION(), ROUTE)\``)
      const resume = p.isSign(')') ? undefined : routeName(p, 'the name of the route to go on in').text
      const timeout = p.accept(',') ? argument(p) : undefined
      p.expect(')', `after the arguments of ${quoted(name)}`, 'close the call with `)`')
      return { call: inner, resume, timeout }
    },
    () => p.skipToParenthesis(),
  )
  return { type: 'call', at, name, arguments: [], ...(made && { inner: made }) }
}
