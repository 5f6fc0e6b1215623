// The way to PostgreSQL: servers that are not there, that refuse us, that only read, and TLS.

import { join } from 'node:path'
import t from 'tap'
import { RefusedError } from '../../lib/errors.js'
import { AwayError } from '../../lib/sink/store.js'
import { Authority } from '../support/certificates.js'
import { batchOf, newEngine } from '../support/engine.js'
import { options, packet } from '../support/packets.js'
import { persist } from '../support/persist.js'
import { callIds, makeStore, openStore } from '../support/postgres-rows.js'
import { NO_POSTGRES, PASSWORD, PostgresServer } from '../support/postgres-server.js'
import { Blocks } from '../support/store-blocks.js'

t.setTimeout(240_000)

const authority = new Authority(t.testdir())
/** The second one speaks TLS too. */
let first: PostgresServer
let second: PostgresServer

t.before(async () => {
  if (NO_POSTGRES) return
  first = await PostgresServer.start({ host: '127.0.0.8' })
  second = await PostgresServer.start({ tls: authority.sign('server') })
})
t.after(() => Promise.all([first?.remove(), second?.remove()]))

t.test('a server that is not there is away', { skip: NO_POSTGRES }, async (t) => {
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

t.test('a server that refuses us is a fault that shows no password', { skip: NO_POSTGRES }, async (t) => {
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

t.test('a user that is locked out while we run is away', { skip: NO_POSTGRES }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const { store } = await openStore(t, first, 'locked')
  const block = new Blocks().of(batchOf(engine, [packet(options('one'))]))
  await first.query('ALTER DATABASE locked ALLOW_CONNECTIONS false')
  await first.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'locked'")
  const codes = new Set<string>()
  const done = persist(store, block, ({ code }) => {
    codes.add(code)
    if (code === 'POSTGRES_55000') void first.query('ALTER DATABASE locked ALLOW_CONNECTIONS true')
  })
  t.same(await done, [])
  t.ok(codes.has('POSTGRES_55000'))
  t.same(await callIds(first, 'locked'), ['one'])
})

t.test('the next host serves when the first does not, or only reads', { skip: NO_POSTGRES }, async (t) => {
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
  await first.query(
    "ALTER DATABASE next SET default_transaction_read_only = on; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'next'",
  )
  await persist(store, two)
  t.same(await callIds(second, 'next'), ['two'])
  await first.query('ALTER DATABASE next RESET default_transaction_read_only')
  await second.stop()
  await persist(store, three)
  await second.start()
  t.same(await callIds(first, 'next'), ['one', 'three'])
})

t.test('TLS, with and without a look at the certificate', { skip: NO_POSTGRES }, async (t) => {
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

t.test('TLS is what the server sees', { skip: NO_POSTGRES }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const { store } = makeStore(t, second)
  await store.open()
  const seen = await second.query(
    "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'hep'",
  )
  t.same(seen, [{ ssl: true }])
})

t.test('a Unix socket, by its folder and by its own name', { skip: NO_POSTGRES }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  await first.createDatabase('local')
  const batch = batchOf(engine, [packet(options('one'))])
  for (const socketPath of [first.folder, join(first.folder, `.s.PGSQL.${first.port}`)]) {
    const { store } = makeStore(t, first, { socketPath, database: 'local', tls: { mode: 'on' } })
    await store.open()
    t.same(await store.write(new Blocks().of(batch)), [], socketPath)
  }
  t.same(await callIds(first, 'local'), ['one', 'one'])
})

t.test('a password that the server has as MD5', { skip: NO_POSTGRES }, async (t) => {
  await first.query("SET password_encryption = 'md5'; CREATE ROLE md5 LOGIN PASSWORD 'hush'")
  const { store } = makeStore(t, first, { user: 'md5', password: 'hush' })
  await store.open()
  const wrong = makeStore(t, first, { user: 'md5', password: 'hash' })
  await t.rejects(wrong.store.open(), { name: 'RefusedError', code: 'POSTGRES_28P01' })
})
