// From batches to outcomes: takes each batch through the routes, gives the rows to every sink, and settles the
// messages when the last sink has answered. Memory goes back to the engine when nobody needs it any more.

import type { SealedSlab } from './binding.js'
import type { Outcomes } from './ledger.js'
import { Batch } from './message.js'
import { BatchRun } from './route/batch-run.js'
import type { CollectedRows } from './route/collector.js'
import { type Deed, Fates } from './route/fates.js'
import { Holds } from './route/holds.js'
import type { Router } from './route/router.js'
import type { RowBlock } from './route/rows.js'
import type { RefusedRow, Sink } from './sink/sink.js'
import type { SinkSet } from './sink/sink-set.js'

/** Routing gives way to sockets and timers after this time. */
const SLICE_MS = 10

export class Dispatcher {
  #router: Router
  #sinks: SinkSet
  /** Of the batches whose routes have not ended. */
  readonly #sinksOf = new Map<BatchRun, SinkSet>()
  readonly #outcomes: Map<number, Outcomes>
  readonly #holds: Holds
  readonly #look: ((batch: Batch) => void) | undefined
  readonly #waiting: SealedSlab[] = []
  #current: BatchRun | undefined
  /** Those with messages that are not settled. */
  readonly #open = new Map<Fates, number>()
  /** With rows that came late. */
  readonly #late = new Set<BatchRun>()
  #pumping: NodeJS.Immediate | undefined
  #idle: (() => void)[] = []

