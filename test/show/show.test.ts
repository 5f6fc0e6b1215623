// `hepcapd show`: stored rows for people and for programs, read while somebody writes.

import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import type Database from 'better-sqlite3'
import t from 'tap'
import { type ShowOptions, show } from '../../lib/commands/show.js'
import { sqliteSchema } from '../../lib/sink/schema.js'
import { openSqlite } from '../../lib/sqlite.js'
import { Heard } from '../send/receiver.js'

t.setTimeout(240_000)

const START_US = 1700000000000000
const ESCAPE = '\x1b[2J'

type Row = Record<string, string | number | Buffer>

const invite: Row = {
  date: '2023-11-14 22:13:20',
  micro_ts: START_US,
  method: 'INVITE',
  from_user: 'alice',
  to_user: 'bob',
  callid: 'call-1@example.com',
  cseq: '1 INVITE',
  source_ip: '192.0.2.1',
  source_port: 5060,
  destination_ip: '2001:db8::2',
  destination_port: 5080,
  type: 1,
  msg: 'INVITE sip:bob@example.com SIP/2.0\r\nSubject: hello\r\n\r\nv=0\r\n',
}
const ok: Row = {
  ...invite,
  micro_ts: START_US + 1500,
  method: '200',
  reply_reason: 'OK',
  type: 2,
  msg: 'SIP/2.0 200 OK\r\n\r\n',
}
const other: Row = { ...invite, micro_ts: START_US + 2500, callid: 'call-2@example.com' }

/** A database of the daemon's own tables, still open for writing. */
function database(
  path: string,
  tables: Record<string, Row[]>,
  kind: 'sip' | 'report' = 'sip',
): Database.Database {
  const db = openSqlite(path)
  db.pragma('journal_mode = WAL')
  for (const [table, rows] of Object.entries(tables)) {
    for (const statement of sqliteSchema(kind, table)) db.exec(statement)
    for (const row of rows) {
      const names = Object.keys(row)
      db.prepare(`INSERT INTO ${table} (${names}) VALUES (${names.map(() => '?')})`).run(Object.values(row))
    }
  }
  return db
}

const options = (path: string, more: Partial<ShowOptions> = {}): ShowOptions => ({
  path,
  last: 20,
  json: false,
  tableName: 'sip_capture',
  ...more,
})

async function shown(options: ShowOptions): Promise<Heard & { status: number }> {
  const heard = new Heard()
  const status = await show(options, heard)
  return Object.assign(heard, { status })
}

t.test('an aligned line a message, oldest first, under headings, and what is stored in all', async (t) => {
  const path = join(t.testdir(), 'hep.db')
  const db = database(path, { sip_capture: [ok, other, invite] })
  for (const statement of sqliteSchema('report', 'rtcp_capture')) db.exec(statement)
  db.exec("INSERT INTO rtcp_capture (msg) VALUES ('{}'), ('{}')")
  const { status, lines, errors } = await shown(options(path))
  db.close()
  t.equal(status, 0)
  t.same(errors, [])
  t.same(lines, [
    'TIME (UTC)               SOURCE              DESTINATION         MESSAGE  CSEQ      FROM -> TO    CALL-ID',
    '2023-11-14 22:13:20.000  192.0.2.1:5060  ->  [2001:db8::2]:5080  INVITE   1 INVITE  alice -> bob  call-1@example.com',
    '2023-11-14 22:13:20.001  192.0.2.1:5060  ->  [2001:db8::2]:5080  200 OK   1 INVITE  alice -> bob  call-1@example.com',
    '2023-11-14 22:13:20.002  192.0.2.1:5060  ->  [2001:db8::2]:5080  INVITE   1 INVITE  alice -> bob  call-2@example.com',
    `3 messages in sip_capture, 2 reports in rtcp_capture (${path})`,
  ])
})

