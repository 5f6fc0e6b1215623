// Loading the configuration again: what can change while messages come in changes; what cannot is named; what cannot be
// used is refused as a whole, every fault at once, and the old stays. Never two at the same time.

import type { Daemon } from './daemon.js'
import { type Fault, RefusedError, renderFault, UsageError } from './errors.js'
import type { Log } from './log.js'
import type { Notifier } from './notify.js'
import type { Effective, Settings } from './options/settings.js'
import { type LoadedRoutes, soundRoutes } from './route/load.js'
import type { RouterSettings } from './route/router.js'
import type { SinkChange } from './sink/sinks.js'

export type ReloadAnswer =
  /** `fixed`: what differs from before, and takes a restart. */
  { applied: true; warnings: Fault[]; fixed: string[] } | { applied: false; faults: Fault[] }

/** Between two reloads: signals that come in a storm are few. */
const REST_MS = 200

export class Reloader {
  #effective: Effective
  readonly #daemon: Daemon
  readonly #log: Log
  readonly #notifier: Notifier
  #isClosed = false
  #endedAt = Number.NEGATIVE_INFINITY
  #running: Promise<ReloadAnswer> | undefined
  /** It has not read anything yet: whoever asks meanwhile is served by it too. */
  #next: Promise<ReloadAnswer> | undefined

  constructor(effective: Effective, daemon: Daemon, log: Log, notifier: Notifier) {
    this.#effective = effective
    this.#daemon = daemon
    this.#log = log
    this.#notifier = notifier
  }

  /** The configuration that is in force. */
  get effective(): Effective {
    return this.#effective
  }

  /** The answer to everything that was written before the call. Rejects for faults of ours only. */
  reload(): Promise<ReloadAnswer> {
    this.#next ??= this.#afterThis()
    return this.#next
  }

  /** The daemon stops: nothing is applied any more. */
  close(): void {
    this.#isClosed = true
  }

  async #afterThis(): Promise<ReloadAnswer> {
    await this.#running?.catch(() => {}) // whoever asked for it hears of it
    const restMs = this.#endedAt + REST_MS - performance.now()
    if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs))
    this.#next = undefined
    this.#running = this.#reload()
    return this.#running
  }

  async #reload(): Promise<ReloadAnswer> {
    this.#notifier.reloading()
    try {
      return await this.#take()
    } catch (error) {
      return this.#refuse(faultsOf(error))
    } finally {
      this.#notifier.ready(`listening on ${this.#daemon.bound.join(', ')}`)
      this.#endedAt = performance.now()
    }
  }

  async #take(): Promise<ReloadAnswer> {
    const read = this.#effective.reload()
    const { settings, fixed } = keeping(this.#effective.settings, read.settings)
    const next = { ...read, settings }
    const [routes, sinks] = await both(soundRoutes(settings.routeSources), this.#daemon.prepare(settings))
    if (this.#isClosed) {
      await sinks.abandon()
      return { applied: false, faults: [] }
    }
    const warnings = [...next.warnings, ...routes.faults]
    for (const fault of warnings) this.#log.warn(renderFault(fault))
    for (const name of fixed)
      this.#log.warn(`reload: a change of ${name} takes a restart; the old value stays`)
    this.#effective = next
    await this.#daemon.reload(settings, routes, sinks)
    this.#log.level = settings.logLevel
    this.#log.info('reload: the new configuration is in force')
    return { applied: true, warnings, fixed }
  }

  #refuse(faults: Fault[]): ReloadAnswer {
    for (const fault of faults) this.#log.error(renderFault(fault))
    this.#log.error('reload: the new configuration cannot be used; the old one stays')
    return { applied: false, faults }
  }
}

/** Throws what the user cannot cure. */
function faultsOf(error: unknown): Fault[] {
  if (error instanceof UsageError) return [...error.faults]
  if (error instanceof RefusedError) return [error.fault()]
  throw error
}

/** The faults of either, or what both gave; sinks that were opened beside bad routes are closed again. */
async function both(
  loading: Promise<LoadedRoutes>,
  opening: Promise<SinkChange>,
): Promise<[LoadedRoutes, SinkChange]> {
  const [routes, sinks] = await Promise.allSettled([loading, opening])
  if (routes.status === 'fulfilled' && sinks.status === 'fulfilled') return [routes.value, sinks.value]
  if (sinks.status === 'fulfilled') await sinks.value.abandon()
  throw new UsageError(
    [routes, sinks].flatMap((one) => (one.status === 'rejected' ? faultsOf(one.reason) : [])),
  )
}

/** What a reload applies; of the spool and of relays, not everything. */
type Applied =
  | keyof RouterSettings
  | 'routeSources'
  | 'tls'
  | 'senders'
  | 'targets'
  | 'statementsInFlight'
  | 'spool'
  | 'relay'
  | 'logLevel'
  | 'httpCalls'

/** Sockets and memory are made once. */
const FIXED_NAMES = {
  listen: 'listen',
  hepCaptureOn: 'hep_capture_on',
  raw: 'the raw capture',
  read: 'read',
  readRange: 'raw_socket_listen',
  tunnels: 'tunnels',
  tableLayout: 'names of columns, or of the layout of reports (homer5_on),',
  udpWorkers: 'udp_workers',
  rcvbufBytes: 'rcvbuf',
  queueBytes: 'queue_max',
  traffic: 'heplify_metrics, or heplify_target,',
  stopTimeoutMs: 'stop_timeout',
  logFormat: 'log_format',
  http: 'http',
  httpToken: 'http_token',
  control: 'control',
  miFifo: 'mi_fifo',
  user: 'user',
  group: 'group',
} satisfies Record<Exclude<keyof Settings, Applied>, string>
const FIXED = Object.keys(FIXED_NAMES) as (keyof typeof FIXED_NAMES)[]

/** The new settings with the old values of what takes a restart, and the names of what of that has changed. */
function keeping(old: Settings, next: Settings): { settings: Settings; fixed: string[] } {
  const fixed: string[] = FIXED.filter((name) => !isSame(next[name], old[name])).map(
    (name) => FIXED_NAMES[name],
  )
  if (old.spool.folder !== next.spool.folder) fixed.push('spool')
  if (!isSame(old.relay.limits, next.relay.limits)) fixed.push('the limits of relays')
  const { folder, isNamed } = old.spool
  // the listeners stay: keys of their own do not end because others were named
  const keysOf = isSame(next.listen, old.listen) ? next.senders.keysOf : old.senders.keysOf
  if (!isSame(keysOf, next.senders.keysOf)) fixed.push('hep_key of listeners')
  const settings = {
    ...next,
    ...Object.fromEntries(FIXED.map((name) => [name, old[name]])),
    spool: { ...next.spool, folder, isNamed },
    senders: { ...next.senders, keysOf },
    relay: { ...next.relay, limits: old.relay.limits },
  }
  return { settings, fixed }
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
