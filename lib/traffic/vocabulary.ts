// The words that traffic is counted by: known methods, response codes and types of packets, each with a small number.
// Whatever else a sender writes is `other`, so that nobody can make more words.

import type { Batch } from '../message.js'

const OTHER = 'other'

export const METHODS = [
  OTHER,
  ...['INVITE', 'ACK', 'BYE', 'CANCEL', 'REGISTER', 'OPTIONS', 'PRACK', 'SUBSCRIBE', 'NOTIFY', 'PUBLISH'],
  ...['INFO', 'REFER', 'MESSAGE', 'UPDATE'],
]

/** Those that IANA has. */
const CODES = [
  ...[100, 180, 181, 182, 183, 199, 200, 202, 204, 300, 301, 302, 305, 380],
  ...[400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 420, 421],
  ...[422, 423, 424, 425, 428, 429, 430, 433, 436, 437, 438, 439, 440, 469, 470, 480, 481, 482, 483, 484],
  ...[485, 486, 487, 488, 489, 491, 493, 494, 500, 501, 502, 503, 504, 505, 513, 555, 580],
  ...[600, 603, 604, 606, 607, 608],
]

/** What the first line says: a method, or a code. */
export const ANSWERS = [...METHODS, ...CODES.map(String)]

export const OTHER_WORD = 0
export const INVITE = METHODS.indexOf('INVITE')
export const REGISTER = METHODS.indexOf('REGISTER')

/** HEP protocol types under the names that dashboards have for them. */
const TYPE_NAMES = new Map([
  [1, 'sip'],
  [5, 'rtcp'],
  [34, 'rtpagent'],
  [35, 'rtcpxr'],
  [38, 'horaclifix'],
  [53, 'dns'],
  [100, 'log'],
])
export const TYPES = [OTHER, ...TYPE_NAMES.values()]
export const SIP_TYPE = TYPES.indexOf('sip')

const typeNumbers = new Uint8Array(256)
for (const [type, name] of TYPE_NAMES) typeNumbers[type] = TYPES.indexOf(name)

/** `protocolType` is that of HEP. */
export function typeNumber(protocolType: number): number {
  return typeNumbers[protocolType] as number
}

const codeNumbers = new Uint8Array(700)
for (const code of CODES) codeNumbers[code] = ANSWERS.indexOf(String(code))

export function codeNumber(status: number): number {
  return codeNumbers[status] ?? OTHER_WORD
}

const LONGEST = 9
const octetsOf = METHODS.map((name) => Buffer.from(name))
/** The only known method of a length and a first letter. */
const candidates = new Uint8Array((LONGEST + 1) << 5)
for (const [at, { length, 0: first = 0 }] of octetsOf.entries()) {
  if (at !== OTHER_WORD) candidates[(length << 5) | (first & 0x1f)] = at
}

/** Of the octets there. */
export function methodNumber({ octets }: Batch, start: number, length: number): number {
  if (length === 0 || length > LONGEST) return OTHER_WORD
  const candidate = candidates[(length << 5) | ((octets[start] as number) & 0x1f)] as number
  const wanted = octetsOf[candidate] as Buffer
  for (let at = 0; at < length; at++) if (octets[start + at] !== wanted[at]) return OTHER_WORD
  return candidate
}
