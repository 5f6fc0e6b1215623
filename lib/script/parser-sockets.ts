// `socket = PROTO:HOST[:PORT] option ...`, and its older name `listen`.

import type { Socket } from './ast.js'
import type { Reader } from './reader.js'
import { quoted, type SourcePosition } from './source.js'
import { named } from './token.js'

const HOST = String.raw`\*|\[[0-9A-Fa-f:.%\w]+\]|"[^"\n]+"|[A-Za-z0-9_][A-Za-z0-9_.-]*`
const PORT = String.raw`[A-Za-z0-9_]+(?:[ \t]*-[ \t]*[0-9]+)?`
const ENDPOINT = new RegExp(
  String.raw`(?:([A-Za-z]\w*)[ \t]*:[ \t]*)?(${HOST})(?:[ \t]*:[ \t]*(${PORT}))?`,
  'y',
)
const ADDRESS = new RegExp(String.raw`(?:${HOST})(?:[ \t]*:[ \t]*(?:${PORT}))?`, 'y')
/** The numbers of a port, which is the last thing of an endpoint, or of one in quotes. */
const PORT_NUMBERS = /:[ \t]*([0-9]+)(?:[ \t]*-[ \t]*([0-9]+))?"?$/d
const MAX_PORT = 65_535
/** Whether an option has a word, an address, or nothing after it. */
const OPTIONS = new Map<string, 'word' | 'address' | 'nothing'>([
  ['as', 'address'],
  ['use_children', 'word'],
  ['use_workers', 'word'],
  ['use_auto_scaling_profile', 'word'],
  ['tos', 'word'],
  ['tag', 'word'],
  ['anycast', 'nothing'],
  ['reuse_port', 'nothing'],
  ['accept_subdomain', 'nothing'],
  ['frag', 'nothing'],
])

export function socket(p: Reader): Socket {
  const { at, text } = p.next()
  const cure = `write \`${text} = hep_udp:ADDRESS:PORT\``
  if (!p.accept('=')) p.unexpected(`\`=\` after \`${text}\``, cure)
  const matched = p.tokens.match(ENDPOINT)
  if (!matched) p.unexpected(`an address after \`${text}=\``, cure)
  p.taken++
  checkPort(p, matched)
  const options: string[] = []
  while (OPTIONS.has(p.peek().text) && p.peek().kind === 'word') options.push(option(p))
  endOfSocket(p, text)
  p.accept(';')
  return { at, keyword: text as Socket['keyword'], ...endpoint(matched.found), options }
}

/** `host:5060` looks like `proto:host`, but no host is a number; between quotes there may be a port too. */
function endpoint([, proto, host = '', port]: RegExpExecArray): Pick<Socket, 'proto' | 'host' | 'port'> {
  if (proto !== undefined && port === undefined && /^[0-9]+$/.test(host)) return place('udp', proto, host)
  const [, inQuotes, portInQuotes] = /^"(.+):([0-9]+)"$/.exec(host) ?? []
  if (inQuotes && !inQuotes.endsWith(':')) return place(proto, inQuotes, port ?? portInQuotes)
  return place(proto, host, port)
}

function place(proto = 'udp', host: string, port: string | undefined) {
  return { proto: proto.toLowerCase(), host: host.replace(/^["[]+|["\]]+$/g, ''), port: portOf(port) }
}

const portOf = (text: string | undefined) =>
  text !== undefined && /^[0-9]+$/.test(text) ? Number(text) : text?.replace(/\s/g, '')

function checkPort(p: Reader, { found, at }: { found: RegExpExecArray; at: SourcePosition }): void {
  const ports = PORT_NUMBERS.exec(found[0])
  const tooLarge = ports?.findIndex((digits, i) => i > 0 && Number(digits) > MAX_PORT) ?? -1
  if (tooLarge < 0) return
  const [begin] = ports?.indices?.[tooLarge] ?? [0]
  const what = `${quoted(ports?.[tooLarge] ?? '')} is too large for a port`
  p.note(at.forward(at.offset + begin), what, `write at most ${MAX_PORT}`)
}

function option(p: Reader): string {
  const { text } = p.next()
  const kind = OPTIONS.get(text)
  if (kind === 'nothing') return text
  if (kind === 'address') {
    const matched = p.tokens.match(ADDRESS)
    if (matched) {
      checkPort(p, matched)
      return `${text} ${matched.found[0]}`
    }
  } else if (p.peek().kind === 'word' || p.peek().kind === 'number') {
    return `${text} ${p.next().text}`
  }
  return p.unexpected(`a value after ${quoted(text)}`, `write ${quoted(`${text} VALUE`)}`)
}

function endOfSocket(p: Reader, keyword: string): void {
  const found = p.peek()
  if (found.isFirst || found.kind === 'end' || p.isSign(';')) return
  const isAddress = p.isSign(':') || found.kind === 'address'
  const cure = isAddress ? 'write an IPv6 address in brackets' : 'write one socket a line'
  p.fail(
    found.at,
    `expected the end of the line after the address of \`${keyword}\`, found ${named(found)}`,
    cure,
  )
}
