// The last calls for the page, read on a thread of its own that is there while somebody looks. Never more than one
// query at a time, however many ask, and nobody waits for it longer than a bound.

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Call, CallsQuery } from '../../show/calls.js'

export interface CallsAnswer {
  calls: Call[]
  /** Why there are none. */
  fault?: string
}

/** What is read, as the configuration in force says; undefined where no SQLite database is written. */
export type CallsPlace = Omit<CallsQuery, 'last'>

const LAST_CALLS = 50
const PATIENCE_MS = 4000
/** As long an answer is good for others too. */
const FRESH_MS = 500
const IDLE_MS = 30_000

export class CallsReader {
  readonly #place: () => CallsPlace | undefined
  #worker: Worker | undefined
  #asked: Promise<CallsAnswer> | undefined
  #answer: CallsAnswer | undefined
  #answeredAt = 0
  #idle: NodeJS.Timeout | undefined

  constructor(place: () => CallsPlace | undefined) {
    this.#place = place
  }

  get canRead(): boolean {
    return this.#place() !== undefined
  }

  /** Never rejects: what cannot be read is said in the answer. */
  async newest(): Promise<CallsAnswer> {
    if (this.#answer && performance.now() - this.#answeredAt < FRESH_MS) return this.#answer
    const place = this.#place()
    if (!place) return { calls: [], fault: 'no SQLite database is written' }
    this.#asked ??= this.#ask({ ...place, last: LAST_CALLS })
    return soon(this.#asked)
  }

  /** The thread ends when it has read what it is reading: SQLite does not bear being terminated. */
  close(): void {
    clearTimeout(this.#idle)
    this.#worker?.postMessage(null)
    this.#worker = undefined
  }

  async #ask(query: CallsQuery): Promise<CallsAnswer> {
    clearTimeout(this.#idle)
    this.#worker ??= newWorker()
    this.#worker.postMessage(query)
    this.#answer = await answerOf(this.#worker)
    if (this.#answer.fault !== undefined) this.close() // the next one begins anew
    this.#answeredAt = performance.now()
    this.#asked = undefined
    this.#idle = setTimeout(() => this.close(), IDLE_MS).unref()
    return this.#answer
  }
}

/** It keeps nobody from ending. */
function newWorker(): Worker {
  const worker = new Worker(new URL('./calls-worker.js', import.meta.url))
  worker.unref()
  return worker
}

async function answerOf(worker: Worker): Promise<CallsAnswer> {
  try {
    const [answer] = (await once(worker, 'message')) as [CallsAnswer]
    return answer
  } catch (error) {
    return { calls: [], fault: `the thread that reads the database has ended: ${String(error)}` }
  }
}

async function soon(asked: Promise<CallsAnswer>): Promise<CallsAnswer> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<CallsAnswer>((resolve) => {
    const fault = 'the database has not answered yet'
    timer = setTimeout(() => resolve({ calls: [], fault }), PATIENCE_MS)
  })
  const answer = await Promise.race([asked, late])
  clearTimeout(timer)
  return answer
}
