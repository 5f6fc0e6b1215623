// The ids of stored blocks, in a table beside the rows: what is there already is not stored again.

import type { Advise, StoreBlock } from '../store.js'
import { verdictOf } from './errors.js'
import { BLOCKS, BLOCKS_SCHEMA, quoted } from './schema.js'
import type { Session } from './session.js'
import { Table } from './table.js'

const BEGIN = 'START TRANSACTION'
const INSERT = `INSERT INTO ${quoted(BLOCKS)} (origin, number) VALUES (?, ?)`
const FORGET = `DELETE FROM ${quoted(BLOCKS)} WHERE origin = ? AND number < ?`
/** Blocks between two times that settled ids are removed. */
const FORGET_EVERY = 100
const DUPLICATE = 'MARIADB_1062'
/** No table, no such columns, no right. */
const UNUSABLE = /^MARIADB_(1044|1054|1136|1142|1143|1146|1227|1265|1348|1364|1366|1406|1471)$/

const ADVICE =
  `the table ${BLOCKS} cannot be made or used: a connection that is lost may double a block; ` +
  'give the user the right to CREATE and to use it'

export class Memory {
  readonly #advise: Advise
  #isUsable = true
  #isAdvised = false
  #blocks = 0

  constructor(advise: Advise) {
    this.#advise = advise
  }

  /** Makes the table where it is missing. */
  async open(session: Session): Promise<void> {
    const found = await Table.read(session, [], BLOCKS)
    if (found) {
      if (!found.isTransactional) this.#refuse(`its engine is ${found.engine}`)
      return
    }
    try {
      await session.run(BLOCKS_SCHEMA)
    } catch (error) {
      this.#giveUp(error)
    }
  }

  /** A new connection may have other rights. */
  retry(): void {
    this.#isUsable = true
  }

  /** Begins the transaction of the block; false, and none is begun, when it was stored before. */
  async begin(session: Session, block: StoreBlock): Promise<boolean> {
    if (this.#isUsable) {
      try {
        return await this.#remember(session, block)
      } catch (error) {
        if (!UNUSABLE.test(verdictOf(error).code)) throw error
        await session.run('ROLLBACK')
        await this.open(session)
        if (this.#isUsable) return this.#rememberOrNot(session, block)
      }
    }
    await session.run(BEGIN)
    return true
  }

  /** Now and then, after a block: its own statement, for a range of keys is locked with it. */
  async forget(session: Session, { id, settledBefore }: StoreBlock): Promise<void> {
    if (!this.#isUsable || ++this.#blocks % FORGET_EVERY !== 0) return
    await session.execute(FORGET, [id.origin, Math.floor(settledBefore)])
  }

  async #rememberOrNot(session: Session, block: StoreBlock): Promise<boolean> {
    try {
      return await this.#remember(session, block)
    } catch (error) {
      this.#giveUp(error)
      await session.run('ROLLBACK')
      await session.run(BEGIN)
      return true
    }
  }

  async #remember(session: Session, { id }: StoreBlock): Promise<boolean> {
    await session.run(BEGIN)
    try {
      await session.execute(INSERT, [id.origin, BigInt(id.number)])
      return true
    } catch (error) {
      if (verdictOf(error).code !== DUPLICATE) throw error
      await session.run('ROLLBACK')
      return false
    }
  }

  /** Without ids blocks are stored all the same. */
  #giveUp(error: unknown): void {
    const { code, message } = verdictOf(error)
    if (!UNUSABLE.test(code)) throw error
    this.#refuse(message)
  }

  #refuse(why: string): void {
    this.#isUsable = false
    if (!this.#isAdvised) this.#advise(`${ADVICE} (${why})`)
    this.#isAdvised = true
  }
}
