// A row as JavaScript values, column by column: the same values that native/batch/columns.cc makes. It serves
// where rows have to be looked at one by one, and tests hold the two against each other.

import { binding, type ColumnShape } from '../binding.js'
import { cleanText, type Message } from '../message.js'

export type RowValue = string | number | Buffer

/** What a date of 19 characters holds, in seconds of the epoch: the years 0 to 9999. */
const FIRST_SECOND = -62_167_219_200
const LAST_SECOND = 253_402_300_799
/** `gid` of every row in the layout of Homer 6. */
const GROUP = 10
/** More octets of a payload than its column has. */
const PAYLOAD_START = 8192

const values: Record<string, (message: Message, node: string) => RowValue> = {
  date: (m) => new Date(secondOf(datedUs(m)) * 1000).toISOString().slice(0, 19).replace('T', ' '),
  micro_ts: (m) => m.microTs,
  method: (m) => m.method,
  reply_reason: (m) => m.sip('replyReason'),
  ruri: (m) => m.sip('ruri'),
  ruri_user: (m) => m.sip('ruriUser'),
  from_user: (m) => m.sip('fromUser'),
  from_tag: (m) => m.sip('fromTag'),
  to_user: (m) => m.sip('toUser'),
  to_tag: (m) => m.sip('toTag'),
  pid_user: (m) => m.sip('pidUser'),
  contact_user: (m) => m.sip('contactUser'),
  auth_user: (m) => m.sip('authUser'),
  callid: (m) => m.callId,
  callid_aleg: (m) => m.sip('xCid'),
  via_1: (m) => m.sip('via'),
  via_1_branch: (m) => m.sip('viaBranch'),
  cseq: (m) => m.sip('cseq'),
  reason: (m) => m.sip('reason'),
  content_type: (m) => m.sip('contentType'),
  auth: (m) => m.sip('auth'),
  user_agent: (m) => m.sip('userAgent'),
  source_ip: (m) => m.sourceIp,
  source_port: (m) => m.sourcePort,
  destination_ip: (m) => m.destinationIp,
  destination_port: (m) => m.destinationPort,
  contact_ip: (m) => m.sip('contactHost'),
  contact_port: (m) => m.contactPort,
  originator_ip: (m) => m.sip('originatorHost'),
  originator_port: (m) => m.originatorPort,
  proto: (m) => m.protocol,
  family: (m) => m.family,
  rtp_stat: (m) => m.sip('rtpStat'),
  type: (m) => m.sipKind,
  node: (m, node) => (m.agentId === undefined ? node : `${node}:${m.agentId}`),
  correlation_id: (m) => m.correlationId,
  from_domain: (m) => m.sip('fromDomain'),
  to_domain: (m) => m.sip('toDomain'),
  ruri_domain: (m) => m.sip('ruriDomain'),
  diversion: (m) => m.sip('diversion'),
  msg: (m) => payloadValue(m.payload),
  custom_field1: (m) => m.customField(1),
  custom_field2: (m) => m.customField(2),
  custom_field3: (m) => m.customField(3),
  protocol_type: (m) => m.protocolType,
  gid: () => GROUP,
  tsu: (m) => datedUs(m) - secondOf(datedUs(m)) * 1e6,
  extra_correlation: (m) => m.extraCorrelation,
  capture_ip: (m) => m.receiverIp,
  capt_id: (m) => m.agentId ?? 0,
  capture_node: (_, node) => node,
  event: (m) => cleanText(binding.jsonText(m.payload, 'Event')),
  payload_len: (m) => m.payload.length,
  payload_text: (m) => cleanText(m.payload.subarray(0, PAYLOAD_START)),
}

function secondOf(us: number): number {
  return Math.floor(us / 1e6)
}

/** The packet's time; where a date cannot hold it its arrival, else the epoch. */
function datedUs({ microTs, arrivalUs }: Message): number {
  const holds = (us: number) => secondOf(us) >= FIRST_SECOND && secondOf(us) <= LAST_SECOND
  return [microTs, arrivalUs].find(holds) ?? 0
}

const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Text where it is clean UTF-8 without NUL, else the octets: byte for byte either way. */
function payloadValue(payload: Buffer): RowValue {
  if (payload.includes(0)) return payload
  try {
    return STRICT.decode(payload)
  } catch {
    return payload
  }
}

/** The value of one column of a message, cut to the column's width. */
export function rowValue(message: Message, column: ColumnShape, node: string): RowValue {
  const value = (values[column.name] as (message: Message, node: string) => RowValue)(message, node)
  return column.kind === 'text' ? cutToWidth(value as string, column.width) : value
}

/** The longest start of `text` that has at most `width` octets as UTF-8 and splits no character. */
function cutToWidth(text: string, width: number): string {
  if (text.length * 3 <= width || Buffer.byteLength(text) <= width) return text
  const octets = Buffer.from(text).subarray(0, width + 1)
  let end = width
  while (end > 0 && ((octets[end] as number) & 0xc0) === 0x80) end--
  return octets.toString('utf8', 0, end)
}
