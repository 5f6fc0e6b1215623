// Loading the configuration again: what can change while messages come in changes; what cannot is named; what cannot be
// used is refused as a whole, every fault at once, and the old stays. Never two at the same time.

import type { Daemon, DaemonSettings } from './daemon.js'
import { type Fault, RefusedError, renderFault, UsageError } from './errors.js'
import type { Log } from './log.js'
import type { Notifier } from './notify.js'
import type { Effective } from './options/settings.js'
import { type LoadedRoutes, soundRoutes } from './route/load.js'

export type ReloadAnswer =
  /** `fixed`: what differs from before, and takes a restart. */
  { applied: true; warnings: Fault[]; fixed: string[] } | { applied: false; faults: Fault[] }

export class Reloader {
  #effective: Effective
  readonly #daemon: Daemon
  readonly #log: Log
  readonly #notifier: Notifier
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

  async #afterThis(): Promise<ReloadAnswer> {
    await this.#running?.catch(() => {}) // whoever asked for it hears of it
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
    }
  }

  async #take(): Promise<ReloadAnswer> {
    const next = this.#effective.reload()
    const routes = await soundRoutes(next.settings.routeSources)
    const warnings = [...next.warnings, ...routes.faults]
    for (const fault of warnings) this.#log.warn(renderFault(fault))
    return { applied: true, warnings, fixed: this.#apply(next, routes) }
  }

  #apply(next: Effective, routes: LoadedRoutes): string[] {
    const fixed = FIXED.filter((name) => !isSame(next.settings[name], this.#effective.settings[name]))
    for (const name of fixed)
      this.#log.warn(`reload: a change of ${FIXED_NAMES[name]} takes a restart; the old value stays`)
    const kept = Object.fromEntries(FIXED.map((name) => [name, this.#effective.settings[name]]))
    this.#effective = { ...next, settings: { ...next.settings, ...kept } }
    this.#daemon.reload(this.#effective.settings, routes)
    this.#log.level = next.settings.logLevel
    this.#log.info('reload: the new configuration is in force')
    return fixed.map((name) => FIXED_NAMES[name])
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

/** Sockets, databases and memory are made once. */
const FIXED_NAMES = {
  listen: 'listen',
  hepCaptureOn: 'hep_capture_on',
  raw: 'the raw capture',
  read: 'read',
  readRange: 'raw_socket_listen',
  tunnels: 'tunnels',
  targets: 'db_url',
  statementsInFlight: 'max_async_queries',
  tableLayout: 'names of columns, or of the layout of reports (homer5_on),',
  relay: 'the limits of relays',
  udpWorkers: 'udp_workers',
  rcvbufBytes: 'rcvbuf',
  queueBytes: 'queue_max',
  stopTimeoutMs: 'stop_timeout',
} satisfies Partial<Record<keyof DaemonSettings, string>>
const FIXED = Object.keys(FIXED_NAMES) as (keyof typeof FIXED_NAMES)[]

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
