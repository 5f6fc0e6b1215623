// `hepcapd doctor` on SQLite's files, and how it judges what any database says of its rights and tables.

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { unusable } from '../../lib/doctor/databases.js'
import { RefusedError } from '../../lib/errors.js'
import { inspectorOf } from '../../lib/sink/engines.js'
import { compared, grants, quotedTexts } from '../../lib/sink/inspector.js'
import { defaultShapes } from '../../lib/sink/schema.js'
import { AwayError } from '../../lib/sink/store.js'
import { openSqlite } from '../../lib/sqlite.js'
import { examined, PLAIN } from '../support/doctor.js'

t.setTimeout(240_000)

t.test('SQLite: a table of somebody else, and one that is locked', async (t) => {
  const path = join(t.testdir(), 'calls.db')
  const db = openSqlite(path)
  t.teardown(() => db.close())
  db.exec('CREATE TABLE sip_capture (id INTEGER PRIMARY KEY, date TEXT, callid TEXT, other TEXT)')
  const found = await examined([...PLAIN, '--db-url', `sqlite:${path}`])
  t.equal(found.status, 0, found.worse())
  t.match(found.of('columns'), { level: 'warning', what: /sip_capture lacks micro_ts, method,/ })
  t.match(found.of('rows'), { level: 'ok', what: /found 3 of 3 messages, and removed them/ })
  t.equal(db.prepare('SELECT count(*) FROM sip_capture').pluck().get(), 0)
  db.exec('BEGIN EXCLUSIVE; INSERT INTO sip_capture (date) VALUES (1)')
  const locked = await examined([...PLAIN, '--stop-timeout', '1s', '--db-url', `sqlite:${path}`])
  t.equal(locked.status, 1)
  t.match(locked.of('input'), { level: 'fault', what: /dropped: sink\/stop_timeout 3/ })
  t.match(locked.of('rows'), { level: 'hint', what: /none was stored/ })
  db.exec('ROLLBACK')
  rmSync(path)
})

t.test('what a database says becomes a finding', async (t) => {
  const away = unusable('x', new AwayError('CODE', 'gone', 'cure'), true)
  t.match(away, { level: 'fault', what: 'x: gone (CODE)', cure: 'cure', why: /spool/ })
  const refused = new RefusedError({ code: 'CODE', message: 'no CODE', cure: 'cure' })
  t.match(unusable('x', refused, true), { what: 'x: no CODE', why: 'the daemon cannot start' })
  t.throws(() => unusable('x', new Error('a fault of ours'), true), /a fault of ours/)
  const inspector = await inspectorOf({ kind: 'sqlite', path: join(t.testdir(), 'none.db') }, defaultShapes)
  await t.rejects(inspector.inspect([]), { code: 'SQLITE_CANTOPEN' })
})

t.test('grants of MariaDB and ClickHouse', async (t) => {
  const may = (line: string, right = 'INSERT') => grants(line, right, 'ca_ls', 'sip_capture')
  t.ok(may('GRANT ALL PRIVILEGES ON *.* TO `u`@`%` WITH GRANT OPTION'))
  t.ok(may('GRANT SELECT, INSERT ON `ca\\_ls`.* TO `u`@`%`'))
  t.ok(may('GRANT SELECT, INSERT ON `ca_%`.* TO `u`@`%`'))
  t.ok(may('GRANT INSERT (callid, date), SELECT ON `ca_ls`.`sip_capture` TO `u`@`%`'))
  t.ok(may('GRANT SELECT, CREATE TABLE ON ca_ls.* TO u', 'CREATE TABLE'))
  t.notOk(may('GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD'))
  t.notOk(may('GRANT SELECT ON `ca_ls`.* TO `u`@`%`'))
  t.notOk(may('GRANT INSERT ON `ca_ls`.`other` TO `u`@`%`'))
  t.notOk(may('GRANT INSERT ON `b%`.* TO `u`@`%`'))
  t.notOk(may('GRANT `role` TO `u`@`%`'))
  t.throws(() => quotedTexts(["x' OR 1"]), /no Call-ID of ours/)
})

t.test('columns that are missing or narrow', async (t) => {
  const [date, micros, method] = defaultShapes.sip
  const shape = [date!, micros!, method!]
  const columns = [
    { name: 'DATE', type: 'char(3)' },
    { name: 'micro_ts', type: 'int' },
  ]
  const rooms: Record<string, object> = { DATE: { length: 3 }, micro_ts: { most: 2 ** 31 - 1 } }
  t.same(
    compared(shape, columns, (_, { name }) => rooms[name] ?? {}),
    { missing: ['method'], narrow: [{ name: 'micro_ts', type: 'int', wanted: 8 }] },
  )
  t.same(
    compared(shape.slice(0, 2), columns, () => ({ most: 2 ** 63 })),
    { missing: [], narrow: [] },
  )
})
