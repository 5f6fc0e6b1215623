// One batch on its way through the routes, message by message. It can be left between two messages and gone on
// with later; messages that wait for something leave it, and end on their own.

import type { Batch, Message } from '../message.js'
import { type CollectedRows, Collector } from './collector.js'
import type { Fates } from './fates.js'
import { MessageRun } from './message-run.js'
import type { Router } from './router.js'
import type { RowKind } from './rows.js'

/** What a run needs of the dispatcher. */
export interface RunHost {
  /** Rows were collected after the batch had been gone through: take them soon. */
  late(run: BatchRun): void
  /** The last message of the batch has ended. */
  over(run: BatchRun): void
}

/** How many messages go by between two looks at the clock. */
const STRIDE = 64

export class BatchRun {
  readonly batch: Batch
  readonly fates: Fates
  readonly router: Router
  readonly #host: RunHost
  readonly #collector = new Collector()
  /** Who waits for a row to be committed. */
  #commits: { list: CollectedRows; place: number; done: (isStored: boolean) => void }[] = []
  #next = 0
  /** Messages that wait for something. */
  #waiting = 0

  constructor(batch: Batch, fates: Fates, router: Router, host: RunHost) {
    this.batch = batch
    this.fates = fates
    this.router = router
    this.#host = host
  }

  /** Routes messages until all are through (true), `mustPause` says so, or the time is over. */
  go(untilMs: number, mustPause: () => boolean): boolean {
    const { rows } = this.batch
    while (this.#next < rows) {
      if (mustPause()) return false
      if (this.#next % STRIDE === 0 && performance.now() > untilMs) return false
      this.#route(this.#next++)
    }
    return true
  }

  get hasEnded(): boolean {
    return this.#next === this.batch.rows
  }

  get isOver(): boolean {
    return this.hasEnded && this.#waiting === 0
  }

  /** Memory of messages that were derived for this run, which are valid as long as it is. */
  readonly kept = new Set<Batch>()

  /** A row of a message: `message` is the one that was received, or derived from that at `origin`. */
  put(kind: RowKind, table: string, message: Message, origin: number): void {
    for (const deed of this.router.ports.deeds) this.fates.begin(origin, deed)
    const isDerived = message.batch !== this.batch
    this.#collector.put(kind, table, message.batch, message.row, isDerived ? origin : undefined)
    if (this.hasEnded) this.#host.late(this)
  }

  /** Resolves when the row that was put last is committed (true), or lost. */
  committed(): Promise<boolean> {
    const { list, place } = this.#collector.last!
    return new Promise((done) => this.#commits.push({ list, place, done }))
  }

  wait(): void {
    this.#waiting++
  }

  waitedEnough(): void {
    this.#waiting--
    if (this.isOver) this.#host.over(this)
  }

  /** What was collected so far, and who waits for it. */
  take(): { rows: CollectedRows[]; commits: Commits } {
    const commits = new Commits(this.#commits)
    this.#commits = []
    return { rows: this.#collector.take(), commits }
  }

  #route(row: number): void {
    const message = this.batch.message(row)
    const { rules } = this.router
    const reason = rules.discards(message)
    if (reason) {
      this.fates.end(row, reason)
      return
    }
    for (const target of rules.relaysOf(message)) this.router.relay(this.fates, row, message, target)
    const start = this.router.startOf(message)
    if (start === 'default') this.router.storeByDefault(this, message, row)
    else new MessageRun(this, message, row).start(start)
  }
}

/** Who waits for rows to be committed. */
export class Commits {
  readonly #waiting: readonly { list: CollectedRows; place: number; done: (isStored: boolean) => void }[]

  constructor(waiting: readonly { list: CollectedRows; place: number; done: (isStored: boolean) => void }[]) {
    this.#waiting = waiting
  }

  /** `isLost` tells of a row of a list whether some sink refused it. */
  settle(isLost: (list: CollectedRows, row: number) => boolean): void {
    for (const { list, place, done } of this.#waiting) done(!isLost(list, list.rows[place]!))
  }
}
