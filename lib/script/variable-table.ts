// The table of variables: what each reads, by its name.

import type { SipField } from '../binding.js'
import type { Message } from '../message.js'
import { dateText, dayOfYear } from '../options/strftime.js'
import type { HepNetField } from '../route/api.js'
import { captureFor } from '../route/capture-for.js'
import type { Execution } from '../route/execution.js'
import { digestParameter, headerValue, headerValues, nameAddr } from '../sip/headers.js'
import { splitUri } from './text-parts.js'
import type { Value } from './value.js'

export interface ValueReader {
  /** `index` from 0, from the end when negative. */
  one(execution: Execution, index: number): Value
  /** Of variables that may have several values. */
  all?: ((execution: Execution) => readonly Value[]) | undefined
}

export interface VariableEntry {
  takes: 'nothing' | 'name'
  reader(name: string): ValueReader
  /** What is wrong with a name, if anything is. */
  check?(name: string): string | undefined
  write?: (execution: Execution, name: string, value: Value, operator: '=' | ':=', index?: number) => void
}

/** What to do without a variable that OpenSIPS has. */
export type Instead = string

const REQUEST = 1
const REPLY = 2

type OfMessage = (message: Message, execution: Execution) => Value

function single(read: (execution: Execution) => Value): VariableEntry {
  const reader = {
    one: (execution: Execution, index: number) => (index === 0 || index === -1 ? read(execution) : null),
  }
  return { takes: 'nothing', reader: () => reader }
}

/** NULL where there is no message. */
function ofMessage(read: OfMessage): VariableEntry {
  return single((execution) => {
    const { message } = execution
    return message ? read(message, execution) : null
  })
}

function ofRequest(read: OfMessage): VariableEntry {
  return ofMessage((message, execution) => (message.sipKind === REQUEST ? read(message, execution) : null))
}

/** An absent text is NULL. */
function field(name: SipField): VariableEntry {
  return ofMessage((message) => (message.hasSip(name) ? message.sip(name) : null))
}

function header(name: string, read: (value: string) => Value = (value) => value): VariableEntry {
  return ofMessage((message) => {
    const value = message.isSip ? headerValue(message.payload, name) : undefined
    return value === undefined ? null : read(value)
  })
}

function named(reader: (name: string) => ValueReader, more: Partial<VariableEntry> = {}): VariableEntry {
  return { takes: 'name', reader, ...more }
}

function one(read: (execution: Execution) => Value): ValueReader {
  return { one: read }
}

/** Method ids of OpenSIPS, which are bits. */
const METHOD_IDS = new Map([
  ['INVITE', 1],
  ['CANCEL', 2],
  ['ACK', 4],
  ['BYE', 8],
  ['INFO', 16],
  ['OPTIONS', 32],
  ['UPDATE', 64],
  ['REGISTER', 128],
  ['MESSAGE', 256],
  ['SUBSCRIBE', 512],
  ['NOTIFY', 1024],
  ['PRACK', 2048],
  ['REFER', 4096],
  ['PUBLISH', 8192],
])
const OTHER_METHOD = 16384

function methodOf(message: Message): Value {
  const text = message.sipKind === REPLY ? message.sip('cseqMethod') : message.sip('method')
  if (text === '') return null
  const number = METHOD_IDS.get(text) ?? METHOD_IDS.get(text.toUpperCase()) ?? OTHER_METHOD
  return { text, number, prefersNumber: false }
}

function numberIn(text: string): Value {
  const number = Number(/^\s*(\d+)/.exec(text)?.[1])
  return Number.isSafeInteger(number) ? number : null
}

/** Credentials: Proxy-Authorization, else Authorization; ACK and CANCEL have none that count. */
function credentials(read: (auth: string) => Value): VariableEntry {
  return ofMessage((message) => {
    if (message.sipIs('method', ACK) || message.sipIs('method', CANCEL)) return null
    return message.hasSip('auth') ? read(message.sip('auth')) : null
  })
}
const ACK = Buffer.from('ack')
const CANCEL = Buffer.from('cancel')

function digest(name: string): VariableEntry {
  return credentials((auth) => digestParameter(auth, name) ?? null)
}

/** Names of the protocols of captured messages, as OpenSIPS writes them. */
const PROTOCOLS = new Map([
  [17, 'udp'],
  [6, 'tcp'],
  [22, 'tls'],
  [132, 'sctp'],
  [50, 'ws'],
])

