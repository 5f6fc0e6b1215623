// Sinks that come, go and change while messages come in: each message is in the sinks that were in force when its batch
// was begun, once; and what counted a sink that is gone stays counted.

import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type Database from 'better-sqlite3'
import t from 'tap'
import { droppedOf } from '../../lib/ledger.js'
import { openSqlite } from '../../lib/sqlite.js'
import { countRows, query, sendUdp } from '../support/daemon.js'
import { PacedLoad } from '../support/paced-load.js'
import { options, packet } from '../support/packets.js'
import { ReloadingDaemon } from '../support/reloading.js'
import { until } from '../support/tools.js'

t.setTimeout(240_000)

const calls = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => packet(options(`${name}-${i}`)))
const idsIn = (path: string) => query(path, 'SELECT callid FROM sip_capture') as string[]

/** Keeps a file from being written. */
function hold(path: string): Database.Database {
  const db = openSqlite(path)
  db.exec('BEGIN IMMEDIATE')
  return db
}

t.test('two files take turns under load: every message is in one of them, once', async (t) => {
  const folder = t.testdir()
  const [a, b] = [join(folder, 'a.db'), join(folder, 'b.db')]
  const reloading = await ReloadingDaemon.start(folder, { db_url: [`sqlite:${a}`] })
  const { daemon } = reloading
  const udp = await PacedLoad.udp(daemon.port('hep_udp'), 1000)
  const tcp = await PacedLoad.tcp(daemon.port('hep_tcp'), 2000)
  for (let round = 0; round < 20; round++) {
    const { isApplied, said } = await reloading.reload({ db_url: [`sqlite:${round % 2 ? a : b}`] })
    t.ok(isApplied, said)
  }
  await Promise.all([udp.stop(), tcp.stop()])
  const { status, ledger, err } = await reloading.stop()
  t.equal(status, 0, err)
  const [fromUdp, fromTcp] = Object.values(ledger.inputs)
  t.match(fromUdp, { received: udp.sent, stored: udp.sent, dropped: {}, in_flight: 0 })
  t.match(fromTcp, { received: tcp.sent, stored: tcp.sent, dropped: {}, in_flight: 0 })
  const ids = [...idsIn(a), ...idsIn(b)]
  t.equal(ids.length, udp.sent + tcp.sent)
  t.equal(new Set(ids).size, ids.length, 'none twice')
  t.same(ledger.sinks, {
    [`sqlite:${a}`]: { rows: countRows(a) },
    [`sqlite:${b}`]: { rows: countRows(b) },
  })
})

t.test('a sink beside another one: it has what came since', async (t) => {
  const folder = t.testdir()
  const [a, b] = [join(folder, 'a.db'), join(folder, 'b.db')]
  const reloading = await ReloadingDaemon.start(folder, { db_url: [`sqlite:${a}`] })
  const port = reloading.daemon.port('hep_udp')
  await sendUdp(port, calls('first', 10))
  await until(() => countRows(a) === 10)
  await reloading.reload({ db_url: [`sqlite:${a}`, `sqlite:${b}`] })
  await sendUdp(port, calls('second', 10))
  await until(() => countRows(a) === 20 && countRows(b) === 10)
  await reloading.reload({ db_url: ['none:'] })
  await sendUdp(port, calls('third', 10))
  const { ledger } = await reloading.stop()
  t.match(Object.values(ledger.inputs)[0], { received: 30, stored: 20, discarded: { no_sink: 10 } })
  t.same(ledger.sinks, { [`sqlite:${a}`]: { rows: 20 }, [`sqlite:${b}`]: { rows: 10 } })
})

