// One SQLite file: the two ways in store the same rows, and what the database refuses costs nobody else.

import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Batch } from '../../lib/message.js'
import { defaultLayout, tableShapes } from '../../lib/sink/schema.js'
import { type SlabRows, SqliteStore } from '../../lib/sink/sqlite-store.js'
import { openSqlite } from '../../lib/sqlite.js'
import { batchOf, newEngine } from '../support/engine.js'
import { chunk, hep3, options, packet, u8 } from '../support/packets.js'

const EURO = '\u20ac'

/** Messages that exercise every column, clean and hostile. */
const MESSAGES = [
  packet(
    [
      'INVITE sip:bob;x=1@[2001:db8::1]:5070;transport=tcp SIP/2.0',
      'v: SIP/2.0/TCP 10.0.0.1;branch=z9hG4bK1, SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK2',
      'f: "A, B" <sip:alice@example.org>;tag=a1',
      't: <tel:+123;x=y>;tag=t1',
      'i: call-1@example.org',
      'CSeq: 7 INVITE',
      'm: <sip:carol@192.0.2.9:5090>',
      'P-Asserted-Identity: <sip:pai@example.org>',
      'Proxy-Authorization: Digest username="dave@example.org", realm="x"',
      'Diversion: <sip:div@example.org>;reason=busy',
      'Reason: Q.850;cause=16;',
      ' text="folded"',
      'X-CID: aleg',
      'X-OIP: 198.51.100.7:5066',
      'X-RTP-Stat: a=1',
      'c: application/sdp',
      'User-Agent: agent',
      '',
      'v=0',
    ].join('\r\n'),
  ),
  packet('SIP/2.0 404 Nicht gefunden \u00fc\r\nCall-ID: call-2\r\nUser-Agent: x\r\n\r\n', {
    correlation: 'given',
  }),
  packet(Buffer.from('OPTIONS sip:a@b SIP/2.0\nCall-ID: \xe9\xff\x00\nUser-Agent: \xf0\x9f\n\n', 'latin1')),
  packet(
    options(
      'long',
      `User-Agent: x${EURO.repeat(300)}`,
      `Diversion: ${'d'.repeat(5000)}`,
      `CSeq: ${'9'.repeat(90)}`,
    ),
  ),
  packet('what is this'),
  packet(''),
  packet('{"rtcp":1}', { type: 5, correlation: 'call-1' }),
  hep3(chunk(1, u8(2)), chunk(0x11, 'event')),
  packet(Buffer.from([0x80, 0xc8, 0, 6]), { type: 5 }),
]

/** The default path's tables for a batch. */
function tablesOf(batch: Batch): SlabRows[] {
  const rows = Array.from({ length: batch.rows }, (_, row) => row)
  return [
    {
      kind: 'sip',
      table: 'sip_capture',
      slab: batch,
      rows: Uint32Array.from(rows.filter((row) => batch.isSip(row))),
    },
    {
      kind: 'report',
      table: 'rtcp_capture',
      slab: batch,
      rows: Uint32Array.from(rows.filter((row) => !batch.isSip(row))),
    },
  ]
}

function allRows(path: string, table: string, id = 'id'): Record<string, unknown>[] {
  const db = openSqlite(path, { readonly: true })
  try {
    return db.prepare(`SELECT * FROM ${table} ORDER BY ${id}`).all() as Record<string, unknown>[]
  } finally {
    db.close()
  }
}

t.test('the virtual table and the bound rows store the same values', async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const batch = batchOf(engine, MESSAGES)
  const [fast, slow] = [join(t.testdir(), 'fast.db'), join(t.testdir(), 'slow.db')]
  const fastStore = new SqliteStore(fast)
  const slowStore = new SqliteStore(slow)
  t.same(fastStore.insert(tablesOf(batch), 'homer01'), [])
  t.same(slowStore.insertOneByOne(tablesOf(batch), 'homer01'), [])
  fastStore.close()
  slowStore.close()
  for (const table of ['sip_capture', 'rtcp_capture'])
    t.same(allRows(fast, table), allRows(slow, table), table)
  batch.release()

  const [invite, reply, hostile, long, unreadable] = allRows(fast, 'sip_capture') as Record<string, unknown>[]
  t.match(invite, {
    date: '2023-11-14 22:13:20',
    method: 'INVITE',
    ruri_user: 'bob;x=1',
    ruri_domain: '2001:db8::1',
    from_user: 'alice',
    from_domain: 'example.org',
    to_user: '+123',
    to_domain: '',
    pid_user: 'pai',
    contact_user: 'carol',
    contact_ip: '192.0.2.9',
    contact_port: 5090,
    auth_user: 'dave',
    callid: 'call-1@example.org',
    callid_aleg: 'aleg',
    via_1_branch: 'z9hG4bK1',
    cseq: '7 INVITE',
    reason: 'Q.850;cause=16; text="folded"',
    originator_ip: '198.51.100.7',
    originator_port: 5066,
    rtp_stat: 'a=1',
    node: 'homer01:7',
    correlation_id: 'aleg',
    diversion: '<sip:div@example.org>;reason=busy',
    type: 1,
    custom_field1: '',
  })
  t.match(reply, { method: '404', reply_reason: 'Nicht gefunden \u00fc', type: 2, correlation_id: 'given' })
  t.match(hostile, { callid: '\ufffd\ufffd\ufffd', user_agent: '\ufffd' })
  t.ok(Buffer.isBuffer(hostile?.msg), 'a message that is no text is kept as octets')
  t.equal(Buffer.byteLength(long?.user_agent as string), 256)
  t.equal(Buffer.byteLength(long?.diversion as string), 1024)
  t.match(unreadable, { type: 0, msg: 'what is this' })
})