  /**
   * `released` is called after each slab that went back: an input that waits may go on. `look` sees each batch before its
   * routes.
   */
  constructor(
    router: Router,
    sinks: SinkSet,
    outcomes: Map<number, Outcomes>,
    released: () => void,
    look?: (batch: Batch) => void,
  ) {
    this.#look = look
    this.#router = router
    this.#sinks = sinks
    this.#outcomes = outcomes
    const { derived } = router.ports
    this.#holds = new Holds((batch) => {
      derived.released(batch)
      released()
      this.#pumpSoon()
    })
    derived.use(this.#holds)
  }

  /** Batches that come from here on go this way; those that were begun end as they began. */
  use(router: Router, sinks: SinkSet): void {
    this.#router = router
    this.#sinks = sinks
  }

  get router(): Router {
    return this.#router
  }

  /** Messages without an outcome, and batches that nobody has looked at. */
  get isIdle(): boolean {
    return this.#open.size === 0 && this.#waiting.length === 0
  }

  dispatch(slab: SealedSlab): void {
    this.#waiting.push(slab)
    if (!this.#pumping) this.#pump()
  }

  /** Resolves when every message has its outcome. */
  idle(): Promise<void> {
    if (this.isIdle) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  /** Gives up what is not settled: dropped, with this reason. */
  abandon(where: string): void {
    for (const fates of [...this.#open.keys()]) fates.abandon(where)
    for (const { input, rows } of this.#waiting) this.#outcomes.get(input)?.drop(where, rows)
    this.#waiting.length = 0
  }

  #pumpSoon(): void {
    this.#pumping ??= setImmediate(() => this.#pump())
  }

  #pump(): void {
    this.#pumping = undefined
    const until = performance.now() + SLICE_MS
    const { derived } = this.router.ports
    for (;;) {
      this.#current ??= this.#begin()
      if (!this.#current) return
      if (!this.#current.go(until, () => derived.isTight)) {
        if (!derived.isTight) this.#pumpSoon() // else a slab that is released wakes us
        return
      }
      const run = this.#current
      this.#current = undefined
      this.#insert(run)
      if (run.isOver) this.#over(run)
    }
  }

  #begin(): BatchRun | undefined {
    const slab = this.#waiting.shift()
    if (!slab) return undefined
    const outcomes = this.#outcomes.get(slab.input)
    if (!outcomes) throw new Error(`no input ${slab.input}`)
    const batch = new Batch(slab)
    this.#holds.hold(batch)
    this.#look?.(batch)
    const fates: Fates = new Fates(slab.rows, outcomes, (messages) => this.#settled(fates, messages))
    this.#open.set(fates, slab.rows)
    const run = new BatchRun(batch, fates, this.router, {
      late: (run) => this.#takeLate(run),
      over: (run) => this.#over(run),
    })
    this.#sinks.begin()
    this.#sinksOf.set(run, this.#sinks)
    return run
  }

  #over(run: BatchRun): void {
    this.#insert(run)
    for (const derived of run.kept) this.#holds.letGo(derived)
    this.#holds.letGo(run.batch)
    this.#sinksOf.get(run)?.end()
    this.#sinksOf.delete(run)
  }

  /** Rows of messages that waited: those of one turn of the event loop together. */
  #takeLate(run: BatchRun): void {
    if (this.#late.size === 0) setImmediate(() => this.#insertLate())
    this.#late.add(run)
  }

  #insertLate(): void {
    const runs = [...this.#late]
    this.#late.clear()
    for (const run of runs) this.#insert(run)
  }

  /** Gives what the run has collected to the sinks. */
  #insert(run: BatchRun): void {
    const { rows, commits } = run.take()
    if (rows.length === 0) return
    if (rows.some(({ origins }) => origins)) this.router.ports.derived.seal()
    const { captureNode: node, tableWindow: window } = run.router.settings
    const block: RowBlock = {
      node,
      window,
      tables: rows.map(({ kind, table, batch, rows }) => ({
        kind,
        table,
        batch,
        rows: Uint32Array.from(rows),
      })),
    }
    const set = this.#sinksOf.get(run)!
    const { deeds } = set
    void this.#give(block, set, (batch) => spoolRows(run.fates, rows, batch)).then((lost) => {
      commits.settle((list, row) => lost[0]!.has(rowKey(rows.indexOf(list), row)))
      for (const [at, deed] of deeds.entries()) {
        for (const [index, list] of rows.entries()) settleRows(run.fates, deed, index, list, lost[at]!)
      }
    })
  }

  /**
   * For each deed the rows that some sink of its kind refused, with the reason: stored means committed in every sink
   * that stores. `spooled` hears of batches whose rows no sink has in memory only.
   */
  async #give(
    block: RowBlock,
    { sinks, deeds }: SinkSet,
    spooled: (batch: Batch) => void,
  ): Promise<Map<string, string>[]> {
    const refused = await Promise.all(this.#giveEach(block, sinks, spooled))
    return deeds.map((deed) => {
      const some = refused.filter((_, at) => (sinks[at]?.sends ?? false) === (deed === 'sent_row'))
      return new Map(some.flat().map(({ table, row, reason }) => [rowKey(table, row), reason.toLowerCase()]))
    })
  }

  /** Each sink holds the batches until it has the rows, in its database or on the disk. */
  #giveEach(
    block: RowBlock,
    sinks: readonly Sink[],
    spooled: (batch: Batch) => void,
  ): Promise<RefusedRow[]>[] {
    const batches = [...new Set(block.tables.map(({ batch }) => batch))]
    const users = new Map(batches.map((batch) => [batch, { left: sinks.length, onDisk: false }]))
    return sinks.map((sink) => {
      const held = new Set(batches)
      for (const batch of batches) this.#holds.hold(batch)
      const letGo = (batch: Batch, isSpooled: boolean) => {
        if (!held.delete(batch)) return
        this.#holds.letGo(batch)
        const user = users.get(batch)!
        user.left--
        user.onDisk ||= isSpooled
        if (user.onDisk && user.left === 0) spooled(batch)
      }
      return sink
        .insert(block, (batch) => letGo(batch, true))
        .finally(() => {
          for (const batch of batches) letGo(batch, false)
        })
    })
  }

  #settled(fates: Fates, messages: number): void {
    const left = (this.#open.get(fates) ?? 0) - messages
    if (left > 0) this.#open.set(fates, left)
    else this.#open.delete(fates)
    if (!this.isIdle) return
    for (const resolve of this.#idle.splice(0)) resolve()
  }
}

function rowKey(table: number, row: number): string {
  return `${table} ${row}`
}

/** The messages whose rows are of this batch. */
function spoolRows(fates: Fates, lists: CollectedRows[], batch: Batch): void {
  for (const list of lists) {
    if (list.batch !== batch) continue
    for (const [place, row] of list.rows.entries()) fates.spool(list.origins?.[place] ?? row)
  }
}

function settleRows(
  fates: Fates,
  deed: Deed,
  index: number,
  { rows, origins }: CollectedRows,
  lost: Map<string, string>,
): void {
  for (const [place, row] of rows.entries()) {
    const reason = lost.size === 0 ? undefined : lost.get(rowKey(index, row))
    const origin = origins?.[place] ?? row
    fates.done(
      origin,
      deed,
      reason === undefined ? undefined : `${deed === 'row' ? 'sink' : 'relay'}/${reason}`,
    )
  }
}
