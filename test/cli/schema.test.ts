// `hepcapd schema` as users call it: statements that make the tables which the daemon would make.

import { join } from 'node:path'
import t, { type Test } from 'tap'
import { sqliteSchema, type TableLayout, tableShapes } from '../../lib/sink/schema.js'
import { openSqlite } from '../../lib/sqlite.js'
import { hepcapd } from '../support/cli.js'

t.setTimeout(240_000)

const utcDay = () => new Date().toISOString().slice(0, 10).replaceAll('-', '')

async function schema(args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { status, out, err } = await hepcapd(['schema', ...args], env)
  if (status !== 0) throw new Error(err)
  return out
}

/** What is in a database after these statements, without its automatic indexes. */
function made(t: Test, statements: string): unknown[] {
  const db = openSqlite(join(t.testdir(), 'made.db'))
  try {
    db.exec(statements)
    return db
      .prepare('SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name')
      .all()
  } finally {
    db.close()
  }
}

function ours(layout: TableLayout, sip: string, report: string): string {
  const shapes = tableShapes(layout)
  return [...sqliteSchema('sip', sip, shapes), ...sqliteSchema('report', report, shapes)].join(';\n')
}

t.test('both tables of a SQLite file, with their indexes', async (t) => {
  const out = await schema([])
  t.match(out, /^-- sqlite:hepcapd\.db\nCREATE TABLE IF NOT EXISTS "sip_capture" \(\n {2}"id" INTEGER/)
  const expected = ours({ renamed: {}, reportLayout: 'homer5' }, 'sip_capture', 'rtcp_capture')
  t.same(made(t, out), made(t, expected))
  t.equal(made(t, out).length, 9)
  t.same(made(t, `${out}\n${out}`), made(t, out), 'what is there already stays')
})

t.test('other names of columns, the reports of Homer 6, and names with strftime letters', async (t) => {
  const day = utcDay()
  const out = await schema(
    ['--table-name', 'calls_%Y%m%d', '--rtcp-table-name', 'ops_report_capture', '--homer5-on', '0'],
    { HEPCAPD_CALLID_COLUMN: 'Call_Id', HEPCAPD_ID_COLUMN: 'nr' },
  )
  if (day !== utcDay()) return t.pass('midnight')
  const renamed = { callid: 'Call_Id', id: 'nr' }
  const expected = ours({ renamed, reportLayout: 'homer6' }, `calls_${day}`, 'ops_report_capture')
  t.same(made(t, out), made(t, expected))
  t.match(out, `CREATE INDEX IF NOT EXISTS "calls_${day}_Call_Id" ON "calls_${day}" ("Call_Id")`)
})

t.test('each db_url, and never its password', async (t) => {
  const urls = [
    'postgres://u:secret@192.0.2.1/calls',
    'clickhouse:u:secret@h/calls',
    'hep_tcp:192.0.2.1',
    'mysql://u:secret@h/calls',
    'none:',
  ]
  const out = await schema(urls.flatMap((url) => ['--db-url', url]))
  t.notMatch(out, /secret/)
  t.same(
    out.split('\n').filter((line) => line.startsWith('--')),
    [
      '-- postgres://u@192.0.2.1:5432/calls',
      '-- clickhouse://u@h:8123/calls',
      '-- hep_tcp:192.0.2.1:9060 is sent packets: it has no tables of ours',
      '-- mariadb://u@h:3306/calls',
      '-- none: stores nothing',
    ],
  )
  t.match(out, /"micro_ts" bigint/)
  t.match(out, /CREATE TABLE IF NOT EXISTS "hepcapd_blocks"/)
  t.match(out, /`micro_ts` Int64/)
  t.match(out, /`micro_ts` BIGINT NOT NULL/)
  t.notMatch(out, /Distributed/)
})

t.test('--cluster: ClickHouse tables over several servers', async (t) => {
  const out = await schema(['--db-url', 'clickhouse://h', '--cluster', "o'ne"])
  t.match(out, "ENGINE = Distributed('o\\'ne', currentDatabase(), 'sip_capture_local', sipHash64(`callid`));")
  t.match(out, /CREATE TABLE IF NOT EXISTS `rtcp_capture_local`/)
})

t.test('tables of methods, and of a script', async (t) => {
  const folder = t.testdir({
    'hepcapd.toml': '[tables]\nREGISTER = "registrations"\nINVITE = "sip_capture"\n',
    'capture.cfg':
      'loadmodule "sipcapture.so"\nmodparam("sipcapture", "table_name", "from_script")\n' +
      'modparam("sipcapture", "db_url", "postgres://u:p@h/db")\nroute { sip_capture(); }\n',
  })
  const tables = (out: string) =>
    [...out.matchAll(/CREATE TABLE IF NOT EXISTS "(\w+)"/g)].map(([, name]) => name)
  t.same(tables(await schema(['--config', join(folder, 'hepcapd.toml')])), [
    'sip_capture',
    'registrations',
    'rtcp_capture',
  ])
  const out = await schema(['--script', join(folder, 'capture.cfg')])
  t.match(out, /^-- postgres:\/\/u@h:5432\/db\n/)
  t.same(tables(out), ['from_script', 'rtcp_capture', 'hepcapd_blocks'])
})

t.test('what cannot be used is exit 2', async (t) => {
  const { status, out, err } = await hepcapd(['schema', '--callid-column', 'method', '--table-name', 'x y'])
  t.equal(status, 2)
  t.equal(out, '')
  t.match(err, /^--table-name: error: .*\n/)
  const twice = await hepcapd(['schema', '--callid-column', 'method'])
  t.equal(twice.status, 2)
  t.match(twice.err, /^--callid-column: error: method is the name of the column method already; give each/)
})
