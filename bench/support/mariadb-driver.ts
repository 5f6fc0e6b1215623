// MariaDB's client alone, with rows made before: the bulk protocol, which is the fastest of its ways.

import { type Connection, createConnection } from 'mariadb'
import { Batch, type Message } from '../../lib/message.js'
import type { DatabaseTarget } from '../../lib/sink/database-target.js'
import { mariadbSchema } from '../../lib/sink/mariadb.js'
import { rowValue } from '../../lib/sink/row-values.js'
import { columnsOf } from '../../lib/sink/schema.js'
import type { SlabRef } from '../../lib/sink/store.js'

export const TABLE = 'sip_capture'

type Value = string | number | bigint | Buffer
/** The rows of one transaction, by statement. */
export type MadeBlock = Value[][][]

const COLUMNS = columnsOf('sip')
const INTO = COLUMNS.map(({ name }) => `\`${name}\``).join(', ')
const INSERT = `INSERT INTO ${TABLE} (${INTO}) VALUES (${COLUMNS.map(() => '?').join(', ')})`

/** A block each. */
export function madeRows(slabs: SlabRef[], node: string, rowsAStatement = 1000): MadeBlock[] {
  return slabs.map((slab) => {
    const rows = Array.from(new Batch(slab), (message) => valuesOf(message, node))
    const statements = Math.ceil(rows.length / rowsAStatement)
    return Array.from({ length: statements }, (_, index) =>
      rows.slice(index * rowsAStatement, (index + 1) * rowsAStatement),
    )
  })
}

/** One type for each column: the client begins a new statement where a type changes. */
function valuesOf(message: Message, node: string): Value[] {
  return COLUMNS.map(({ from }) => {
    if (from.kind === 'octets') return Buffer.from(message.payload)
    const value = rowValue(message, from, node)
    return from.name === 'micro_ts' ? BigInt(value as number) : value
  })
}

export class MariadbDriver {
  readonly #target: DatabaseTarget
  #connections: Connection[] = []

  constructor(target: DatabaseTarget) {
    this.#target = target
  }

  async open(lanes: number): Promise<void> {
    const { hosts, user, password, database } = this.#target
    const options = { ...hosts[0], user, password, database, charset: 'utf8mb4', connectTimeout: 10_000 }
    this.#connections = await Promise.all(Array.from({ length: lanes }, () => createConnection(options)))
  }

  /** The table without rows. */
  async freshTable(): Promise<void> {
    const statements = [`DROP TABLE IF EXISTS ${TABLE}`, ...mariadbSchema('sip', TABLE)]
    for (const statement of statements) await this.#first.query(statement)
  }

  /** Seconds that it takes, each lane with a connection of its own. */
  async insertAll(blocks: MadeBlock[], lanes: number): Promise<number> {
    const waiting = [...blocks]
    const began = performance.now()
    const lane = async (connection: Connection) => {
      for (let block = waiting.shift(); block; block = waiting.shift()) {
        await connection.beginTransaction()
        for (const rows of block) await connection.batch(INSERT, rows)
        await connection.commit()
      }
    }
    await Promise.all(this.#connections.slice(0, lanes).map(lane))
    return (performance.now() - began) / 1000
  }

  async rows(): Promise<number> {
    const [found] = await this.#first.query<{ n: bigint }[]>(`SELECT count(*) AS n FROM ${TABLE}`)
    return Number(found?.n)
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.end()))
  }

  get #first(): Connection {
    return this.#connections[0] as Connection
  }
}
