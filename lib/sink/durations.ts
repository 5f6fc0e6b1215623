// How long blocks of rows take, from the feed to their commit: counted by upper bounds, as histograms are.

/** Seconds; beyond the last one is a bucket of its own. */
export const DURATION_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60] as const

export class Durations {
  /** Of each bound those that took no longer and longer than the bound before, then the others. */
  readonly counts: number[] = new Array(DURATION_BOUNDS.length + 1).fill(0)
  /** Seconds. */
  sum = 0

  add(seconds: number): void {
    const at = DURATION_BOUNDS.findIndex((bound) => seconds <= bound)
    this.counts[at < 0 ? DURATION_BOUNDS.length : at]!++
    this.sum += seconds
  }
}
