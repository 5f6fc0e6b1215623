// ClickHouse as a store, against Debian's server: the rows of SQLite, each once, whatever happens on the way.

import { join } from 'node:path'
import t from 'tap'
import { RefusedError } from '../../lib/errors.js'
import { clickhouseSchema } from '../../lib/sink/clickhouse.js'
import { AwayError } from '../../lib/sink/store.js'
import { Authority } from '../support/certificates.js'
import { callIds, makeStore, openStore, persist, storedLines } from '../support/clickhouse-rows.js'
import { ClickHouseServer, NO_CLICKHOUSE, PASSWORD } from '../support/clickhouse-server.js'
import { batchOf, newEngine } from '../support/engine.js'
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

let server: ClickHouseServer

t.before(async () => {
  if (!NO_CLICKHOUSE) server = await ClickHouseServer.start({ host: '127.0.0.4' })
})
t.after(() => server?.remove())

t.test('the messages of a capture give the rows of SQLite', { skip: NO_CLICKHOUSE }, async (t) => {
  const path = capture('sip-81-messages.pcap')
  if (!path) return t.pass(NO_CAPTURES)
  const engine = roomyEngine(2)
  t.teardown(() => engine.close())
  const batches = await captureBatches(engine, path)
  const { store } = await openStore(t, server, 'real')
  const blocks = new Blocks()
  for (const batch of batches) t.same(await store.write(blocks.of(batch)), [])
  const lines = await storedLines(server, 'sip', 'real.sip_capture')
  t.equal(lines.length, 81)
  sameLines(t, lines, sqliteLines(join(t.testdir(), 'real.db'), batches).sip, 'every column of every row')
})

t.test('so do 50,000 made ones, two blocks at a time', { skip: NO_CLICKHOUSE }, async (t) => {
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
  const lines = await storedLines(server, 'sip', 'made.sip_capture')
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
  const { store } = await openStore(t, server, 'hostile')
  t.same(await store.write(new Blocks().of(batch)), [])
  const expected = sqliteLines(join(t.testdir(), 'hostile.db'), [batch])
  sameLines(t, await storedLines(server, 'sip', 'hostile.sip_capture'), expected.sip, 'SIP')
  sameLines(t, await storedLines(server, 'report', 'hostile.rtcp_capture'), expected.report, 'reports')
  t.same(store.odd(), { cut: 1, cleaned: 3 })
})

t.test('an existing table is used as it is', { skip: NO_CLICKHOUSE }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const batch = batchOf(engine, [
    packet(options('call-1', 'User-Agent: \u00e9\u00e9\u00e9')),
    packet(options('call-2'), { sourcePort: 50_000 }),
  ])
  const { store } = await openStore(t, server, 'odd')
  await server.query(
    `CREATE TABLE odd.sip_capture (
    date Date, micro_ts UInt64, CallID Nullable(String), method LowCardinality(String), user_agent FixedString(5),
    source_port UInt8, destination_port Int16, proto Nullable(UInt32), type String, msg String, lax String,
    preset String DEFAULT 'x', made UInt8 MATERIALIZED length(msg) > 0, other String ALIAS msg
  ) ENGINE = MergeTree PARTITION BY date ORDER BY micro_ts SETTINGS index_granularity = 8192`.replace(
      'LowCardinality(String)',
      'String',
    ),
  )
  t.same(await store.write(new Blocks().of(batch)), [])
  const columns = 'date, CallID, method, user_agent, source_port, destination_port, proto, type, lax, preset'
  t.same(await server.rows(`SELECT ${columns}, made FROM odd.sip_capture ORDER BY CallID`), [
    {
      date: '2023-11-14',
      CallID: 'call-1',
      method: 'OPTIONS',
      user_agent: '\u00e9\u00e9\0',
      source_port: 255,
      destination_port: 5080,
      proto: 17,
      type: '1',
      lax: '',
      preset: 'x',
      made: 1,
    },
    {
      date: '2023-11-14',
      CallID: 'call-2',
      method: 'OPTIONS',
      user_agent: '\0\0\0\0\0',
      source_port: 255,
      destination_port: 5080,
      proto: 17,
      type: '1',
      lax: '',
      preset: 'x',
      made: 1,
    },
  ])
  t.same(store.odd(), { cut: 1, clamped: 2 })
})