t.test(
  'a database that cannot be used refuses the whole, beside a script that cannot: both are told',
  async (t) => {
    const folder = t.testdir({ 'text.db': 'no database '.repeat(500), 'bad.cfg': 'route { nonsense( }\n' })
    const [a, b] = [join(folder, 'a.db'), join(folder, 'b.db')]
    const routes = join(folder, 'routes.mjs')
    writeFileSync(routes, 'export const reply = 5\n')
    const reloading = await ReloadingDaemon.start(folder, { db_url: [`sqlite:${a}`] })
    const { isApplied, said } = await reloading.reload({
      db_url: [`sqlite:${b}`, `sqlite:${join(folder, 'text.db')}`, `sqlite:${join(folder, 'no', 'c.db')}`],
      routes,
      table_name: 'other',
    })
    t.notOk(isApplied)
    t.match(said, /SQLITE_NOTADB/)
    t.match(said, /create the folder/)
    t.match(said, /reply is no function/)
    await sendUdp(reloading.daemon.port('hep_udp'), calls('x', 10))
    const { ledger } = await reloading.stop()
    t.match(Object.values(ledger.inputs)[0], { received: 10, stored: 10 })
    t.equal(countRows(a), 10, 'the old sink and the old table')
    t.same(Object.keys(ledger.sinks), [`sqlite:${a}`])
  },
)

t.test(
  'a sink that goes while its database is held leaves its rows on the disk, and stores them when it is back',
  async (t) => {
    const folder = t.testdir()
    const [a, b] = [join(folder, 'a.db'), join(folder, 'b.db')]
    const spool = join(folder, 'spool')
    const more = ['--spool', spool, '--stop-timeout', '5s']
    const reloading = await ReloadingDaemon.start(folder, { db_url: [`sqlite:${a}`] }, ...more)
    const { daemon } = reloading
    const port = daemon.port('hep_udp')
    await sendUdp(port, calls('first', 10))
    await until(() => countRows(a) === 10)
    const holder = hold(a)
    await sendUdp(port, calls('held', 10))
    await until(() => daemon.err.includes('SQLITE_BUSY'))
    await reloading.reload({ db_url: [`sqlite:${b}`] })
    await until(() => daemon.err.includes(`sqlite:${a}: closed`))
    await sendUdp(port, calls('other', 10))
    await until(() => countRows(b) === 10)
    holder.exec('ROLLBACK')
    holder.close()
    t.equal(countRows(a), 10)
    await reloading.reload({ db_url: [`sqlite:${a}`] })
    await until(() => countRows(a) === 20)
    const { ledger } = await reloading.stop()
    const [input] = Object.values(ledger.inputs)
    t.match(input, { received: 30, stored: 30, spooled: 0, dropped: {}, in_flight: 0 })
    t.same(ledger.sinks, { [`sqlite:${a}`]: { rows: 20 }, [`sqlite:${b}`]: { rows: 10 } })
    t.equal(new Set(idsIn(a)).size, 20, 'none twice')
  },
)

t.test(
  'without a spool what a held database has not taken is lost, counted, and nothing waits for it',
  async (t) => {
    const folder = t.testdir()
    const [a, b] = [join(folder, 'a.db'), join(folder, 'b.db')]
    const more = ['--spool', 'off', '--stop-timeout', '500ms']
    const reloading = await ReloadingDaemon.start(folder, { db_url: [`sqlite:${a}`] }, ...more)
    const port = reloading.daemon.port('hep_udp')
    const holder = hold(a)
    await sendUdp(port, calls('held', 10))
    await until(() => reloading.daemon.err.includes('SQLITE_BUSY'))
    await reloading.reload({ db_url: [`sqlite:${b}`] })
    await until(() => reloading.daemon.err.includes(`sqlite:${a}: closed`))
    await sendUdp(port, calls('other', 10))
    await until(() => countRows(b) === 10)
    const { ledger } = await reloading.stop()
    holder.close()
    t.match(Object.values(ledger.inputs)[0], {
      received: 20,
      stored: 10,
      dropped: { 'sink/removed': 10 },
      in_flight: 0,
    })
  },
)

