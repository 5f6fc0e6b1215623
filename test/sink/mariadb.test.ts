// MariaDB as a store, against Debian's server: the rows of SQLite, whatever is in them.

import { join } from 'node:path'
import t from 'tap'
import { mariadbSchema } from '../../lib/sink/mariadb.js'
import { batchOf, newEngine } from '../support/engine.js'
import { callIds, openStore, storedLines } from '../support/mariadb-rows.js'
import { MariadbServer, NO_MARIADB } from '../support/mariadb-server.js'
import { chunk, hep3, options, packet, u8 } from '../support/packets.js'
import {
  Blocks,
  captureBatches,
  dialogBatches,
  roomyEngine,
  sameLines,
  sqliteLines,
} from '../support/store-blocks.js'
import { capture, NO_CAPTURES } from '../support/tools.js'

t.setTimeout(240_000)

let server: MariadbServer

t.before(async () => {
  if (!NO_MARIADB) server = await MariadbServer.start({ host: '127.0.0.31' })
})
t.after(() => server?.remove())

t.test('the messages of a capture give the rows of SQLite', { skip: NO_MARIADB }, async (t) => {
  const path = capture('sip-81-messages.pcap')
  if (!path) return t.pass(NO_CAPTURES)
  const engine = roomyEngine(2)
  t.teardown(() => engine.close())
  const batches = await captureBatches(engine, path)
  const { store, advice } = await openStore(t, server, 'captured')
  const blocks = new Blocks()
  for (const batch of batches) t.same(await store.write(blocks.of(batch)), [])
  const lines = await storedLines(server, 'captured', 'sip', 'sip_capture')
  t.equal(lines.length, 81)
  sameLines(t, lines, sqliteLines(join(t.testdir(), 'real.db'), batches).sip, 'every column of every row')
  t.same(advice, [])
})

t.test('so do 50,000 made ones, two blocks at a time', { skip: NO_MARIADB }, async (t) => {
  const engine = roomyEngine()
  t.teardown(() => engine.close())
  const batches = dialogBatches(engine, 50_000)
  const { store } = await openStore(t, server, 'made')
  const blocks = new Blocks()
  const waiting = [...batches]
  const lane = async () => {
    for (let batch = waiting.shift(); batch; batch = waiting.shift()) {
      t.same(await store.write(blocks.of(batch)), [])
    }
  }
  await Promise.all([lane(), lane()])
  const lines = await storedLines(server, 'made', 'sip', 'sip_capture')
  t.equal(lines.length, 50_000)
  const expected = sqliteLines(join(t.testdir(), 'made.db'), batches).sip
  t.ok(
    lines.every((line, index) => line === expected[index]),
    'every column of every row',
  )
})

t.test('hostile values are stored as they are', { skip: NO_MARIADB }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const batch = batchOf(engine, [
    packet(options("'; DROP TABLE sip_capture; --", 'User-Agent: \\N \\\\ `"\' \t $1 x')),
    packet(options('emoji \u{1f600}', 'User-Agent: \u{1f4a9}'.repeat(40))),
    packet(Buffer.from('OPTIONS sip:a@b SIP/2.0\nCall-ID: \xe9\xff\x00\nUser-Agent: \xf0\x9f\n\n', 'latin1')),
    packet(`${options('large')}${"\0\r\n\\'".repeat(12_800)}`),
    packet(''),
    packet(options('never'), { seconds: 0, micros: 0 }),
    packet(options('last'), { seconds: 0xffff_ffff }),
    packet('{"rtcp":1}', { type: 5, correlation: "x'y" }),
    hep3(chunk(1, u8(2)), chunk(0x11, 'event')),
  ])
  const { store } = await openStore(t, server, 'hostile')
  t.same(await store.write(new Blocks().of(batch)), [])
  const expected = sqliteLines(join(t.testdir(), 'hostile.db'), [batch])
  sameLines(t, await storedLines(server, 'hostile', 'sip', 'sip_capture'), expected.sip, 'SIP')
  sameLines(t, await storedLines(server, 'hostile', 'report', 'rtcp_capture'), expected.report, 'reports')
  t.same(store.odd(), { cut: 1, cleaned: 3 })
})

t.test('columns that were empty at first have values later', { skip: NO_MARIADB }, async (t) => {
  const engine = roomyEngine(8)
  t.teardown(() => engine.close())
  const headers = ['User-Agent: a', 'Diversion: <sip:b@c>', 'Reason: Q.850', 'P-Asserted-Identity: <sip:d@e>']
  const batches = [
    [packet('')],
    ...headers.map((_, most) => [
      packet(options(`c${most}`, ...headers.slice(0, most))),
      packet(options('plain')),
    ]),
    headers.map((header) => packet(options('each', header))),
  ].map((packets) => batchOf(engine, packets))
  const { store } = await openStore(t, server, 'growing')
  const blocks = new Blocks()
  for (const batch of batches) t.same(await store.write(blocks.of(batch)), [])
  const expected = sqliteLines(join(t.testdir(), 'growing.db'), batches)
  sameLines(t, await storedLines(server, 'growing', 'sip', 'sip_capture'), expected.sip, 'SIP')
})

t.test('a row that the server refuses costs none of its neighbours', { skip: NO_MARIADB }, async (t) => {
  const engine = roomyEngine(2)
  t.teardown(() => engine.close())
  const ids = Array.from({ length: 1000 }, (_, number) => `call-${String(number).padStart(4, '0')}`)
  const poisoned = [0, 500, 501, 999]
  const batch = batchOf(
    engine,
    ids.map((id, number) =>
      packet(options(id, ...(poisoned.includes(number) ? ['User-Agent: poison'] : []))),
    ),
  )
  const { store, advice } = await openStore(t, server, 'picky')
  const signal = "BEGIN IF NEW.user_agent = 'poison' THEN SIGNAL SQLSTATE '45000'; END IF; END"
  const rules = {
    checked: "ALTER TABLE checked ADD CHECK (user_agent <> 'poison')",
    raising: `CREATE TRIGGER raising BEFORE INSERT ON raising FOR EACH ROW ${signal}`,
    late: `CREATE TRIGGER late AFTER INSERT ON late FOR EACH ROW ${signal}`,
    unique: `ALTER TABLE \`unique\` ADD poison INT AS (if(user_agent = 'poison', 1, NULL)) STORED UNIQUE`,
    parted: `ALTER TABLE parted DROP PRIMARY KEY, DROP COLUMN id
      PARTITION BY LIST COLUMNS (user_agent) (PARTITION one VALUES IN (''))`,
    single: `ALTER TABLE single ENGINE=MyISAM, ADD CHECK (user_agent <> 'poison')`,
  }
  const reasons: Record<string, number> = {
    checked: 4025,
    raising: 1644,
    late: 1644,
    unique: 1062,
    parted: 1526,
    single: 4025,
  }
  const blocks = new Blocks()
  for (const [table, rule] of Object.entries(rules)) {
    await server.query([...mariadbSchema('sip', table), rule], 'picky')
    const tables = [{ kind: 'sip' as const, table, rows: Uint32Array.from(ids, (_, row) => row) }]
    const refused = await store.write(blocks.of(batch, { tables }))
    const expected = table === 'unique' ? poisoned.slice(1) : poisoned
    t.same(
      refused.map(({ row, reason }) => [row, reason]),
      expected.map((row) => [row, `MARIADB_${reasons[table]}`]),
      table,
    )
    t.same(
      await callIds(server, 'picky', table),
      ids.filter((_, number) => !expected.includes(number)),
    )
  }
  t.equal(advice.length, 1)
  t.match(advice[0], /MyISAM/)
})