t.test('so is one with types that only the server can read', { skip: NO_CLICKHOUSE }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const values = ['tab\there', 'line\\end', "quote'"].map((value) => packet(options(`id ${value}`)))
  const batch = batchOf(engine, [
    ...values,
    packet('no\tSIP\0\xff'),
    packet('PING sip:a@b SIP/2.0\r\nCall-ID: poison\r\n\r\n'),
  ])
  const { store, advice } = await openStore(t, server, 'texts')
  await server.query(`CREATE TABLE texts.sip_capture (date DateTime, callid String, msg String,
    method Enum8('OPTIONS' = 1, '' = 2)) ENGINE = MergeTree PARTITION BY toDate(date) ORDER BY callid`)
  t.match(await store.write(new Blocks().of(batch)), [{ table: 0, row: 4, reason: /^CLICKHOUSE_/ }])
  t.same(await callIds(server, 'texts.sip_capture'), ['', 'id line\\end', "id quote'", 'id tab\there'])
  t.equal(
    await server.query('SELECT min(toUInt32(date)), max(toUInt32(date)) FROM texts.sip_capture'),
    '1700000000\t1700000000',
  )
  t.equal(
    await server.query("SELECT hex(msg) FROM texts.sip_capture WHERE method = ''"),
    Buffer.from('no\tSIP\0\xff').toString('hex').toUpperCase(),
  )
  t.match(advice, [/a lost answer may double a block/])
})

t.test('a row that the server refuses costs none of its neighbours', { skip: NO_CLICKHOUSE }, async (t) => {
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
  const { store } = await openStore(t, server, 'picky')
  const [create] = clickhouseSchema('sip', 'sip_capture') as [string]
  const picky = create.replace(
    '`micro_ts`',
    "`checked` UInt8 MATERIALIZED throwIf(user_agent = 'poison'), `micro_ts`",
  )
  await server.query(picky.replace('`sip_capture`', 'picky.sip_capture'))
  const refused = await store.write(new Blocks().of(batch))
  t.same(
    refused.map(({ table, row }) => [table, row]),
    poisoned.map((row) => [0, row]),
  )
  t.match(refused[0], { reason: 'CLICKHOUSE_395' })
  t.same(
    await callIds(server, 'picky.sip_capture'),
    ids.filter((_, number) => !poisoned.includes(number)),
  )
})

t.test(
  'a table that vanishes is made again, and one that changes is looked at',
  { skip: NO_CLICKHOUSE },
  async (t) => {
    const engine = newEngine()
    t.teardown(() => engine.close())
    const batch = batchOf(engine, [packet(options('one')), packet(options('two'))])
    const { store } = await openStore(t, server, 'changing')
    const blocks = new Blocks()
    t.same(await store.write(blocks.of(batch)), [])
    await server.query('DROP TABLE changing.sip_capture')
    t.same(await store.write(blocks.of(batch)), [])
    t.same(await callIds(server, 'changing.sip_capture'), ['one', 'two'])
    await server.query('ALTER TABLE changing.sip_capture MODIFY COLUMN source_port UInt32')
    t.same(await store.write(blocks.of(batch)), [])
    await server.query('ALTER TABLE changing.sip_capture DROP COLUMN user_agent')
    t.same(await store.write(blocks.of(batch)), [])
    t.same(await callIds(server, 'changing.sip_capture'), ['one', 'one', 'one', 'two', 'two', 'two'])
    t.same(await server.query("SELECT DISTINCT source_port, msg = '' FROM changing.sip_capture"), '5060\t0')
  },
)

