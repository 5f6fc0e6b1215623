// What tells one call from another, and the hosts at its ends.

import { binding } from '../binding.js'
import type { Batch } from '../message.js'
import { type Hash, mix } from './hash-times.js'

const { record: at, sip: sipAt } = binding.layout

/** Numbers of targets, 0 for a host that is none, and of the agent. */
export interface Place {
  source: number
  destination: number
  node: number
}

/** What the counters of traffic know of a SIP message. */
export interface Seen extends Place {
  /** Offset of its record in the batch. */
  record: number
  isReply: boolean
  /** What its first line says, and the method of CSeq. */
  answer: number
  method: number
}

/** Makes `hash` that of the Call-ID of the record at this offset. */
export function hashCall(hash: Hash, batch: Batch, record: number): void {
  hash.low = 0x11c9dc5
  hash.high = 0x27d4eb2f
  const span = record + sipAt.callId
  mix(hash, batch.octets, batch.u32(record + at.payload) + batch.u16(span), batch.u16(span + 2))
}
