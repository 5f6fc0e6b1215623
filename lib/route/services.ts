// What routes need of the rest of the daemon.

import type { RouteTable } from './table.js'

export interface RouteServices {
  readonly log: RouteLog
  readonly stats: Stats
  readonly cache: Cache
  /** Of the configuration that is in force. */
  readonly routes: RouteTable
  readonly limits: RouteLimits
  /** Of an input by its number: our listener, for `$hep_net`; undefined for one that is no HEP listener. */
  inputOf(input: number): { proto: string; address: string; port: number } | undefined
  /** Milliseconds since the epoch. */
  now(): number
  /** `hepcapd trace`: hears of each statement that runs. */
  readonly trace?: RouteTrace | undefined
}

export interface RouteLimits {
  /** Turns of one `while`. */
  whileLoops: number
  /** Statements of one message, over all its routes. */
  steps: number
}

/** Levels of xlog: -3 alert, -2 critical, -1 error, 1 warning, 2 notice, 3 info, 4 debug. */
export interface RouteLog {
  isLogged(level: number): boolean
  /** A line of the script's own. */
  xlog(level: number, text: string): void
  /** Something went wrong in a route; counted by `what`, logged at a limited rate. */
  warn(what: string, where: string): void
}

export interface Stats {
  add(name: string, by: number): void
  get(name: string): number | undefined
  set(name: string, value: number): void
}

/** Of `cache_store("local", ...)`: one map for each name of a system. */
export interface Cache {
  store(system: string, key: string, value: string, expiresSeconds: number): void
  fetch(system: string, key: string): string | undefined
  remove(system: string, key: string): void
  /** undefined when what is there is no number. */
  add(system: string, key: string, by: number, expiresSeconds: number): number | undefined
}

export interface RouteTrace {
  /** A statement ran; `text` is as in the script, `values` what its variables held and what it gave. */
  statement(where: string, text: string, values: string): void
}
