// GET /healthz: is anything wrong that somebody should see to now? Each reason has a name, and says what it means.

import type { LedgerSnapshot } from '../ledger.js'
import type { Sink } from '../sink/sink.js'
import type { HttpHandler } from './handler.js'

export type HealthReason =
  /** Messages were lost in the last minute: the kernel had no room, or a stage was full. */
  | 'dropping'
  /** A database does not answer. */
  | 'sink_away'
  /** More than four fifths of what the disk may take are in use. */
  | 'spool_filling'
  /** The main thread was held up. */
  | 'busy'

export interface Health {
  status: 'ok' | 'failing'
  reasons: { reason: HealthReason; detail: string }[]
}

export interface HealthSource {
  ledger(): LedgerSnapshot
  sinks(): readonly Sink[]
  /** The longest that the event loop was held up in the last minute, in milliseconds. */
  heldUpMs(): number
}

const WINDOW_MS = 60_000
const SAMPLE_MS = 5_000
const FILLING = 0.8
const HELD_UP_MS = 1_000
/** Stages that drop what was good; all others refuse what somebody sent. */
const LOSSES = ['kernel/', 'queue/', 'sink/', 'relay/']

/** Keeps what was dropped for a minute, to tell what is new of it. */
export class HealthWatch {
  readonly #source: HealthSource
  readonly #now: () => number
  readonly #seen: { at: number; dropped: Map<string, number> }[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(source: HealthSource, now: () => number = () => performance.now()) {
    this.#source = source
    this.#now = now
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
    this.#seen.push({ at, dropped: droppedOf(this.#source.ledger()) })
    while (this.#seen.length > 1 && at - this.#seen[1]!.at >= WINDOW_MS) this.#seen.shift()
  }

  get health(): Health {
    const reasons = [...this.#dropping(), ...this.#sinks(), ...this.#busy()]
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
