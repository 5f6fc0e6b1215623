// Is the clock of this host right? Rows are dated by it, and times of packets are judged by it. A sender whose clock is
// wrong is no fault of ours: where most of them agree that ours is, it is.

import type { AgentCounts } from '../binding.js'

const WINDOW_MS = 60_000
/** Between two looks; NTP that steers a clock changes it by a thousandth of that. */
const STEP_MS = 500

export class ClockWatch {
  /** Of the wall clock, ahead of an even one. */
  #ahead: number | undefined
  #steps: { at: number; ms: number }[] = []

  /** To be called about once a second, with milliseconds of the wall clock and of one that is never set. */
  look(wallMs: number, evenMs: number): void {
    const ahead = wallMs - evenMs
    const ms = ahead - (this.#ahead ?? ahead)
    this.#ahead = ahead
    this.#steps = this.#steps.filter(({ at }) => evenMs - at < WINDOW_MS)
    if (Math.abs(ms) >= STEP_MS) this.#steps.push({ at: evenMs, ms })
  }

  /** By how much it was set in the last minute, in milliseconds; 0: it was not, or was set back again. */
  get steppedMs(): number {
    const sum = this.#steps.reduce((total, { ms }) => total + ms, 0)
    return Math.abs(sum) >= STEP_MS ? sum : 0
  }
}

const SKEW_MS = 60_000
/** Fewer hosts prove nothing. */
const LEAST_HOSTS = 3

type Sender = Pick<AgentCounts, 'address' | 'skewMs' | 'lastSeenMs'>

/** How far most of the hosts that sent since then are ahead of us, below 0 behind, the nearest of those; 0: they are not. */
export function commonSkewMs(senders: readonly Sender[], sinceMs: number): number {
  const skews = new Map<string, number>()
  for (const { address, skewMs, lastSeenMs } of senders) {
    if (skewMs === null || lastSeenMs < sinceMs) continue
    const known = skews.get(address)
    if (known === undefined || Math.abs(skewMs) < Math.abs(known)) skews.set(address, skewMs)
  }
  if (skews.size < LEAST_HOSTS) return 0
  const sorted = [...skews.values()].sort((a, b) => Math.abs(a) - Math.abs(b))
  const sides = [sorted.filter((ms) => ms > SKEW_MS), sorted.filter((ms) => ms < -SKEW_MS)]
  return sides.find((side) => side.length > skews.size / 2)?.[0] ?? 0
}
