// MariaDB or MySQL as an engine: a connection for each block that is under way, all to the same one of its hosts.

import type { ChangedValues } from '../../binding.js'
import { RefusedError } from '../../errors.js'
import type { DatabaseTarget } from '../database-target.js'
import { defaultShapes, type TableShapes } from '../schema.js'
import { type Advise, AwayError, type BlockRefusal, type Store, type StoreBlock } from '../store.js'
import { OwnFault, SILENT, type Verdict, verdictOf } from './errors.js'
import { Memory } from './memory.js'
import { Session } from './session.js'
import { addChanged } from './table.js'
import { Tables } from './tables.js'
import { Writing } from './writing.js'

/** More at once make the server no faster. */
const MOST_LANES = 2
/** A server that says nothing for so long is away; twice as long each time that it happens in a row. */
const SILENT_MS = 20_000
const LONGEST_SILENCE_MS = 600_000

export interface MariadbSettings {
  /** Over all connections. */
  statementsInFlight: number
  shapes?: TableShapes
  /** In place of the usual time. */
  silentMs?: number
}

export class MariadbStore implements Store {
  readonly lanes: number
  readonly #target: DatabaseTarget
  readonly #silentMs: number
  readonly #tables: Tables
  readonly #memory: Memory
  readonly #idle: Session[] = []
  readonly #busy = new Set<Session>()
  readonly #changed: ChangedValues = { cut: 0, cleaned: 0, clamped: 0, arrivals: 0 }
  #host = 0
  /** Counts up with each change of the server. */
  #turn = 0
  #silences = 0
  #isClosed = false

  constructor(
    target: DatabaseTarget,
    { statementsInFlight, shapes = defaultShapes, silentMs = SILENT_MS }: MariadbSettings,
    advise: Advise,
  ) {
    this.lanes = Math.max(1, Math.min(MOST_LANES, statementsInFlight))
    this.#target = target
    this.#silentMs = silentMs
    this.#tables = new Tables(shapes, advise)
    this.#memory = new Memory(advise)
  }

  async open(): Promise<void> {
    for (let host = 1; ; host++) {
      const turn = this.#turn
      try {
        const session = await this.#session()
        await this.#memory.open(session)
        this.#giveBack(session, turn)
        return
      } catch (error) {
        const verdict = this.#verdict(error, turn)
        if (verdict.isLasting) throw new RefusedError(verdict)
        if (!verdict.isLost || host >= this.#target.hosts.length) throw awayOf(verdict)
      }
    }
  }

  async write(block: StoreBlock): Promise<BlockRefusal[]> {
    const turn = this.#turn
    let session: Session | undefined
    try {
      session = await this.#session()
      const { refused, changed } = await new Writing(session, block, this.#tables, this.#memory).run()
      addChanged(this.#changed, changed)
      this.#silences = 0
      await this.#forget(session, block)
      this.#giveBack(session, turn)
      return refused
    } catch (error) {
      if (session) this.#drop(session)
      throw awayOf(this.#verdict(error, turn))
    }
  }

  odd(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.#changed).filter(([, count]) => count > 0))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const session of this.#busy) session.destroy()
    await Promise.all(this.#idle.splice(0).map((session) => session.end()))
  }

  async #session(): Promise<Session> {
    const idle = this.#idle.pop()
    if (!idle || idle.isLost) return this.#newSession()
    this.#busy.add(idle)
    return idle
  }

  async #newSession(): Promise<Session> {
    const silentMs = Math.min(this.#silentMs * 2 ** this.#silences, LONGEST_SILENCE_MS)
    const session = new Session(this.#target, this.#target.hosts[this.#host]!, silentMs)
    this.#busy.add(session)
    try {
      await session.connect()
    } catch (error) {
      this.#drop(session)
      throw error
    }
    this.#memory.retry()
    return session
  }

  /** The block is stored, whatever becomes of this. */
  async #forget(session: Session, block: StoreBlock): Promise<void> {
    try {
      await this.#memory.forget(session, block)
    } catch (error) {
      if (verdictOf(error).isLost) session.destroy()
    }
  }

  /** One of a server that we have left since, or that came back too late, is closed. */
  #giveBack(session: Session, turn: number): void {
    this.#busy.delete(session)
    if (this.#isClosed || turn !== this.#turn) void session.end()
    else this.#idle.push(session)
  }

  #drop(session: Session): void {
    this.#busy.delete(session)
    session.destroy()
  }

  /** The next host's turn, unless another block has seen to that. */
  #verdict(error: unknown, turn: number): Verdict {
    const verdict = verdictOf(error)
    if (error instanceof OwnFault && verdict.code === SILENT) this.#silences++
    if (verdict.isLost && turn === this.#turn && this.#target.hosts.length > 1) this.#next()
    const { password } = this.#target
    const message = password === '' ? verdict.message : verdict.message.replaceAll(password, '***')
    return { ...verdict, message }
  }

  #next(): void {
    this.#turn++
    this.#host = (this.#host + 1) % this.#target.hosts.length
    this.#tables.forget()
    for (const session of this.#idle.splice(0)) void session.end()
  }
}

function awayOf({ code, message, cure }: Verdict): AwayError {
  return new AwayError(code, message, cure)
}
