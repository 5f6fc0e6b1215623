// One packet through decode and routes, as in the daemon but for its ends: rows are collected and packets recorded,
// and whoever waits for them hears at once that all went well.

import { agentPacket } from '../hep/agent.js'
import { Outcomes } from '../ledger.js'
import type { Message } from '../message.js'
import { BatchRun } from '../route/batch-run.js'
import { Cache } from '../route/cache.js'
import type { CaptureSwitch } from '../route/capture-switch.js'
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
import {
  type RecordedPacket,
  Recorder,
  type RecorderBounds,
  type Step,
  type Surroundings,
} from './recorder.js'

export interface TraceSettings extends RouterSettings {
  targets: readonly Target[]
  tableLayout: TableLayout
  /** Would the daemon write a line of this level of xlog? */
  isLogged(level: number): boolean
  /** Of a daemon that runs; without it all is as at the start of one. */
  live?: LiveParts
  /** Where the packet was received, for `$hep_net`; undefined for one without HEP. */
  listener: ReturnType<RouteServices['inputOf']>
}

/** What a trace sees of a daemon that runs. Nothing of it changes. */
export interface LiveParts extends Pick<Surroundings, 'refusalOf'>, Pick<RouteServices, 'stats' | 'cache'> {
  deeds: readonly Deed[]
  capture: CaptureSwitch
  /** For the rows of this message; nobody else's. */
  derived: DerivedRows
  /** What becomes of rows now: of some database at least. */
  storing: 'stored' | 'spooled' | 'in_flight'
  bounds: RecorderBounds & { rows: number }
}

export interface Routed {
  /** In the order in which they happened. */
  steps: Step[]
  rows: TracedRow[]
  rowsLeftOut: number
  packets: RecordedPacket[]
  /** `stored`, `spooled`, `relayed`, `discarded`, `dropped`, `in_flight`: what the ledger would count. */
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
export const DERIVED_OCTETS = 16 << 20

export async function routed(
  { batch }: Pick<TracedPacket, 'batch'>,
  settings: TraceSettings,
  loaded: LoadedRoutes,
): Promise<Routed> {
  const { live } = settings
  const recorder = new Recorder({ ...live, isLogged: settings.isLogged }, live?.bounds)
  const services = servicesOf(recorder, settings, loaded)
  if (services && !live) await new Timers(services).startUp()
  const derived = live?.derived ?? new DerivedRows(DERIVED_OCTETS)
  const holds = new Holds((batch) => derived.released(batch))
  derived.use(holds)
  const deeds = live?.deeds ?? deedsOf(settings.targets)
  const ports = { relays: recorder, derived, deeds, ...(live && { capture: live.capture }) }
  const router = new RecordingRouter(recorder, settings, ports, services)
  const outcomes = new Outcomes('trace')
  const fates = new Fates(batch.rows, outcomes, () => {})
  const waiting = new Waiting()
  const run = new BatchRun(batch, fates, router, waiting)
  const message = batch.message(0)
  const rule = router.rules.discards(message)
  if (rule) recorder.discard(rule)
  run.go(Number.POSITIVE_INFINITY, () => false)
  const rows = new TracedRows(settings)
  await collected(run, waiting, (list) => {
    rows.take(list)
    const refusals = new Map(
      Array.from(messagesOf(list), (one) => [one.row, sendOn(one, settings, recorder)]),
    )
    settle(list, run, fates, { refusals, storing: live?.storing ?? 'stored' })
  })
  derived.seal()
  for (const kept of run.kept) holds.letGo(kept)
  const { steps, packets } = recorder
  return { steps, packets, rows: rows.first, rowsLeftOut: rows.leftOut, ...outcomeOf(outcomes) }
}

/** The rows that were collected, as many as are wanted. */
class TracedRows {
  readonly first: TracedRow[] = []
  leftOut = 0
  readonly #most: number
  readonly #node: string
  readonly #shapes: TableShapes

  constructor({ live, captureNode, tableLayout }: TraceSettings) {
    this.#most = live?.bounds.rows ?? Number.POSITIVE_INFINITY
    this.#node = captureNode
    this.#shapes = tableShapes(tableLayout)
  }

  take(list: CollectedRows): void {
    const room = this.#most - this.first.length
    this.first.push(...tracedRows(list, list.rows.slice(0, room), this.#node, this.#shapes))
    this.leftOut += Math.max(list.rows.length - room, 0)
  }
}

/** What became of rows. */
interface Answers {
  /** By row: why some sink that sends did not take it. */
  refusals: ReadonlyMap<number, string | undefined>
  storing: LiveParts['storing']
}

function servicesOf(
  recorder: Recorder,
  { listener, live }: TraceSettings,
  { routes, limits }: LoadedRoutes,
): RouteServices | undefined {
  if (!routes) return undefined
  return {
    log: recorder,
    stats: live?.stats ?? new Stats(),
    cache: live?.cache ?? new Cache(Date.now),
    routes: recorder.heard(routes),
    limits,
    inputOf: () => listener,
    now: Date.now,
    get trace() {
      return recorder.hearsStatements ? recorder : undefined
    },
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

/** Rows as they are collected, until the message waits for nothing more; whoever waits for one goes on. */
async function collected(
  run: BatchRun,
  waiting: Waiting,
  take: (list: CollectedRows) => void,
): Promise<void> {
  for (;;) {
    const { rows: lists, commits } = run.take()
    for (const list of lists) take(list)
    commits.settle(() => false)
    if (run.isOver && lists.length === 0) return
    if (!run.isOver) await waiting.turn()
  }
}

function settle(
  { rows, origins }: CollectedRows,
  run: BatchRun,
  fates: Fates,
  { refusals, storing }: Answers,
): void {
  for (const [place, row] of rows.entries()) {
    const origin = origins?.[place] ?? row
    if (storing === 'spooled') fates.spool(origin)
    for (const deed of run.router.ports.deeds) {
      const refusal = deed === 'sent_row' ? refusals.get(row) : undefined
      if (deed === 'sent_row' || storing === 'stored') fates.done(origin, deed, refusal && `relay/${refusal}`)
    }
  }
}

function* messagesOf({ batch, rows }: CollectedRows): Iterable<Message> {
  for (const row of new Set(rows)) yield batch.message(row)
}

/** As the sinks that send rows on do; the reason of one that does not take it. */
function sendOn(message: Message, { targets, agent }: TraceSettings, recorder: Recorder): string | undefined {
  let refusal: string | undefined
  for (const target of targets) {
    if (target.kind !== 'relay') continue
    const packet = message.hepVersion > 0 ? message.packet : agentPacket(message, agent)
    const reason = packet ? recorder.send(target.to, packet, { settle() {} }) : 'too_long'
    refusal = reason ?? refusal
  }
  return refusal
}

function tracedRows(
  { kind, table, batch }: CollectedRows,
  rows: readonly number[],
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
  const { stored, spooled, relayed, discarded, dropped } = outcomes.snapshot(none, null)
  for (const [outcome, counts] of Object.entries({ discarded, dropped })) {
    for (const reason of Object.keys(counts)) return { outcome, reason }
  }
  const [outcome = 'in_flight'] =
    Object.entries({ stored, spooled, relayed }).find(([, count]) => count > 0) ?? []
  return { outcome, reason: '' }
}
