// From batches to outcomes: routes each batch, gives its rows to every sink, and settles its messages when
// the last sink has answered. Then, and only then, the slab goes back to the engine.

import type { SealedSlab } from './binding.js'
import type { Outcomes } from './ledger.js'
import { Batch } from './message.js'
import type { Router } from './route/router.js'
import type { RowBlock } from './route/rows.js'
import type { RefusedRow, Sink } from './sink/sink.js'

export class Dispatcher {
  /** Replaced as a whole when settings are loaded again. */
  router: Router
  readonly #sinks: Sink[]
  /** Of each sink: does it store, or only send on? */
  readonly #storing: boolean[]
  readonly #outcomes: Map<number, Outcomes>
  readonly #released: () => void
  readonly #open = new Set<Batch>()
  #abandoned = false
  #idle: (() => void) | undefined

  /** `released` is called after each slab that went back: an input that waits may go on. */
  constructor(router: Router, sinks: Sink[], outcomes: Map<number, Outcomes>, released: () => void) {
    this.router = router
    this.#sinks = sinks
    this.#storing = sinks.map(({ sends }) => !sends)
    this.#outcomes = outcomes
    this.#released = released
  }

  /** Batches that some sink still has. */
  get pending(): number {
    return this.#open.size
  }

  dispatch(slab: SealedSlab): void {
    const batch = new Batch(slab)
    const outcomes = this.#outcomes.get(slab.input)
    if (!outcomes) throw new Error(`no input ${slab.input}`)
    const routed = this.router.route(batch)
    if (typeof routed === 'string') {
      outcomes.discard(routed, batch.rows)
      this.#release(batch)
    } else if (this.#sinks.length === 0) {
      outcomes.discard('no_sink', batch.rows)
      this.#release(batch)
    } else {
      this.#open.add(batch)
      void this.#store(batch, routed, outcomes)
    }
  }

  /** Resolves when no sink has anything left. */
  idle(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#idle = resolve
    })
  }

  /** Gives up what the sinks still have: dropped, with this reason. */
  abandon(where: string): void {
    this.#abandoned = true
    for (const batch of this.#open) this.#outcomes.get(batch.input)?.drop(where, batch.rows)
    this.#open.clear()
  }

  async #store(batch: Batch, block: RowBlock, outcomes: Outcomes): Promise<void> {
    const refused = await Promise.all(this.#sinks.map((sink) => sink.insert(block)))
    if (this.#abandoned) return
    if (this.#storing.some((stores) => stores)) {
      const lost = lostMessages(refused.filter((_, index) => this.#storing[index]))
      for (const reason of lost.values()) outcomes.drop(`sink/${reason}`, 1)
      outcomes.stored += batch.rows - lost.size
    } else {
      const lost = lostEverywhere(refused)
      for (const reason of lost.values()) outcomes.drop(`relay/${reason}`, 1)
      outcomes.relayed += batch.rows - lost.size
    }
    this.#open.delete(batch)
    this.#release(batch)
    if (this.#open.size === 0) this.#idle?.()
  }

  #release(batch: Batch): void {
    batch.release()
    this.#released()
  }
}

/** Messages with a row that some sink refused: stored means committed in every sink. */
function lostMessages(refused: RefusedRow[][]): Map<number, string> {
  return new Map(refused.flat().map(({ row, reason }) => [row, reason.toLowerCase()]))
}

/** Messages that no sink took. */
function lostEverywhere(refused: RefusedRow[][]): Map<number, string> {
  const [first = new Map(), ...others] = refused.map((one) => lostMessages([one]))
  return new Map([...first].filter(([row]) => others.every((lost) => lost.has(row))))
}
