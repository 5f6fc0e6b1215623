// Tables in PostgreSQL: those that others made, those that change under us, and those that several make at once.

import t from 'tap'
import { PostgresStore, postgresSchema } from '../../lib/sink/postgres.js'
import { tableShapes } from '../../lib/sink/schema.js'
import { batchOf, newEngine } from '../support/engine.js'
import { options, packet } from '../support/packets.js'
import { callIds, openStore } from '../support/postgres-rows.js'
import { NO_POSTGRES, PostgresServer, USER } from '../support/postgres-server.js'
import { Blocks, NODE, roomyEngine } from '../support/store-blocks.js'

t.setTimeout(240_000)

let server: PostgresServer

t.before(async () => {
  if (!NO_POSTGRES) server = await PostgresServer.start({ host: '127.0.0.9' })
})
t.after(() => server?.remove())

t.test('an existing table is used as it is', { skip: NO_POSTGRES }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const batch = batchOf(engine, [
    packet(options('call-1', 'User-Agent: \u00e9\u00e9\u00e9\u00e9')),
    packet(options('call-2'), { sourcePort: 50_000 }),
    packet(Buffer.from('no SIP\0\xff', 'latin1')),
  ])
  const { store } = await openStore(t, server, 'odd')
  await server.query(
    `CREATE DOMAIN port AS smallint; CREATE TYPE how AS ENUM ('OPTIONS', '');
    CREATE TABLE sip_capture (key serial PRIMARY KEY, date timestamp, micro_ts timestamptz(3), "CallID" varchar(5),
      method how, user_agent char(3), source_port port, destination_port real, proto int8 NOT NULL, type text,
      cseq bytea, node jsonb, msg varchar(20), lax text, preset text NOT NULL DEFAULT 'x', needed varchar(3) NOT NULL,
      wanted numeric NOT NULL, seen timestamptz NOT NULL, sure boolean NOT NULL, named jsonb NOT NULL, at inet NOT NULL,
      family integer GENERATED ALWAYS AS (7) STORED);
    ALTER TABLE sip_capture DROP COLUMN node; ALTER TABLE sip_capture OWNER TO ${USER}`,
    'odd',
  )
  t.same(await store.write(new Blocks().of(batch)), [])
  const made = {
    key: 1,
    date: '2023-11-14 22:13:20',
    micro_ts: '2023-11-14 22:13:20.123+00',
    CallID: 'call-',
    method: 'OPTIONS',
    user_agent: '\u00e9\u00e9\u00e9',
    source_port: 5060,
    destination_port: 5080,
    proto: '17',
    type: '1',
    cseq: '1 OPTIONS',
    msg: 'OPTIONS sip:bob@exam',
    lax: null,
    preset: 'x',
    needed: '',
    wanted: '0',
    seen: '1970-01-01 00:00:00+00',
    sure: false,
    named: {},
    at: '0.0.0.0',
    family: 7,
  }
  await server.query("ALTER DATABASE odd SET timezone = 'UTC'")
  const shown = Object.keys(made).map((name) =>
    /date|micro_ts|seen/.test(name)
      ? `${name}::text`
      : name === 'cseq'
        ? "convert_from(cseq, 'UTF8') AS cseq"
        : `"${name}"`,
  )
  t.same(await server.query(`SELECT ${shown.join(', ')} FROM sip_capture ORDER BY key`, 'odd'), [
    made,
    { ...made, key: 2, user_agent: '   ', source_port: 32_767 },
    {
      ...made,
      key: 3,
      CallID: '',
      method: '',
      user_agent: '   ',
      type: '0',
      cseq: '',
      msg: 'no SIP\ufffd\ufffd',
    },
  ])
  t.same(store.odd(), { cut: 5, cleaned: 1, clamped: 1 })
})

