// Tables in MariaDB: those that others made, those that change under us, and those that several make at once.

import t, { type Test } from 'tap'
import { MariadbStore, mariadbSchema } from '../../lib/sink/mariadb.js'
import { tableShapes } from '../../lib/sink/schema.js'
import { batchOf, newEngine } from '../support/engine.js'
import { callIds, openStore } from '../support/mariadb-rows.js'
import { MariadbServer, NO_MARIADB, USER } from '../support/mariadb-server.js'
import { options, packet } from '../support/packets.js'
import { Blocks, dialogBatches, roomyEngine } from '../support/store-blocks.js'

t.setTimeout(240_000)

const YEAR_2106 = 0xffff_ffff

let server: MariadbServer

t.before(async () => {
  if (!NO_MARIADB) server = await MariadbServer.start({ host: '127.0.0.35' })
})
t.after(() => server?.remove())

function engineOf(t: Test) {
  const engine = newEngine()
  t.teardown(() => engine.close())
  return engine
}

/** `name type(width)` of each, none with a default. */
function texts(widths: Record<string, number>): string[] {
  return Object.entries(widths).map(([name, width]) => `${name} VARCHAR(${width}) NOT NULL`)
}

const OPENSIPS_TEXTS = {
  ...{
    method: 50,
    reply_reason: 100,
    ruri: 200,
    ruri_user: 100,
    from_user: 100,
    from_domain: 150,
    from_tag: 64,
  },
  ...{
    to_user: 100,
    to_domain: 150,
    to_tag: 64,
    pid_user: 100,
    contact_user: 120,
    auth_user: 120,
    callid: 100,
  },
  ...{
    callid_aleg: 100,
    via_1: 256,
    via_1_branch: 80,
    cseq: 25,
    diversion: 256,
    reason: 200,
    content_type: 256,
  },
  ...{ auth: 256, user_agent: 256, source_ip: 50, destination_ip: 50, contact_ip: 60, originator_ip: 60 },
  ...{ correlation_id: 256, rtp_stat: 256, node: 125 },
}
const NUMBERS = ['source_port', 'destination_port', 'contact_port', 'originator_port', 'proto', 'type']
const OPENSIPS = `CREATE TABLE sip_capture (
  id BIGINT(20) UNSIGNED NOT NULL AUTO_INCREMENT, date TIMESTAMP NOT NULL DEFAULT '0000-00-00 00:00:00',
  micro_ts BIGINT(18) NOT NULL DEFAULT 0, ${texts(OPENSIPS_TEXTS).join(', ')},
  ${NUMBERS.map((name) => `${name} INT(10) NOT NULL`).join(', ')}, family INT(1) DEFAULT NULL, msg TEXT NOT NULL,
  PRIMARY KEY (id, date), KEY (callid)
) ENGINE=MyISAM DEFAULT CHARSET=utf8 PARTITION BY RANGE (UNIX_TIMESTAMP(date)) (PARTITION pmax VALUES LESS THAN MAXVALUE)`

/** Kamailio's has `expires` and the custom fields, and a shorter text of the message. */
const KAMAILIO = `CREATE TABLE sip_capture (
  id INTEGER NOT NULL AUTO_INCREMENT, date DATETIME NOT NULL DEFAULT '1900-01-01 00:00:01',
  micro_ts BIGINT DEFAULT 0 NOT NULL, ${texts({ ...OPENSIPS_TEXTS, ruri_domain: 150 }).join(', ')},
  ${NUMBERS.map((name) => `${name} INT(10) NOT NULL`).join(', ')}, family INT(1), expires INT NOT NULL,
  ${texts({ custom_field1: 120, custom_field2: 120, custom_field3: 120, msg: 1500 }).join(', ')},
  PRIMARY KEY (id, date), KEY (date), KEY (callid)
) ENGINE=InnoDB DEFAULT CHARSET=latin1`

