// A store from the main thread's side: orders go to its worker, and every block gets its answer.

import { Worker } from 'node:worker_threads'
import { RefusedError } from '../errors.js'
import type { Log } from '../log.js'
import type { StoreTarget } from './engines.js'
import type { TableShapes } from './schema.js'
import type { BlockRefusal, StoreBlock } from './store.js'
import type { Order, Report, StoreFault } from './store-worker.js'

/** A worker that hangs in a call of its engine does not keep us from ending. */
const LAST_WAIT_MS = 10_000

export class StoreThread {
  /** The db_url without credentials. */
  readonly name: string
  readonly shapes: TableShapes
  readonly #log: Log
  readonly #worker: Worker
  readonly #waiting = new Map<number, (refused: BlockRefusal[]) => void>()
  #opened: ((report: Extract<Report, { type: 'opened' }>) => void) | undefined
  readonly #ended: Promise<unknown>
  #nextTicket = 1
  #isClosing = false
  #odd: Record<string, number> = {}
  /** Blocks that the store takes at the same time. */
  lanes = 1
  isAway = false
  /** Called when `isAway` has changed. */
  turned: () => void = () => {}

  constructor(name: string, target: StoreTarget, log: Log) {
    this.name = name
    this.shapes = target.shapes
    this.#log = log
    this.#worker = new Worker(new URL('./store-worker.js', import.meta.url), { workerData: target })
    this.#worker.on('message', (report: Report) => this.#hear(report))
    this.#ended = new Promise((resolve) => this.#worker.once('exit', resolve))
    this.#worker.on('error', (error) => {
      throw error // a broken invariant: nothing can be stored any more, and nobody shall believe it is
    })
  }

  /** Values that were changed to fit, by a name each. */
  get odd(): Readonly<Record<string, number>> {
    return this.#odd
  }

  /** Tries the store once: one that is away is waited for, one that cannot be used rejects with a RefusedError. */
  async open(): Promise<void> {
    const { lanes, fault } = await new Promise<Extract<Report, { type: 'opened' }>>((resolve) => {
      this.#opened = resolve
      this.#order({ type: 'open' })
    })
    this.lanes = lanes
    if (fault?.isAway) this.#away(fault)
    else if (fault) throw new RefusedError(fault)
  }

  /** Resolves when every row is committed or refused; stays pending when the thread is closed before. */
  write(block: StoreBlock): Promise<BlockRefusal[]> {
    const ticket = this.#nextTicket++
    return new Promise((resolve) => {
      this.#waiting.set(ticket, resolve)
      this.#order({ type: 'write', ticket, block })
    })
  }

  /**
   * Never by terminate(): better-sqlite3 aborts the process when its thread is terminated inside of SQLite. `soon` gives
   * up a thread that hangs; after `ended` nothing of what it was given is read any more.
   */
  async close(until: 'soon' | 'ended' = 'soon'): Promise<void> {
    if (!this.#isClosing) this.#order({ type: 'close' })
    this.#isClosing = true
    if (until === 'soon') await this.#endedSoon()
    this.#worker.unref() // one that hangs does not keep the process
    if (until === 'ended') await this.#ended
  }

  async #endedSoon(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, LAST_WAIT_MS)
    })
    await Promise.race([this.#ended, late])
    clearTimeout(timer)
  }

  #order(order: Order): void {
    this.#worker.postMessage(order)
  }

  #hear(report: Report): void {
    switch (report.type) {
      case 'opened':
        this.#opened?.(report)
        break
      case 'away':
        this.#away(report.fault)
        break
      case 'back':
        this.#log.info(`${this.name}: stores again`)
        this.#turn(false)
        break
      case 'advice':
        this.#log.warn(`${this.name}: ${report.message}`)
        break
      case 'done':
        this.#odd = report.odd
        this.#done(report)
    }
  }

  #away({ code, message, cure }: StoreFault): void {
    this.#log.repeated(`${this.name}: ${message} (${code}); ${cure}`)
    this.#turn(true)
  }

  #turn(isAway: boolean): void {
    if (this.isAway === isAway) return
    this.isAway = isAway
    this.turned()
  }

  #done({ ticket, refused }: Extract<Report, { type: 'done' }>): void {
    const resolve = this.#waiting.get(ticket)
    this.#waiting.delete(ticket)
    resolve?.(refused)
  }
}