t.test('so is one with types that only the server can read', { skip: NO_POSTGRES }, async (t) => {
  const engine = roomyEngine(2)
  t.teardown(() => engine.close())
  const ids = Array.from({ length: 250 }, (_, number) => `call-${String(number).padStart(3, '0')}`)
  const batch = batchOf(engine, [
    ...ids.map((id) => packet(options(id, `User-Agent: ${id === 'call-007' ? 'poison' : '12.5'}`))),
    packet(Buffer.from('no SIP\0\xff', 'latin1'), { sourcePort: 40_000 }),
    packet(options('early'), { seconds: 0, micros: 0 }),
  ])
  const { store } = await openStore(t, server, 'texts')
  await server.query(
    `CREATE TABLE sip_capture (date timestamptz, micro_ts numeric, callid varchar(5), source_ip inet, user_agent numeric,
      source_port smallint, msg bytea, reason text NOT NULL, needed text[] NOT NULL DEFAULT '{}', type varchar(1),
      contact_ip cidr, via_1 bytea, hard uuid NOT NULL);
    ALTER TABLE sip_capture OWNER TO ${USER}`,
    'texts',
  )
  t.match(await store.write(new Blocks().of(batch)), [{ table: 0, row: 7, reason: 'POSTGRES_22P02' }])
  const rows = (where: string, what: string) =>
    server.query(`SELECT ${what} FROM sip_capture WHERE ${where} LIMIT 1`, 'texts')
  t.same(await rows('true', 'count(*)'), [{ count: '251' }])
  const plain = "source_ip, user_agent, source_port, contact_ip, via_1 = '' AS none, type, micro_ts, reason"
  t.same(await rows("callid = 'call-' AND source_port = 5060", plain), [
    {
      source_ip: '10.0.0.1',
      user_agent: '12.5',
      source_port: 5060,
      contact_ip: null,
      none: true,
      type: '1',
      micro_ts: '1700000000123456',
      reason: '',
    },
  ])
  t.same(await rows('source_port <> 5060', "source_port, user_agent, encode(msg, 'hex') AS msg"), [
    { source_port: 32_767, user_agent: null, msg: Buffer.from('no SIP\0\xff', 'latin1').toString('hex') },
  ])
  t.same(await rows("callid = 'early'", 'extract(epoch FROM date)::int AS second, micro_ts'), [
    { second: 0, micro_ts: '0' },
  ])
  t.same(store.odd(), { cut: 249, clamped: 1 })
})

t.test('rows go through views, rules and row-level security', { skip: NO_POSTGRES }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const batch = batchOf(engine, [packet(options('one')), packet(options('two')), packet(options('hidden'))])
  const { store } = await openStore(t, server, 'ways')
  await server.query(
    `SET ROLE ${USER};
    CREATE TABLE kept (callid text, msg bytea);
    CREATE VIEW viewed AS SELECT * FROM kept;
    CREATE TABLE ruled (callid text, msg bytea);
    CREATE RULE elsewhere AS ON INSERT TO ruled DO INSTEAD INSERT INTO kept VALUES ('ruled ' || NEW.callid, NEW.msg);
    CREATE TABLE parts (callid text, msg bytea) PARTITION BY LIST (callid);
    CREATE TABLE part_one PARTITION OF parts FOR VALUES IN ('one');
    CREATE TABLE part_two PARTITION OF parts FOR VALUES IN ('two');
    CREATE TABLE secured (callid text, msg bytea);
    ALTER TABLE secured ENABLE ROW LEVEL SECURITY; ALTER TABLE secured FORCE ROW LEVEL SECURITY;
    CREATE POLICY open ON secured USING (callid <> 'hidden')`,
    'ways',
  )
  const refused = await store.write(
    new Blocks().of(batch, {
      tables: ['viewed', 'ruled', 'parts', 'secured'].map((table) => ({
        kind: 'sip' as const,
        table,
        rows: Uint32Array.of(0, 1, 2),
      })),
    }),
  )
  t.match(refused, [
    { table: 2, row: 2, reason: 'POSTGRES_23514' },
    { table: 3, row: 2, reason: 'POSTGRES_42501' },
  ])
  t.same(await callIds(server, 'ways', 'kept'), [
    'hidden',
    'one',
    'ruled hidden',
    'ruled one',
    'ruled two',
    'two',
  ])
  t.same(await callIds(server, 'ways', 'parts'), ['one', 'two'])
  t.same(await callIds(server, 'ways', 'secured'), ['one', 'two'])
})

