// Tables with columns of other names and the reports of Homer 6, on real servers: those that `hepcapd schema` prints
// are those that a store makes, and take the rows of SQLite.

import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Batch } from '../../lib/message.js'
import type { RowKind } from '../../lib/route/rows.js'
import { ClickhouseStore } from '../../lib/sink/clickhouse.js'
import type { DatabaseTarget } from '../../lib/sink/database-target.js'
import { schemaOf, type WantedTable } from '../../lib/sink/engines.js'
import { MariadbStore } from '../../lib/sink/mariadb.js'
import { PostgresStore } from '../../lib/sink/postgres.js'
import { quoted, tableShapes } from '../../lib/sink/schema.js'
import { SqliteStore } from '../../lib/sink/sqlite-store.js'
import type { Store } from '../../lib/sink/store.js'
import { openSqlite } from '../../lib/sqlite.js'
import { ClickHouseServer, NO_CLICKHOUSE } from '../support/clickhouse-server.js'
import { batchOf, newEngine } from '../support/engine.js'
import { MariadbServer, NO_MARIADB } from '../support/mariadb-server.js'
import { chunk, hep3, options, packet, packet6, u8, u32 } from '../support/packets.js'
import { NO_POSTGRES, PostgresServer } from '../support/postgres-server.js'
import { Blocks, NODE } from '../support/store-blocks.js'

t.setTimeout(240_000)

const renamed = {
  id: 'nr',
  callid: 'Call_Id',
  from_user: 'to_user',
  to_user: 'from_user',
  msg: 'body',
  date: 'at',
}
const shapes = tableShapes({ renamed, reportLayout: 'homer6' })
const TABLES: WantedTable[] = [
  { kind: 'sip', table: 'calls' },
  { kind: 'report', table: 'ops_report_capture' },
]

/** What a row has to be told by, in each table. */
const KEYS: Record<RowKind, string> = { sip: 'Call_Id', report: 'transaction_id' }

function batch(t: Test): Batch {
  const engine = newEngine()
  t.teardown(() => engine.close())
  return batchOf(engine, [
    packet(options('a', 'From: <sip:alice@x>;tag=1', 'To: <sip:bob@x>')),
    packet6(options('b', "User-Agent: o'n\\e")),
    packet('{"RTCP":1,"Event":"leave"}', { type: 5, correlation: 'c' }),
    hep3(
      chunk(1, u8(2)),
      chunk(9, u32(1_700_000_000)),
      chunk(10, u32(5)),
      chunk(11, u8(100)),
      chunk(12, u32(4_000_000_000)),
      chunk(101, '{\n "sip": "d",\t"x": "\u00e9"}'),
      chunk(15, '{"event":"tab\\t \\u20ac"} and more'),
    ),
    packet(Buffer.alloc(20_000, 0xe9), { type: 100, correlation: 'e' }),
  ])
}

function tablesOf(batch: Batch): (WantedTable & { rows: Uint32Array })[] {
  const rows = Array.from({ length: batch.rows }, (_, row) => row)
  return TABLES.map(({ kind, table }) => {
    const ofKind = rows.filter((row) => batch.isSip(row) === (kind === 'sip'))
    return { kind, table, rows: Uint32Array.from(ofKind) }
  })
}

type Row = Record<string, unknown>

/** Without automatic columns, in the order of the keys. */
function sqliteRows(t: Test, batch: Batch): Record<RowKind, Row[]> {
  const path = join(t.testdir(), 'rows.db')
  const store = new SqliteStore(path, { shapes })
  t.same(
    store.insert(
      tablesOf(batch).map((one) => ({ ...one, slab: batch })),
      NODE,
    ),
    [],
  )
  store.close()
  const db = openSqlite(path, { readonly: true })
  const rows = (kind: RowKind, table: string) =>
    db.prepare(`SELECT ${selected(kind, quoted)} FROM ${table} ORDER BY ${quoted(KEYS[kind])}`).all() as Row[]
  const all = { sip: rows('sip', 'calls'), report: rows('report', 'ops_report_capture') }
  db.close()
  return all
}

function selected(kind: RowKind, name: (name: string) => string): string {
  return shapes[kind].map((column) => name(column.name)).join(', ')
}

function statements(target: DatabaseTarget): Promise<string[]> {
  return schemaOf({ kind: 'database', at: target }, { tables: TABLES, shapes })
}

async function write(t: Test, store: Store, batch: Batch): Promise<void> {
  await store.open()
  t.same(await store.write(new Blocks().of(batch, { tables: tablesOf(batch) })), [])
  await store.close()
}

