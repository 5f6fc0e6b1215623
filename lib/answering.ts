// What the daemon answers at its doors, and the doors themselves: made once, beside the daemon.

import type { Daemon } from './daemon.js'
import { Doors } from './doors.js'
import { HealthWatch, healthHandler } from './http/health.js'
import { LoopWatch } from './http/loop-watch.js'
import { metricsHandler } from './http/metrics.js'
import { pageHandlers } from './http/page/page.js'
import { pageSource } from './http/page/source.js'
import type { Log } from './log.js'
import type { Settings } from './options/settings.js'
import { packageVersion } from './version.js'

export class Answering {
  readonly #doors: Doors
  readonly #loop = new LoopWatch()
  readonly #health: HealthWatch
  readonly #closePage: () => void

  /** `inForce` is asked each time: a reload may have changed it. */
  constructor(daemon: Daemon, settings: Settings, inForce: () => Settings, log: Log) {
    const version = packageVersion()
    const sinks = () => daemon.sinks
    const ledger = () => daemon.ledger()
    this.#health = new HealthWatch({ ledger, sinks, heldUpMs: () => this.#loop.heldUpMs })
    const page = pageSource(daemon, inForce, version, { health: () => this.#health.health })
    this.#closePage = () => page.calls.close()
    const refused = () => this.#doors.refused
    const handlers = [
      metricsHandler({ version, ledger, sinks, refused }),
      healthHandler(this.#health),
      ...pageHandlers(page),
    ]
    this.#doors = new Doors(settings, handlers, log)
  }

  /** Resolves with the names of the doors; rejects with a RefusedError. */
  async open(): Promise<string[]> {
    const names = await this.#doors.open()
    if (names.length === 0) return names
    this.#loop.start()
    this.#health.start()
    return names
  }

  async close(): Promise<void> {
    this.#loop.stop()
    this.#health.stop()
    this.#closePage()
    await this.#doors.close()
  }
}
