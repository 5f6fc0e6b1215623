// ClickHouse as an engine. It has no transactions: each INSERT is one, of one table. What is done of a block is kept
// in mind until all of it is; what was sent and not answered is looked for, or left to the server to recognize.

import { randomBytes } from 'node:crypto'
import type { RowBinaryRows } from '../../binding.js'
import { RefusedError } from '../../errors.js'
import { Batch } from '../../message.js'
import type { DatabaseTarget } from '../database-target.js'
import { defaultShapes, type TableShapes } from '../schema.js'
import { type Advise, AwayError, type BlockRefusal, type Store, type StoreBlock } from '../store.js'
import { Connection, type ConnectionLimits, Refused } from './connection.js'
import { isTooManyPartitions, type Verdict } from './errors.js'
import { isRunning, missingRows } from './lookup.js'
import { OddDays } from './odd-days.js'
import type { Source, Table } from './table.js'
import { type Look, Tables } from './tables.js'
import { type Piece, Writing } from './writing.js'

/** More at once makes the server no faster. */
const MOST_LANES = 2
/** After a lost answer: what the server has of it in its buffers is to be seen as running, or stored. */
const SETTLE_MS = 1000
/** Octets that are kept for the next insert: more than a block has but for very long messages. */
const MOST_ROOM = 32 << 20
/** Times that a table may change under one write. */
const TABLE_CHANGES = 3

const LOOKED_UP =
  'the table does not drop repeated inserts by itself; after a lost answer rows are sent again unless a row that is ' +
  'equal in every column is there'
const SEVERAL_HOSTS = `${LOOKED_UP}: rows on another server of the db_url are not found, so that a block may be doubled`
const NOT_FOUND =
  'the table does not drop repeated inserts by itself, and its rows cannot be looked for: a lost answer may double a ' +
  'block; give it micro_ts as Int64, and no column but of plain types'

export interface StoreLimits extends ConnectionLimits {
  shapes?: TableShapes
}

export class ClickhouseStore implements Store {
  readonly lanes: number
  readonly #connection: Connection
  readonly #tables: Tables
  readonly #advise: Advise
  readonly #advised = new Set<string>()
  /** Of blocks that are not settled, by origin and number. */
  readonly #writings = new Map<string, Writing[]>()
  readonly #oddDays = new OddDays()
  readonly #odd = { cut: 0, cleaned: 0, clamped: 0, arrivals: 0 }
  /** Memory of inserts that are over, one a lane at most: its pages need not be made again. */
  readonly #rooms: Buffer[] = []
  /** Makes the ids of this run's statements. */
  readonly #run = randomBytes(4).toString('hex')
  #statements = 0

  constructor(target: DatabaseTarget, limits: StoreLimits, advise: Advise) {
    this.lanes = Math.max(1, Math.min(MOST_LANES, limits.statementsInFlight))
    this.#connection = new Connection(target, limits)
    this.#tables = new Tables(this.#connection, limits.shapes ?? defaultShapes)
    this.#advise = advise
  }

  async open(): Promise<void> {
    for (let host = 1; ; host++) {
      try {
        await this.#connection.run({ query: 'SELECT 1' })
        return
      } catch (error) {
        const verdict = verdictIn(error)
        if (verdict.isLasting) throw new RefusedError(verdict)
        if (host >= this.#connection.hosts) throw awayOf(verdict)
      }
    }
  }

  async write(block: StoreBlock): Promise<BlockRefusal[]> {
    const key = `${block.id.origin}-${block.id.number}`
    const writings = this.#writings.get(key) ?? block.tables.map((_, index) => new Writing(block, index))
    this.#writings.set(key, writings)
    try {
      for (const writing of writings) await this.#finish(block, writing)
    } catch (error) {
      if (!(error instanceof AwayError)) this.#writings.delete(key)
      throw error
    }
    this.#writings.delete(key)
    return writings.flatMap(({ refusals }) => refusals)
  }

  odd(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.#odd).filter(([, count]) => count > 0))
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  async #finish(block: StoreBlock, writing: Writing): Promise<void> {
    const { kind, table } = block.tables[writing.index]!
    for (let changes = 0; writing.next; ) {
      try {
        await this.#advance(block, writing, await this.#tables.get(kind, table))
      } catch (error) {
        const verdict = verdictIn(error)
        const now = verdict.kind === 'away' ? undefined : await this.#lookAgain(block, writing)
        if ((now?.isChanged || verdict.kind === 'table') && ++changes <= TABLE_CHANGES) continue
        if (verdict.kind === 'row') writing.refused(verdict, now?.table?.doubling === 'lookup')
        else if (isTooManyPartitions(verdict) && writing.next.rows.length > 1) writing.halve()
        else throw awayOf(verdict)
      }
    }
  }

  /** The table as it is now: it may have changed under us, so that the rows are not to blame. */
  async #lookAgain(block: StoreBlock, { index, next }: Writing): Promise<Look> {
    const { kind, table: name } = block.tables[index]!
    try {
      const look = await this.#tables.lookAgain(kind, name)
      if (next && look.table && !look.table.isAlone) next.doubt ??= 'answered'
      return look
    } catch (error) {
      throw awayOf(verdictIn(error))
    }
  }