t.test('it comes back while the old one still stores: nothing is closed', async (t) => {
  const folder = t.testdir()
  const [a, b] = [join(folder, 'a.db'), join(folder, 'b.db')]
  const reloading = await ReloadingDaemon.start(folder, { db_url: [`sqlite:${a}`] }, '--spool', 'off')
  const port = reloading.daemon.port('hep_udp')
  const holder = hold(a)
  await sendUdp(port, calls('held', 10))
  await until(() => reloading.daemon.err.includes('SQLITE_BUSY'))
  await reloading.reload({ db_url: [`sqlite:${b}`] })
  await reloading.reload({ db_url: [`sqlite:${a}`] })
  holder.exec('ROLLBACK')
  holder.close()
  await until(() => countRows(a) === 10)
  const { ledger, err } = await reloading.stop()
  t.match(Object.values(ledger.inputs)[0], { received: 10, stored: 10, dropped: {} })
  t.notMatch(err, new RegExp(`${a}: closed`))
})

t.test(
  'other parameters of the same database: what was under way goes to the new worker, once',
  async (t) => {
    for (const spool of ['off', 'spool']) {
      const folder = t.testdir()
      const a = join(folder, 'a.db')
      const config = { db_url: [`sqlite:${a}`], max_async_queries: 5 }
      const more = ['--spool', spool === 'off' ? spool : join(folder, spool)]
      const reloading = await ReloadingDaemon.start(folder, config, ...more)
      const port = reloading.daemon.port('hep_udp')
      const holder = hold(a)
      await sendUdp(port, calls('held', 10))
      await until(() => reloading.daemon.err.includes('SQLITE_BUSY'))
      const { isApplied, said } = await reloading.reload({ ...config, max_async_queries: 6 })
      t.ok(isApplied)
      t.notMatch(said, /takes a restart/)
      await sendUdp(port, calls('later', 10))
      holder.exec('ROLLBACK')
      holder.close()
      await until(() => countRows(a) === 20)
      const { ledger } = await reloading.stop()
      const [input] = Object.values(ledger.inputs)
      t.match(input, { received: 20, stored: 20, spooled: 0, in_flight: 0 })
      t.equal(input && droppedOf(input), 0)
      t.equal(new Set(idsIn(a)).size, 20, 'none twice')
      t.same(Object.values(ledger.sinks), [{ rows: 20 }])
    }
  },
)

t.test('limits of a spool change while it is in use', async (t) => {
  const folder = t.testdir()
  const path = join(folder, 'a.db')
  const spool = join(folder, 'spool')
  const config = { db_url: [`sqlite:${path}`], spool }
  const segments = () => readdirSync(spool, { recursive: true }).filter((name) => `${name}`.endsWith('.seg'))
  const reloading = await ReloadingDaemon.start(folder, config)
  const port = reloading.daemon.port('hep_udp')
  await sendUdp(port, calls('plain', 5))
  await until(() => countRows(path) === 5)
  t.same(segments(), [])
  await reloading.reload({ ...config, spool_always: true })
  await sendUdp(port, calls('spooled', 5))
  await until(() => countRows(path) === 10)
  t.equal(segments().length, 1, 'every block goes there first now')
  const { ledger } = await reloading.stop()
  t.match(Object.values(ledger.inputs)[0], { received: 10, stored: 10, spooled: 0 })
})

t.test('what takes a restart is named', async (t) => {
  const folder = t.testdir()
  const db_url = [`sqlite:${join(folder, 'a.db')}`]
  const reloading = await ReloadingDaemon.start(folder, { db_url, spool: join(folder, 'one') })
  const { said } = await reloading.reload({
    db_url,
    spool: join(folder, 'other'),
    spool_max: '2GiB',
    hep_capture_id: 99,
    hep_max_retries: 9,
    queue_max: '64MiB',
  })
  const named = said.match(/a change of (.*) takes a restart/g)
  t.same(named, [
    'a change of queue_max takes a restart',
    'a change of spool takes a restart',
    'a change of the limits of relays takes a restart',
  ])
  await reloading.stop()
})
