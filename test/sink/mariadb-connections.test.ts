// The way to MariaDB: servers that are not there, that refuse us, that only read, and TLS.

import { join } from 'node:path'
import t from 'tap'
import { RefusedError } from '../../lib/errors.js'
import type { DatabaseTls } from '../../lib/sink/database-target.js'
import { AwayError } from '../../lib/sink/store.js'
import { Authority } from '../support/certificates.js'
import { batchOf, newEngine } from '../support/engine.js'
import { callIds, makeStore, openStore } from '../support/mariadb-rows.js'
import { MariadbServer, NO_MARIADB, PASSWORD, USER } from '../support/mariadb-server.js'
import { options, packet } from '../support/packets.js'
import { persist } from '../support/persist.js'
import { Blocks } from '../support/store-blocks.js'

t.setTimeout(240_000)

const authority = new Authority(t.testdir())
/** The second one speaks TLS too. */
let first: MariadbServer
let second: MariadbServer

t.before(async () => {
  if (NO_MARIADB) return
  first = await MariadbServer.start({ host: '127.0.0.33' })
  second = await MariadbServer.start({
    tls: { ...authority.sign('server'), ca: authority.cert },
    settings: ['--bind-address=127.0.0.1,127.0.0.34'],
  })
})
t.after(() => Promise.all([first?.remove(), second?.remove()]))

t.test('a server that is not there is away', { skip: NO_MARIADB }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  await first.stop()
  const { store } = makeStore(t, first)
  await t.rejects(store.open(), AwayError)
  const block = new Blocks().of(batchOf(engine, [packet(options('one'))]))
  await t.rejects(store.write(block), { name: 'AwayError', code: 'ECONNREFUSED' })
  await first.start()
  t.same(await persist(store, block), [])
  t.same(await callIds(first, 'calls'), ['one'])
})

t.test('a server that refuses us is a fault that shows no password', { skip: NO_MARIADB }, async (t) => {
  const wrongs = [
    { password: `${PASSWORD}x` },
    { password: '' },
    { user: 'nobody' },
    { database: 'nowhere' },
    { tls: { mode: 'on' as const } },
    { tls: { mode: 'verify' as const, ca: join(t.testdirName, 'none.pem') } },
  ]
  for (const wrong of wrongs) {
    const error = await makeStore(t, first, wrong)
      .store.open()
      .then(
        () => undefined,
        (reason: unknown) => reason,
      )
    t.ok(error instanceof RefusedError, JSON.stringify(wrong))
    t.notMatch(`${String(error)} ${JSON.stringify(error)} ${(error as Error)?.stack}`, PASSWORD)
  }
})

t.test('a user that is locked out while we run is away', { skip: NO_MARIADB }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const { store } = await openStore(t, first, 'locked')
  const block = new Blocks().of(batchOf(engine, [packet(options('one'))]))
  await first.query([`ALTER USER ${USER} ACCOUNT LOCK`, `KILL CONNECTION USER ${USER}`])
  const codes = new Set<string>()
  const done = persist(store, block, ({ code }) => {
    codes.add(code)
    if (code === 'MARIADB_4151') void first.query(`ALTER USER ${USER} ACCOUNT UNLOCK`)
  })
  t.same(await done, [])
  t.ok(codes.has('MARIADB_4151'))
  t.same(await callIds(first, 'locked'), ['one'])
})

t.test('the next host serves when the first does not, or only reads', { skip: NO_MARIADB }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  for (const server of [first, second]) await server.createDatabase('next')
  const hosts = [first, second].flatMap((one) => one.target().hosts)
  const { store } = makeStore(t, first, { hosts, database: 'next' })
  await store.open()
  const blocks = new Blocks()
  const ids = ['one', 'two', 'three']
  const [one, two, three] = ids.map((id) => blocks.of(batchOf(engine, [packet(options(id))]))) as [
    ReturnType<Blocks['of']>,
    ReturnType<Blocks['of']>,
    ReturnType<Blocks['of']>,
  ]
  await persist(store, one)
  t.same(await callIds(first, 'next'), ['one'])
  await first.query('SET GLOBAL read_only = 1')
  await persist(store, two)
  t.same(await callIds(second, 'next'), ['two'])
  await first.query('SET GLOBAL read_only = 0')
  await second.stop()
  await persist(store, three)
  await second.start()
  t.same(await callIds(first, 'next'), ['one', 'three'])
})

t.test('TLS, with and without a look at the certificate', { skip: NO_MARIADB }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const batch = batchOf(engine, [packet(options('one'))])
  for (const tls of [{ mode: 'on' }, { mode: 'verify', ca: authority.cert }] as const) {
    const { store } = makeStore(t, second, { tls })
    await store.open()
    t.same(await store.write(new Blocks().of(batch)), [], tls.mode)
  }
  await t.rejects(makeStore(t, second, { tls: { mode: 'verify' } }).store.open(), RefusedError)
  t.same(await callIds(second, 'calls'), ['one', 'one'])
})

t.test('a certificate for another name is not taken', { skip: NO_MARIADB }, async (t) => {
  const hosts = [{ host: '127.0.0.34', port: second.port }]
  await makeStore(t, second, { hosts, tls: { mode: 'on' } }).store.open()
  const { store } = makeStore(t, second, { hosts, tls: { mode: 'verify', ca: authority.cert } })
  await t.rejects(store.open(), { name: 'RefusedError', code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
})

t.test('TLS and our certificate are what the server sees', { skip: NO_MARIADB }, async (t) => {
  await second.query([
    "CREATE USER enciphered IDENTIFIED BY 'hush' REQUIRE SSL",
    "CREATE USER certified IDENTIFIED BY 'hush' REQUIRE X509",
    'GRANT ALL ON calls.* TO enciphered, certified',
  ])
  const who = (user: string, tls: DatabaseTls) => makeStore(t, second, { user, password: 'hush', tls }).store
  await who('enciphered', { mode: 'on' }).open()
  await t.rejects(who('enciphered', { mode: 'off' }).open(), { name: 'RefusedError', code: 'MARIADB_1045' })
  await t.rejects(who('certified', { mode: 'on' }).open(), { name: 'RefusedError', code: 'MARIADB_1045' })
  await who('certified', { mode: 'verify', ca: authority.cert, ...authority.sign('client') }).open()
})

t.test('a Unix socket', { skip: NO_MARIADB }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  await first.createDatabase('local')
  const batch = batchOf(engine, [packet(options('one'))])
  const { store } = makeStore(t, first, {
    socketPath: first.socketPath,
    database: 'local',
    tls: { mode: 'on' },
  })
  await store.open()
  t.same(await store.write(new Blocks().of(batch)), [])
  t.same(await callIds(first, 'local'), ['one'])
  const elsewhere = makeStore(t, first, { socketPath: join(first.folder, 'none'), database: 'local' })
  await t.rejects(elsewhere.store.open(), { name: 'AwayError', code: 'ENOENT' })
})