t.test('PostgreSQL', { skip: NO_POSTGRES }, async (t) => {
  const server = await PostgresServer.start({ host: '127.0.0.4' })
  t.teardown(() => server.remove())
  const received = batch(t)
  const expected = sqliteRows(t, received)
  const layouts: unknown[] = []
  for (const database of ['printed', 'made']) {
    const target = server.target({ database })
    await server.createDatabase(database)
    if (database === 'printed') {
      const script = (await statements(target)).join(';\n')
      await server.query(`SET ROLE ${target.user}; ${script}`, database)
    }
    await write(
      t,
      new PostgresStore(target, { statementsInFlight: 5, shapes }, (text) => t.fail(text)),
      received,
    )
    layouts.push(
      await server.query(
        `SELECT table_name, column_name, data_type, is_nullable, column_default, is_identity
         FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position`,
        database,
      ),
      await server.query("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1", database),
    )
    for (const { kind, table } of TABLES) {
      const columns = shapes[kind].map(({ name, from }) => {
        if (from.name === 'date')
          return `to_char(${quoted(name)} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS ${quoted(name)}`
        if (from.kind === 'octets') return `convert_from(${quoted(name)}, 'UTF8') AS ${quoted(name)}`
        return from.kind === 'integer' ? `${quoted(name)}::text` : quoted(name)
      })
      const rows = await server.query<Row>(
        `SELECT ${columns.join(', ')} FROM ${table} ORDER BY ${quoted(KEYS[kind])}`,
        database,
      )
      t.same(rows, expected[kind].map(asTexts), `${table} ${database}`)
    }
  }
  t.same(layouts.slice(0, 2), layouts.slice(2), 'the same tables')
})

t.test('MariaDB', { skip: NO_MARIADB }, async (t) => {
  const server = await MariadbServer.start({ host: '127.0.0.4' })
  t.teardown(() => server.remove())
  const received = batch(t)
  const expected = sqliteRows(t, received)
  const layouts: unknown[] = []
  for (const database of ['printed', 'made']) {
    const target = server.target({ database })
    await server.createDatabase(database)
    if (database === 'printed') await server.query(await statements(target), database)
    const store = new MariadbStore(target, { statementsInFlight: 5, shapes }, (text) => t.fail(text))
    await write(t, store, received)
    const tables = ['calls', 'ops_report_capture', 'hepcapd_blocks']
    for (const table of tables) {
      const [made] = await server.query<Row>(`SHOW CREATE TABLE ${table}`, database)
      layouts.push(String(made?.['Create Table']).replace(/ AUTO_INCREMENT=\d+/, ''))
    }
    for (const { kind, table } of TABLES) {
      const columns = shapes[kind].map(({ name, from }) => {
        if (from.name === 'date') return `DATE_FORMAT(\`${name}\`, '%Y-%m-%d %H:%i:%s') AS \`${name}\``
        return from.kind === 'octets' ? `CONVERT(\`${name}\` USING utf8mb4) AS \`${name}\`` : `\`${name}\``
      })
      const rows = await server.query<Row>(
        `SELECT ${columns.join(', ')} FROM ${table} ORDER BY \`${KEYS[kind]}\``,
        database,
      )
      t.same(rows.map(asTexts), expected[kind].map(asTexts), `${table} ${database}`)
    }
  }
  t.same(layouts.slice(0, 3), layouts.slice(3), 'the same tables')
})

t.test('ClickHouse', { skip: NO_CLICKHOUSE }, async (t) => {
  const server = await ClickHouseServer.start({ host: '127.0.0.4' })
  t.teardown(() => server.remove())
  const received = batch(t)
  const expected = sqliteRows(t, received)
  const layouts: string[] = []
  for (const database of ['printed', 'made']) {
    const target = server.target({ database })
    await server.query(`CREATE DATABASE ${database}`)
    if (database === 'printed') {
      for (const statement of await statements(target)) {
        await server.query(statement.replace('EXISTS `', `EXISTS ${database}.\``))
      }
    }
    await write(t, new ClickhouseStore(target, { statementsInFlight: 5, shapes }, () => {}), received)
    layouts.push(
      await server.query(
        `SELECT table, name, type FROM system.columns WHERE database = '${database}' ORDER BY table, name`,
      ),
    )
    for (const { kind, table } of TABLES) {
      const json = await server.query(
        `SELECT ${selected(kind, (name) => `\`${name}\``)} FROM ${database}.${table} ORDER BY \`${KEYS[kind]}\` FORMAT JSONEachRow`,
      )
      const rows = json.split('\n').map((line) => asTexts(JSON.parse(line) as Row))
      t.same(rows, expected[kind].map(asTexts), `${table} ${database}`)
    }
  }
  t.equal(layouts[0], layouts[1], 'the same tables')
})

function asTexts(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, String(value)]))
}
