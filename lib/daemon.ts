// The daemon: opens sinks, then inputs, says `ready:`, and ends in order: inputs, queue, sinks, ledger.

import { existsSync } from 'node:fs'
import { binding, type Engine } from './binding.js'
import { Dispatcher } from './dispatcher.js'
import { RefusedError } from './errors.js'
import type { AgentOptions } from './hep/agent.js'
import { type LedgerSnapshot, Outcomes } from './ledger.js'
import { bindAddresses } from './listen/address.js'
import type { TlsCredentials } from './listen/certificates.js'
import { FileQueue, type FileSettings, type Progress } from './listen/files.js'
import {
  type BoundListen,
  hepNetName,
  isDatagram,
  type Listen,
  type ListenProto,
} from './listen/protocols.js'
import { type InputList, openRaw, type RawSettings } from './listen/raw.js'
import type { StreamListener } from './listen/stream-listener.js'
import { TcpListener } from './listen/tcp.js'
import { TlsListener } from './listen/tls.js'
import { WsListener } from './listen/ws.js'
import type { Log } from './log.js'
import type { RelayLimits } from './relay/limits.js'
import { Relays } from './relay/relays.js'
import type { LoadedRoutes, RouteSources } from './route/load.js'
import type { RouterSettings } from './route/router.js'
import { Routing } from './route/routing.js'
import type { RelayTarget } from './route/rules.js'
import { type DatabaseTarget, databaseName } from './sink/database-target.js'
import { Feed } from './sink/feed.js'
import { RelaySink } from './sink/relay.js'
import { type TableLayout, tableShapes } from './sink/schema.js'
import type { Sink } from './sink/sink.js'
import type { SpoolPort } from './sink/spool-port.js'
import { StoreThread } from './sink/store-thread.js'
import { folderOf } from './spool/folder.js'
import { LazySpool } from './spool/lazy-spool.js'
import { Spool, type SpoolLimits } from './spool/spool.js'

/** Where rows go: a SQLite file (strftime allowed), a database server, a HEP receiver, or nowhere. */
export type Target =
  | { kind: 'sqlite'; path: string }
  | { kind: 'database'; at: DatabaseTarget }
  | { kind: 'relay'; to: RelayTarget }
  | { kind: 'none' }

export interface SpoolSettings extends Omit<SpoolLimits, 'syncMs'> {
  /** '' is none. */
  folder: string
  /** Opened at the start; else when it is needed first, and where that fails rows wait in memory. */
  isNamed: boolean
  /** Every row goes there first. */
  always: boolean
}

export interface RelaySettings {
  /** Of packets that we make. */
  agent: AgentOptions
  limits: Partial<RelayLimits>
}

export type { Listen } from './listen/protocols.js'