t.test(
  'a table that vanishes is made again, and one that changes is looked at',
  { skip: NO_POSTGRES },
  async (t) => {
    const engine = newEngine()
    t.teardown(() => engine.close())
    const batch = batchOf(engine, [packet(options('one')), packet(options('two'))])
    const { store } = await openStore(t, server, 'changing')
    const blocks = new Blocks()
    const change = async (sql: string) => {
      await server.query(sql, 'changing')
      t.same(await store.write(blocks.of(batch)), [], sql)
    }
    t.same(await store.write(blocks.of(batch)), [])
    await change('DROP TABLE sip_capture')
    t.same(await callIds(server, 'changing'), ['one', 'two'])
    await change('DROP TABLE hepcapd_blocks')
    await change('ALTER TABLE sip_capture ALTER source_port TYPE bigint')
    await change('ALTER TABLE sip_capture ALTER proto DROP DEFAULT, ALTER proto TYPE numeric')
    await change('ALTER TABLE sip_capture DROP COLUMN user_agent')
    await change('ALTER TABLE sip_capture ADD COLUMN user_agent varchar(10)')
    const as = 'to_timestamp(micro_ts / 1000000.0)'
    await change(
      `ALTER TABLE sip_capture ALTER micro_ts DROP DEFAULT, ALTER micro_ts TYPE timestamptz USING ${as}`,
    )
    t.same(
      await server.query(
        'SELECT count(*), count(user_agent) AS agents, min(source_port), max(proto) AS most, count(DISTINCT micro_ts) AS times FROM sip_capture',
        'changing',
      ),
      [{ count: '14', agents: '4', min: '5060', most: '17', times: '1' }],
    )
  },
)

t.test('two stores make a table at once', { skip: NO_POSTGRES }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const batch = batchOf(engine, [packet(options('one'))])
  await server.createDatabase('raced')
  const stores = await Promise.all([1, 2, 3, 4].map(() => openStore(t, server, 'raced')))
  const blocks = new Blocks()
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    const tables = [{ kind: 'sip' as const, table: name, rows: Uint32Array.of(0) }]
    await Promise.all(stores.map(({ store }) => store.write(blocks.of(batch, { tables }))))
    t.equal((await callIds(server, 'raced', name)).length, 4)
    const indexes = await server.query(`SELECT 1 FROM pg_indexes WHERE tablename = '${name}'`, 'raced')
    t.equal(indexes.length, 6)
  }
})

t.test('the longest names that a table can have', { skip: NO_POSTGRES }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const batch = batchOf(engine, [packet(options('one'))])
  const { store } = await openStore(t, server, 'long')
  const names = [...['1', '2'].map((end) => `${'x'.repeat(61)}${end}`), 'y'.repeat(64)]
  const blocks = new Blocks()
  for (const table of names) {
    await store.write(blocks.of(batch, { tables: [{ kind: 'sip', table, rows: Uint32Array.of(0) }] }))
    t.same(await callIds(server, 'long', table), ['one'])
    const indexes = await server.query(
      `SELECT 1 FROM pg_indexes WHERE tablename = '${table.slice(0, 63)}'`,
      'long',
    )
    t.equal(indexes.length, 6)
  }
})

t.test(
  'without the right to make the table of ids rows are stored, and we say so',
  { skip: NO_POSTGRES },
  async (t) => {
    const engine = newEngine()
    t.teardown(() => engine.close())
    const batch = batchOf(engine, [packet(options('one'))])
    await server.createDatabase('strict')
    await server.query(
      [
        `ALTER DATABASE strict OWNER TO postgres`,
        ...postgresSchema('sip', 'sip_capture'),
        `GRANT INSERT ON sip_capture TO ${USER}`,
      ].join(';'),
      'strict',
    )
    const { store, advice } = await openStore(t, server, 'strict')
    const blocks = new Blocks()
    t.same(await store.write(blocks.of(batch)), [])
    t.same(await store.write(blocks.of(batch)), [])
    t.same(await callIds(server, 'strict'), ['one', 'one'])
    t.match(advice, [/hepcapd_blocks/])
    t.equal(advice.length, 1)
    const tables = [{ kind: 'sip' as const, table: 'other', rows: Uint32Array.of(0) }]
    await t.rejects(store.write(blocks.of(batch, { tables })), { name: 'AwayError', code: 'POSTGRES_42501' })
    await server.query('CREATE TABLE hepcapd_blocks (id text)', 'strict')
    const late = await openStore(t, server, 'strict')
    t.same(await late.store.write(blocks.of(batch)), [])
    t.match(late.advice, [/hepcapd_blocks/])
  },
)

t.test('texts that the encoding of the database has no letters for', { skip: NO_POSTGRES }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const batch = batchOf(engine, [
    packet(options('plain', 'User-Agent: \u00e9')),
    packet(options('emoji', 'User-Agent: \u{1f600}')),
  ])
  await server.createDatabase('latin', "ENCODING 'LATIN1' TEMPLATE template0")
  const { store, advice } = await openStore(t, server, 'latin')
  t.match(advice, [/LATIN1/])
  t.match(await store.write(new Blocks().of(batch)), [{ row: 1, reason: 'POSTGRES_22P05' }])
  t.same(await server.query('SELECT user_agent FROM sip_capture', 'latin'), [{ user_agent: '\u00e9' }])
})

