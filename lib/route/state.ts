// What routes keep from message to message, and over every reload: counters, caches, what was logged.

import type { Log } from '../log.js'
import { Cache } from './cache.js'
import type { RouteLimits, RouteServices, RouteTrace } from './services.js'
import { Stats } from './stats.js'
import type { RouteTable } from './table.js'
import { RouteLog } from './xlog.js'

type InputOf = RouteServices['inputOf']

export class RouteState {
  readonly log: RouteLog
  readonly stats = new Stats()
  readonly cache: Cache
  readonly #inputOf: InputOf
  readonly #now: () => number

  constructor(log: Log, inputOf: InputOf, now: () => number = Date.now) {
    this.log = new RouteLog(log)
    this.cache = new Cache(now)
    this.#inputOf = inputOf
    this.#now = now
  }

  /** For the routes of one configuration. */
  services(routes: RouteTable, limits: RouteLimits, trace?: RouteTrace): RouteServices {
    const { log, stats, cache } = this
    return { log, stats, cache, routes, limits, inputOf: this.#inputOf, now: this.#now, trace }
  }
}
