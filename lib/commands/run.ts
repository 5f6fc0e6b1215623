// `hepcapd`: the daemon as a process, in the foreground: signals, systemd, the ledger at the end.

import { constants } from 'node:os'
import { Answering } from '../answering.js'
import { binding } from '../binding.js'
import { Daemon } from '../daemon.js'
import { type RefusedError, renderFault } from '../errors.js'
import { Log } from '../log.js'
import { Notifier } from '../notify.js'
import type { Effective } from '../options/settings.js'
import { inheritance } from '../privileges/inheritance.js'
import { Reloader } from '../reload.js'
import { soundRoutes } from '../route/load.js'
import { showProgress } from './progress.js'

/** Messages and rows are nobody's but the user's and the group's. */
const PRIVATE_UMASK = 0o027

/**
 * Resolves with the exit status once the daemon has ended, after a signal or the last file. Rejects with a
 * RefusedError when it cannot start, and with a UsageError for routes that cannot be used.
 */
export async function run(effective: Effective): Promise<number> {
  process.umask(process.umask() | PRIVATE_UMASK)
  const routes = await soundRoutes(effective.settings.routeSources)
  const log = new Log(effective.settings)
  for (const fault of routes.faults) log.warn(renderFault(fault))
  for (const ignored of effective.ignored) log.debug(ignored)
  const notifier = new Notifier(log)
  const daemon = new Daemon(effective.settings, log, routes)
  const stopped = nextStop()
  let reloader: Reloader | undefined
  process.on('SIGHUP', () => {
    if (reloader) reloader.reload().catch((error: Error) => log.error(`reload: our fault: ${error.stack}`))
    else log.info('SIGHUP: not ready yet, there is nothing to load again')
  })
  const answering = new Answering(daemon, effective.settings, () => reloader, log)
  try {
    await daemon.start(() => answering.open())
  } catch (error) {
    await answering.close()
    log.close()
    throw error
  }
  inheritance.end()
  notifier.ready(`listening on ${daemon.bound.join(', ')}`)
  reloader = new Reloader(effective, daemon, log, notifier)

  const fault = await end(daemon, stopped, log)
  reloader.close()
  notifier.stopping(effective.settings.stopTimeoutMs)
  await daemon.stop()
  await answering.close()
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
