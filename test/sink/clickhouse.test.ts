// ClickHouse as a store, against Debian's server: the rows of SQLite, each once, whatever happens on the way.

import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { RowKind } from '../../lib/route/rows.js'
import { ClickhouseStore } from '../../lib/sink/clickhouse.js'
import type { DatabaseTarget } from '../../lib/sink/database-target.js'
import { columnsOf } from '../../lib/sink/schema.js'
import { ClickHouseServer, NO_CLICKHOUSE } from '../support/clickhouse-server.js'
import { batchOf, newEngine } from '../support/engine.js'
import { chunk, hep3, options, packet, u8 } from '../support/packets.js'
import {
  Blocks,
  captureBatches,
  dialogBatches,
  roomyEngine,
  rowLine,
  sameLines,
  sqliteLines,
} from '../support/store-blocks.js'
import { capture, NO_CAPTURES } from '../support/tools.js'

t.setTimeout(240_000)

let server: ClickHouseServer

t.before(async () => {
  if (!NO_CLICKHOUSE) server = await ClickHouseServer.start({ host: '127.0.0.4' })
})
t.after(() => server?.remove())

/** Opened on a database of its own. */
async function openStore(
  t: Test,
  database: string,
  more: Partial<DatabaseTarget> = {},
): Promise<{ store: ClickhouseStore; advice: string[] }> {
  await server.query(`CREATE DATABASE IF NOT EXISTS ${database}`)
  const advice: string[] = []
  const store = new ClickhouseStore(server.target({ database, ...more }), { statementsInFlight: 5 }, (text) =>
    advice.push(text),
  )
  t.teardown(() => store.close())
  await store.open()
  return { store, advice }
}

async function storedLines(kind: RowKind, table: string): Promise<string[]> {
  const columns = columnsOf(kind).map(({ name }) => (name === 'msg' ? 'hex(msg) AS msg' : name))
  const rows = await server.rows(`SELECT ${columns.join(', ')} FROM ${table}`)
  // Old servers show no date at the second 0, which they hold.
  const shown = ({ date, ...row }: Record<string, unknown>) => ({
    ...row,
    date: String(date).replace('0000-00-00', '1970-01-01'),
  })
  return rows.map((row) => rowLine(shown(row), kind)).sort()
}

t.test('the messages of a capture give the rows of SQLite', { skip: NO_CLICKHOUSE }, async (t) => {
  const path = capture('sip-81-messages.pcap')
  if (!path) return t.pass(NO_CAPTURES)
  const engine = roomyEngine(2)
  t.teardown(() => engine.close())
  const batches = await captureBatches(engine, path)
  const { store } = await openStore(t, 'real')
  const blocks = new Blocks()
  for (const batch of batches) t.same(await store.write(blocks.of(batch)), [])
  const lines = await storedLines('sip', 'real.sip_capture')
  t.equal(lines.length, 81)
  sameLines(t, lines, sqliteLines(join(t.testdir(), 'real.db'), batches).sip, 'every column of every row')
})

t.test('so do 50,000 made ones, two blocks at a time', { skip: NO_CLICKHOUSE }, async (t) => {
  const engine = roomyEngine()
  t.teardown(() => engine.close())
  const batches = dialogBatches(engine, 50_000)
  const { store } = await openStore(t, 'made')
  const blocks = new Blocks()
  const waiting = [...batches]
  const lane = async () => {
    for (let batch = waiting.shift(); batch; batch = waiting.shift()) {
      t.same(await store.write(blocks.of(batch)), [])
    }
  }
  await Promise.all([lane(), lane()])
  const lines = await storedLines('sip', 'made.sip_capture')
  t.equal(lines.length, 50_000)
  const expected = sqliteLines(join(t.testdir(), 'made.db'), batches).sip
  t.ok(
    lines.every((line, index) => line === expected[index]),
    'every column of every row',
  )
})

t.test('hostile values are stored as they are', { skip: NO_CLICKHOUSE }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const batch = batchOf(engine, [
    packet(options("'; DROP TABLE sip_capture; --", 'User-Agent: \\N \\\\ `"\' \t x')),
    packet(options('emoji \u{1f600}', 'User-Agent: \u{1f4a9}'.repeat(40))),
    packet(Buffer.from('OPTIONS sip:a@b SIP/2.0\nCall-ID: \xe9\xff\x00\nUser-Agent: \xf0\x9f\n\n', 'latin1')),
    packet(`${options('large')}${"\0\r\n\\'".repeat(12_800)}`),
    packet(''),
    packet(options('never'), { seconds: 0, micros: 0 }),
    packet(options('last'), { seconds: 0xffff_ffff - 86_400 }),
    packet('{"rtcp":1}', { type: 5, correlation: "x'y" }),
    hep3(chunk(1, u8(2)), chunk(0x11, 'event')),
  ])
  const { store } = await openStore(t, 'hostile')
  t.same(await store.write(new Blocks().of(batch)), [])
  const expected = sqliteLines(join(t.testdir(), 'hostile.db'), [batch])
  sameLines(t, await storedLines('sip', 'hostile.sip_capture'), expected.sip, 'SIP')
  sameLines(t, await storedLines('report', 'hostile.rtcp_capture'), expected.report, 'reports')
  t.same(store.odd(), { cut: 1, cleaned: 3, clamped: 0, arrivals: 0 })
})
