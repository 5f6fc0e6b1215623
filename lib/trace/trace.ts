// One packet through decode and routes, as in the daemon but for its ends: rows are collected and packets recorded,
// and whoever waits for them hears at once that all went well.

import { agentPacket } from '../hep/agent.js'
import { Outcomes } from '../ledger.js'
import type { Message } from '../message.js'
import { BatchRun } from '../route/batch-run.js'
import { Cache } from '../route/cache.js'
import type { CollectedRows } from '../route/collector.js'
import { DerivedRows } from '../route/derived-rows.js'
import { type Deed, Fates } from '../route/fates.js'
import { Holds } from '../route/holds.js'
import type { LoadedRoutes } from '../route/load.js'
import { Router, type RouterPorts, type RouterSettings } from '../route/router.js'
import type { RouteServices } from '../route/services.js'
import { Stats } from '../route/stats.js'
import { Timers } from '../route/timers.js'
import { rowValue } from '../sink/row-values.js'
import { type TableLayout, type TableShapes, tableShapes } from '../sink/schema.js'
import type { Target } from '../sink/sinks.js'
import type { TracedPacket } from './packet.js'
import { type RecordedPacket, Recorder, type Step } from './recorder.js'

export interface TraceSettings extends RouterSettings {
  targets: readonly Target[]
  tableLayout: TableLayout
  /** Would the daemon write a line of this level of xlog? */
  isLogged(level: number): boolean
  /** Where the packet was received, for `$hep_net`; undefined for one without HEP. */
  listener: ReturnType<RouteServices['inputOf']>
}

export interface Routed {
  /** In the order in which they happened. */
  steps: Step[]
  rows: TracedRow[]
  packets: RecordedPacket[]
  /** `stored`, `relayed`, `discarded`, `dropped`: what the ledger would count. */
  outcome: string
  /** Why it was discarded or dropped; else ''. */
  reason: string
}

export interface TracedRow {
  table: string
  /** Those that are not empty, by name. */
  columns: Record<string, string | number | Buffer>
  /** Which of them has the payload. */
  payloadColumn: string | undefined
}

/** What the columns with the payload are filled by. */
const PAYLOADS = new Set(['msg', 'payload_text'])
/** Derived rows of one message. */
const DERIVED_OCTETS = 16 << 20

export async function routed(
  { batch }: Pick<TracedPacket, 'batch'>,
  settings: TraceSettings,
  loaded: LoadedRoutes,
): Promise<Routed> {
  const recorder = new Recorder(settings.isLogged)
  const services = servicesOf(recorder, settings, loaded)
  if (services) await new Timers(services).startUp()
  const derived = new DerivedRows(DERIVED_OCTETS)
  const holds = new Holds(() => {})
  derived.use(holds)
  const ports = { relays: recorder, derived, deeds: deedsOf(settings.targets) }
  const router = new RecordingRouter(recorder, settings, ports, services)
  const outcomes = new Outcomes('trace')
  const fates = new Fates(batch.rows, outcomes, () => {})
  const waiting = new Waiting()
  const run = new BatchRun(batch, fates, router, waiting)
  const message = batch.message(0)
  const rule = router.rules.discards(message)
  if (rule) recorder.discard(rule)
  run.go(Number.POSITIVE_INFINITY, () => false)
  const shapes = tableShapes(settings.tableLayout)
  const traced = (list: CollectedRows) => tracedRows(list, settings.captureNode, shapes)
  const rows = await collected(run, fates, waiting, traced, (list) => {
    for (const one of messagesOf(list)) sendOn(one, settings, recorder)
  })
  derived.seal()
  for (const kept of run.kept) holds.letGo(kept)
  const { steps, packets } = recorder
  return { steps, packets, rows, ...outcomeOf(outcomes) }
}

function servicesOf(
  recorder: Recorder,
  { listener }: TraceSettings,
  { routes, limits }: LoadedRoutes,
): RouteServices | undefined {
  if (!routes) return undefined
  return {
    log: recorder,
    stats: new Stats(),
    cache: new Cache(Date.now),
    routes: recorder.heard(routes),
    limits,
    inputOf: () => listener,
    now: Date.now,
    trace: recorder,
  }
}

/** Tells when a message takes the default path. */
class RecordingRouter extends Router {
  readonly #recorder: Recorder