export interface DaemonSettings extends RouterSettings, FileSettings {
  routeSources: RouteSources
  listen: Listen[]
  /** Is HEP taken where SIP is too? */
  hepCaptureOn: boolean
  /** For the listeners and what is sent. */
  tls: TlsCredentials
  raw: RawSettings | undefined
  targets: Target[]
  spool: SpoolSettings
  /** Over all connections of a database. */
  statementsInFlight: number
  tableLayout: TableLayout
  relay: RelaySettings
  udpWorkers: number
  /** Octets. */
  rcvbufBytes: number
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
/** With `--spool-always` rows are forced onto the disk so soon. */
const SYNC_MS = 200
/** Time that a stopping input may take of the stop timeout; the rest is the sinks'. */
const DRAIN_SHARE = 0.5

export class Daemon {
  readonly #settings: DaemonSettings
  readonly #log: Log
  readonly #engine: Engine
  readonly #dispatcher: Dispatcher
  readonly #sinks: Sink[]
  readonly #relays: Relays
  readonly #outcomes = new Map<number, Outcomes>()
  readonly #streams = new Map<number, StreamListener>()
  readonly #listening = new Map<number, BoundListen>()
  readonly #routing: Routing
  readonly #files: FileQueue
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
    this.#files = new FileQueue(this.#engine, settings, log, this.#inputs)
    this.#relays = new Relays({ limits: settings.relay.limits, tls: settings.tls, log })
    this.#sinks = settings.targets.flatMap((target) => this.#sinkOf(target))
    this.#routing = new Routing(settings, this.#relays, this.#sinks, log, (input) => this.inputOf(input))
    const router = this.#routing.router(settings, routes)
    this.#dispatcher = new Dispatcher(router, this.#sinks, this.#outcomes, () => {
      for (const listener of this.#streams.values()) listener.resume()
    })
  }

  /** Opens everything and says so; rejects with a RefusedError, everything closed again. */
  async start(): Promise<void> {
    try {
      for (const sink of this.#sinks) await sink.open()
      await this.#routing.start()
      for (const listen of this.#settings.listen) await this.#open(listen)
      if (this.#settings.raw) openRaw(this.#engine, this.#settings.raw, this.#log, this.#inputs)
      this.#files.open()
    } catch (error) {
      this.#engine.close()
      await this.#close()
      throw error
    }
    this.#relays.listeners = this.listeners
    this.#flush = setInterval(() => this.#engine.flush(false), FLUSH_MS / 2) // for streams: they have no thread
    const stores = this.#sinks.map((sink) => sink.name).join(', ') || 'nowhere'
    this.#log.announce(`ready: ${this.bound.join(', ')}; storing in ${stores}`)
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
    return [...this.#listening.values()]
  }

  /** For `$hep_net`: where an input listens, undefined for one that captures frames; '' is every address. */
  inputOf(input: number): { proto: string; address: string; port: number } | undefined {
    const bound = this.#listening.get(input)
    return bound && { ...bound, proto: hepNetName(bound.proto) }
  }

  /** What can change while messages come in: routes, tables, node name, on and off, certificates. */
  reload(settings: RouterSettings & Pick<DaemonSettings, 'tls'>, routes?: LoadedRoutes): void {
    for (const listener of this.#streams.values()) listener.reload(settings.tls)
    this.#relays.tls = settings.tls
    this.#dispatcher.router = this.#routing.router(settings, routes)
  }

  ledger(): LedgerSnapshot {
    const inputs: LedgerSnapshot['inputs'] = {}
    const odd: NonNullable<LedgerSnapshot['odd']> = {}
    for (const [input, outcomes] of this.#outcomes) {
      const counters = this.#engine.counters(input)
      inputs[outcomes.name] = outcomes.snapshot(counters, this.#engine.frames(input))
      const oddities = { ...counters.odd, ...this.#streams.get(input)?.odd }
      if (Object.keys(oddities).length > 0) odd[outcomes.name] = oddities
    }
    const sinks = Object.fromEntries(this.#sinks.map((sink) => [sink.name, sinkLedger(sink)]))
    const { cut, cleaned, arrivals } = binding.rowsTableCounts()
    if (cut + cleaned + arrivals > 0) odd.values = { cut, cleaned, ...(arrivals > 0 ? { arrivals } : {}) }
    for (const { name, odd: fitted } of this.#sinks) if (hasAny(fitted)) odd[name] = { ...fitted }
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

  /**
   * Stops the inputs, takes what they hold, stores it, and closes. What cannot be stored within the stop
   * timeout is dropped as `sink/stop_timeout`.
   */
  async stop(): Promise<void> {
    const deadline = Date.now() + this.#settings.stopTimeoutMs
    const drainMs = this.#settings.stopTimeoutMs * DRAIN_SHARE
    this.#files.close()
    this.#engine.stop(drainMs)
    await Promise.all([this.#threadsEnded(), ...this.#closeStreams(drainMs)])
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
    const stores = this.#sinks.filter(({ drained }) => drained)
    const stored = Promise.all(stores.map((sink) => sink.drained?.()))
    const isAway = stores.length > 0 && stores.every(({ isAway }) => isAway)
    await (isAway ? stored : Promise.all([stored, this.#dispatcher.idle()]))
  }

  async #open(listen: Listen): Promise<void> {
    for (const address of await bindAddresses(listen.host)) {
      const shown = listen.host === '*' ? '*' : address.includes(':') ? `[${address}]` : address
      const input = this.#inputs.next
      try {
        const port = isDatagram(listen.proto)
          ? this.#openUdp(input, address, listen)
          : await this.#openStream(input, address, listen)
        this.#inputs.add(`${listen.proto}:${shown}:${port}`)
        this.#listening.set(input, { proto: listen.proto, address, port })
      } catch (error) {
        throw listenError(`${listen.proto}:${shown}:${listen.port}`, error)
      }
    }
  }

  #sinkOf(target: Target): Sink[] {
    const { read, relay } = this.#settings
    if (target.kind === 'none') return []
    if (target.kind !== 'relay') return [this.#feed(target)]
    return [new RelaySink(this.#relays, { to: target.to, agent: relay.agent, waits: read.length > 0 })]
  }

  #feed(target: Exclude<Target, { kind: 'relay' | 'none' }>): Feed {
    const name = target.kind === 'sqlite' ? `sqlite:${target.path}` : databaseName(target.at)
    const { statementsInFlight } = this.#settings
    const shapes = tableShapes(this.#settings.tableLayout)
    const thread = new StoreThread(name, { ...target, statementsInFlight, shapes }, this.#log)
    const heldBlocks = Math.ceil(slabsOf(this.#settings).slabs * HELD_SHARE)
    const limits = { heldBlocks, spoolAlways: this.#settings.spool.always }
    return new Feed(thread, this.#spoolOf(name), limits, this.#log)
  }

  #spoolOf(sinkName: string): SpoolPort | undefined {
    const { folder, isNamed, always, maxBytes, full } = this.#settings.spool
    if (folder === '') return undefined
    const limits = { maxBytes, full, syncMs: always ? SYNC_MS : undefined }
    const path = folderOf(folder, sinkName)
    const open = () => Spool.open(path, sinkName, limits, this.#log)
    return new LazySpool(open, isNamed || always || existsSync(path), isNamed ? undefined : this.#log)
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

  #openUdp(input: number, address: string, { proto, port }: Listen): number {
    const { udpWorkers: workers, rcvbufBytes, hepCaptureOn, tableLayout } = this.#settings
    const takes = proto === 'hep_udp' ? 'hep' : hepCaptureOn ? 'sip_or_hep' : 'sip'
    const tellsReceiver = tableLayout.reportLayout === 'homer6'
    const options = { address, port, rcvbufBytes, workers, takes, tellsReceiver } as const
    const listening = this.#engine.listenUdp(input, options)
    this.#tellReceiveBuffer(listening.rcvbufBytes)
    return listening.port
  }

  #tellReceiveBuffer(granted: number): void {
    const wanted = this.#settings.rcvbufBytes
    if (granted >= wanted) {
      this.#log.info(`receive buffer: ${granted} octets`)
    } else {
      this.#log.warn(
        `receive buffer: the kernel granted ${granted} of ${wanted} octets, so bursts may be lost (and are counted); ` +
          `run with CAP_NET_ADMIN, or: sysctl -w net.core.rmem_max=${wanted}`,
      )
    }
  }

  async #openStream(input: number, address: string, { proto, port }: Listen): Promise<number> {
    const listener = this.#streamListener(input, proto)
    const bound = await listener.listen(address, port)
    this.#streams.set(input, listener)
    return bound
  }

  #streamListener(input: number, proto: ListenProto): StreamListener {
    const { tls } = this.#settings
    if (proto === 'hep_tls') return new TlsListener(this.#engine, input, tls)
    if (proto === 'hep_ws') return new WsListener(this.#engine, input, undefined)
    if (proto === 'hep_wss') return new WsListener(this.#engine, input, tls)
    return new TcpListener(this.#engine, input)
  }

  #closeStreams(drainMs: number): Promise<void>[] {
    return Array.from(this.#streams.values(), (listener) => listener.close(drainMs))
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
    await Promise.all([...this.#closeStreams(0), this.#relays.close(0)])
    await Promise.all(this.#sinks.map((sink) => sink.close()))
  }
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

function listenError(listener: string, error: unknown): RefusedError {
  if (error instanceof RefusedError) return error
  const { code = 'ERROR', message, cure } = error as Error & { code?: string; cure?: string }
  return new RefusedError({
    code,
    message: `cannot listen on ${listener}: ${message}`,
    cure: cure || cureOf(code),
  })
}

function cureOf(code: string): string {
  if (code === 'EADDRINUSE')
    return 'another program has this port: stop it, or name another port with --listen'
  if (code === 'EADDRNOTAVAIL') return 'this host does not have that address: see `ip address`'
  if (code === 'EACCES') return 'ports under 1024 need CAP_NET_BIND_SERVICE'
  return 'name another address or port with --listen'
}

async function within(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(ms, 0))
  })
  await Promise.race([work, timeout])
  clearTimeout(timer)
}
