// Timer routes: each runs again its time after it has ended, so that two runs of one never overlap.

import { Execution } from './execution.js'
import type { RouteServices } from './services.js'
import type { Route, Timer } from './table.js'

export class Timers {
  readonly #services: RouteServices
  readonly #clocks = new Set<NodeJS.Timeout>()
  #hasEnded = false

  constructor(services: RouteServices) {
    this.#services = services
  }

  /** Runs the startup routes, one after the other. */
  async startUp(): Promise<void> {
    for (const route of this.#services.routes.startup) await this.#run(route)
  }

  start(): void {
    for (const timer of this.#services.routes.timers) this.#arm(timer)
  }

  /** No further run begins. */
  stop(): void {
    this.#hasEnded = true
    for (const clock of this.#clocks) clearTimeout(clock)
  }

  #arm(timer: Timer): void {
    if (this.#hasEnded) return
    const clock = setTimeout(() => {
      this.#clocks.delete(clock)
      void this.#run(timer).then(() => this.#arm(timer))
    }, timer.everySeconds * 1000)
    this.#clocks.add(clock)
  }

  async #run(route: Route): Promise<void> {
    try {
      await route.run(new Execution(this.#services))
    } catch (error) {
      const { name, message } = error as Error
      this.#services.log.warn('route_fault', `${route.title}: ${name}: ${message}`)
    }
  }
}