t.test('two stores make a table at once', { skip: NO_CLICKHOUSE }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const batch = batchOf(engine, [packet(options('one'))])
  const stores = await Promise.all([1, 2, 3].map(() => openStore(t, server, 'raced')))
  const blocks = new Blocks()
  for (const name of ['a', 'b', 'c', 'd']) {
    const tables = [{ kind: 'sip' as const, table: name, rows: Uint32Array.of(0) }]
    await Promise.all(stores.map(({ store }) => store.write(blocks.of(batch, { tables }))))
    t.equal(await server.query(`SELECT count() FROM raced.${name}`), '3')
  }
})

t.test('messages of very many days go in', { skip: NO_CLICKHOUSE }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const days = Array.from({ length: 40 }, (_, day) =>
    packet(options('dated'), { seconds: day * 86_400 * 1000 }),
  )
  const batch = batchOf(engine, days)
  const { store } = await openStore(t, server, 'days')
  t.same(await store.write(new Blocks().of(batch)), [])
  t.equal(await server.query('SELECT count(), uniqExact(toUInt32(date)) FROM days.sip_capture'), '40\t40')
})

t.test(
  'a server that is not there is away; one that refuses us is a fault',
  { skip: NO_CLICKHOUSE },
  async (t) => {
    const engine = newEngine()
    t.teardown(() => engine.close())
    const late = await ClickHouseServer.start({ host: '127.0.0.4' })
    t.teardown(() => late.remove())
    await late.stop()
    const { store } = makeStore(t, late)
    await t.rejects(store.open(), AwayError)
    const batch = batchOf(engine, [packet(options('one'))])
    const block = new Blocks().of(batch)
    await t.rejects(store.write(block), { name: 'AwayError', code: 'ECONNREFUSED' })
    await late.start()
    t.same(await persist(store, block), [])
    t.same(await callIds(late, 'sip_capture'), ['one'])
    for (const wrong of [{ password: `${PASSWORD}x` }, { user: 'nobody' }, { database: 'nowhere' }]) {
      const error = await makeStore(t, late, wrong)
        .store.open()
        .then(
          () => undefined,
          (reason: unknown) => reason,
        )
      t.ok(error instanceof RefusedError, JSON.stringify(wrong))
      t.notMatch(`${String(error)} ${JSON.stringify(error)} ${(error as Error)?.stack}`, PASSWORD)
    }
  },
)

t.test('the next host serves when the first does not', { skip: NO_CLICKHOUSE }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const gone = await ClickHouseServer.start({ host: '127.0.0.4' })
  t.teardown(() => gone.remove())
  const hosts = [gone, server].flatMap((one) => one.target().hosts)
  const { store, advice } = await openStore(t, server, 'next', { hosts, database: 'default' })
  const blocks = new Blocks()
  const batch = batchOf(engine, [packet(options('one'))])
  await persist(store, blocks.of(batch))
  t.same(await callIds(gone, 'sip_capture'), ['one'])
  await gone.kill()
  await persist(store, blocks.of(batch))
  t.same(await callIds(server, 'default.sip_capture'), ['one'])
  t.match(advice, [/another server of the db_url/])
})

t.test('TLS, with and without a look at the certificate', { skip: NO_CLICKHOUSE }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const authority = new Authority(t.testdir())
  const secure = await ClickHouseServer.start({ tls: authority.sign('server') })
  t.teardown(() => secure.remove())
  const batch = batchOf(engine, [packet(options('one'))])
  for (const tls of [{ mode: 'on' }, { mode: 'verify', ca: authority.cert }] as const) {
    const { store } = makeStore(t, secure, { tls })
    await store.open()
    t.same(await store.write(new Blocks().of(batch)), [], tls.mode)
  }
  await t.rejects(makeStore(t, secure, { tls: { mode: 'verify' } }).store.open(), RefusedError)
  t.equal(await secure.query('SELECT count() FROM sip_capture'), '2')
})
