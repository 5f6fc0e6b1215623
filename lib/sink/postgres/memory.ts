// The ids of stored blocks, in a table beside the rows: what is there already is not stored again.

import { quoted } from '../schema.js'
import type { Advise, StoreBlock } from '../store.js'
import { verdictOf } from './errors.js'
import { BLOCKS } from './schema.js'
import type { Session } from './session.js'
import { makeBlocks } from './tables.js'

/** The level at which an id that somebody else has just committed is seen. */
const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED'
/** Blocks between two times that settled ids are removed. */
const FORGET_EVERY = 100
/** No table, no such columns or key, no right. */
const UNUSABLE = /^POSTGRES_(42P01|42703|42P10|42804|42809|42501|3F000)$/

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
    const [found] = await session.rows<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
      BLOCKS,
    ])
    if (found?.there) return
    try {
      await makeBlocks(session)
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

  async #rememberOrNot(session: Session, block: StoreBlock): Promise<boolean> {
    try {
      return await this.#remember(session, block)
    } catch (error) {
      this.#giveUp(error)
      await session.run(`ROLLBACK; ${BEGIN}`)
      return true
    }
  }

  async #remember(session: Session, { id, settledBefore }: StoreBlock): Promise<boolean> {
    const { origin, number } = id
    if (!/^[0-9a-f]{32}$/.test(origin) || !Number.isSafeInteger(number)) throw new Error('no id of a block')
    const insert = `INSERT INTO ${quoted(BLOCKS)} (origin, number) VALUES ('${origin}', ${number}) ON CONFLICT (origin, number) DO NOTHING`
    const forget = `DELETE FROM ${quoted(BLOCKS)} WHERE origin = '${origin}' AND number < ${Math.floor(settledBefore)}`
    const isDue = this.#blocks++ % FORGET_EVERY === FORGET_EVERY - 1
    const [, inserted] = await session.run([BEGIN, insert, ...(isDue ? [forget] : [])].join('; '))
    if (inserted?.rowCount === 1) return true
    await session.run('ROLLBACK')
    return false
  }

  /** Without ids blocks are stored all the same. */
  #giveUp(error: unknown): void {
    const { code, message } = verdictOf(error)
    if (!UNUSABLE.test(code)) throw error
    this.#isUsable = false
    if (!this.#isAdvised) this.#advise(`${ADVICE} (${message})`)
    this.#isAdvised = true
  }
}
