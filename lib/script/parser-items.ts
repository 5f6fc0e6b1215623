// What stands outside of routes: globals, sockets, modules, their parameters, and the heads of routes.

import { nearest } from '../options/suggest.js'
import { MAX_TIMER_SECONDS } from '../route/table.js'
import type {
  Global,
  LoadModule,
  ModuleParameter,
  Position,
  RouteKind,
  RouteNode,
  Script,
  Socket,
} from './ast.js'
import { refuseKamailio, refuseKamailioModule, refuseKamailioWord } from './kamailio.js'
import { socket } from './parser-sockets.js'
import { block, isKeyword, ROUTE_KINDS } from './parser-statements.js'
import type { Reader } from './reader.js'
import { quoted } from './source.js'
import { isSign, type Token } from './token.js'

/** What these set is no value but a list of its own kind. */
const WITH_BLOCKS = new Set(['auto_scaling_profile', 'dst_blacklist'])
const SOCKETS = new Set(['socket', 'listen', 'alias'])
const ONCE = new Set<RouteKind>([
  'route',
  'onreply_route',
  'startup_route',
  'error_route',
  'local_route',
  'failure_route',
  'branch_route',
])

interface Found {
  globals: Global[]
  sockets: Socket[]
  modules: LoadModule[]
  parameters: ModuleParameter[]
  routes: RouteNode[]
}

export function items(p: Reader): Pick<Script, keyof Found> {
  const found: Found = { globals: [], sockets: [], modules: [], parameters: [], routes: [] }
  const routes = new Map<string, Token>()
  while (p.peek().kind !== 'end') {
    p.beginItem()
    const before = p.taken
    p.attempt(
      () => item(p, found, routes),
      () => skipItem(p),
    )
    if (p.taken === before) p.next()
  }
  return found
}

function item(p: Reader, found: Found, routes: Map<string, Token>): void {
  const token = p.peek()
  if (p.accept(';')) return
  const { kind, at, text } = token
  if (kind === 'word') refuseKamailioWord(p.faults, at, text)
  if (kind !== 'word') {
    unexpectedItem(p, token)
  } else if (ROUTE_KINDS.has(text)) {
    found.routes.push(route(p, text as RouteKind, routes))
  } else if (text === 'loadmodule') {
    found.modules.push(loadModule(p))
  } else if (text === 'modparam') {
    found.parameters.push(parameter(p))
  } else if (SOCKETS.has(text)) {
    found.sockets.push(socket(p))
  } else {
    other(p, found, routes)
  }
}

function unexpectedItem(p: Reader, { at, kind, text }: Token): void {
  if (kind === 'variable')
    p.fail(at, `found ${quoted(text)} outside of a route`, 'put statements into a route')
  if (kind === 'sign' && text === '}') {
    p.next()
    p.note(at, 'found a `}` that closes nothing', 'take it out, or see where its `{` is missing')
  } else if (kind === 'sign' && text === '{') {
    p.note(at, 'found a block outside of a route', 'write `route[NAME]` before it')
    block(p, '')
  } else {
    p.unexpected('a setting, `loadmodule`, `modparam` or a route', 'take it out')
  }
}

/** `name = value`, or what somebody took for something else. */
function other(p: Reader, found: Found, routes: Map<string, Token>): void {
  const name = p.peek()
  if (p.isSign('.', 1)) refuseKamailio(p.faults, name.at, `the setting ${quoted(`${name.text}.`)}`)
  const kind = routeKindMeant(p, name)
  if (p.isSign('=', 1)) {
    found.globals.push(global(p))
  } else if (kind) {
    p.note(name.at, `${quoted(name.text)} is no kind of route`, `write \`${kind}\``)
    route(p, kind, routes)
  } else if (isKeyword(name) || p.isSign('(', 1)) {
    strayStatements(p, name.at, name.text)
  } else {
    p.next()
    p.unexpected(`\`=\` after ${quoted(name.text)}`, 'write `NAME = VALUE`, or correct the word')
  }
}

