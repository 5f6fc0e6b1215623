// The daemon: opens sinks, then inputs, says `ready:`, and ends in order: inputs, queue, sinks, ledger.

import { type AgentCounts, binding, type Engine, type Pulse } from './binding.js'
import { Dispatcher } from './dispatcher.js'
import type { AgentOptions } from './hep/agent.js'
import { type LedgerSnapshot, Outcomes } from './ledger.js'
import { FileQueue, type FileSettings, type Progress } from './listen/files.js'
import { type ListenerSettings, Listeners } from './listen/listeners.js'
import { type BoundListen, hepNetName } from './listen/protocols.js'
import { type InputList, openRaw, type RawSettings } from './listen/raw.js'
import type { Log } from './log.js'
import type { RelayLimits } from './relay/limits.js'
import { Relays } from './relay/relays.js'
import { targetName } from './relay/target.js'
import type { CaptureSwitch } from './route/capture-switch.js'
import type { LoadedRoutes, RouteSources } from './route/load.js'
import type { RouterSettings } from './route/router.js'
import { Routing } from './route/routing.js'
import type { RelayTarget } from './route/rules.js'
import type { RouteState } from './route/state.js'
import type { Sink } from './sink/sink.js'
import type { SinkSet } from './sink/sink-set.js'
import { type SinkChange, type SinkSettings, Sinks } from './sink/sinks.js'
import { Traffic, type TrafficSettings } from './traffic/traffic.js'

export interface RelaySettings {
  /** Of packets that we make. */
  agent: AgentOptions
  limits: Partial<RelayLimits>
}

/** What decides on a message now. */
export interface InForce {
  settings: RouterSettings
  routes: LoadedRoutes | undefined
  state: RouteState
  capture: CaptureSwitch
  sinks: SinkSet
  relays: Relays
  listeners: readonly BoundListen[]
}

export type { Listen } from './listen/protocols.js'
export type { SpoolSettings, Target } from './sink/sinks.js'

export interface DaemonSettings
  extends RouterSettings,
    FileSettings,
    Omit<ListenerSettings, 'tellsReceiver'>,
    Omit<SinkSettings, 'agent' | 'heldBlocks' | 'relaysWait'> {
  routeSources: RouteSources
  raw: RawSettings | undefined
  relay: RelaySettings
  /** Traffic is counted for dashboards; undefined: it is not. */
  traffic: TrafficSettings | undefined
  /** Octets of messages that may wait for the sinks. */
  queueBytes: number
  stopTimeoutMs: number
}

const LARGEST_SLAB = 8 << 20
/** As many slabs as the queue's bound allows: enough of them that inputs and sinks work at the same time. */
const SLABS_WANTED = 32
/** Beside those that are being filled: one for the sink to read, one that waits for it. */
const SLABS_SPARE = 2
/** Rows of one transaction; more makes it no faster, and readers wait longer for the first. */
const MAX_ROWS = 10_000
const FLUSH_MS = 100
/** Of the queue, what a database may hold back before its rows go to the disk. */
const HELD_SHARE = 0.5
/** Time that a stopping input may take of the stop timeout; the rest is the sinks'. */
const DRAIN_SHARE = 0.5

export class Daemon {
  readonly #settings: DaemonSettings
  readonly #log: Log
  readonly #engine: Engine
  readonly #dispatcher: Dispatcher
  readonly #sinks: Sinks
  readonly #relays: Relays
  readonly #outcomes = new Map<number, Outcomes>()
  readonly #listeners: Listeners
  readonly #routing: Routing
  readonly #files: FileQueue
  /** undefined where nobody wants it. */
  readonly traffic: Traffic | undefined
  /** The inputs: listeners with the ports that they got, interfaces, files. */
  readonly bound: string[] = []
  readonly #inputs: InputList
  #flush: NodeJS.Timeout | undefined
  #inputsEnded: (() => void) | undefined