t.test('the tables of OpenSIPS and Kamailio are used as they are', { skip: NO_MARIADB }, async (t) => {
  const engine = engineOf(t)
  const long = 'n'.repeat(300)
  const batch = batchOf(engine, [
    packet(options('plain', 'User-Agent: \u00e9\u{1f600}\u20ac', `Via: SIP/2.0/UDP ${long};branch=1`)),
    packet(options('late'), { seconds: YEAR_2106 }),
    packet(options('never'), { seconds: 0, micros: 0 }),
    packet(`${options('large')}${'x'.repeat(60_000)}`),
    packet(Buffer.from('no SIP\0\xff', 'latin1')),
  ])
  const shown = `callid, date, micro_ts, user_agent, length(via_1) AS via, length(msg) AS size, family, auth, source_ip`
  const now = /^20\d\d-/
  const plain = {
    callid: 'plain',
    date: '2023-11-14 22:13:20',
    micro_ts: 1_700_000_000_123_456,
    via: 256,
    size: 422,
  }
  const common = { family: 2, auth: '', source_ip: '10.0.0.1' }
  await server.createDatabase('opensips')
  await server.query(OPENSIPS, 'opensips')
  const opensips = await openStore(t, server, 'opensips')
  t.same(await opensips.store.write(new Blocks().of(batch)), [])
  t.match(await server.query(`SELECT ${shown} FROM sip_capture ORDER BY id`, 'opensips'), [
    { ...plain, ...common, user_agent: '\u00e9\ufffd\u20ac' },
    { callid: 'late', date: now, micro_ts: YEAR_2106 * 1e6 + 123_456, user_agent: '', via: 0 },
    { callid: 'never', date: now, micro_ts: 0 },
    { callid: 'large', size: 60_072 },
    { callid: '', size: 12 },
  ])
  t.match(opensips.advice, [/MyISAM/])
  t.same(opensips.store.odd(), { cut: 1, cleaned: 3, arrivals: 2 })
  await server.createDatabase('kamailio')
  await server.query(KAMAILIO, 'kamailio')
  const kamailio = await openStore(t, server, 'kamailio')
  t.same(await kamailio.store.write(new Blocks().of(batch)), [])
  t.match(await server.query(`SELECT ${shown}, expires FROM sip_capture ORDER BY id`, 'kamailio'), [
    { ...plain, ...common, user_agent: '\u00e9??', size: 417, expires: 0 },
    { callid: 'late', date: '2106-02-07 06:28:15' },
    { callid: 'never', date: '1970-01-01 00:00:00' },
    { callid: 'large', size: 1500 },
    { callid: '', size: 8 },
  ])
  t.same(kamailio.advice, [])
})

t.test('so are the report tables of Homer 5', { skip: NO_MARIADB }, async (t) => {
  const batch = batchOf(engineOf(t), [
    packet(`{"rtcp":"${'r'.repeat(2000)}"}`, { type: 5, correlation: 'c-1' }),
    packet('{}', { type: 100, correlation: 'x'.repeat(300) }),
  ])
  await server.createDatabase('homer')
  await server.query(
    `CREATE TABLE rtcp_capture (id BIGINT(20) UNSIGNED NOT NULL AUTO_INCREMENT,
      date TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, micro_ts BIGINT(18) NOT NULL DEFAULT 0,
      correlation_id VARCHAR(256) NOT NULL DEFAULT '', source_ip VARCHAR(60) NOT NULL DEFAULT '',
      source_port INT(10) NOT NULL DEFAULT 0, proto INT(5) NOT NULL DEFAULT 0, family INT(1), type INT(5) NOT NULL,
      node VARCHAR(125) NOT NULL DEFAULT '', msg VARCHAR(1500) NOT NULL DEFAULT '', PRIMARY KEY (id, date),
      KEY (date), KEY (correlation_id(255))) ENGINE=InnoDB ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8 CHARSET=utf8mb3`,
    'homer',
  )
  const { store } = await openStore(t, server, 'homer')
  t.same(await store.write(new Blocks().of(batch)), [])
  const shown = 'length(correlation_id) AS id, type, node, length(msg) AS size'
  t.same(await server.query(`SELECT ${shown} FROM rtcp_capture ORDER BY id`, 'homer'), [
    { id: 3, type: 5, node: 'homer01:7', size: 1500 },
    { id: 256, type: 100, node: 'homer01:7', size: 2 },
  ])
})

