// A database's own client, as a process of its own: it has every row in memory, made before, and inserts them into a
// fresh table as often as it is told.
//
// Arguments: ENGINE, the target as JSON, the number of messages, and the most connections. Says `ready`, answers each
// DriverOrder with a number.

import { binding } from '../../lib/binding.js'
import type { DatabaseEngine, DatabaseTarget } from '../../lib/sink/database-target.js'
import type { SlabRef } from '../../lib/sink/store.js'
import * as clickhouse from './clickhouse-driver.js'
import * as mariadb from './mariadb-driver.js'
import { packedTogether } from './messages.js'
import * as postgres from './postgres-driver.js'

export interface DriverOrder {
  /** `insert` answers with seconds, `rows` with those of the table, `clear` with 0: the table is gone. */
  act: 'insert' | 'rows' | 'clear'
  /** Connections, of `insert`. */
  lanes?: number
}

interface Driver {
  freshTable(): Promise<void>
  insert(lanes: number): Promise<number>
  rows(): Promise<number>
}

const NODE = 'homer01'
const SLAB_BYTES = 8 << 20
const ROWS_OF_A_BLOCK = 10_000

const makers: Record<
  DatabaseEngine,
  (target: DatabaseTarget, slabs: SlabRef[], lanes: number) => Promise<Driver>
> = {
  async mariadb(target, slabs, most) {
    const driver = new mariadb.MariadbDriver(target)
    const blocks = mariadb.madeRows(slabs, NODE)
    await driver.open(most)
    return withInsert(driver, (lanes) => driver.insertAll(blocks, lanes))
  },
  async postgres(target, slabs, most) {
    const driver = new postgres.PostgresDriver(target)
    const blocks = postgres.madeRows(slabs, NODE, 'copy')
    await driver.open(most)
    return withInsert(driver, (lanes) => driver.insertAll(blocks, lanes))
  },
  async clickhouse(target, slabs) {
    const driver = new clickhouse.ClickHouseDriver(target)
    const blocks = clickhouse.madeRows(slabs, NODE)
    return withInsert(driver, (lanes) => driver.insertAll(blocks, lanes))
  },
}

type Table = Pick<Driver, 'freshTable' | 'rows'>

function withInsert(driver: Table, insert: (lanes: number) => Promise<number>): Driver {
  return { freshTable: () => driver.freshTable(), rows: () => driver.rows(), insert }
}

/** The messages as the daemon would have them, in slabs. */
function madeSlabs(messages: number): SlabRef[] {
  const { run } = packedTogether(messages)
  const slabs = Math.ceil((run.octets.length * 2) / SLAB_BYTES)
  const options = { slabBytes: SLAB_BYTES, slabs, flushMs: 3_600_000, maxRows: ROWS_OF_A_BLOCK }
  const engine = new binding.Engine(options, () => {})
  engine.feed(0, run.octets, run.ends)
  engine.flush(true)
  return engine.take()
}

async function act(driver: Driver, { act, lanes = 1 }: DriverOrder): Promise<number> {
  if (act === 'rows') return driver.rows()
  await driver.freshTable()
  return act === 'insert' ? driver.insert(lanes) : 0
}

const [engine, target, messages, most] = process.argv.slice(2) as [DatabaseEngine, string, string, string]
const driver = makers[engine](JSON.parse(target), madeSlabs(Number(messages)), Number(most))
process.on('message', async (order: DriverOrder) => process.send?.(await act(await driver, order)))
process.on('disconnect', () => process.exit())
await driver
process.send?.('ready')
