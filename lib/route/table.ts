// Routes of either language, ready to run. What runs them does not know which language it was.

import type { Execution } from './execution.js'

/**
 * Runs for one message. A promise only from a route that `awaits`. Rejections and exceptions are faults of the
 * route. The number is its return code; 0 has ended the whole execution.
 */
export interface Route {
  /** `route[name]`, `onreply_route`, `request`, ... for logs and the trace. */
  readonly title: string
  readonly awaits: boolean
  run(execution: Execution): number | Promise<number>
}

/** A timer of Node that is to wait for longer ends at once. */
export const MAX_TIMER_SECONDS = 2_147_483

export interface Timer extends Route {
  readonly everySeconds: number
}

export interface RouteTable {
  request?: Route
  reply?: Route
  error?: Route
  startup: readonly Route[]
  timers: readonly Timer[]
  /** Named routes of the script and hepRoutes of the module. */
  named: ReadonlyMap<string, Route>
}