t.test('a table with odd types gets what its columns hold', { skip: NO_MARIADB }, async (t) => {
  const batch = batchOf(engineOf(t), [
    packet(options('call-1', 'User-Agent: \u00e9\u00e9\u00e9\u00e9')),
    packet(options('call-2'), { sourcePort: 50_000, seconds: YEAR_2106 }),
    packet(Buffer.from('no SIP\0\xff', 'latin1')),
  ])
  await server.createDatabase('odd', 'CHARACTER SET utf8mb4')
  await server.query(
    `CREATE TABLE sip_capture (num INT AUTO_INCREMENT PRIMARY KEY, date DATE, micro_ts DATETIME(3), CallID VARCHAR(5),
      method ENUM('OPTIONS', ''), user_agent CHAR(3), source_port SMALLINT, destination_port FLOAT,
      proto TINYINT UNSIGNED NOT NULL, type TEXT, cseq VARBINARY(4), ruri TINYBLOB, msg VARCHAR(20) CHARACTER SET ascii,
      contact_ip INET6, reason INT, auth INT NOT NULL, via_1 DECIMAL(5,2), lax TEXT, preset VARCHAR(9) NOT NULL DEFAULT 'x',
      needed VARCHAR(3) NOT NULL, wanted DECIMAL(9) NOT NULL, seen DATETIME NOT NULL, stamp TIMESTAMP NOT NULL,
      sure BOOLEAN NOT NULL, at INET6 NOT NULL, bits BIT(3) NOT NULL, kind ENUM('a', 'b') NOT NULL,
      kinds SET('a', 'b') NOT NULL, one UUID NOT NULL, day DATE NOT NULL, hour TIME NOT NULL, family INT AS (7) STORED,
      node INT AS (8) VIRTUAL, \`select\` INT NOT NULL, \`a\`\`b\` BLOB NOT NULL, \`from\` YEAR NOT NULL)`,
    'odd',
  )
  const { store, advice } = await openStore(t, server, 'odd')
  t.same(await store.write(new Blocks().of(batch)), [])
  const made = {
    num: 1,
    date: '2023-11-14',
    micro_ts: '2023-11-14 22:13:20.123',
    CallID: 'call-',
    method: 'OPTIONS',
    user_agent: '\u00e9\u00e9\u00e9',
    source_port: 5060,
    destination_port: 5080,
    proto: 17,
    type: '1',
    cseq: '1 OP',
    ruri: 'sip:bob@example.com',
    msg: 'OPTIONS sip:bob@exam',
    contact_ip: null,
    reason: null,
    auth: 0,
    via_1: null,
    lax: null,
    preset: 'x',
    needed: '',
    wanted: '0',
    seen: '1970-01-01 00:00:01',
    sure: 0,
    at: '::',
    kind: 'a',
    kinds: [],
    one: '00000000-0000-0000-0000-000000000000',
    day: '1970-01-01',
    hour: '00:00:00',
    family: 7,
    node: 8,
    select: 0,
    'a`b': '',
    from: 0,
  }
  const octets = ['cseq', 'ruri', 'a`b']
  const columns = Object.keys(made).map((name) => {
    const quoted = `\`${name.replace('`', '``')}\``
    return octets.includes(name) ? `CAST(${quoted} AS CHAR) AS ${quoted}` : quoted
  })
  t.same(await server.query(`SELECT ${columns.join(', ')} FROM sip_capture ORDER BY num`, 'odd'), [
    made,
    {
      ...made,
      num: 2,
      date: '2106-02-07',
      micro_ts: '2106-02-07 06:28:15.123',
      user_agent: '',
      source_port: 32_767,
    },
    {
      ...made,
      num: 3,
      CallID: '',
      method: '',
      user_agent: '',
      type: '0',
      cseq: '',
      ruri: '',
      msg: 'no SIP??',
    },
  ])
  t.same(store.odd(), { cut: 7, cleaned: 3, clamped: 1 })
  t.same(advice, [])
})