  /** The next step of the next piece. */
  async #advance(block: StoreBlock, writing: Writing, table: Table): Promise<void> {
    const piece = writing.next as Piece
    this.#adviseOf(table)
    if (piece.doubt && table.doubling === 'lookup') {
      writing.missing(await this.#missing(block, writing, piece, table))
      return
    }
    const source = this.#sourceOf(block, writing)
    const { octets, room, counts } = table.encode(piece.rows, source, this.#rooms.pop())
    await this.#insert(queryIdStart(block, writing), piece, table, octets)
    writing.stored()
    if (room && room.length <= MOST_ROOM) this.#rooms.push(room) // after an answer: what failed may still be read from
    if (counts) this.#count(counts)
  }

  /** How rows are dated is decided once: those that are looked for are to be like those that were sent. */
  #sourceOf({ slab, node, window, tables }: StoreBlock, writing: Writing): Source {
    if (writing.bound === null) {
      writing.bound = this.#oddDays.bound(new Batch(slab), tables[writing.index]!.rows, window)
    }
    return { slab, node, bound: writing.bound }
  }

  async #missing(block: StoreBlock, writing: Writing, piece: Piece, table: Table): Promise<Uint32Array> {
    if (piece.doubt === 'lost') {
      await this.#connection.run({ query: 'SELECT 1' })
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
    }
    if (await isRunning(this.#connection, table, queryIdStart(block, writing))) {
      throw new AwayError('RUNNING', 'an insert of these rows is under way', 'storing resumes by itself')
    }
    return missingRows(this.#connection, table, this.#sourceOf(block, writing), piece.rows)
  }

  async #insert(idStart: string, piece: Piece, table: Table, octets: Buffer): Promise<void> {
    const settings = await this.#tables.insertSettings(`${idStart}${piece.at}-${piece.rows.length}`)
    try {
      await this.#connection.run({
        query: table.insertStatement,
        octets,
        queryId: `${idStart}${this.#run}-${this.#statements++}`,
        settings,
      })
    } catch (error) {
      const { isLost, isBeforeWriting } = verdictIn(error)
      const isUnwritten = isBeforeWriting && (isLost || table.isAlone)
      if (!isUnwritten) piece.doubt = isLost ? 'lost' : (piece.doubt ?? 'answered')
      throw error
    }
  }

  #count({ cut, cleaned, clamped, arrivals }: RowBinaryRows): void {
    this.#odd.cut += cut
    this.#odd.cleaned += cleaned
    this.#odd.clamped += clamped
    this.#odd.arrivals += arrivals
  }

  #adviseOf({ name, doubling, cluster }: Table): void {
    if (doubling === 'server') return
    const isElsewhere = this.#connection.hosts > 1 && cluster === undefined
    const advice = doubling === 'none' ? NOT_FOUND : isElsewhere ? SEVERAL_HOSTS : LOOKED_UP
    if (this.#advised.has(advice)) return
    this.#advised.add(advice)
    this.#advise(`${name}: ${advice}`)
  }
}

/** The same for every attempt, in every process. */
function queryIdStart({ id: { origin, number } }: StoreBlock, { index }: Writing): string {
  return `hepcapd-${origin}-${number}-${index}-`
}

/** What is neither of the server nor of the way to it goes on. */
function verdictIn(error: unknown): Verdict {
  if (error instanceof Refused) return error.verdict
  throw error
}

function awayOf({ code, message, cure }: Verdict): AwayError {
  return new AwayError(code, message, cure)
}
