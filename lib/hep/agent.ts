// Packets that we make as an agent does: for messages that came without HEP, and for correlate().

import { gzipSync } from 'node:zlib'
import { binding } from '../binding.js'
import type { Message } from '../message.js'
import { chunkType } from './chunks.js'
import { encodeHep, type HepMessage, hepSize, LARGEST_HEP3 } from './writer.js'

export interface AgentOptions {
  /** `hep_capture_id` */
  captureId: number
  /** `compressed_payload` */
  compressed: boolean
}

const at = binding.layout.record
const IPV6 = 10
/** Seconds have 32 bits. */
const TIMES_US = 2 ** 32 * 1e6

/** A version 3 packet for a captured message; undefined when it has no room for the payload. */
export function agentPacket(message: Message, { captureId, compressed }: AgentOptions): Buffer | undefined {
  const payload = message.payload
  const zipped = compressed ? smaller(payload) : undefined
  return packetOf({
    protocol: message.protocol,
    source: address(message, at.source),
    destination: address(message, at.destination),
    sourcePort: message.sourcePort,
    destinationPort: message.destinationPort,
    timeUs: [message.microTs, message.arrivalUs].find((us) => us >= 0 && us < TIMES_US) ?? 0,
    agentId: captureId,
    type: message.protocolType,
    payload: zipped ?? payload,
    compressed: zipped !== undefined,
  })
}

/** Where it lies in the slab: both ends of a message are of its family. */
function address(message: Message, field: number): Uint8Array {
  const start = message.batch.recordAt(message.row) + field
  return message.batch.octets.subarray(start, start + (message.family === IPV6 ? 16 : 4))
}

function packetOf(parts: HepMessage): Buffer | undefined {
  return hepSize(3, parts) > LARGEST_HEP3 ? undefined : encodeHep(3, parts)
}

/** Undefined when compression does not make it smaller. */
function smaller(payload: Buffer): Buffer | undefined {
  const zipped = gzipSync(payload)
  return zipped.length < payload.length ? zipped : undefined
}

export interface Correlation {
  type1: string
  id1: string
  type2: string
  id2: string
}

export interface CorrelationOptions {
  captureId: number
  /** `homer5_on` */
  homer5: boolean
  /** Milliseconds since the epoch. */
  nowMs: number
}

/** The protocol type of packets that only say what belongs together. */
const CONTROL = 0x60

/**
 * The packet of correlate(): the ids by their types as JSON, or for Homer 5 the one of SIP. It is of no captured
 * packet, so its ends are two of this host's own; its payload is empty but there, since collectors refuse packets
 * without. Undefined for ids of one type, for a type or id that is empty, for Homer 5 without one of SIP, and for ids
 * that no packet can hold.
 */
export function correlationPacket(
  correlation: Correlation,
  { captureId, homer5, nowMs }: CorrelationOptions,
): Buffer | undefined {
  const said = homer5 ? sipId(correlation) : bothIds(correlation)
  if (!isUsable(correlation) || !said) return undefined
  return packetOf({
    protocol: 17,
    source: Uint8Array.of(127, 0, 0, 1),
    destination: Uint8Array.of(127, 0, 0, 2),
    sourcePort: 0,
    destinationPort: 0,
    timeUs: Math.floor(nowMs) * 1000,
    agentId: captureId,
    type: CONTROL,
    payload: Buffer.alloc(0),
    ...said,
  })
}

function isUsable({ type1, id1, type2, id2 }: Correlation): boolean {
  return type1 !== type2 && [type1, id1, type2, id2].every((text) => text !== '')
}

function sipId({ type1, id1, type2, id2 }: Correlation): Pick<HepMessage, 'correlationId'> | undefined {
  const isSip = (type: string) => type.toLowerCase().startsWith('sip')
  if (isSip(type1)) return { correlationId: id1 }
  return isSip(type2) ? { correlationId: id2 } : undefined
}

function bothIds({ type1, id1, type2, id2 }: Correlation): Pick<HepMessage, 'chunks'> {
  const json = JSON.stringify(
    Object.fromEntries([
      [type1, id1],
      [type2, id2],
    ]),
  )
  return { chunks: [{ vendor: 0, type: chunkType('extra_correlation'), octets: Buffer.from(json) }] }
}
