// Which threads that receive have stopped coming round although something waits for them. A thread with nothing to do is
// well, however long it waits.

/** Of one thread; always in the same order. */
export interface ThreadPulse {
  /** The name of its input. */
  name: string
  /** How often it came round to its socket. */
  beats: number
  /** Something waits there. */
  hasWork: boolean
}

const STUCK_MS = 5000

export class ThreadWatch {
  /** Since when each has work and the same number of beats. */
  #idleSince: { beats: number; since: number }[] = []
  #stuck: { name: string; ms: number }[] = []

  /** To be called about once a second. */
  look(pulses: readonly ThreadPulse[], nowMs: number): void {
    const since = pulses.map(({ beats, hasWork }, at) => {
      const before = this.#idleSince[at]
      if (!hasWork) return { beats, since: Number.POSITIVE_INFINITY }
      return { beats, since: before?.beats === beats ? Math.min(before.since, nowMs) : nowMs }
    })
    this.#idleSince = since
    const waiting = pulses.map(({ name }, at) => ({ name, ms: nowMs - since[at]!.since }))
    this.#stuck = waiting.filter(({ ms }) => ms >= STUCK_MS)
  }

  /** As of the last look: the names of their inputs, and for how long. */
  get stuck(): readonly { name: string; ms: number }[] {
    return this.#stuck
  }
}