function routeKindMeant(p: Reader, { text }: Token): RouteKind | undefined {
  if (!p.isSign('{', 1) && !p.isSign('[', 1)) return undefined
  return nearest(text.toLowerCase(), ROUTE_KINDS) as RouteKind | undefined
}

/** A word that surely begins something outside of routes. */
function isItem(p: Reader): boolean {
  const { kind, text } = p.peek()
  if (kind !== 'word') return false
  return ROUTE_KINDS.has(text) || text === 'loadmodule' || text === 'modparam' || p.isSign('=', 1)
}

/** Told once for all that follow, up to a `}` that a route's `{` should stand for. */
function strayStatements(p: Reader, at: Position, text: string): void {
  p.note(at, `found ${quoted(text)} outside of a route`, 'put statements into a route')
  do {
    if (p.isSign('{')) block(p, '')
    else if (isSign(p.next(), '}')) return
  } while (p.peek().kind !== 'end' && !(p.peek().isFirst && isItem(p)))
}

/** To where the next item can begin. Blocks are read, so that their faults are listed. */
function skipItem(p: Reader): void {
  for (;;) {
    const { kind, text, isFirst } = p.peek()
    if (kind === 'end' || (kind === 'sign' && text === '}')) return
    if (kind === 'sign' && text === '{') {
      block(p, '')
      return
    }
    if (isFirst && isItem(p)) return
    p.next()
    if (kind === 'sign' && text === ';') return
  }
}

function loadModule(p: Reader): LoadModule {
  const { at } = p.next()
  const path = text(p, 'the file of the module after `loadmodule`', 'write `loadmodule "NAME.so"`')
  refuseKamailioModule(p.faults, at, path.text)
  p.accept(';')
  return { at, path: path.text }
}

function text(p: Reader, what: string, cure: string): Token {
  if (p.peek().kind !== 'text') p.unexpected(what, cure)
  return p.next()
}

function parameter(p: Reader): ModuleParameter {
  const { at } = p.next()
  const cure = 'write `modparam("MODULE", "NAME", VALUE)`'
  p.expect('(', 'after `modparam`', cure)
  const module = text(p, 'the name of a module in quotes', cure)
  p.expect(',', 'after the module', cure)
  const name = text(p, 'the name of a parameter in quotes', cure)
  p.expect(',', 'after the name of the parameter', cure)
  const value = parameterValue(p, cure)
  p.expect(')', 'after the value of the parameter', cure)
  p.accept(';')
  return { at, module: module.text, name: name.text, value }
}

function parameterValue(p: Reader, cure: string): string | number {
  const token = p.peek()
  if (token.kind === 'word') {
    p.note(
      token.at,
      `the value ${quoted(token.text)} has no quotes`,
      `write ${quoted(`"${token.text}"`)}, or a number`,
    )
  } else if (token.kind !== 'text' && token.kind !== 'number' && !isSign(token, '-')) {
    p.unexpected('a text in quotes or a number', cure)
  }
  return isSign(token, '-') || token.kind === 'number' ? number(p) : p.next().text
}

function number(p: Reader): number {
  const isNegative = p.accept('-')
  if (p.peek().kind !== 'number') p.unexpected('a number after `-`', 'write a number')
  const { value } = p.next()
  return isNegative ? -value : value
}

function global(p: Reader): Global {
  const { at, text: name } = p.next()
  p.next()
  const values: (string | number)[] = []
  if (p.peek().isFirst) noteNoValue(p, name)
  else if (WITH_BLOCKS.has(name)) skipBlocks(p)
  else {
    do values.push(globalValue(p, name))
    while (p.accept('|'))
    endOfGlobal(p, name)
  }
  p.accept(';')
  return { at, name, values }
}

function noteNoValue(p: Reader, name: string): void {
  p.note(
    p.previous.at.forward(p.previous.end),
    `expected a value for ${quoted(name)}, found the end of the line`,
    'write one',
  )
}

function globalValue(p: Reader, name: string): string | number {
  const { kind } = p.peek()
  if (p.isSign('-') || kind === 'number') return number(p)
  if (kind !== 'text' && kind !== 'word' && kind !== 'address') {
    p.unexpected(`a value for ${quoted(name)}`, 'write a number, a word or a text in quotes')
  }
  return p.next().text
}