t.test('rows go through views, partitions and a table of other octets', { skip: NO_MARIADB }, async (t) => {
  const batch = batchOf(engineOf(t), [packet(options('one')), packet(options('two'))])
  const { store } = await openStore(t, server, 'ways')
  await server.query(
    [
      'CREATE TABLE kept (callid VARCHAR(99), msg BLOB)',
      'CREATE VIEW viewed AS SELECT * FROM kept',
      "CREATE TABLE parts (callid VARCHAR(99)) PARTITION BY LIST COLUMNS (callid) (PARTITION p VALUES IN ('one'))",
      'CREATE TABLE wide (callid VARCHAR(99) CHARACTER SET utf16, msg TEXT CHARACTER SET utf32)',
    ],
    'ways',
  )
  const tables = ['viewed', 'parts', 'wide'].map((table) => ({
    kind: 'sip' as const,
    table,
    rows: Uint32Array.of(0, 1),
  }))
  t.match(await store.write(new Blocks().of(batch, { tables })), [
    { table: 1, row: 1, reason: 'MARIADB_1526' },
  ])
  for (const table of ['kept', 'wide']) t.same(await callIds(server, 'ways', table), ['one', 'two'])
  t.same(await callIds(server, 'ways', 'parts'), ['one'])
})

t.test('a row that the server has no room for is refused', { skip: NO_MARIADB }, async (t) => {
  const engine = roomyEngine(2)
  t.teardown(() => engine.close())
  const batch = batchOf(engine, [
    packet(options('short')),
    packet(`${options('long')}${'x'.repeat(60_000)}`),
    packet(options('last')),
  ])
  await server.query('SET GLOBAL max_allowed_packet = 16384')
  t.teardown(() => server.query('SET GLOBAL max_allowed_packet = 16777216'))
  const { store } = await openStore(t, server, 'small')
  t.match(await store.write(new Blocks().of(batch)), [{ row: 1, reason: 'MARIADB_1153' }])
  t.same(await callIds(server, 'small'), ['last', 'short'])
  const made = dialogBatches(engine, 2000)[0]!
  t.same(await store.write(new Blocks().of(made)), [])
})

t.test('a row whose every text is as long as it can be finds room', { skip: NO_MARIADB }, async (t) => {
  const engine = engineOf(t)
  const long = '\u{1f600}'.repeat(300)
  const headers = ['From', 'To', 'P-Asserted-Identity', 'Contact'].map(
    (name) => `${name}: <sip:${long}@${long}>;tag=${long}`,
  )
  const more = [
    'Via',
    'Reason',
    'Content-Type',
    'User-Agent',
    'Diversion',
    'X-RTP-Stat',
    'X-CID',
    'Proxy-Authorization',
  ]
  const batch = batchOf(engine, [
    packet(options(long, ...headers, ...more.map((name) => `${name}: ${long}`))),
  ])
  const { store } = await openStore(t, server, 'wide')
  t.same(await store.write(new Blocks().of(batch)), [])
  t.same(
    await server.query('SELECT length(callid) AS callid, length(via_1) AS via FROM sip_capture', 'wide'),
    [{ callid: 256, via: 1024 }],
  )
})

t.test(
  'a table that vanishes is made again, one that changes is looked at',
  { skip: NO_MARIADB },
  async (t) => {
    const batch = batchOf(engineOf(t), [packet(options('one')), packet(options('two'))])
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
    await change('ALTER TABLE sip_capture MODIFY source_port TINYINT')
    await change('ALTER TABLE sip_capture DROP COLUMN user_agent')
    await change('ALTER TABLE sip_capture MODIFY cseq VARCHAR(3) CHARACTER SET ascii')
    await change('ALTER TABLE sip_capture ADD COLUMN needed VARCHAR(10) NOT NULL')
    await change('ALTER TABLE sip_capture RENAME TO old_capture')
    t.same(await callIds(server, 'changing'), ['one', 'two'])
    t.same(
      await server.query(
        'SELECT count(*) AS n, min(source_port) AS least, max(cseq) AS cseq, max(needed) AS needed FROM old_capture',
        'changing',
      ),
      [{ n: 12, least: 127, cseq: '1 O', needed: '' }],
    )
  },
)

