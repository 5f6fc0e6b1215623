// What routes write: `xlog()`, and the faults that they run into.

import type { Log, LogLevel } from '../log.js'
import type { RouteLog as RouteLogPort } from './services.js'

/** OpenSIPS's buffer: what is longer is cut. */
const LONGEST_LINE = 4096

type XlogTo = Extract<LogLevel, 'error' | 'warn' | 'info' | 'debug'>

const LEVELS = new Map<number, XlogTo>([
  [-3, 'error'],
  [-2, 'error'],
  [-1, 'error'],
  [1, 'warn'],
  [2, 'info'],
  [3, 'info'],
  [4, 'debug'],
])

/** As scripts name levels: only the third character counts. */
const NAMED: Record<string, number> = { A: -3, C: -2, E: -1, W: 1, N: 2, I: 3, D: 4 }

export const L_ERR = -1
export const L_NOTICE = 2

/** undefined for a text that names no level. */
export function levelOf(name: string): number | undefined {
  return /^L_/i.test(name) ? NAMED[name[2]?.toUpperCase() ?? ''] : undefined
}

export class RouteLog implements RouteLogPort {
  readonly #log: Log
  /** What went wrong, how often. */
  readonly faults = new Map<string, number>()

  constructor(log: Log) {
    this.#log = log
  }

  isLogged(level: number): boolean {
    return this.#log.isLogged(LEVELS.get(level) ?? 'info')
  }

  /** One line a call: the line end that scripts are in the habit of writing is none of it. */
  xlog(level: number, text: string): void {
    this.#log[LEVELS.get(level) ?? 'info'](text.slice(0, LONGEST_LINE).replace(/\n$/, ''))
  }

  warn(what: string, where: string): void {
    this.faults.set(what, (this.faults.get(what) ?? 0) + 1)
    this.#log.repeated(`${what}: ${where}`)
  }
}
