// What traffic goes by, in the numbers that dashboards made for heplify-server ask for: counted once a batch, before any
// route, from what the records have. Only there where somebody wants it; it never keeps a batch, and never changes one.

import { binding } from '../binding.js'
import type { Batch } from '../message.js'
import { hashCall, type Seen } from './call.js'
import { Delays } from './delays.js'
import { type Hash, HashTimes } from './hash-times.js'
import { Nodes } from './nodes.js'
import { Reports } from './reports.js'
import { Counts, type Labels, type TrafficMetric } from './series.js'
import { type NamedHost, Targets } from './targets.js'
import {
  ANSWERS,
  codeNumber,
  METHODS,
  methodNumber,
  OTHER_WORD,
  SIP_TYPE,
  TYPES,
  typeNumber,
} from './vocabulary.js'

export interface TrafficSettings {
  targets: NamedHost[]
}

const { record: at, sip: sipAt, flags } = binding.layout
const REQUEST = 1
const REPLY = 2
const MOST_SERIES = 10_000
/** Without targets a message that is seen at several places counts once in this time. */
const AGAIN_MS = 600_000
const REMEMBERED = 1 << 18

const DIRECTIONS = ['', 'src', 'dst'] as const
const [NOWHERE, FROM, TO] = [0, 1, 2]
/** In place of a target: hosts that are none, where there are some. */
const UNKNOWN = 'unknown'

/** Digits of the key of a count: answer 128, method 16, node 64, direction 4, target the rest. */
const [METHOD, NODE, DIRECTION, TARGET] = [1 << 7, 1 << 11, 1 << 17, 1 << 19]
/** Of a packet: type, node. */
const TYPE_NODE = 16