t.test('several stores make a table at once', { skip: NO_MARIADB }, async (t) => {
  const batch = batchOf(engineOf(t), [packet(options('one'))])
  await server.createDatabase('raced')
  const stores = await Promise.all([1, 2, 3, 4].map(() => openStore(t, server, 'raced')))
  const blocks = new Blocks()
  for (const name of ['a', 'select', '1', `${'x'.repeat(64)}`]) {
    const tables = [{ kind: 'sip' as const, table: name, rows: Uint32Array.of(0) }]
    await Promise.all(stores.map(({ store }) => store.write(blocks.of(batch, { tables }))))
    t.equal((await callIds(server, 'raced', name)).length, 4)
    const indexes = await server.query<{ Key_name: string }>(`SHOW INDEX FROM \`${name}\``, 'raced')
    t.same(
      indexes.map(({ Key_name }) => Key_name),
      ['PRIMARY', 'date', 'callid', 'from_user', 'to_user', 'correlation_id'],
    )
  }
})

t.test('without the right to make tables we say so', { skip: NO_MARIADB }, async (t) => {
  const batch = batchOf(engineOf(t), [packet(options('one'))])
  await server.query('CREATE DATABASE strict')
  await server.query(
    [...mariadbSchema('sip', 'sip_capture'), `GRANT INSERT ON sip_capture TO ${USER}`],
    'strict',
  )
  const { store, advice } = await openStore(t, server, 'strict')
  const blocks = new Blocks()
  t.same(await store.write(blocks.of(batch)), [])
  t.same(await store.write(blocks.of(batch)), [])
  t.same(await callIds(server, 'strict'), ['one', 'one'])
  t.match(advice, [/hepcapd_blocks/])
  const tables = [{ kind: 'sip' as const, table: 'other', rows: Uint32Array.of(0) }]
  await t.rejects(store.write(blocks.of(batch, { tables })), {
    name: 'AwayError',
    code: 'MARIADB_1142',
    cure: /CREATE/,
  })
  await server.query(
    [
      'CREATE TABLE hepcapd_blocks (origin INT, number INT) ENGINE=MyISAM',
      `GRANT ALL ON hepcapd_blocks TO ${USER}`,
    ],
    'strict',
  )
  const late = await openStore(t, server, 'strict')
  t.same(await late.store.write(blocks.of(batch)), [])
  t.match(late.advice, [/hepcapd_blocks.*MyISAM/])
})

t.test('columns under other names, and the automatic one too', { skip: NO_MARIADB }, async (t) => {
  const batch = batchOf(engineOf(t), [packet(options('one'))])
  await server.createDatabase('renamed')
  const shapes = tableShapes({ renamed: { callid: 'Call', date: 'at', id: 'key' }, reportLayout: 'homer6' })
  const store = new MariadbStore(
    server.target({ database: 'renamed' }),
    { statementsInFlight: 1, shapes },
    () => {},
  )
  t.teardown(() => store.close())
  t.same(await store.write(new Blocks().of(batch)), [])
  t.same(await server.query('SELECT `Call`, `at`, `key` FROM sip_capture', 'renamed'), [
    { Call: 'one', at: '2023-11-14 22:13:20', key: 1 },
  ])
  const payload = '{"Event":"EXIT"}'
  const report = batchOf(engineOf(t), [
    packet(payload, { type: 99, correlation: 'a-b', agentId: 4_000_000_000 }),
  ])
  t.same(await store.write(new Blocks().of(report)), [])
  t.same(
    await server.query(
      'SELECT tss, tsu, transaction_id, capt_id, event, payload_len, data FROM rtcp_capture',
      'renamed',
    ),
    [
      {
        tss: '2023-11-14 22:13:20',
        tsu: 123_456,
        transaction_id: 'a-b',
        capt_id: 4_000_000_000,
        event: 'EXIT',
        payload_len: 16,
        data: payload,
      },
    ],
  )
})