/** `udp_workers = 4 use_auto_scaling_profile NAME` */
function endOfGlobal(p: Reader, name: string): void {
  if (p.isWord('use_auto_scaling_profile')) {
    p.next()
    if (p.peek().kind !== 'word')
      p.unexpected('the name of a profile', 'write the name of an `auto_scaling_profile`')
    p.next()
  }
  const found = p.peek()
  if (found.isFirst || found.kind === 'end' || isSign(found, ';') || isItem(p)) return
  p.unexpected(
    `the end of the line after the value of ${quoted(name)}`,
    'put a text with blanks or signs in quotes',
  )
}

/** `name { ... }`, `name: { ... }` */
function skipBlocks(p: Reader): void {
  while (!p.isSign('{') && !p.peek().isFirst && p.peek().kind !== 'end') p.next()
  if (p.isSign('{')) p.skipBlock()
}

function route(p: Reader, kind: RouteKind, known: Map<string, Token>): RouteNode {
  const head = p.next()
  const { name, given } = p.accept('[') ? brackets(p, kind) : { name: '', given: [] }
  checkHead(p, kind, head, name, given)
  refuseSecond(p, kind, head, name, known)
  const title = name === '' ? `\`${kind}\`` : quoted(`${kind}[${name}]`)
  return { at: head.at, kind, name, arguments: given, body: block(p, `after ${title}`) }
}

/** `[name, argument, ...]`; 0 is the default route, which has no name. */
function brackets(p: Reader, kind: RouteKind): { name: string; given: (string | number)[] } {
  const cure = `write \`${kind}[NAME]\`, with quotes around a name that is more than letters, digits and \`_\``
  const first = p.peek()
  if (first.kind !== 'word' && first.kind !== 'number' && first.kind !== 'text')
    p.unexpected('the name of a route', cure)
  p.next()
  if (kind === 'event_route' && p.isSign(':')) {
    refuseKamailio(p.faults, first.at, `the name ${quoted(`${first.text}:`)}`)
  }
  const given: (string | number)[] = []
  while (p.accept(',')) given.push(routeArgument(p))
  p.expect(']', 'after the name of the route', cure)
  const name = first.kind === 'number' ? String(first.value) : first.text
  return { name: name === '0' ? '' : name, given }
}

function routeArgument(p: Reader): string | number {
  const { kind } = p.peek()
  if (kind !== 'word' && kind !== 'number')
    p.unexpected('a word or a number', 'write `timer_route[NAME, 60]`')
  const token = p.next()
  return kind === 'number' ? token.value : token.text
}

function checkHead(
  p: Reader,
  kind: RouteKind,
  { at }: Token,
  name: string,
  given: readonly (string | number)[],
): void {
  const [seconds] = given
  if (kind === 'timer_route' && !(name !== '' && typeof seconds === 'number' && seconds > 0)) {
    p.note(at, '`timer_route` needs a name and a number of seconds', 'write `timer_route[NAME, 60]`')
  } else if (kind === 'timer_route' && Number(seconds) > MAX_TIMER_SECONDS) {
    const what = `the time of ${quoted(`timer_route[${name}]`)} is more than a timer holds`
    p.note(at, what, `write at most ${MAX_TIMER_SECONDS} seconds`)
  } else if (kind === 'event_route' && name === '') {
    p.note(at, '`event_route` needs the name of an event', 'write `event_route[NAME]`')
  }
}

function refuseSecond(
  p: Reader,
  kind: RouteKind,
  head: Token,
  name: string,
  known: Map<string, Token>,
): void {
  if (!ONCE.has(kind)) return
  const title = name === '' ? kind : `${kind}[${name}]`
  const first = known.get(title)
  if (!first) {
    known.set(title, head)
    return
  }
  const { file, line } = first.at
  const where = file === head.at.file ? `line ${line}` : `line ${line} of ${file}`
  const cure = `the first one is in ${where}: join them, or give one another name`
  p.note(head.at, `${quoted(title)} is defined a second time`, cure)
}