  constructor(recorder: Recorder, settings: RouterSettings, ports: RouterPorts, services?: RouteServices) {
    super(settings, ports, services)
    this.#recorder = recorder
  }

  override storeByDefault(run: BatchRun, message: Message, row: number): void {
    this.#recorder.path('default path')
    super.storeByDefault(run, message, row)
  }
}

/** Where a database is named that there is no engine for yet, rows would be stored all the same. */
function deedsOf(targets: readonly Target[]): Deed[] {
  const stores: Deed[] = targets.some(({ kind }) => kind === 'sqlite' || kind === 'database') ? ['row'] : []
  return targets.some(({ kind }) => kind === 'relay') ? [...stores, 'sent_row'] : stores
}

/** Rows as they are collected, until the message waits for nothing more; each is as good as stored. */
async function collected(
  run: BatchRun,
  fates: Fates,
  waiting: Waiting,
  traced: (list: CollectedRows) => TracedRow[],
  sent: (list: CollectedRows) => void,
): Promise<TracedRow[]> {
  const rows: TracedRow[] = []
  for (;;) {
    const { rows: lists, commits } = run.take()
    for (const list of lists) {
      rows.push(...traced(list))
      sent(list)
      settle(list, run, fates)
    }
    commits.settle(() => false)
    if (run.isOver && lists.length === 0) return rows
    if (!run.isOver) await waiting.turn()
  }
}

function settle({ rows, origins }: CollectedRows, run: BatchRun, fates: Fates): void {
  for (const [place, row] of rows.entries()) {
    for (const deed of run.router.ports.deeds) fates.done(origins?.[place] ?? row, deed)
  }
}

function* messagesOf({ batch, rows }: CollectedRows): Iterable<Message> {
  for (const row of new Set(rows)) yield batch.message(row)
}

/** As the sinks that send rows on do. */
function sendOn(message: Message, { targets, agent }: TraceSettings, recorder: Recorder): void {
  for (const target of targets) {
    if (target.kind !== 'relay') continue
    const packet = message.hepVersion > 0 ? message.packet : agentPacket(message, agent)
    if (packet) recorder.send(target.to, packet, { settle() {} })
  }
}

function tracedRows(
  { kind, table, batch, rows }: CollectedRows,
  node: string,
  shapes: TableShapes,
): TracedRow[] {
  const payloadColumn = shapes[kind].find(({ from }) => PAYLOADS.has(from.name))?.name
  return rows.map((row) => {
    const message = batch.message(row)
    const columns = shapes[kind].map(({ name, from }) => [name, kept(rowValue(message, from, node))] as const)
    const filled = columns.filter(([, value]) => !isEmpty(value))
    return { table, columns: Object.fromEntries(filled), payloadColumn }
  })
}

/** Octets of the message go with its memory. */
function kept<T extends string | number | Buffer>(value: T): T | Buffer {
  return Buffer.isBuffer(value) ? Buffer.from(value) : value
}

function isEmpty(value: string | number | Buffer): boolean {
  return typeof value === 'number' ? value === 0 : value.length === 0
}

/** The next time that something happens to a message that waits. */
class Waiting {
  #wake: (() => void) | undefined
  #hasHappened = false

  late(): void {
    this.#happen()
  }

  over(): void {
    this.#happen()
  }

  /** Not before the one who made it happen is through: a row is waited for after it was put. */
  async turn(): Promise<void> {
    if (!this.#hasHappened) {
      await new Promise<void>((wake) => {
        this.#wake = wake
      })
    }
    this.#hasHappened = false
    await new Promise(setImmediate)
  }

  #happen(): void {
    this.#hasHappened = true
    this.#wake?.()
  }
}

function outcomeOf(outcomes: Outcomes): Pick<Routed, 'outcome' | 'reason'> {
  const none = { received: 1, accepted: 1, dropped: {}, odd: {} }
  const { stored, relayed, discarded, dropped } = outcomes.snapshot(none, null)
  for (const [outcome, counts] of Object.entries({ discarded, dropped })) {
    for (const reason of Object.keys(counts)) return { outcome, reason }
  }
  return { outcome: stored > 0 ? 'stored' : relayed > 0 ? 'relayed' : 'in_flight', reason: '' }
}
