// How long requests wait for their first sign of life: from the first INVITE of a call to its ringing, from REGISTER to
// 200, by the times of the packets. In nanoseconds, as dashboards have it.

import { binding } from '../binding.js'
import type { Batch } from '../message.js'
import { hashCall, type Seen } from './call.js'
import { type Hash, HashTimes, mix } from './hash-times.js'
import type { Nodes } from './nodes.js'
import { Gauges, type TrafficMetric } from './series.js'
import { ANSWERS, INVITE, REGISTER } from './vocabulary.js'

const { record: at } = binding.layout
const REMEMBERED = 1 << 16
/** Nobody answers later (RFC 3261, timer C): a request after that is another one. */
const LONGEST_US = 180_000_000
const NS_PER_US = 1000

const ALIVE = new Set(['180', '183', '200'].map((code) => ANSWERS.indexOf(code)))

const HELP = new Map([
  ['heplify_kpi_srd', 'Session request delay: from INVITE to 180, 183 or 200, in nanoseconds.'],
  ['heplify_kpi_rrd', 'Registration request delay: from REGISTER to 200, in nanoseconds.'],
])

export class Delays {
  readonly #targetName: (target: number) => string
  readonly #nodes: Nodes
  readonly #begun = new HashTimes(REMEMBERED)
  readonly #gauges = new Gauges(HELP)
  readonly #hash: Hash = { low: 0, high: 0 }

  constructor(targetName: (target: number) => string, nodes: Nodes) {
    this.#targetName = targetName
    this.#nodes = nodes
  }

  take(batch: Batch, seen: Seen): void {
    const { record, isReply, method, answer } = seen
    if (method !== INVITE && method !== REGISTER) return
    const timeUs = batch.int64(record + at.microTs)
    if (isReply) {
      if (ALIVE.has(answer)) this.#end(this.#callerHash(batch, record, at.destination), timeUs, seen)
    } else if (answer === method) this.#begin(this.#callerHash(batch, record, at.source), timeUs)
  }

  get metrics(): TrafficMetric[] {
    return this.#gauges.metrics
  }

  #begin(hash: Hash, timeUs: number): void {
    const before = this.#begun.get(hash)
    if (before === 0 || timeUs < before || timeUs - before > LONGEST_US) this.#begun.put(hash, timeUs)
  }

  #end(hash: Hash, timeUs: number, { method, node, source, destination }: Seen): void {
    const before = this.#begun.get(hash)
    if (before === 0) return
    this.#begun.remove(hash)
    if (timeUs < before || timeUs - before > LONGEST_US) return
    const target_name = this.#targetName(destination || source)
    const node_id = this.#nodes.name(node)
    const name = method === INVITE ? 'heplify_kpi_srd' : 'heplify_kpi_rrd'
    this.#gauges.set(
      name,
      `${target_name} ${node_id}`,
      { target_name, node_id },
      (timeUs - before) * NS_PER_US,
    )
  }

  /** Of the Call-ID, and of who asked; until the next one. */
  #callerHash(batch: Batch, record: number, address: number): Hash {
    hashCall(this.#hash, batch, record)
    mix(this.#hash, batch.octets, record + address, 16)
    return this.#hash
  }
}
