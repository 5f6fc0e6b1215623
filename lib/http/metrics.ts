// GET /metrics: the counters that are kept anyway, read when somebody asks. One answer is one moment: everything is read
// in one turn of the event loop.

import { collectDefaultMetrics, type Metric, Registry } from 'prom-client'
import type { LedgerSnapshot } from '../ledger.js'
import { DURATION_BOUNDS } from '../sink/durations.js'
import type { Sink } from '../sink/sink.js'
import type { TrafficMetric } from '../traffic/series.js'
import type { HttpHandler } from './handler.js'

export interface MetricsSource {
  readonly version: string
  ledger(): LedgerSnapshot
  sinks(): readonly Sink[]
  /** What doors turned away, by door and reason. */
  refused(): Refused
  /** Where traffic is counted for dashboards. */
  traffic?: { readonly metrics: TrafficMetric[] } | undefined
}

type Refused = Readonly<Record<string, Readonly<Record<string, number>>>>

interface Sample {
  labels: Readonly<Record<string, string>>
  value: number
  /** Of a histogram, whose samples have other names. */
  metricName?: string
}

interface Moment {
  ledger: LedgerSnapshot
  sinks: readonly Sink[]
  refused: Refused
  traffic: ReadonlyMap<string, Sample[]>
}

interface Described {
  name: string
  type: 'counter' | 'gauge' | 'histogram'
  help: string
  samples(moment: Moment): Sample[]
}

/** Names that `promtool check metrics` does not take for gauges. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

export function metricsHandler(source: MetricsSource): HttpHandler {
  let moment: Moment
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)
  const metrics = [...described(source.version), ...foreign(source.traffic?.metrics ?? [])]
  for (const metric of metrics) registry.registerMetric(asMetric(metric, () => moment))
  return {
    method: 'GET',
    path: '/metrics',
    async answer() {
      const traffic = new Map(source.traffic?.metrics.map(({ name, samples }) => [name, samples]))
      moment = { ledger: source.ledger(), sinks: source.sinks(), refused: source.refused(), traffic }
      return { status: 200, type: registry.contentType, body: await registry.metrics() }
    },
  }
}

/** Metrics under names that others have given. */
function foreign(metrics: readonly TrafficMetric[]): Described[] {
  return metrics.map(({ name, type, help }) => {
    return { name, type, help, samples: ({ traffic }) => traffic.get(name) ?? [] }
  })
}

/** What the registry asks of a metric. */
function asMetric({ name, type, help, samples }: Described, moment: () => Moment): Metric {
  const metric = {
    name,
    help,
    type,
    aggregator: 'sum',
    collect: () => {},
    get: async () => ({ name, help, type, aggregator: 'sum', values: samples(moment()) }),
  }
  return metric as unknown as Metric
}