  /** `routes` are those that `settings.routeSources` name. */
  constructor(settings: DaemonSettings, log: Log, routes?: LoadedRoutes) {
    this.#settings = settings
    this.#log = log
    this.#engine = new binding.Engine({ ...slabsOf(settings), flushMs: FLUSH_MS, maxRows: MAX_ROWS }, () =>
      this.#drain(),
    )
    this.#inputs = this.#inputList()
    const tellsReceiver = settings.tableLayout.reportLayout === 'homer6'
    this.#listeners = new Listeners(this.#engine, { ...settings, tellsReceiver }, this.#inputs, log)
    this.#files = new FileQueue(this.#engine, settings, log, this.#inputs)
    this.#relays = new Relays({ limits: settings.relay.limits, tls: settings.tls, log })
    this.#sinks = new Sinks(sinkSettings(settings), this.#relays, log, settings.stopTimeoutMs)
    this.#routing = new Routing(settings, this.#relays, log, (input) => this.inputOf(input))
    const { inForce } = this.#sinks
    const router = this.#routing.router(settings, inForce.deeds, routes)
    const traffic = settings.traffic && new Traffic(settings.traffic)
    this.traffic = traffic
    this.#dispatcher = new Dispatcher(
      router,
      inForce,
      this.#outcomes,
      () => this.#listeners.resume(),
      traffic && ((batch) => traffic.count(batch)),
    )
  }

  /**
   * Opens everything, and doors when the rest is open, and says so; rejects with a RefusedError, everything closed again.
   * `doors` gives their names.
   */
  async start(doors: () => Promise<readonly string[]> = async () => []): Promise<void> {
    let opened: readonly string[]
    try {
      await this.#sinks.open()
      await this.#routing.start()
      await this.#listeners.open()
      if (this.#settings.raw) openRaw(this.#engine, this.#settings.raw, this.#log, this.#inputs)
      this.#files.open()
      opened = await doors()
    } catch (error) {
      this.#engine.close()
      await this.#close()
      throw error
    }
    this.#relays.listeners = this.listeners
    this.#flush = setInterval(() => this.#engine.flush(false), FLUSH_MS / 2) // for streams: they have no thread
    const stores = this.#sinks.inForce.sinks.map((sink) => sink.name).join(', ') || 'nowhere'
    const asked = opened.length > 0 ? `; answering on ${opened.join(', ')}` : ''
    this.#log.announce(`ready: ${this.bound.join(', ')}; storing in ${stores}${asked}`)
  }

  /** All files that were to be read; never resolves when there are none. Rejects with the fault of one. */
  get filesRead(): Promise<void> {
    return this.#files.read
  }

  /** Resolves when everything that was received is stored. */
  stored(): Promise<void> {
    this.#drain()
    return this.#dispatcher.idle()
  }

  /** How far the file is read that is being read. */
  get progress(): Progress | undefined {
    return this.#files.progress
  }

  /** What is listened on, in the order of the inputs. */
  get listeners(): BoundListen[] {
    return this.#listeners.all
  }

  /** For `$hep_net`: where an input listens, undefined for one that captures frames; '' is every address. */
  inputOf(input: number): { proto: string; address: string; port: number } | undefined {
    const bound = this.#listeners.of(input)
    return bound && { ...bound, proto: hepNetName(bound.proto) }
  }

  /** Opens the sinks of a configuration that are not open yet. Rejects with a UsageError, and nothing has changed. */
  prepare(settings: DaemonSettings): Promise<SinkChange> {
    return this.#sinks.prepare(sinkSettings(settings))
  }

  /**
   * What can change while messages come in: routes, tables, node name, on and off, certificates, who may send, and the
   * sinks that were prepared. Resolves when what comes in from then on is captured, or not, as the settings say; all else
   * has changed at once.
   */
  reload(
    settings: RouterSettings & Pick<DaemonSettings, 'tls' | 'senders'>,
    routes?: LoadedRoutes,
    sinks?: SinkChange,
  ): Promise<void> {
    this.#listeners.reload(settings.tls, settings.senders)
    this.#relays.tls = settings.tls
    const isTurned = settings.captureOn !== this.#dispatcher.router.settings.captureOn
    const turned = isTurned ? this.#routing.capture.turn(settings.captureOn) : Promise.resolve()
    const set = sinks?.use() ?? this.#sinks.inForce
    const before = destinationsOf(this.#dispatcher.router.settings)
    this.#dispatcher.use(this.#routing.router(settings, set.deeds, routes), set)
    const named = destinationsOf(settings)
    for (const [name, to] of before) if (!named.has(name)) this.#relays.rest(to)
    return turned
  }

  ledger(): LedgerSnapshot {
    const inputs: LedgerSnapshot['inputs'] = {}
    const odd: NonNullable<LedgerSnapshot['odd']> = {}
    for (const [input, outcomes] of this.#outcomes) {
      const counters = this.#engine.counters(input)
      inputs[outcomes.name] = outcomes.snapshot(counters, this.#engine.frames(input))
      const oddities = { ...counters.odd, ...this.#listeners.odd(input) }
      if (Object.keys(oddities).length > 0) odd[outcomes.name] = oddities
    }
    const sinks: LedgerSnapshot['sinks'] = {}
    for (const sink of this.#sinks.all) sinks[sink.name] = sinkLedger(sink)
    const { cut, cleaned, arrivals } = binding.rowsTableCounts()
    if (cut + cleaned + arrivals > 0) odd.values = { cut, cleaned, ...(arrivals > 0 ? { arrivals } : {}) }
    for (const { name, odd: fitted } of this.#sinks.all) if (hasAny(fitted)) odd[name] = { ...fitted }
    const { oddities } = this.#routing
    if (Object.keys(oddities).length > 0) odd.routes = oddities
    const { destinations } = this.#relays
    const relays = Object.fromEntries(destinations.map(({ name, ...counts }) => [name, counts]))
    return {
      inputs,
      sinks,
      ...(destinations.length > 0 ? { relays } : {}),
      ...(Object.keys(odd).length > 0 ? { odd } : {}),
    }
  }

  /** Of the threads that receive: whether each comes round to what waits for it. */
  get threads(): (Pulse & { name: string })[] {
    return this.#engine.pulses().map((pulse) => ({ ...pulse, name: this.bound[pulse.input] ?? '' }))
  }

  /** Who has sent to the listeners, and how many packets came of senders that found no room among them. */
  agents(): { agents: (AgentCounts & { input: string })[]; others: number } {
    const all: (AgentCounts & { input: string })[] = []
    let others = 0
    for (const [input, { name }] of this.#outcomes) {
      const told = this.#listeners.agents(input)
      for (const agent of told?.agents ?? []) all.push({ input: name, ...agent })
      others += told?.others ?? 0
    }
    return { agents: all, others }
  }

  /** To be looked at only. */
  get inForce(): InForce {
    const { settings } = this.#dispatcher.router
    const { loaded: routes, state, capture } = this.#routing
    const { listeners } = this
    return { settings, routes, state, capture, sinks: this.#sinks.inForce, relays: this.#relays, listeners }
  }

  /** The switch of capture; a reload turns it only where the setting has changed. */
  get capture(): CaptureSwitch {
    return this.#routing.capture
  }

  /** Those in force, and what others have counted. */
  get sinks(): readonly Sink[] {
    return this.#sinks.all
  }

  /** Names of the sinks that cannot be reached for now. */
  get away(): string[] {
    return this.#sinks.all.filter(({ answers }) => answers === false).map(({ name }) => name)
  }

  /**
   * Stops the inputs, takes what they hold, stores it, and closes. What cannot be stored within the stop
   * timeout is dropped as `sink/stop_timeout`.
   */
  async stop(): Promise<void> {
    const deadline = Date.now() + this.#settings.stopTimeoutMs
    const drainMs = this.#settings.stopTimeoutMs * DRAIN_SHARE
    this.#files.close()
    this.#engine.stop(drainMs)
    await Promise.all([this.#threadsEnded(), this.#listeners.close(drainMs)])
    clearInterval(this.#flush)
    this.#engine.flush(true)
    this.#drain()
    await within(this.#settled(), deadline - Date.now())
    this.#routing.stop()
    await this.#relays.close(Math.max(deadline - Date.now(), 0))
    await within(this.#dispatcher.idle(), 0) // what they have just settled
    await this.#close() // what a sink has under way it still finishes
    if (!this.#dispatcher.isIdle) this.#dispatcher.abandon('sink/stop_timeout')
    this.#engine.close()
  }

  /** Every message has its outcome, and the disk is empty; or the databases are away, and what they lack has a place there. */
  async #settled(): Promise<void> {
    const stores = this.#sinks.busy.filter(({ drained }) => drained)
    const stored = Promise.all(stores.map((sink) => sink.drained?.()))
    const isAway = stores.length > 0 && stores.every(({ isAway }) => isAway)
    await (isAway ? stored : Promise.all([stored, this.#dispatcher.idle()]))
  }

  #inputList(): InputList {
    const { bound } = this
    const outcomes = this.#outcomes
    return {
      get next() {
        return outcomes.size
      },
      add(name) {
        outcomes.set(outcomes.size, new Outcomes(name))
        bound.push(name)
      },
    }
  }

  /** The engine's wake-up: batches are ready, or an input has ended. */
  #drain(): void {
    for (const slab of this.#engine.take()) this.#dispatcher.dispatch(slab)
    this.#files.look()
    if (this.#engine.ended()) this.#inputsEnded?.()
  }

  #threadsEnded(): Promise<void> {
    if (this.#engine.ended()) return Promise.resolve()
    return new Promise((resolve) => {
      this.#inputsEnded = resolve
    })
  }

  async #close(): Promise<void> {
    await Promise.all([this.#listeners.close(0), this.#relays.close(0)])
    await this.#sinks.close()
  }
}

/** Where settings send packets, by name; routes may name others. */
function destinationsOf({ rules, hepIds }: RouterSettings): Map<string, RelayTarget> {
  const targets = [...rules.relay.map(({ to }) => to), ...hepIds.values()]
  return new Map(targets.map((to) => [targetName(to), to]))
}

function sinkLedger({ counts, spooledRows = 0 }: Sink): LedgerSnapshot['sinks'][string] {
  return { rows: counts.rows, ...(spooledRows > 0 ? { spooled_rows: spooledRows } : {}) }
}

function hasAny(counts: Readonly<Record<string, number>> | undefined): boolean {
  return counts !== undefined && Object.keys(counts).length > 0
}

/** Each receive thread may hold a slab that it fills; a queue too small for that is made larger. */
function slabsOf(settings: DaemonSettings): { slabBytes: number; slabs: number } {
  const { queueBytes, listen, udpWorkers, raw, read } = settings
  const rawThreads = raw ? raw.children * Math.max(raw.interfaces.length, 1) : 0
  const least = listen.length * udpWorkers + rawThreads + read.length + SLABS_SPARE
  const wanted = Math.floor(queueBytes / SLABS_WANTED)
  const slabBytes = Math.min(Math.max(wanted, binding.layout.smallestSlab), LARGEST_SLAB)
  return { slabBytes, slabs: Math.max(Math.floor(queueBytes / slabBytes), least) }
}

function sinkSettings(settings: DaemonSettings): SinkSettings {
  const heldBlocks = Math.ceil(slabsOf(settings).slabs * HELD_SHARE)
  return { ...settings, agent: settings.relay.agent, heldBlocks, relaysWait: settings.read.length > 0 }
}

async function within(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(ms, 0))
  })
  await Promise.race([work, timeout])
  clearTimeout(timer)
}