t.test('an existing table is used as it is', async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const path = join(t.testdir(), 'old.db')
  const db = openSqlite(path)
  db.exec(
    'CREATE TABLE sip_capture (CallID TEXT, method TEXT, needy TEXT NOT NULL, number INT NOT NULL, lax TEXT)',
  )
  const batch = batchOf(engine, [packet(options('call-1'))])
  const store = new SqliteStore(path)
  t.same(store.insert(tablesOf(batch).slice(0, 1), 'n'), [])
  store.close()
  t.same(db.prepare('SELECT * FROM sip_capture').all(), [
    { CallID: 'call-1', method: 'OPTIONS', needy: '', number: 0, lax: null },
  ])
  const indexes = db.prepare("SELECT name FROM sqlite_master WHERE type = 'index'").pluck()
  t.same(indexes.all(), [], 'it gets no indexes from us')
  db.close()
  batch.release()
})

t.test('columns under other names, in tables of ours and of others', async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const path = join(t.testdir(), 'renamed.db')
  const renamed = { id: 'Nr', callid: 'Call_Id', from_user: 'to_user', to_user: 'from_user', msg: 'body' }
  const shapes = tableShapes({ ...defaultLayout, renamed: { ...renamed, type: 'kind' } })
  const db = openSqlite(path)
  db.exec('CREATE TABLE old (call_id TEXT NOT NULL, callid TEXT NOT NULL, kind INT)')
  const batch = batchOf(engine, MESSAGES)
  const [sip, report] = tablesOf(batch) as [SlabRows, SlabRows]
  const stores = [new SqliteStore(path, { shapes }), new SqliteStore(`${path}.plain`)] as const
  t.same(stores[0].insert([sip, report, { ...sip, table: 'old' }], 'n'), [])
  t.same(stores[1].insert([sip, report], 'n'), [])
  for (const store of stores) store.close()
  const back = ([name, value]: [string, unknown]) => {
    const plain = Object.entries({ ...renamed, type: 'kind' }).find(([, other]) => other === name)?.[0]
    return [plain ?? name, value]
  }
  for (const table of ['sip_capture', 'rtcp_capture']) {
    const rows = allRows(path, table, 'Nr').map((row) => Object.fromEntries(Object.entries(row).map(back)))
    t.same(rows, allRows(`${path}.plain`, table))
  }
  const indexes = "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? ORDER BY name"
  t.same(
    db.prepare(indexes).pluck().all('sip_capture'),
    ['Call_Id', 'correlation_id', 'date', 'from_user', 'to_user'].map((name) => `sip_capture_${name}`),
  )
  const old = db.prepare('SELECT DISTINCT call_id, callid, kind FROM old WHERE call_id LIKE ?').all('call-1%')
  t.same(old, [{ call_id: 'call-1@example.org', callid: '', kind: 1 }])
  db.close()
  batch.release()
})

t.test('a row that the database refuses costs none of its neighbours', async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const path = join(t.testdir(), 'picky.db')
  const db = openSqlite(path)
  db.exec("CREATE TABLE sip_capture (callid TEXT CHECK (callid <> 'poison'), method TEXT)")
  const batch = batchOf(
    engine,
    ['a', 'poison', 'b'].map((id) => packet(options(id))),
  )
  const store = new SqliteStore(path)
  t.match(store.insert(tablesOf(batch).slice(0, 1), 'n'), [{ table: 0, row: 1, reason: /CONSTRAINT_CHECK/ }])
  store.close()
  t.same(db.prepare('SELECT callid FROM sip_capture').pluck().all(), ['a', 'b'])
  db.close()
  batch.release()
})

t.test('a table that is dropped while we run is made again', async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const path = join(t.testdir(), 'dropped.db')
  const store = new SqliteStore(path)
  const first = batchOf(engine, [packet(options('one'))])
  store.insert(tablesOf(first).slice(0, 1), 'n')
  const db = openSqlite(path)
  db.exec('DROP TABLE sip_capture')
  const second = batchOf(engine, [packet(options('two'))])
  t.same(store.insert(tablesOf(second).slice(0, 1), 'n'), [])
  t.same(db.prepare('SELECT callid FROM sip_capture').pluck().all(), ['two'])
  db.close()
  store.close()
})

t.test(
  'a database that another writer holds is the world\u2019s fault: nothing is stored, the error is thrown',
  async (t) => {
    const engine = newEngine()
    t.teardown(() => engine.close())
    const path = join(t.testdir(), 'held.db')
    const store = new SqliteStore(path, { busyMs: 1 })
    const batch = batchOf(engine, [packet(options('one'))])
    const holder = openSqlite(path)
    holder.exec('BEGIN IMMEDIATE')
    t.throws(() => store.insert(tablesOf(batch), 'n'), { code: 'SQLITE_BUSY' })
    holder.exec('ROLLBACK')
    t.same(store.insert(tablesOf(batch), 'n'), [])
    t.equal(allRows(path, 'sip_capture').length, 1)
    holder.close()
    store.close()
  },
)

t.test('a reader sees whole transactions while we write, and a moved file is noticed', async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const path = join(t.testdir(), 'live.db')
  const store = new SqliteStore(path)
  const reader = openSqlite(path, { readonly: true })
  for (let i = 1; i <= 5; i++) {
    const batch = batchOf(engine, [packet(options(`a${i}`)), packet(options(`b${i}`))])
    store.insert(tablesOf(batch).slice(0, 1), 'n')
    batch.release()
    t.equal(reader.prepare('SELECT count(*) FROM sip_capture').pluck().get(), 2 * i)
  }
  reader.close()
  t.equal(store.isInPlace(), true)
  renameSync(path, `${path}.old`)
  t.equal(store.isInPlace(), false)
  t.equal(existsSync(path), false)
  store.close()
})