function described(version: string): Described[] {
  const counter = (name: string, help: string, samples: Described['samples']): Described => {
    return { name: `hepcapd_${name}_total`, type: 'counter', help, samples }
  }
  const gauge = (name: string, help: string, samples: Described['samples']): Described => {
    return { name: `hepcapd_${name}`, type: 'gauge', help, samples }
  }
  return [
    gauge('build_info', 'This program; the value is 1.', () => [
      { labels: { version, node: process.version }, value: 1 },
    ]),
    counter('received', 'Messages that came in.', ({ ledger }) =>
      inputsOf(ledger, ({ received }) => [{ labels: {}, value: received }]),
    ),
    counter('messages', 'Messages by what became of them in the end.', ({ ledger }) =>
      inputsOf(ledger, ({ stored, relayed, discarded, dropped }) => {
        const outcomes = { stored, relayed, discarded: sum(discarded), dropped: sum(dropped) }
        return labelled(outcomes, 'outcome')
      }),
    ),
    gauge('in_flight', 'Messages without an end yet, those on the disk too.', ({ ledger }) =>
      inputsOf(ledger, ({ in_flight, spooled }) => [{ labels: {}, value: in_flight + spooled }]),
    ),
    gauge('spooled_messages', 'Of those in flight: their rows are on the disk.', ({ ledger }) =>
      inputsOf(ledger, ({ spooled }) => [{ labels: {}, value: spooled }]),
    ),
    counter('discarded', 'Messages that a route or a setting discarded.', ({ ledger }) =>
      inputsOf(ledger, ({ discarded }) => labelled(discarded, 'reason')),
    ),
    counter('dropped', 'Messages that were lost, by stage and reason.', ({ ledger }) =>
      inputsOf(ledger, ({ dropped }) => labelled(dropped, 'where').map(staged)),
    ),
    counter('frames', 'Frames of raw inputs, by what they were.', ({ ledger }) =>
      inputsOf(ledger, ({ frames }) => (frames ? framesOf(frames) : [])),
    ),
    gauge('frames_held', 'Frames that wait for the rest of a message.', ({ ledger }) =>
      inputsOf(ledger, ({ frames }) => (frames ? [{ labels: {}, value: frames.held }] : [])),
    ),
    counter('odd', 'What was tolerated, by where and what.', ({ ledger }) =>
      Object.entries(ledger.odd ?? {}).flatMap(([where, counts]) =>
        labelled(counts, 'what').map((sample) => withLabel(sample, 'input', where)),
      ),
    ),
    counter('stored_rows', 'Rows that were committed.', ({ sinks }) =>
      sinks.flatMap(({ name: sink, counts }) =>
        Array.from(counts.tables, ([table, value]) => ({ labels: { sink, table }, value })),
      ),
    ),
    gauge('spooled_rows', 'Rows that wait on the disk, of earlier runs too.', ({ sinks }) =>
      stores(sinks).map(({ name: sink, spooledRows = 0 }) => ({ labels: { sink }, value: spooledRows })),
    ),
    gauge('sink_up', '1: the database answers; 0: it is away.', ({ sinks }) =>
      stores(sinks).map(({ name: sink, answers = true }) => ({ labels: { sink }, value: answers ? 1 : 0 })),
    ),
    {
      name: 'hepcapd_sink_seconds',
      type: 'histogram',
      help: 'From a block of rows to its commit.',
      samples: took,
    },
    counter('relayed', 'Packets that were sent on.', ({ ledger }) =>
      Object.entries(ledger.relays ?? {}).map(([to, { relayed: value }]) => ({ labels: { to }, value })),
    ),
    counter('relay_dropped', 'Packets that were not sent on, by reason.', ({ ledger }) =>
      Object.entries(ledger.relays ?? {}).flatMap(([to, { dropped }]) =>
        labelled(dropped, 'reason').map((sample) => withLabel(sample, 'to', to)),
      ),
    ),
    counter('refused', 'Requests that were turned away, by door and reason.', ({ refused }) =>
      Object.entries(refused).flatMap(([door, counts]) =>
        labelled(counts, 'reason').map((sample) => withLabel(sample, 'door', door)),
      ),
    ),
  ]
}

type Input = LedgerSnapshot['inputs'][string]

function inputsOf({ inputs }: LedgerSnapshot, samples: (input: Input) => Sample[]): Sample[] {
  return Object.entries(inputs).flatMap(([name, input]) =>
    samples(input).map((sample) => withLabel(sample, 'input', name)),
  )
}

function withLabel({ labels, ...sample }: Sample, name: string, value: string): Sample {
  return { ...sample, labels: { [name]: value, ...labels } }
}

function labelled(counts: Readonly<Record<string, number>>, label: string): Sample[] {
  return Object.entries(counts).map(([name, value]) => ({ labels: { [label]: name }, value }))
}

/** `stage/reason` is two labels. */
function staged({ labels, value }: Sample): Sample {
  const [stage = '', reason = ''] = labels.where!.split(/\/(.*)/s)
  return { labels: { stage, reason }, value }
}

function framesOf({ messages, ignored }: NonNullable<Input['frames']>): Sample[] {
  const whats = { message: messages, ...ignored }
  return labelled(whats, 'what')
}

function stores(sinks: readonly Sink[]): readonly Sink[] {
  return sinks.filter(({ sends }) => !sends)
}

function took({ sinks }: Moment): Sample[] {
  return sinks.flatMap(({ name: sink, durations }) => {
    if (!durations) return []
    let total = 0
    const buckets = durations.counts.map((count, at) => {
      total += count
      const le = DURATION_BOUNDS[at] === undefined ? '+Inf' : String(DURATION_BOUNDS[at])
      return { metricName: 'hepcapd_sink_seconds_bucket', labels: { le, sink }, value: total }
    })
    return [
      ...buckets,
      { metricName: 'hepcapd_sink_seconds_sum', labels: { sink }, value: durations.sum },
      { metricName: 'hepcapd_sink_seconds_count', labels: { sink }, value: total },
    ]
  })
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}
