// `hepcapd`: the daemon as a process, in the foreground: signals, systemd, the ledger at the end.

import { constants } from 'node:os'
import { binding } from '../binding.js'
import { Daemon, type DaemonSettings } from '../daemon.js'
import { RefusedError, renderFault, UsageError } from '../errors.js'
import { Log } from '../log.js'
import { Notifier } from '../notify.js'
import type { Effective } from '../options/settings.js'
import { type LoadedRoutes, soundRoutes } from '../route/load.js'
import { showProgress } from './progress.js'

/**
 * Resolves with the exit status once the daemon has ended, after a signal or the last file. Rejects with a
 * RefusedError when it cannot start, and with a UsageError for routes that cannot be used.
 */
export async function run(effective: Effective): Promise<number> {
  const routes = await soundRoutes(effective.settings.routeSources)
  const log = new Log(effective.settings)
  for (const fault of routes.faults) log.warn(renderFault(fault))
  for (const ignored of effective.ignored) log.debug(ignored)
  const notifier = new Notifier(log)
  const daemon = new Daemon(effective.settings, log, routes)
  const stopped = nextStop()
  let reloader: Reloader | undefined
  process.on('SIGHUP', () => {
    if (reloader) void reloader.reload()
    else log.info('SIGHUP: not ready yet, there is nothing to load again')
  })
  try {
    await daemon.start()
  } catch (error) {
    log.close()
    throw error
  }
  notifier.ready(`listening on ${daemon.bound.join(', ')}`)
  reloader = new Reloader(effective, daemon, log, notifier)

  const fault = await end(daemon, stopped, log)
  notifier.stopping(effective.settings.stopTimeoutMs)
  await daemon.stop()
  if (fault) log.error(renderFault(fault.fault()))
  log.close()
  await writeLine(JSON.stringify(daemon.ledger()))
  return fault ? 1 : 0
}

/** A signal, or the last file, its rows stored; then the fault of a file, if one had any. */
async function end(
  daemon: Daemon,
  stopped: Promise<NodeJS.Signals>,
  log: Log,
): Promise<RefusedError | undefined> {
  const progress = showProgress(daemon)
  const read = daemon.filesRead.then(
    () => undefined,
    (error: RefusedError) => error,
  )
  let fault: RefusedError | undefined
  const files = read.then(async (error) => {
    fault = error
    await daemon.stored()
  })
  const signal = await Promise.race([stopped, files])
  progress.end()
  if (signal) log.info(`${signal}: storing what was received`)
  return fault
}

/** The first SIGTERM or SIGINT ends in order; a second one at once, with 128 + n. */
function nextStop(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (asked) binding.exitAtOnce(128 + constants.signals[signal])
        asked = true
        resolve(signal)
      })
    }
  })
}

/** A pipe may be full or closed: the process must not end before the line is through, nor fail of it. */
function writeLine(line: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.once('error', () => resolve())
    process.stdout.write(`${line}\n`, () => resolve())
  })
}

/** SIGHUP: what can change while messages come in changes; what cannot is named; bad settings change nothing. */
class Reloader {
  #effective: Effective
  readonly #daemon: Daemon
  readonly #log: Log
  readonly #notifier: Notifier
  /** One after the other: the last one asked for is the one that is in force. */
  #turn: Promise<void> = Promise.resolve()

  constructor(effective: Effective, daemon: Daemon, log: Log, notifier: Notifier) {
    this.#effective = effective
    this.#daemon = daemon
    this.#log = log
    this.#notifier = notifier
  }

  reload(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#reload())
    return this.#turn
  }

  async #reload(): Promise<void> {
    this.#notifier.reloading()
    try {
      const next = this.#effective.reload()
      const routes = await soundRoutes(next.settings.routeSources)
      for (const fault of [...next.warnings, ...routes.faults]) this.#log.warn(renderFault(fault))
      this.#apply(next, routes)
    } catch (error) {
      if (!(error instanceof UsageError) && !(error instanceof RefusedError)) throw error
      const faults = error instanceof UsageError ? error.faults : [error.fault()]
      for (const fault of faults) this.#log.error(renderFault(fault))
      this.#log.error('reload: the new configuration cannot be used; the old one stays')
    }
    this.#notifier.ready(`listening on ${this.#daemon.bound.join(', ')}`)
  }

  #apply(next: Effective, routes: LoadedRoutes): void {
    const fixed = FIXED.filter((name) => !isSame(next.settings[name], this.#effective.settings[name]))
    for (const name of fixed)
      this.#log.warn(`reload: a change of ${FIXED_NAMES[name]} takes a restart; the old value stays`)
    const kept = Object.fromEntries(FIXED.map((name) => [name, this.#effective.settings[name]]))
    this.#effective = { ...next, settings: { ...next.settings, ...kept } }
    this.#daemon.reload(this.#effective.settings, routes)
    this.#log.level = next.settings.logLevel
    this.#log.info('reload: the new configuration is in force')
  }
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