t.test('columns under other names', async (t) => {
  const path = join(t.testdir(), 'hep.db')
  const renamed = {
    callid: 'call_id',
    micro_ts: 'us',
    date: 'at',
    from_user: 'to_user',
    to_user: 'from_user',
  }
  const db = database(path, { sip_2023: [ok], sip_2024: [invite] })
  db.exec("UPDATE sip_2024 SET date = '2024-01-01'")
  const plain = await shown(options(path, { tableName: 'sip_%Y' }))
  for (const table of ['sip_2023', 'sip_2024']) {
    const swap = { from_user: 'x', to_user: 'from_user', x: 'to_user' }
    for (const [from, to] of Object.entries({ callid: 'call_id', micro_ts: 'us', date: 'at', ...swap })) {
      db.exec(`ALTER TABLE ${table} RENAME COLUMN ${from} TO ${to}`)
    }
  }
  db.close()
  t.same((await shown(options(path, { tableName: 'sip_%Y', renamed }))).lines, plain.lines)
  const whole = await shown(options(path, { tableName: 'sip_%Y', renamed, callId: 'call-1@example.com' }))
  t.match(whole.lines[1], /alice -> bob .* call-1@example.com/)
  const json = await shown(options(path, { tableName: 'sip_%Y', renamed, json: true }))
  t.match(JSON.parse(json.lines[0]!), { call_id: 'call-1@example.com', from_user: 'bob', to_user: 'alice' })
})

t.test('--last: the newest ones', async (t) => {
  const path = join(t.testdir(), 'hep.db')
  database(path, { sip_capture: [invite, ok, other] }).close()
  const { lines } = await shown(options(path, { last: 2 }))
  t.equal(lines.length, 4)
  t.match(lines[1], /200 OK/)
  t.match(lines[2], /call-2/)
})

t.test('--call-id: the whole call with its messages, whatever --last says', async (t) => {
  const path = join(t.testdir(), 'hep.db')
  database(path, { sip_capture: [invite, other, ok] }).close()
  const { status, lines } = await shown(options(path, { callId: 'call-1@example.com', last: 1 }))
  t.equal(status, 0)
  t.match(lines[1], /INVITE/)
  t.equal(lines[2], '\n    INVITE sip:bob@example.com SIP/2.0\n    Subject: hello\n\n    v=0\n')
  t.match(lines[3], /200 OK/)
  t.equal(lines[4], '\n    SIP/2.0 200 OK\n')
  t.notMatch(lines.join('\n'), /call-2/)
})

t.test('--call-id that is not stored: status 1', async (t) => {
  const path = join(t.testdir(), 'hep.db')
  database(path, { sip_capture: [invite] }).close()
  for (const json of [false, true]) {
    const { status, errors } = await shown(options(path, { callId: 'nobody', json }))
    t.equal(status, 1)
    t.match(errors, [/^hepcapd show: error: no message has the Call-ID nobody; .+/])
  }
})

t.test('--json: every column of the table, one object a line, nothing else on stdout', async (t) => {
  const path = join(t.testdir(), 'hep.db')
  const db = database(path, { sip_capture: [invite, { ...other, msg: Buffer.from('a\0b') }] })
  const columns = (db.pragma('table_info(sip_capture)') as { name: string }[]).map(({ name }) => name)
  db.close()
  const { lines, errors } = await shown(options(path, { json: true }))
  const rows = lines.map((line) => JSON.parse(line))
  t.equal(rows.length, 2)
  t.same(Object.keys(rows[0]), columns)
  t.match(rows[0], { ...invite, id: 1 })
  t.equal(rows[1].msg, 'a\0b')
  t.match(errors, [/^2 messages in sip_capture, 0 reports/])
})

t.test('nothing in a message reaches the terminal but text', async (t) => {
  const path = join(t.testdir(), 'hep.db')
  const hostile = `${ESCAPE}\x07\r\n\x9b31m\u202egnp`
  const row = Object.fromEntries(
    Object.entries(invite).map(([name, value]) => [name, typeof value === 'string' ? hostile : value]),
  )
  database(path, { sip_capture: [row] }).close()
  for (const callId of [undefined, hostile, `other${hostile}`]) {
    const { lines, errors } = await shown(options(path, { callId }))
    t.notMatch([...lines, ...errors].join('\n'), /[^\n\x20-\x7e\u2026]/)
  }
})

