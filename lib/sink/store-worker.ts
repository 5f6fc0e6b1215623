// The worker thread of a sink: takes blocks in their order, writes as many at once as the engine has lanes, and answers
// for each. A store that is away is tried again until it is back, or what is left is given up.

import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { binding } from '../binding.js'
import { makeStore, type StoreTarget } from './engines.js'
import type { RefusedRow } from './sink.js'
import { AwayError, type BlockRefusal, type Store, type StoreBlock } from './store.js'

export interface StoreFault {
  code: string
  message: string
  cure: string
}

/** To the worker. */
export type Order =
  | { type: 'open' }
  | { type: 'write'; ticket: number; block: StoreBlock }
  | { type: 'close' }

/** From the worker. */
export type Report =
  /** `isAway`: it may come back. */
  | { type: 'opened'; lanes: number; fault?: StoreFault & { isAway: boolean } }
  | { type: 'done'; ticket: number; refused: BlockRefusal[]; odd: Record<string, number> }
  | { type: 'away'; fault: StoreFault }
  | { type: 'back' }
  | { type: 'advice'; message: string }

const FIRST_RETRY_MS = 50
const LAST_RETRY_MS = 2000
/** When we are closed: time for what is under way, before its connections are cut. */
const GRACE_MS = 2000

/** Of this thread alone (setpriority(2) with 0): when processors are short, capturing goes before storing. */
const NICE = 10

if (!parentPort) throw new Error('store-worker runs as a worker thread')
const port = parentPort
setPriority(NICE)
void binding // loading the addon here makes the engine's slabs readable from this thread

function report(message: Report): void {
  port.postMessage(message)
}

function faultOf(error: unknown): StoreFault {
  const { code = 'ERROR', message = String(error), cure } = error as Partial<StoreFault>
  return { code, message, cure: cure ?? 'see the message of the database' }
}

class Lanes {
  readonly #store: Store
  readonly #waiting: { ticket: number; block: StoreBlock }[] = []
  #busy = 0
  #isAway = false
  #isClosing = false
  readonly #pauses = new Set<() => void>()
  #idle: (() => void) | undefined

  constructor(store: Store) {
    this.#store = store
  }

  async open(): Promise<void> {
    const { lanes } = this.#store
    try {
      await this.#store.open()
      report({ type: 'opened', lanes })
    } catch (error) {
      this.#isAway = error instanceof AwayError
      report({ type: 'opened', lanes, fault: { ...faultOf(error), isAway: this.#isAway } })
    }
  }

  write(ticket: number, block: StoreBlock): void {
    this.#waiting.push({ ticket, block })
    void this.#go()
  }

  /** Lets what is under way end, for a while. */
  async close(): Promise<void> {
    this.#isClosing = true
    for (const wake of this.#pauses) wake()
    const idle = new Promise<void>((resolve) => {
      this.#idle = resolve
    })
    if (this.#busy > 0) await Promise.race([idle, this.#pause(GRACE_MS)])
    await this.#store.close()
    for (const wake of this.#pauses) wake()
  }

  async #go(): Promise<void> {
    if (this.#busy >= this.#store.lanes) return
    this.#busy++
    for (let next = this.#waiting.shift(); next && !this.#isClosing; next = this.#waiting.shift()) {
      await this.#settle(next.ticket, next.block)
    }
    this.#busy--
    if (this.#busy === 0) this.#idle?.()
  }

  /** Until the block is stored or refused, or we are closed. */
  async #settle(ticket: number, block: StoreBlock): Promise<void> {
    for (let wait = FIRST_RETRY_MS; !this.#isClosing; wait = Math.min(wait * 2, LAST_RETRY_MS)) {
      try {
        const refused = await this.#store.write(block)
        this.#back()
        report({ type: 'done', ticket, refused, odd: this.#store.odd?.() ?? {} })
        return
      } catch (error) {
        if (!(error instanceof AwayError)) {
          report({ type: 'done', ticket, refused: wholly(block, error), odd: this.#store.odd?.() ?? {} })
          return
        }
        this.#isAway = true
        if (!this.#isClosing) report({ type: 'away', fault: faultOf(error) })
        if (!this.#isClosing) await this.#pause(wait)
      }
    }
  }

  #back(): void {
    if (this.#isAway) report({ type: 'back' })
    this.#isAway = false
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#pauses.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      this.#pauses.add(wake)
    })
  }
}

/** Every row of a block is refused for the same reason. */
function wholly({ tables }: StoreBlock, error: unknown): BlockRefusal[] {
  const { code: reason, message } = faultOf(error)
  const refusal = (table: number, row: number): RefusedRow & { message: string } => ({
    table,
    row,
    reason,
    message,
  })
  return tables.flatMap(({ rows }, table) => Array.from(rows, (row) => refusal(table, row)))
}

function engineOf(target: StoreTarget): string {
  return target.kind === 'sqlite' ? target.kind : target.at.engine
}

binding.nameThread(`sink/${engineOf(workerData as StoreTarget)}`)
const lanes = makeStore(workerData as StoreTarget, (message) => report({ type: 'advice', message })).then(
  (store) => new Lanes(store),
  faultOf,
)

port.on('message', async (order: Order) => {
  const running = await lanes
  if (!(running instanceof Lanes)) {
    if (order.type === 'open') report({ type: 'opened', lanes: 1, fault: { ...running, isAway: false } })
    if (order.type === 'close') port.close()
  } else if (order.type === 'open') await running.open()
  else if (order.type === 'write') running.write(order.ticket, order.block)
  else await running.close().finally(() => port.close())
})
