// How long the event loop was held up: the longest of the last minute, or of the one before it too.

import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'

const RESOLUTION_MS = 20
const WINDOW_MS = 60_000

export class LoopWatch {
  readonly #delays: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  #before = 0
  #timer: NodeJS.Timeout | undefined

  start(): void {
    this.#delays.enable()
    this.#timer = setInterval(() => this.#turn(), WINDOW_MS).unref()
  }

  stop(): void {
    this.#delays.disable()
    clearInterval(this.#timer)
  }

  /** Milliseconds. */
  get heldUpMs(): number {
    return Math.max(this.#before, this.#now)
  }

  get #now(): number {
    return this.#delays.count === 0 ? 0 : this.#delays.max / 1e6
  }

  #turn(): void {
    this.#before = this.#now
    this.#delays.reset()
  }
}