t.test('colours are for terminals only', async (t) => {
  const path = join(t.testdir(), 'hep.db')
  database(path, { sip_capture: [invite, ok] }).close()
  const plain = await shown(options(path))
  const heard = Object.assign(new Heard(), { colours: true })
  await show(options(path), heard)
  t.notMatch(plain.lines.join(''), ESCAPE.slice(0, 2))
  t.match(heard.lines[1], '\x1b[36mINVITE')
  t.same(
    heard.lines.map((line) => stripVTControlCharacters(line)),
    plain.lines,
  )
})

t.test('no file, no table: nothing is stored yet', async (t) => {
  const folder = t.testdir()
  const path = join(folder, 'hep.db')
  database(path, {}).close()
  for (const wanted of [
    options(join(folder, 'none.db')),
    options(join(folder, 'none', '%Y.db')),
    options(path),
    options(folder),
  ]) {
    const { status, lines, errors } = await shown(wanted)
    t.equal(status, 1)
    t.same(lines, [])
    t.match(errors, [/^hepcapd show: error: .+; nothing is stored yet: start `hepcapd`/])
  }
})

t.test('an empty table is shown as such', async (t) => {
  const path = join(t.testdir(), 'hep.db')
  database(path, { sip_capture: [] }).close()
  const { status, lines } = await shown(options(path))
  t.equal(status, 0)
  t.match(lines[0], /^0 messages in sip_capture, 0 reports in rtcp_capture/)
})

t.test('a file that is no database: status 1 with a cure', async (t) => {
  const path = join(t.testdir({ 'hep.db': 'x'.repeat(4096) }), 'hep.db')
  const { status, errors } = await shown(options(path))
  t.equal(status, 1)
  t.match(errors, [/^hepcapd show: error: cannot read .*hep\.db: .+; .+/])
})

t.test('a path with strftime letters: the newest file that has the table', async (t) => {
  const folder = t.testdir()
  for (const [index, day] of ['2023-11-13', '2023-11-14', '2023-11-15', 'someday'].entries()) {
    mkdirSync(join(folder, day))
    const tables = day === '2023-11-15' ? {} : { sip_capture: [{ ...invite, from_user: `on-${day}` }] }
    database(join(folder, day, 'hep.db'), tables).close()
    utimesSync(join(folder, day, 'hep.db'), 1700000000 + index, 1700000000 + index)
  }
  writeFileSync(join(folder, '2023-11-16'), 'a file where folders are')
  const { lines } = await shown(options(join(folder, '%Y-%m-%d', 'hep.db')))
  t.match(lines[1], /on-2023-11-14/)
})

t.test('a table name with strftime letters: the table with the newest last row', async (t) => {
  const path = join(t.testdir(), 'hep.db')
  const tables = {
    homer_12_31: [{ ...invite, date: '2023-12-31 23:59:59' }],
    homer_01_01: [{ ...invite, date: '2024-01-01 00:00:00' }],
    homer_xx_yy: [{ ...invite, date: '2025-01-01 00:00:00' }],
    homer_01_02: [],
  }
  database(path, tables).close()
  const { lines } = await shown(options(path, { tableName: 'homer_%m_%d' }))
  t.match(lines[2], /^1 messages in homer_01_01,/)
})

t.test('a table with columns of its own is shown as far as it goes', async (t) => {
  const path = join(t.testdir(), 'hep.db')
  const db = openSqlite(path)
  db.exec(
    "CREATE TABLE sip_capture (callid TEXT, odd BLOB); INSERT INTO sip_capture VALUES ('call-9', x'00ff')",
  )
  db.close()
  t.match((await shown(options(path))).lines[1], /call-9$/)
  t.match(JSON.parse((await shown(options(path, { json: true }))).lines[0] as string), {
    callid: 'call-9',
    odd: '\0\ufffd',
  })
})

t.test('the writer is not disturbed: it commits before, between and after', async (t) => {
  const path = join(t.testdir(), 'hep.db')
  const db = database(path, { sip_capture: [invite] })
  db.exec('BEGIN IMMEDIATE; DELETE FROM sip_capture')
  t.equal((await shown(options(path))).lines.length, 3)
  db.exec('COMMIT')
  t.equal((await shown(options(path))).lines.length, 1)
  db.close()
})
