// One block in one transaction: its id first, then its rows, and COMMIT when all of that has succeeded. So a
// transaction whose fate is unknown can be sent again: the key of the id lets one of them in, and waits for one that is
// still under way.
//
//   quickly     BEGIN, id | statements of many rows | COMMIT
//   carefully   the same after a row was refused, with each piece behind a savepoint: halves, until it stands alone
//   singly      rows for a table without transactions: a refused statement of many would leave some of them there

import type { ChangedValues } from '../../binding.js'
import type { BlockRefusal, StoreBlock } from '../store.js'
import { type Verdict, verdictOf } from './errors.js'
import type { Memory } from './memory.js'
import type { Session } from './session.js'
import { addChanged, type Table } from './table.js'
import type { Tables } from './tables.js'

/** Times that tables may change under one write. */
const TABLE_CHANGES = 3

export interface Written {
  refused: BlockRefusal[]
  changed: ChangedValues
}

export class Writing {
  readonly #session: Session
  readonly #block: StoreBlock
  readonly #tables: Tables
  readonly #memory: Memory
  #isCareful = false

  constructor(session: Session, block: StoreBlock, tables: Tables, memory: Memory) {
    this.#session = session
    this.#block = block
    this.#tables = tables
    this.#memory = memory
  }

  /** Throws what the server said, where that is no fault of a row: the session may be in a transaction then. */
  async run(): Promise<Written> {
    for (let changes = 0; ; ) {
      try {
        return await this.#attempt()
      } catch (error) {
        const { kind } = verdictOf(error)
        if (kind === 'away') throw error
        await this.#session.run('ROLLBACK')
        const isChanged = await this.#tables.lookAgain(this.#session, this.#block.tables)
        if (isChanged || kind === 'table') {
          if (++changes > TABLE_CHANGES) throw error
        } else if (this.#isCareful) throw error
        else this.#isCareful = true
      }
    }
  }

  async #attempt(): Promise<Written> {
    const written = { refused: [], changed: { cut: 0, cleaned: 0, clamped: 0, arrivals: 0 } }
    const tables: Table[] = []
    for (const rows of this.#block.tables) tables.push(await this.#tables.get(this.#session, rows))
    if (!(await this.#memory.begin(this.#session, this.#block))) return written
    for (const [index, table] of tables.entries()) await this.#insert(index, table, written)
    await this.#session.run('COMMIT')
    return written
  }

  async #insert(index: number, table: Table, written: Written): Promise<void> {
    const { rows } = this.#block.tables[index]!
    if (!table.isTransactional) return this.#singly(index, table, written)
    if (this.#isCareful) return this.#pieces(index, table, written)
    addChanged(written.changed, await table.insert(this.#session, this.#block, rows))
  }

  async #pieces(index: number, table: Table, { refused, changed }: Written): Promise<void> {
    const pieces = [this.#block.tables[index]!.rows]
    for (let piece = pieces.pop(); piece; piece = pieces.pop()) {
      if (piece.length === 0) continue
      const fault = await this.#piece(table, piece, changed)
      if (!fault) continue
      const half = piece.length >> 1
      if (half > 0) pieces.push(piece.subarray(half), piece.subarray(0, half))
      else refused.push({ table: index, row: piece[0]!, reason: fault.code, message: fault.message })
    }
  }

  /** What is wrong with one of the rows, or more; throws any other fault. */
  async #piece(table: Table, rows: Uint32Array, changed: ChangedValues): Promise<Verdict | undefined> {
    await this.#session.run('SAVEPOINT piece')
    const fault = await this.#faultOf(table, rows, changed)
    await this.#session.run(fault ? 'ROLLBACK TO SAVEPOINT piece' : 'RELEASE SAVEPOINT piece')
    return fault
  }

  async #singly(index: number, table: Table, { refused, changed }: Written): Promise<void> {
    const { rows } = this.#block.tables[index]!
    for (let at = 0; at < rows.length; at++) {
      const fault = await this.#faultOf(table, rows.subarray(at, at + 1), changed)
      if (fault) refused.push({ table: index, row: rows[at]!, reason: fault.code, message: fault.message })
    }
  }

  async #faultOf(table: Table, rows: Uint32Array, changed: ChangedValues): Promise<Verdict | undefined> {
    try {
      addChanged(changed, await table.insert(this.#session, this.#block, rows))
      return undefined
    } catch (error) {
      const verdict = verdictOf(error)
      if (verdict.kind !== 'row') throw error
      return verdict
    }
  }
}