t.test('columns under other names, and the automatic one too', { skip: NO_POSTGRES }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const batch = batchOf(engine, [packet(options('one'))])
  await server.createDatabase('renamed')
  const renamed = { callid: 'Call', date: 'time_stamp', id: 'key' }
  const shapes = tableShapes({ renamed, reportLayout: 'homer6' })
  const target = server.target({ database: 'renamed' })
  const store = new PostgresStore(target, { statementsInFlight: 1, shapes }, () => {})
  t.teardown(() => store.close())
  t.same(await store.write(new Blocks().of(batch)), [])
  const columns = '"Call", extract(epoch FROM time_stamp)::int AS second, key'
  t.same(await server.query(`SELECT ${columns} FROM sip_capture`, 'renamed'), [
    { Call: 'one', second: 1_700_000_000, key: '1' },
  ])
  const indexes = await server.query(
    "SELECT 1 FROM pg_indexes WHERE indexdef LIKE '%(time_stamp)'",
    'renamed',
  )
  t.equal(indexes.length, 1)
  const report = batchOf(engine, [
    packet('{"Event":"EXIT"}', { type: 99, correlation: 'a-b', agentId: 4_000_000_000 }),
  ])
  t.same(await store.write(new Blocks().of(report)), [])
  const shown =
    'extract(epoch FROM tss)::int AS second, tsu, transaction_id, capt_id, node, event, payload_len, data'
  t.same(await server.query(`SELECT ${shown} FROM rtcp_capture`, 'renamed'), [
    {
      second: 1_700_000_000,
      tsu: '123456',
      transaction_id: 'a-b',
      capt_id: '4000000000',
      node: NODE,
      event: 'EXIT',
      payload_len: '16',
      data: '{"Event":"EXIT"}',
    },
  ])
})

t.test('reports as JSON, for a table that wants them so', { skip: NO_POSTGRES }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const payloads = ['{"a":[1,"\u00e9"]}', '{"a":', '', '{"a":"\\u0000"}', '7']
  const batch = batchOf(
    engine,
    payloads.map((payload) => packet(payload, { type: 5 })),
  )
  const { store } = await openStore(t, server, 'reports')
  const kinds = ['json', 'jsonb']
  for (const type of kinds) {
    await server.query(
      `CREATE TABLE as_${type} (date timestamptz, msg ${type}); ALTER TABLE as_${type} OWNER TO ${USER}`,
      'reports',
    )
  }
  const rows = Uint32Array.from(payloads, (_, row) => row)
  const tables = kinds.map((type) => ({ kind: 'report' as const, table: `as_${type}`, rows }))
  const refused = await store.write(new Blocks().of(batch, { tables }))
  t.same(
    refused.map(({ table, row, reason }) => [table, row, reason]),
    [
      [0, 1, 'POSTGRES_22P02'],
      [1, 1, 'POSTGRES_22P02'],
      [1, 3, 'POSTGRES_22P05'],
    ],
  )
  t.same(await server.query('SELECT msg FROM as_jsonb ORDER BY msg::text', 'reports'), [
    { msg: 7 },
    { msg: { a: [1, '\u00e9'] } },
    { msg: null },
  ])
})

t.test('a value that an index of the table has no room for', { skip: NO_POSTGRES }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const noise = Array.from({ length: 4000 }, (_, index) =>
    String.fromCharCode(33 + ((index * index * 7919) % 90)),
  )
  const batch = batchOf(engine, [packet(options('short')), packet(`${options('long')}${noise.join('')}`)])
  const { store } = await openStore(t, server, 'narrow')
  await server.query(
    `CREATE TABLE sip_capture (callid text, msg text); CREATE INDEX ON sip_capture (msg COLLATE "C");
    ALTER TABLE sip_capture OWNER TO ${USER}; ALTER TABLE sip_capture ALTER msg SET STORAGE EXTERNAL`,
    'narrow',
  )
  t.match(await store.write(new Blocks().of(batch)), [{ row: 1, reason: 'POSTGRES_54000' }])
  t.same(await callIds(server, 'narrow'), ['short'])
})