export class Traffic {
  readonly #targets: Targets
  readonly #nodes = new Nodes()
  readonly #answers = new Counts(MOST_SERIES, (key) => withoutNode(key))
  readonly #packets = new Float64Array(TYPE_NODE * Nodes.most)
  readonly #sizes = new Float64Array(TYPE_NODE * Nodes.most)
  readonly #seen = new HashTimes(REMEMBERED)
  readonly #delays: Delays
  readonly #reports: Reports
  /** Used again for each message: nothing is allocated for one. */
  readonly #message: Seen = {
    ...{ record: 0, node: 0, source: 0, destination: 0 },
    ...{ isReply: false, answer: OTHER_WORD, method: OTHER_WORD },
  }
  readonly #hash: Hash = { low: 0, high: 0 }

  constructor({ targets }: TrafficSettings) {
    this.#targets = new Targets(targets)
    const names = (target: number) => this.#targetName(target)
    this.#delays = new Delays(names, this.#nodes)
    this.#reports = new Reports(names, this.#nodes, ANSWERS)
  }

  count(batch: Batch, nowMs = performance.now()): void {
    this.#reports.begin()
    for (let row = 0; row < batch.rows; row++) this.#countOne(batch, row, nowMs)
  }

  get metrics(): TrafficMetric[] {
    const labels = (key: number) => this.#answerLabels(key)
    const answers = 'Messages by method, or answer and method.'
    const packets = 'Packets by type.'
    return [
      {
        name: 'heplify_method_response',
        type: 'counter',
        help: answers,
        samples: this.#answers.samples(labels),
      },
      { name: 'heplify_packets_total', type: 'counter', help: packets, samples: this.#byType(this.#packets) },
      {
        name: 'heplify_packets_size',
        type: 'gauge',
        help: 'Octets of the newest payload of a type.',
        samples: this.#byType(this.#sizes),
      },
      ...this.#delays.metrics,
      ...this.#reports.metrics,
    ]
  }

  #countOne(batch: Batch, row: number, nowMs: number): void {
    const record = batch.recordAt(row)
    const mark = batch.u32(record + at.flags)
    const isSip = (mark & flags.sip) !== 0
    const node = (mark & flags.hasAgent) === 0 ? Nodes.none : this.#nodes.of(batch.u32(record + at.agentId))
    const type = isSip ? SIP_TYPE : typeNumber(batch.u8(record + at.protocolType))
    this.#packets[node * TYPE_NODE + type]!++
    this.#sizes[node * TYPE_NODE + type] = batch.u32(record + at.payload + 4)
    this.#place(batch, record, node)
    if (isSip) this.#countSip(batch, row, nowMs)
    else this.#reports.take(batch, row, this.#message)
  }

  #place(batch: Batch, record: number, node: number): void {
    const message = this.#message
    message.record = record
    message.node = node
    if (this.#targets.isEmpty) return
    message.source = this.#targets.source(batch, record)
    message.destination = this.#targets.destination(batch, record)
  }

  #countSip(batch: Batch, row: number, nowMs: number): void {
    const message = this.#message
    const { record, node, source, destination } = message
    const kind = batch.u8(record + at.sipKind)
    if (kind !== REQUEST && kind !== REPLY) return
    message.isReply = kind === REPLY
    message.answer = message.isReply
      ? codeNumber(batch.u16(record + at.status))
      : this.#method(batch, record, sipAt.method)
    message.method = this.#method(batch, record, sipAt.cseqMethod)
    this.#delays.take(batch, message)
    const key = message.answer + METHOD * message.method + NODE * node
    if (source > 0) this.#answers.add(key + DIRECTION * FROM + TARGET * source)
    if (destination > 0) this.#answers.add(key + DIRECTION * TO + TARGET * destination)
    if (source + destination === 0 && this.#isNew(batch, message, nowMs)) {
      this.#answers.add(key + DIRECTION * NOWHERE)
    }
    if (Reports.hasAny(batch, record)) this.#reports.takeSip(batch.message(row), message.answer, source)
  }

  #method(batch: Batch, record: number, field: number): number {
    const span = record + field
    return methodNumber(batch, batch.u32(record + at.payload) + batch.u16(span), batch.u16(span + 2))
  }

  /** Where targets are named, every one is. */
  #isNew(batch: Batch, { record, answer, method }: Seen, nowMs: number): boolean {
    if (!this.#targets.isEmpty) return true
    const hash = this.#hash
    hashCall(hash, batch, record)
    hash.low = Math.imul(hash.low ^ (answer | (method << 8)), 0x9e3779b1)
    const before = this.#seen.get(hash)
    if (before > 0 && nowMs - before < AGAIN_MS) return false
    this.#seen.put(hash, nowMs)
    return true
  }

  #targetName(target: number): string {
    if (target > 0) return this.#targets.names[target - 1] as string
    return this.#targets.isEmpty ? '' : UNKNOWN
  }

  #answerLabels(key: number): Labels {
    return {
      target_name: this.#targetName(Math.floor(key / TARGET)),
      direction: DIRECTIONS[(key / DIRECTION) & 3] as string,
      node_id: this.#nodes.name((key / NODE) & (Nodes.most - 1)),
      response: ANSWERS[key % METHOD] as string,
      method: METHODS[(key / METHOD) & 15] as string,
    }
  }

  #byType(values: Float64Array): TrafficMetric['samples'] {
    const samples: TrafficMetric['samples'] = []
    for (const [key, value] of values.entries()) {
      if (this.#packets[key] === 0) continue
      const node_id = this.#nodes.name(Math.floor(key / TYPE_NODE))
      samples.push({ labels: { node_id, type: TYPES[key % TYPE_NODE] as string }, value })
    }
    return samples
  }
}

/** The same, of all nodes that are not told apart, and of every answer. */
function withoutNode(key: number): number {
  const target = Math.floor(key / TARGET)
  const direction = (key / DIRECTION) & 3
  const method = (key / METHOD) & 15
  return OTHER_WORD + METHOD * method + NODE * Nodes.rest + DIRECTION * direction + TARGET * target
}
