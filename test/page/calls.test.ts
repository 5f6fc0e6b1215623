// The last calls: what is read of the database, in which order, and that it is never too much.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { CallsReader } from '../../lib/http/page/calls.js'
import { type CallsQuery, newestCalls } from '../../lib/show/calls.js'
import { openSqlite } from '../../lib/sqlite.js'

type Row = [microTs: number, method: string, reason: string, from: string, to: string, callId: string]

const COLUMNS = 'micro_ts, method, reply_reason, from_user, to_user, callid'
const PLACE = { tableName: 'sip_capture', renamed: {} }

function fill(path: string, rows: Row[], columns = COLUMNS, table = 'sip_capture'): void {
  const db = openSqlite(path)
  db.exec(`CREATE TABLE "${table}" (${columns})`)
  const insert = db.prepare(`INSERT INTO "${table}" VALUES (${columns.replace(/\w+/g, '?')})`)
  db.transaction(() => rows.forEach((row) => void insert.run(...row)))()
  db.close()
}

async function folderOf(test: { teardown(end: () => unknown): unknown }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hepcapd-calls-'))
  test.teardown(() => rm(folder, { recursive: true }))
  return folder
}

t.test('a call begins with its first message and has its last answer; the newest comes first', async (t) => {
  const path = join(await folderOf(t), 'calls.db')
  fill(path, [
    [1_000_000, 'INVITE', '', 'alice', 'bob', 'one'],
    [2_000_000, 'REGISTER', '', 'carol', 'carol', 'two'],
    [3_000_000, '180', 'Ringing', 'alice', 'bob', 'one'],
    [4_000_000, '486', 'Busy Here', 'alice', 'bob', 'one'],
    [5_000_000, 'ACK', '', 'alice', 'bob', 'one'],
  ])
  t.same(newestCalls({ ...PLACE, path, last: 5 }), [
    {
      call_id: 'one',
      time_ms: 1000,
      method: 'INVITE',
      from: 'alice',
      to: 'bob',
      answer: '486 Busy Here',
      messages: 4,
    },
    {
      call_id: 'two',
      time_ms: 2000,
      method: 'REGISTER',
      from: 'carol',
      to: 'carol',
      answer: '',
      messages: 1,
    },
  ])
  t.same(
    newestCalls({ ...PLACE, path, last: 1 }).map((call) => call.call_id),
    ['one'],
  )
})

t.test('of a large table the newest messages are read, and no more', async (t) => {
  const path = join(await folderOf(t), 'large.db')
  fill(
    path,
    Array.from({ length: 5000 }, (_, at): Row => [at * 1000, 'OPTIONS', '', 'a', 'b', 'always the same']),
  )
  const [call] = newestCalls({ ...PLACE, path, last: 50 })
  t.match(call, { messages: 2000, time_ms: 3000 })
})

t.test(
  'names of columns and tables are those of the configuration; what is not there is empty',
  async (t) => {
    const path = join(await folderOf(t), 'named.db')
    const columns = 'micro_ts, method, reply_reason, from_user, to_user, call_id'
    fill(path, [[1000, 'INVITE', '', 'alice', 'bob', 'x'.repeat(5000)]], columns, 'calls_20261123')
    const query: CallsQuery = { path, tableName: 'calls_%Y%m%d', renamed: { callid: 'call_id' }, last: 5 }
    const [call] = newestCalls(query)
    t.match(call, { from: 'alice', to: 'bob' })
    t.equal(call?.call_id.length, 200, 'and what is long is cut')
    t.same(newestCalls({ ...query, tableName: 'others' }), [])
    t.same(newestCalls({ ...query, path: `${path}.not` }), [])
  },
)

t.test(
  'the reader answers all who ask at once, after faults too, and begins anew when it was closed',
  async (t) => {
    const path = join(await folderOf(t), 'read.db')
    let place = { ...PLACE, path: import.meta.filename }
    const reader = new CallsReader(() => place)
    t.teardown(() => reader.close())
    t.match((await reader.newest()).fault, /cannot be read.*NOTADB/)

    fill(path, [[1_000_000, 'INVITE', '', 'alice', 'bob', 'one']])
    place = { ...PLACE, path }
    const fresh = new CallsReader(() => place)
    t.teardown(() => fresh.close())
    const answers = await Promise.all([fresh.newest(), fresh.newest(), fresh.newest()])
    t.equal(new Set(answers).size, 1)
    t.match(answers[0], { calls: [{ call_id: 'one' }] })
    fresh.close()
    t.match(await fresh.newest(), { calls: [{ call_id: 'one' }] })
  },
)

t.test('without a database of SQLite there is nothing to read', async (t) => {
  const reader = new CallsReader(() => undefined)
  t.equal(reader.canRead, false)
  t.match((await reader.newest()).fault, /no SQLite database/)
})