/** A request-URI that a route assigned counts in place of the captured one. */
function ruri(read: (uri: string) => Value, captured: SipField): VariableEntry {
  return ofMessage((message, execution) => {
    if (execution.assignedRuri !== null) return read(execution.assignedRuri)
    return message.sipKind === REQUEST && message.hasSip(captured) ? message.sip(captured) : null
  })
}

const NUMBERS: Record<string, HepNetField> = {
  1: 'proto_family',
  2: 'proto_id',
  3: 'src_ip',
  4: 'dst_ip',
  5: 'src_ip',
  6: 'dst_ip',
  7: 'src_port',
  8: 'dst_port',
}
const FIELDS = new Set<string>(Object.values(NUMBERS))

function hepNetField(name: string): HepNetField | undefined {
  const word = name.trim().toLowerCase()
  if (FIELDS.has(word)) return word as HepNetField
  return NUMBERS[String(Number(word))]
}

function hepNet(name: string): ValueReader {
  const wanted = hepNetField(name)
  return one((execution) => (wanted ? (captureFor(execution).hepNet(wanted) ?? null) : null))
}

function headers(name: string): ValueReader {
  return {
    one({ message }, index) {
      return message?.isSip ? (headerValue(message.payload, name, index) ?? null) : null
    },
    all: ({ message }) => (message?.isSip ? headerValues(message.payload, name) : []),
  }
}

function avp(name: string): ValueReader {
  return {
    one: ({ avps }, index) => avps.get(name)?.at(index) ?? null,
    all: ({ avps }) => avps.get(name) ?? [],
  }
}

/** `=` pushes, `:=` replaces, NULL takes away. */
function writeAvp(
  { avps }: Execution,
  name: string,
  value: Value,
  operator: '=' | ':=',
  index?: number,
): void {
  const values = avps.get(name) ?? []
  if (index !== undefined && values.at(index) !== undefined) {
    values.splice(index, 1, ...(value === null ? [] : [value]))
  } else if (value === null) {
    if (operator === ':=') values.length = 0
    else values.shift()
  } else if (operator === ':=') {
    values.splice(0, values.length, value)
  } else {
    values.unshift(value)
  }
  avps.set(name, values)
}

function asText(value: Value): string | null {
  if (value === null) return null
  return typeof value === 'object' ? value.text : String(value)
}

function assignRuri(execution: Execution, _: string, value: Value): void {
  execution.assignedRuri = asText(value)
}

function assignDestination(execution: Execution, _: string, value: Value): void {
  execution.destinationUri = asText(value)
}

const partOf = (part: 'user' | 'host' | 'port') => (text: string) => splitUri(text)?.[part] ?? null
const uriOf = (value: string) => nameAddr(value).uri || null

/** Names and numbers of times: `$ctime(year)`. */
const TIMES = new Map<string, (time: Date) => number>([
  ['sec', (time) => time.getUTCSeconds()],
  ['min', (time) => time.getUTCMinutes()],
  ['hour', (time) => time.getUTCHours()],
  ['mday', (time) => time.getUTCDate()],
  ['mon', (time) => time.getUTCMonth() + 1],
  ['year', (time) => time.getUTCFullYear()],
  ['wday', (time) => time.getUTCDay() + 1],
  ['yday', dayOfYear],
  ['isdst', () => 0],
])

const timeText = (execution: Execution, format: string) =>
  dateText(format, execution.services.now() / 1000) ?? null
const nowIn = (execution: Execution) => new Date(execution.services.now())

