// What was read of a packet, as an object that can be printed: the message as routes get it, and the chunks as they
// came.

import { binding, type SipField } from '../binding.js'
import { isHep3, listChunks } from '../hep/chunk-list.js'
import { dataTypeOf, decodeValue } from '../hep/chunk-values.js'
import { protocolName } from '../hep/protocol-names.js'
import type { Chunk } from '../hep/writer.js'
import type { Message } from '../message.js'

export interface DecodedMessage {
  hep: DecodedHep | null
  source: End
  destination: End
  /** IP protocol, as the HEP wire numbers it. */
  protocol: Numbered
  /** HEP protocol type. */
  type: Numbered
  /** UTC. */
  time: string
  micro_ts: number
  correlation_id: string
  payload_octets: number
  /** What compression came to, where there was one. */
  compression: 'inflated' | 'inflate_failed' | null
  sip: DecodedSip | null
}

export interface DecodedHep {
  version: number
  octets: number
  /** Who sent the packet; null when the file does not tell. */
  sender: End | null
  agent_id: number | null
  /** Of version 3, in the order of the packet. */
  chunks: DecodedChunk[]
}

export interface DecodedSip {
  kind: 'request' | 'reply' | 'unreadable'
  [field: string]: string | number
}

export interface End {
  ip: string
  port: number
}

export interface Numbered {
  number: number
  name: string
}

export interface DecodedChunk {
  vendor: number
  vendor_name: string
  type: number
  /** '' when the registry does not have it. */
  name: string
  octets: number
  value: string | number
}

export function decoded(message: Message): DecodedMessage {
  return {
    hep: message.hepVersion > 0 ? decodedHep(message) : null,
    source: { ip: message.sourceIp, port: message.sourcePort },
    destination: { ip: message.destinationIp, port: message.destinationPort },
    protocol: { number: message.protocol, name: String(protocolName(message.protocol)) },
    type: { number: message.protocolType, name: typeNames.get(message.protocolType) ?? '' },
    time: isoTime(message.microTs),
    micro_ts: message.microTs,
    correlation_id: message.correlationId,
    payload_octets: message.payload.length,
    compression: message.inflated ? 'inflated' : message.inflateFailed ? 'inflate_failed' : null,
    sip: message.isSip ? decodedSip(message) : null,
  }
}

/** Of a packet of version 3; none of any other octets. */
export function decodedChunks(packet: Buffer): DecodedChunk[] {
  return isHep3(packet) ? listChunks(packet).map(decodedChunk) : []
}

/** Text where the octets are clean UTF-8 without control characters but for blanks and line ends, else hex digits. */
export function textOrHex(octets: Buffer): string {
  const text = strictText(octets)
  return text === undefined || UNPRINTABLE.test(text) ? `0x${octets.toString('hex')}` : text
}

const typeNames = new Map(binding.protocolTypes.map(({ number, name }) => [number, name]))
const vendorNames = new Map(binding.vendors.map(({ number, name }) => [number, name]))
const registry = new Map(binding.chunks.map((chunk) => [chunk.type, chunk]))

function decodedHep(message: Message): DecodedHep {
  const { hepVersion, packet, senderIp } = message
  return {
    version: hepVersion,
    octets: packet.length,
    sender: senderIp === '' ? null : { ip: senderIp, port: message.senderPort },
    agent_id: message.agentId ?? null,
    chunks: decodedChunks(packet),
  }
}

function decodedChunk({ vendor, type, octets }: Chunk): DecodedChunk {
  const known = vendor === 0 ? registry.get(type) : undefined
  return {
    vendor,
    vendor_name: vendorNames.get(vendor) ?? '',
    type,
    name: known?.name ?? '',
    octets: octets.length,
    value: chunkValue(known?.kind, Buffer.from(octets)),
  }
}

/** What has not the length of its type is shown as octets. */
function chunkValue(kind: Parameters<typeof dataTypeOf>[0], octets: Buffer): string | number {
  const type = dataTypeOf(kind)
  const value = type === 'utf8-string' ? undefined : decodeValue(type, octets)
  return value ?? textOrHex(octets)
}

const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const UNPRINTABLE = /[^\P{Cc}\r\n\t]/u

function strictText(octets: Buffer): string | undefined {
  try {
    return STRICT.decode(octets)
  } catch {
    return undefined
  }
}

const REPLY = 2
const KINDS = ['unreadable', 'request', 'reply'] as const

/** Fields by the names of their columns, in the order of a message. */
const SIP_FIELDS = {
  method: 'method',
  ruri: 'ruri',
  replyReason: 'reply_reason',
  callId: 'callid',
  cseq: 'cseq',
  fromUser: 'from_user',
  fromDomain: 'from_domain',
  fromTag: 'from_tag',
  toUser: 'to_user',
  toDomain: 'to_domain',
  toTag: 'to_tag',
  contactUser: 'contact_user',
  contactHost: 'contact_ip',
  userAgent: 'user_agent',
  contentType: 'content_type',
} as const satisfies Partial<Record<SipField, string>>

/** Those that are there; a reply has a status in place of a method. */
function decodedSip(message: Message): DecodedSip {
  const isReply = message.sipKind === REPLY
  const fields = Object.entries(SIP_FIELDS).map(
    ([field, name]) => [name, message.sip(field as SipField)] as const,
  )
  const present = fields.filter(([name, text]) => text !== '' && !(isReply && name === 'method'))
  return {
    kind: KINDS[message.sipKind as 0 | 1 | 2],
    ...(isReply ? { status: message.status } : {}),
    ...Object.fromEntries(present),
  }
}

/** To the microsecond; '' for a time that no calendar has. */
function isoTime(microTs: number): string {
  const date = new Date(Math.floor(microTs / 1000))
  if (Number.isNaN(date.getTime())) return ''
  const micros = String(((microTs % 1000) + 1000) % 1000).padStart(3, '0')
  return date.toISOString().replace('Z', `${micros}Z`)
}
