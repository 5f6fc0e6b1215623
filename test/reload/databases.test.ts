// Reload beside a real server: its connections come and go with the sink, and each message is stored once.

import { join } from 'node:path'
import t from 'tap'
import { countRows } from '../support/daemon.js'
import { MariadbServer, NO_MARIADB, PASSWORD, USER } from '../support/mariadb-server.js'
import { PacedLoad } from '../support/paced-load.js'
import { ReloadingDaemon } from '../support/reloading.js'
import { until } from '../support/tools.js'

t.setTimeout(240_000)

let server: MariadbServer
t.before(async () => {
  if (!NO_MARIADB) server = await MariadbServer.start({ host: '127.0.0.35' })
})
t.after(() => server?.remove())

const url = (more = '') =>
  `mysql://${USER}:${encodeURIComponent(PASSWORD)}@${server.host}:${server.port}/calls${more}`

async function rows(): Promise<{ all: number; different: number }> {
  const [row] = (await server.query(
    'SELECT count(*) AS `all`, count(DISTINCT callid) AS different FROM calls.sip_capture',
  )) as { all: bigint; different: bigint }[]
  return { all: Number(row?.all), different: Number(row?.different) }
}

async function connections(): Promise<number> {
  const [row] = (await server.query(
    `SELECT count(*) AS open FROM information_schema.processlist WHERE user = '${USER}'`,
  )) as { open: bigint }[]
  return Number(row?.open)
}

t.test('MariaDB comes, changes and goes under load', { skip: NO_MARIADB }, async (t) => {
  const folder = t.testdir()
  const path = join(folder, 'a.db')
  const file = { db_url: [`sqlite:${path}`], max_async_queries: 2 }
  const more = ['--spool', join(folder, 'spool')]
  const reloading = await ReloadingDaemon.start(folder, file, ...more)
  const tcp = await PacedLoad.tcp(reloading.daemon.port('hep_tcp'), 1000)
  for (let round = 0; round < 5; round++) {
    const here = { db_url: [url()], max_async_queries: 2 }
    for (const config of [here, { ...here, max_async_queries: 3 }, file]) {
      const { isApplied, said } = await reloading.reload(config)
      t.ok(isApplied, said)
    }
  }
  await until(async () => (await connections()) === 0)
  await tcp.stop()
  const { status, ledger, err } = await reloading.stop()
  t.equal(status, 0, err)
  t.match(Object.values(ledger.inputs)[1], {
    received: tcp.sent,
    stored: tcp.sent,
    dropped: {},
    in_flight: 0,
  })
  const { all, different } = await rows()
  t.equal(all, different, 'none twice')
  t.equal(all + countRows(path), tcp.sent)
})

t.test('a password that is wrong refuses the whole, and is not told', { skip: NO_MARIADB }, async (t) => {
  const folder = t.testdir()
  const config = { db_url: [url()], spool: join(folder, 'spool') }
  const reloading = await ReloadingDaemon.start(folder, config)
  const wrong = `mysql://${USER}:wrong-secret@${server.host}:${server.port}/calls`
  const { isApplied, said } = await reloading.reload({ ...config, db_url: [wrong] })
  t.notOk(isApplied)
  t.notMatch(said, /wrong-secret/)
  const { isApplied: isBack } = await reloading.reload(config)
  t.ok(isBack)
  t.equal((await reloading.stop()).status, 0)
})
