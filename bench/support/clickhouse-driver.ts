// ClickHouse's own client with rows made before, as octets of RowBinary: the best that it can do.

import { Readable } from 'node:stream'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { binding } from '../../lib/binding.js'
import { encodingOf } from '../../lib/sink/clickhouse/types.js'
import { clickhouseSchema } from '../../lib/sink/clickhouse.js'
import type { DatabaseTarget } from '../../lib/sink/database-target.js'
import { columnsOf, type TableColumn } from '../../lib/sink/schema.js'
import type { SlabRef } from '../../lib/sink/store.js'

export const TABLE = 'sip_capture'

/** One INSERT each. */
export function madeRows(slabs: SlabRef[], node: string): Buffer[] {
  const [create] = clickhouseSchema('sip', TABLE) as [string]
  const encodings = columnsOf('sip').map((column) => encodingOf(column.from, typeIn(create, column))!)
  return slabs.map(({ handle, rows }) => {
    const every = Uint32Array.from({ length: rows }, (_, row) => row)
    const { room, size } = binding.rowBinary(handle, every, node, encodings)
    return Buffer.from(room!.subarray(0, size))
  })
}

/** As the statement that makes the table has it. */
function typeIn(create: string, { name }: TableColumn): string {
  return new RegExp(`\`${name}\` ([^,\n]+)`).exec(create)![1]!
}

export class ClickHouseDriver {
  readonly #client: ClickHouseClient

  constructor({ hosts: [at], user, password, database }: DatabaseTarget) {
    this.#client = createClient({
      url: `http://${at!.host}:${at!.port}`,
      username: user,
      password,
      database,
      log: { level: ClickHouseLogLevel.OFF },
    })
  }

  /** The table without rows. */
  async freshTable(): Promise<void> {
    await this.#client.command({ query: `DROP TABLE IF EXISTS ${TABLE}` })
    for (const query of clickhouseSchema('sip', TABLE)) await this.#client.command({ query })
  }

  /** Seconds that it takes, `lanes` statements at a time. */
  async insertAll(blocks: Buffer[], lanes: number): Promise<number> {
    const names = columnsOf('sip').map(({ name }) => `\`${name}\``)
    const query = `INSERT INTO ${TABLE} (${names.join(', ')}) FORMAT RowBinary`
    const waiting = [...blocks]
    const began = performance.now()
    const lane = async () => {
      for (let octets = waiting.shift(); octets; octets = waiting.shift()) {
        const { stream } = await this.#client.exec({ query, values: Readable.from([octets]) })
        for await (const _ of stream);
      }
    }
    await Promise.all(Array.from({ length: lanes }, lane))
    return (performance.now() - began) / 1000
  }

  async rows(): Promise<number> {
    const answer = await this.#client.query({
      query: `SELECT count() AS n FROM ${TABLE}`,
      format: 'JSONEachRow',
    })
    return Number(((await answer.json()) as { n: string }[])[0]!.n)
  }

  close(): Promise<void> {
    return this.#client.close()
  }
}