export const readers: ReadonlyMap<string, VariableEntry> = new Map<string, VariableEntry>([
  // SIP
  ['rm', ofMessage(methodOf)],
  ['ru', { ...ruri((text) => text, 'ruri'), write: assignRuri }],
  ['rU', ruri(partOf('user'), 'ruriUser')],
  ['rd', ruri(partOf('host'), 'ruriDomain')],
  ['rp', ofRequest((message) => splitUri(message.sip('ruri'))?.port ?? null)],
  ['ou', ofRequest((message) => message.sip('ruri') || null)],
  ['oU', ofRequest((message) => message.sip('ruriUser') || null)],
  ['od', ofRequest((message) => message.sip('ruriDomain') || null)],
  ['rs', ofMessage((message) => (message.sipKind === REPLY ? message.status : null))],
  ['rr', field('replyReason')],
  ['rb', field('body')],
  ['fu', header('from', uriOf)],
  ['fU', field('fromUser')],
  ['fd', field('fromDomain')],
  ['ft', field('fromTag')],
  ['fn', header('from', (value) => nameAddr(value).displayName || null)],
  ['tu', header('to', uriOf)],
  ['tU', field('toUser')],
  ['td', field('toDomain')],
  ['tt', field('toTag')],
  ['tn', header('to', (value) => nameAddr(value).displayName || null)],
  ['ci', field('callId')],
  ['cs', ofMessage((message) => numberIn(message.sip('cseq')))],
  ['ct', header('contact')],
  ['ua', field('userAgent')],
  ['cT', field('contentType')],
  ['cl', header('content-length', numberIn)],
  ['hdr', named(headers)],
  [
    'hdrcnt',
    named((name) => one(({ message }) => (message?.isSip ? headerValues(message.payload, name).length : 0))),
  ],
  ['adu', digest('uri')],
  ['ar', digest('realm')],
  ['an', digest('nonce')],
  ['au', credentials((auth) => digestParameter(auth, 'username') ?? null)],
  ['aU', credentials((auth) => digestParameter(auth, 'username')?.split('@', 1)[0] ?? null)],
  ['mb', ofMessage((message) => message.payload.toString('utf8'))],
  ['ml', ofMessage((message) => message.payload.length)],
  ['mi', single(() => 0)],
  // The captured packet
  ['si', ofMessage((message) => message.sourceIp || null)],
  ['sp', ofMessage((message) => message.sourcePort)],
  ['Ri', ofMessage((message) => message.destinationIp || null)],
  ['Rp', ofMessage((message) => message.destinationPort)],
  ['proto', ofMessage((message) => PROTOCOLS.get(message.protocol) ?? null)],
  ['pr', ofMessage((message) => PROTOCOLS.get(message.protocol) ?? null)],
  ['af', ofMessage((message) => (message.family === 10 ? 'INET6' : 'INET'))],
  // HEP
  [
    'hep_net',
    named(hepNet, {
      check: (name) =>
        hepNetField(name) ? undefined : `${[...FIELDS].join(', ')} are what is known of a sender`,
    }),
  ],
  ['HEPVERSION', ofMessage((message) => (message.hepVersion === 0 ? null : message.hepVersion))],
  // Routing
  ['du', { ...single((e) => e.destinationUri), write: assignDestination }],
  ['rc', single((execution) => execution.returnCode)],
  ['retcode', single((execution) => execution.returnCode)],
  ['return', named((name) => one((execution) => execution.returnValues[Number(name)] ?? null))],
  ['param', named((name) => one((execution) => execution.parameters.at(-1)?.[Number(name) - 1] ?? null))],
  [
    'params',
    {
      takes: 'nothing',
      reader: () => ({
        one: (execution, index) => execution.parameters.at(-1)?.at(index) ?? null,
        all: (execution) => execution.parameters.at(-1) ?? [],
      }),
    },
  ],
  // State
  [
    'var',
    named((name) => one((execution) => execution.vars.get(name) ?? null), {
      write: ({ vars }, name, value) => void (value === null ? vars.delete(name) : vars.set(name, value)),
    }),
  ],
  ['avp', named(avp, { write: writeAvp })],
  ['stat', named((name) => one((execution) => execution.services.stats.get(name) ?? null))],
  ['null', single(() => null)],
  // Time
  ['Ts', single((execution) => Math.floor(execution.services.now() / 1000))],
  ['Tsm', single((execution) => Math.floor((execution.services.now() % 1000) * 1000))],
  ['Tf', single((execution) => timeText(execution, '%a %b %d %T %Y'))],
  ['TF', single((execution) => timeText(execution, '%a %b %d %T %Y'))],
  [
    'ctime',
    named((name) => one((execution) => TIMES.get(name)?.(nowIn(execution)) ?? null), {
      check: (name) => (TIMES.has(name) ? undefined : `it has ${[...TIMES.keys()].join(', ')}`),
    }),
  ],
  ['time', named((format) => one((execution) => timeText(execution, format)))],
])

export const insteadOf: ReadonlyMap<string, Instead> = new Map([
  ['shv', 'use $stat, or cache_store() and cache_fetch()'],
  ['env', 'put the value into the script'],
  ['ds', 'hepcapd sends no SIP: there are no branches'],
  ['dd', 'use {uri.host} of $du'],
  ['dp', 'use {uri.port} of $du'],
  ['dlg', 'hepcapd keeps no dialogs'],
  ['json', 'use {re.subst} on the payload, or a route in JavaScript'],
  ['xml', 'use a route in JavaScript'],
  ['sel', 'use $hdr and transformations'],
  ['sht', 'use cache_store() and cache_fetch()'],
  ['hep', 'use hep_get()'],
  ['socket_in', 'use $hep_net(dst_ip) and $hep_net(dst_port)'],
])
