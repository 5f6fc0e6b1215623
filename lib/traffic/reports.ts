// What reports on the quality of calls say, as gauges of the newest one: RTCP and RTCP-XR as agents put them into JSON,
// voice quality reports, RTP agents, SBCs by way of horaclifix, X-RTP-Stat and Reason of SIP. A report that is none, or
// has other words, is no fault of anybody: it is stored all the same, and says nothing here.

import { binding } from '../binding.js'
import type { Batch, Message } from '../message.js'
import type { Place } from './call.js'
import type { Nodes } from './nodes.js'
import { HELP, JSON_FIELDS, type JsonField, SBC_FIELDS, VOICE_QUALITY } from './report-fields.js'
import { Counts, Gauges, type Labels, type TrafficMetric } from './series.js'
import { extractXrtp } from './xrtp.js'

const { record: at, sip: sipAt } = binding.layout

/** Gauges show the newest: of a batch with more reports the others are not read. */
const MOST_OF_BATCH = 500
const LONGEST = 8192
const LONGEST_HEADER = 512
const LONGEST_NAME = 64

const RTCP = 5
const RTP_AGENT = 34
const VOICE = 35
const SBC = 38

const REPORTS = new Set([RTCP, RTP_AGENT, VOICE, SBC])

const MOST_CAUSES = 2000
const CAUSES = 128
const OTHER_CAUSE = 0
/** Of the key of a count of causes: cause, answer, target. */
const [ANSWER, TARGET] = [CAUSES, CAUSES * 128]

export class Reports {
  readonly #targetName: (target: number) => string
  readonly #nodes: Nodes
  readonly #answers: readonly string[]
  readonly #gauges = new Gauges(HELP)
  readonly #causes = new Counts(MOST_CAUSES, (key) => key - (key % TARGET))
  #left = MOST_OF_BATCH

  constructor(targetName: (target: number) => string, nodes: Nodes, answers: readonly string[]) {
    this.#targetName = targetName
    this.#nodes = nodes
    this.#answers = answers
  }

  /** Of a batch. */
  begin(): void {
    this.#left = MOST_OF_BATCH
  }

  /** A message that is not SIP. */
  take(batch: Batch, row: number, place: Place): void {
    const type = batch.u8(batch.recordAt(row) + at.protocolType)
    if (!REPORTS.has(type) || this.#left === 0) return
    const { payload } = batch.message(row)
    if (payload.length > LONGEST) return
    this.#left--
    const text = payload.toString()
    if (type === RTCP) this.#takeJson(text, JSON_FIELDS.rtcp, this.#endLabels(place))
    else if (type === RTP_AGENT) this.#takeJson(text, JSON_FIELDS.rtpAgent, [this.#nodeLabels(place)])
    else if (type === SBC) this.#takeSbc(text)
    else this.#takeVoiceQuality(text, this.#nodeLabels(place))
  }

  /** Does the SIP message of this record say anything about calls? */
  static hasAny(batch: Batch, record: number): boolean {
    return batch.u16(record + sipAt.reason + 2) + batch.u16(record + sipAt.rtpStat + 2) > 0
  }

  takeSip(message: Message, answer: number, source: number): void {
    if (message.hasSip('reason'))
      this.#takeReason(message.sip('reason').slice(0, LONGEST_HEADER), answer, source)
    if (!message.hasSip('rtpStat') || this.#left === 0) return
    this.#left--
    const stat = message.sip('rtpStat').slice(0, LONGEST_HEADER)
    const labels = { target_name: this.#targetName(source) }
    for (const [name, value] of extractXrtp(stat)) this.#set(`heplify_xrtp_${name}`, labels, value)
  }

  get metrics(): TrafficMetric[] {
    const labels = (key: number) => ({
      target_name: this.#targetName(Math.floor(key / TARGET)),
      cause: key % CAUSES === OTHER_CAUSE ? 'other' : String(key % CAUSES),
      method: this.#answers[Math.floor(key / ANSWER) % 128] as string,
    })
    const help = 'Q.850 causes of Reason headers.'
    const causes = this.#causes.samples(labels)
    return [
      ...this.#gauges.metrics,
      { name: 'heplify_reason_isup_total', type: 'counter', help, samples: causes },
    ]
  }

  #takeReason(reason: string, answer: number, source: number): void {
    if (!/\bQ\.850\b/i.test(reason)) return
    const cause = Number(/\bQ\.850\b[^,]*?;\s*cause\s*=\s*(\d{1,3})(?!\d)/i.exec(reason)?.[1] ?? OTHER_CAUSE)
    this.#causes.add((cause < CAUSES ? cause : OTHER_CAUSE) + ANSWER * answer + TARGET * source)
  }

  #takeJson(text: string, fields: readonly JsonField[], places: readonly Labels[]): void {
    const said = parsed(text)
    for (const { name, path, most = Number.POSITIVE_INFINITY } of fields) {
      const value = numberAt(said, path)
      if (value === undefined) continue
      for (const labels of places) this.#set(name, labels, value > most ? 0 : value)
    }
  }

  #takeVoiceQuality(text: string, labels: Labels): void {
    for (const [name, word] of VOICE_QUALITY) {
      const value = new RegExp(`\\b${word}=(-?\\d{1,9}(?:\\.\\d{1,9})?)`).exec(text)?.[1]
      if (value !== undefined) this.#set(name, labels, Number(value))
    }
  }

  #takeSbc(text: string): void {
    const said = parsed(text)
    const [sbc_name, inc_realm, out_realm] = ['NAME', 'INC_REALM', 'OUT_REALM'].map((key) =>
      nameAt(said, key),
    )
    for (const { name, path, direction, share = 1 } of SBC_FIELDS) {
      const value = numberAt(said, path)
      if (value === undefined) continue
      const labels = { sbc_name: sbc_name!, direction, inc_realm: inc_realm!, out_realm: out_realm! }
      this.#set(name, labels, value * share)
    }
  }

  #set(name: string, labels: Labels, value: number): void {
    this.#gauges.set(name, Object.values(labels).join('\0'), labels, value)
  }

  #nodeLabels({ node }: Place): Labels {
    return { node_id: this.#nodes.name(node) }
  }

  #endLabels({ node, source, destination }: Place): Labels[] {
    const node_id = this.#nodes.name(node)
    const of = (target: number, direction: string) => {
      return { target_name: this.#targetName(target), direction, node_id }
    }
    if (source + destination === 0) return [of(0, '')]
    return [...(source > 0 ? [of(source, 'src')] : []), ...(destination > 0 ? [of(destination, 'dst')] : [])]
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function valueAt(said: unknown, path: readonly (string | number)[]): unknown {
  let at = said
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Record<string | number, unknown>)[key]
  }
  return at
}

/** Some agents write numbers as texts. */
function numberAt(said: unknown, path: readonly (string | number)[]): number | undefined {
  const value = valueAt(said, path)
  if (typeof value !== 'number' && typeof value !== 'string') return undefined
  if (typeof value === 'string' && !/^\s*-?\d{1,15}(\.\d{1,15})?\s*$/.test(value)) return undefined
  return Number.isFinite(Number(value)) ? Number(value) : undefined
}

function nameAt(said: unknown, key: string): string {
  const value = valueAt(said, [key])
  return typeof value === 'string' ? value.slice(0, LONGEST_NAME) : ''
}
