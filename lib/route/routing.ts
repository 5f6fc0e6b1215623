// Routes and what they need for the life of the daemon, over every reload: relays, derived rows, counters, timers.

import type { Log } from '../log.js'
import type { Relays } from '../relay/relays.js'
import { CaptureSwitch } from './capture-switch.js'
import { DerivedRows } from './derived-rows.js'
import type { Deed } from './fates.js'
import type { LoadedRoutes } from './load.js'
import { Router, type RouterPorts, type RouterSettings } from './router.js'
import type { RouteServices } from './services.js'
import { RouteState } from './state.js'
import { Timers } from './timers.js'

export interface RoutingSettings {
  /** Octets of messages that may wait for the sinks. */
  queueBytes: number
  captureOn: boolean
}

export class Routing {
  readonly state: RouteState
  /** Those of the router that was made last. */
  loaded: LoadedRoutes | undefined
  readonly #ports: Omit<RouterPorts, 'deeds'>
  #timers: Timers | undefined
  #hasStarted = false

  /** Capture, as it is turned on and off while messages come in. */
  readonly capture: CaptureSwitch

  constructor(settings: RoutingSettings, relays: Relays, log: Log, inputOf: RouteServices['inputOf']) {
    this.capture = new CaptureSwitch(settings.captureOn)
    this.state = new RouteState(log, inputOf)
    this.#ports = {
      relays,
      derived: new DerivedRows(settings.queueBytes),
      capture: this.capture,
    }
  }

  /** The router of one configuration; its timers take the place of those before. `deeds` are those of its sinks. */
  router(settings: RouterSettings, deeds: readonly Deed[], loaded?: LoadedRoutes): Router {
    this.#timers?.stop()
    this.loaded = loaded
    const routes = loaded?.routes
    const services = routes && this.state.services(routes, loaded.limits)
    this.#timers = services && new Timers(services)
    if (this.#hasStarted) this.#timers?.start()
    return new Router(settings, { ...this.#ports, deeds }, services)
  }

  /** Runs the startup routes, then the timers. */
  async start(): Promise<void> {
    await this.#timers?.startUp()
    this.#timers?.start()
    this.#hasStarted = true
  }

  /** What went wrong in routes, how often; reasons that never happened are absent. */
  get oddities(): Record<string, number> {
    const { log, stats, cache } = this.state
    const counts = {
      ...Object.fromEntries(log.faults),
      derived_rows_lost: this.#ports.derived.lost,
      stats_refused: stats.refused,
      cache_evicted: cache.evicted,
    }
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))
  }

  /** No timer runs again. */
  stop(): void {
    this.#timers?.stop()
  }
}
