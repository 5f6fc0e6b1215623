// What the daemon answers at its doors, and the doors themselves: made once, beside the daemon.

import { agents, shownAgents } from './control/commands/agents.js'
import { explain } from './control/commands/explain.js'
import { logLevel } from './control/commands/log-level.js'
import { ps } from './control/commands/ps.js'
import { reload } from './control/commands/reload.js'
import { sinks as showSinks, spool as showSpool } from './control/commands/sinks.js'
import { sipCapture } from './control/commands/sip-capture.js'
import { stats } from './control/commands/stats.js'
import { miHandler } from './control/http.js'
import { JsonRpc } from './control/json-rpc.js'
import { Registry } from './control/registry.js'
import type { Daemon } from './daemon.js'
import { Doors } from './doors.js'
import { HealthWatch, healthHandler } from './http/health.js'
import { LoopWatch } from './http/loop-watch.js'
import { metricsHandler } from './http/metrics.js'
import { pageHandlers } from './http/page/page.js'
import { pageSource } from './http/page/source.js'
import type { Log } from './log.js'
import type { Settings } from './options/settings.js'
import type { Reloader } from './reload.js'
import { Explainer } from './trace/explain.js'
import { packageVersion } from './version.js'

/** Those with the most packets. */
const PAGE_AGENTS = 50

export class Answering {
  readonly #doors: Doors
  readonly #loop = new LoopWatch()
  readonly #health: HealthWatch
  readonly #closePage: () => void
  readonly #explainer: Explainer

  /** `reloader` gives none while the daemon starts; the settings are those of then. */
  constructor(daemon: Daemon, settings: Settings, reloader: () => Reloader | undefined, log: Log) {
    const version = packageVersion()
    const sinks = () => daemon.sinks
    const ledger = () => daemon.ledger()
    this.#health = new HealthWatch({
      ledger,
      sinks,
      heldUpMs: () => this.#loop.heldUpMs,
      threads: () => daemon.threads,
      agents: () => daemon.agents().agents,
    })
    const settingsNow = () => reloader()?.effective.settings ?? settings
    const page = pageSource(daemon, settingsNow, version, {
      health: () => this.#health.health,
      agents: () => shownAgents(daemon.agents(), PAGE_AGENTS),
    })
    this.#closePage = () => page.calls.close()
    this.#explainer = new Explainer({ settings: settingsNow, inForce: () => daemon.inForce })
    const refused = () => this.#doors.refused
    const commands = [
      sipCapture(daemon.capture),
      stats(ledger),
      reload(reloader),
      logLevel(log),
      ps,
      explain(this.#explainer),
      ...[showSinks(sinks), showSpool(sinks)],
      agents(() => daemon.agents()),
    ]
    const fault = (error: Error) =>
      log.repeated(`management: our fault: ${error.stack ?? error.message}`, 'error')
    const registry = new Registry(commands)
    const rpc = new JsonRpc(registry, fault)
    const handlers = [
      metricsHandler({ version, ledger, sinks, refused, traffic: daemon.traffic }),
      healthHandler(this.#health),
      ...pageHandlers(page),
      miHandler(rpc),
    ]
    this.#doors = new Doors(settings, handlers, { registry, rpc, fault }, log)
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
    this.#explainer.close()
    await this.#doors.close()
  }
}
