// GET /healthz: is anything wrong that somebody should see to now? Each reason has a name, and says what it means.

import type { AgentCounts } from '../binding.js'
import type { LedgerSnapshot } from '../ledger.js'
import type { Sink } from '../sink/sink.js'
import { ClockWatch, commonSkewMs } from './clock-watch.js'
import type { HttpHandler } from './handler.js'
import { type ThreadPulse, ThreadWatch } from './thread-watch.js'

export type HealthReason =
  /** Messages were lost in the last minute: the kernel had no room, or a stage was full. */
  | 'dropping'
  /** A database does not answer. */
  | 'sink_away'
  /** More than four fifths of what the disk may take are in use. */
  | 'spool_filling'
  /** The main thread was held up. */
  | 'busy'
  /** A thread that receives does not come round to what waits for it. */
  | 'stuck_thread'
  /** The clock of this host was set in the last minute. */
  | 'clock_stepped'
  /** Most senders have another time than this host. */
  | 'clock_skew'

export interface Health {
  status: 'ok' | 'failing'
  reasons: { reason: HealthReason; detail: string }[]
}

export interface HealthSource {
  ledger(): LedgerSnapshot
  sinks(): readonly Sink[]
  /** The longest that the event loop was held up in the last minute, in milliseconds. */
  heldUpMs(): number
  threads(): readonly ThreadPulse[]
  agents(): readonly Pick<AgentCounts, 'address' | 'skewMs' | 'lastSeenMs'>[]
}

const WINDOW_MS = 60_000
const SAMPLE_MS = 1_000
const FILLING = 0.8
const HELD_UP_MS = 1_000
/** Stages that drop what was good; all others refuse what somebody sent. */
const LOSSES = ['kernel/', 'queue/', 'sink/', 'relay/']

/** Keeps what was dropped for a minute, to tell what is new of it. */
export class HealthWatch {
  readonly #source: HealthSource
  readonly #now: () => number
  readonly #wall: () => number
  readonly #threads = new ThreadWatch()
  readonly #clock = new ClockWatch()
  readonly #seen: { at: number; dropped: Map<string, number> }[] = []
  #timer: NodeJS.Timeout | undefined

  /** `now` is never set, `wall` is the clock of this host; both in milliseconds. */
  constructor(source: HealthSource, now = () => performance.now(), wall = () => Date.now()) {
    this.#source = source
    this.#now = now
    this.#wall = wall
    this.sample()
  }

  start(): void {
    this.#timer = setInterval(() => this.sample(), SAMPLE_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  sample(): void {
    const at = this.#now()
    this.#threads.look(this.#source.threads(), at)
    this.#clock.look(this.#wall(), at)
    this.#seen.push({ at, dropped: droppedOf(this.#source.ledger()) })
    while (this.#seen.length > 1 && at - this.#seen[1]!.at >= WINDOW_MS) this.#seen.shift()
  }

  get health(): Health {
    const reasons = [
      ...this.#dropping(),
      ...this.#sinks(),
      ...this.#busy(),
      ...this.#stuck(),
      ...this.#clockReasons(),
    ]
    return { status: reasons.length === 0 ? 'ok' : 'failing', reasons }
  }

  *#dropping(): Generator<Health['reasons'][number]> {
    const before = this.#seen[0]!.dropped
    for (const [what, count] of droppedOf(this.#source.ledger())) {
      const more = count - (before.get(what) ?? 0)
      if (more > 0) yield { reason: 'dropping', detail: `${what}: ${more} messages in the last minute` }
    }
  }

  *#sinks(): Generator<Health['reasons'][number]> {
    for (const { name, sends, answers = true, spooledRows = 0, spoolShare = 0 } of this.#source.sinks()) {
      if (sends) continue
      if (!answers) yield { reason: 'sink_away', detail: `${name}: ${spooledRows} rows wait on the disk` }
      if (spoolShare > FILLING)
        yield { reason: 'spool_filling', detail: `${name}: ${Math.floor(spoolShare * 100)} % of --spool-max` }
    }
  }

  *#busy(): Generator<Health['reasons'][number]> {
    const ms = this.#source.heldUpMs()
    if (ms >= HELD_UP_MS)
      yield { reason: 'busy', detail: `the main thread was held up for ${Math.round(ms)} ms` }
  }

  *#stuck(): Generator<Health['reasons'][number]> {
    for (const { name, ms } of this.#threads.stuck) {
      const detail = `${name}: a thread has left what waits for it alone for ${Math.floor(ms / 1000)} s`
      yield { reason: 'stuck_thread', detail }
    }
  }

  *#clockReasons(): Generator<Health['reasons'][number]> {
    const { steppedMs } = this.#clock
    if (steppedMs !== 0) {
      const detail = `the clock of this host was set ${away(steppedMs, 'forward', 'back')} in the last minute`
      yield { reason: 'clock_stepped', detail }
    }
    const skewMs = commonSkewMs(this.#source.agents(), this.#wall() - WINDOW_MS)
    if (skewMs === 0) return
    const detail = `the clocks of most senders are ${away(skewMs, 'ahead', 'behind')}: see to that of this host`
    yield { reason: 'clock_skew', detail }
  }
}

export function healthHandler(watch: HealthWatch): HttpHandler {
  return {
    method: 'GET',
    path: '/healthz',
    answer() {
      const { status, reasons } = watch.health
      const body = status === 'ok' ? { status } : { status, reasons }
      return {
        status: status === 'ok' ? 200 : 503,
        type: 'application/json',
        body: `${JSON.stringify(body)}\n`,
      }
    },
  }
}

/** `3 s back`. */
function away(ms: number, forth: string, back: string): string {
  return `${Math.round(Math.abs(ms) / 100) / 10} s ${ms > 0 ? forth : back}`
}

/** `input stage/reason`, of what we lost: nobody makes us ill by sending what is no good. */
function droppedOf({ inputs }: LedgerSnapshot): Map<string, number> {
  return new Map(
    Object.entries(inputs).flatMap(([input, { dropped }]) =>
      Object.entries(dropped)
        .filter(([where]) => LOSSES.some((stage) => where.startsWith(stage)))
        .map(([where, count]): [string, number] => [`${input} ${where}`, count]),
    ),
  )
}
