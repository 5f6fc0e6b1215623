// PostgreSQL when something goes wrong on the way: nothing lost, nothing stored twice.

import t, { type Test } from 'tap'
import { AwayError, type Store, type StoreBlock } from '../../lib/sink/store.js'
import { CuttingProxy } from '../support/cutting-proxy.js'
import { batchOf, newEngine } from '../support/engine.js'
import { options, packet } from '../support/packets.js'
import { persist, persistAll } from '../support/persist.js'
import { callIds, openStore } from '../support/postgres-rows.js'
import { NO_POSTGRES, PostgresServer, USER } from '../support/postgres-server.js'
import { Blocks, dialogBatches, roomyEngine } from '../support/store-blocks.js'
import { until } from '../support/tools.js'

t.setTimeout(240_000)

let server: PostgresServer

t.before(async () => {
  if (!NO_POSTGRES) server = await PostgresServer.start({ host: '127.0.0.5' })
})
t.after(() => server?.remove())

const ROWS = 600
const COPY_DONE = 'c\0\0\0\x04'

type Stage = 'begin' | 'begun' | 'copy' | 'rows' | 'end' | 'commit' | 'committed'

/** Cuts the connection of one block at a stage. */
function cutOnce(proxy: CuttingProxy, stage: Stage): void {
  let isDone = false
  let copiedFrom: number | undefined
  let last = ''
  const cut = () => {
    isDone = true
    return 'cut' as const
  }
  proxy.onRequest = (part, { octets }) => {
    if (isDone) return 'pass'
    const text = part.toString('latin1')
    last = text
    if (text.includes('COPY "')) copiedFrom = octets
    const isHere: Record<Stage, boolean> = {
      begin: text.includes('BEGIN'),
      begun: false,
      copy: text.includes('COPY "'),
      rows: copiedFrom !== undefined && octets - copiedFrom > 100_000,
      end: text.endsWith(COPY_DONE),
      commit: text.includes('COMMIT'),
      committed: false,
    }
    return isHere[stage] ? cut() : 'pass'
  }
  proxy.onAnswer = () => {
    const isHere =
      (stage === 'begun' && last.includes('BEGIN')) || (stage === 'committed' && last.includes('COMMIT'))
    return isHere && !isDone ? cut() : 'pass'
  }
}

async function throughProxy(t: Test, database: string) {
  const proxy = await CuttingProxy.start({ host: server.host, port: server.port })
  t.teardown(() => proxy.close())
  const hosts = [{ host: '127.0.0.1', port: proxy.port }]
  return { proxy, ...(await openStore(t, server, database, { hosts })) }
}

function manyPackets(prefix: string): { ids: string[]; packets: Buffer[] } {
  const ids = Array.from({ length: ROWS }, (_, number) => `${prefix}-${String(number).padStart(4, '0')}`)
  return { ids, packets: ids.map((id) => packet(options(id))) }
}

for (const stage of ['begin', 'begun', 'copy', 'rows', 'end', 'commit', 'committed'] as const) {
  t.test(`a connection that is cut: ${stage}`, { skip: NO_POSTGRES }, async (t) => {
    const engine = newEngine()
    t.teardown(() => engine.close())
    const { proxy, store, advice } = await throughProxy(t, `cut_${stage}`)
    const { ids, packets } = manyPackets(stage)
    const block = new Blocks().of(batchOf(engine, packets))
    cutOnce(proxy, stage)
    let away = 0
    t.same(await persist(store, block, () => away++), [])
    t.equal(proxy.cuts, 1)
    t.equal(away, 1)
    t.same(await callIds(server, `cut_${stage}`), ids)
    t.same(advice, [])
  })
}

t.test('a block that is there already is not stored again', { skip: NO_POSTGRES }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const { ids, packets } = manyPackets('again')
  const block = new Blocks().of(batchOf(engine, packets))
  const { store } = await openStore(t, server, 'again')
  t.same(await store.write(block), [])
  t.same(await store.write(block), [])
  const other = await openStore(t, server, 'again')
  t.same(await other.store.write({ ...block, isFromBefore: true }), [])
  t.same(await callIds(server, 'again'), ids)
})

t.test('one block in several stores at once is stored once', { skip: NO_POSTGRES }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const { ids, packets } = manyPackets('twins')
  const blocks = new Blocks()
  const batch = batchOf(engine, packets)
  const stores = await Promise.all([1, 2, 3].map(() => openStore(t, server, 'calls')))
  for (let round = 1; round <= 5; round++) {
    const block = blocks.of(batch)
    await Promise.all(stores.flatMap(({ store }) => [persist(store, block), persist(store, block)]))
    t.equal((await callIds(server, 'calls')).length, round * ids.length)
  }
})

t.test(
  'a transaction of the same block that is still under way is waited for',
  { skip: NO_POSTGRES },
  async (t) => {
    const engine = newEngine()
    t.teardown(() => engine.close())
    const { store } = await openStore(t, server, 'waits')
    const block = new Blocks().of(batchOf(engine, [packet(options('one'))]))
    const id = `'${block.id.origin}', ${block.id.number}`
    let isWritten = false
    const other = await server.connect('waits')
    t.teardown(() => other.end())
    await other.query(`BEGIN; INSERT INTO hepcapd_blocks VALUES (${id})`)
    const written = store.write(block).then((refused) => {
      isWritten = true
      return refused
    })
    await until(async () => {
      const found = await server.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
      return found.length > 0
    })
    t.notOk(isWritten)
    await other.query('COMMIT')
    t.same(await written, [])
    await server.query('CREATE TABLE IF NOT EXISTS sip_capture (callid text)', 'waits')
    t.same(await callIds(server, 'waits'), [])
  },
)

t.test('settled ids are forgotten now and then, the others are kept', { skip: NO_POSTGRES }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const { store } = await openStore(t, server, 'forgets')
  const batch = batchOf(engine, [packet(options('one'))])
  const [blocks, others] = [new Blocks(), new Blocks()]
  const other = others.of(batch)
  await store.write(other)
  for (let number = 1; number <= 120; number++) await store.write(blocks.of(batch))
  const kept = await server.query<{ origin: string; number: string }>(
    'SELECT origin, number FROM hepcapd_blocks ORDER BY number',
    'forgets',
  )
  t.ok(kept.some(({ origin }) => origin === other.id.origin))
  const numbers = kept.filter(({ origin }) => origin !== other.id.origin).map(({ number }) => Number(number))
  t.ok(numbers.length < 60, `${numbers.length}`)
  t.equal(numbers.at(-1), 120)
})

t.test('what the server has no time or room for is away', { skip: NO_POSTGRES }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const { store } = await openStore(t, server, 'busy')
  const block = new Blocks().of(batchOf(engine, [packet(options('one'))]))
  await store.write(new Blocks().of(batchOf(engine, [packet(options('zero'))])))
  const faults: Record<string, string> = {
    POSTGRES_40P01: 'deadlock_detected',
    POSTGRES_40001: 'serialization_failure',
    POSTGRES_53100: 'disk_full',
    POSTGRES_55P03: 'lock_not_available',
    POSTGRES_57014: 'query_canceled',
    POSTGRES_XX000: 'internal_error',
  }
  for (const [code, name] of Object.entries(faults)) {
    await server.query(
      `CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE ${name}; END $$;
      CREATE OR REPLACE TRIGGER failing BEFORE INSERT ON sip_capture FOR EACH STATEMENT EXECUTE FUNCTION fail()`,
      'busy',
    )
    await t.rejects(store.write(block), { name: 'AwayError', code })
  }
  await server.query('DROP TRIGGER failing ON sip_capture', 'busy')
  t.same(await persist(store, block), [])
  t.same(await callIds(server, 'busy'), ['one', 'zero'])
})

async function loaded(t: Test, store: Store, meanwhile: () => Promise<void>) {
  const engine = roomyEngine()
  t.teardown(() => engine.close())
  const batches = dialogBatches(engine, 20_000)
  const blocks = new Blocks()
  // Small blocks, so that many of them are under way while something happens.
  const all: StoreBlock[] = batches.flatMap((batch) => {
    const rows = Array.from({ length: batch.rows }, (_, row) => row)
    return Array.from({ length: 20 }, (_, twentieth) => {
      const some = Uint32Array.from(rows.filter((row) => row % 20 === twentieth))
      return blocks.of(batch, { tables: [{ kind: 'sip', table: 'sip_capture', rows: some }] })
    })
  })
  const [refused] = await Promise.all([persistAll(store, all), meanwhile()])
  t.same(refused, [])
}

async function counts(which: PostgresServer, database: string): Promise<number[]> {
  const [row] = await which.query<{ all: number; distinct: number }>(
    `SELECT count(*)::int AS all, count(DISTINCT (callid, cseq, method, micro_ts, source_port, msg))::int AS distinct
    FROM sip_capture`,
    database,
  )
  return [row?.all ?? 0, row?.distinct ?? 0]
}

async function hasRows(which: PostgresServer, database: string, most: number): Promise<void> {
  for (;;) {
    const [rows = 0] = await counts(which, database).catch(() => [0])
    if (rows >= most) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

t.test('a server that is killed, and one that is stopped, under load', { skip: NO_POSTGRES }, async (t) => {
  const { store } = await openStore(t, server, 'killed')
  await loaded(t, store, async () => {
    await hasRows(server, 'killed', 3000)
    await server.kill()
    await server.start()
    await hasRows(server, 'killed', 9000)
    await server.stop()
    await server.start()
  })
  t.same(await counts(server, 'killed'), [20_000, 20_000])
})

t.test('sessions that are ended by an administrator', { skip: NO_POSTGRES }, async (t) => {
  const { store } = await openStore(t, server, 'ended')
  await loaded(t, store, async () => {
    for (let rows = 2000; rows <= 16_000; rows += 2000) {
      await hasRows(server, 'ended', rows)
      await server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${USER}'`)
    }
  })
  t.same(await counts(server, 'ended'), [20_000, 20_000])
})

t.test('a server that stands still for longer than we wait', { skip: NO_POSTGRES }, async (t) => {
  const { store } = await openStore(t, server, 'still', { silentMs: 1500 })
  await loaded(t, store, async () => {
    for (const rows of [3000, 9000]) {
      await hasRows(server, 'still', rows)
      server.pause()
      await new Promise((resolve) => setTimeout(resolve, 4000))
      server.resume()
    }
  })
  t.same(await counts(server, 'still'), [20_000, 20_000])
})

t.test(
  'a server that stands still is noticed, and a store closes all the same',
  { skip: NO_POSTGRES },
  async (t) => {
    const engine = newEngine()
    t.teardown(() => engine.close())
    const { store } = await openStore(t, server, 'frozen', { silentMs: 1000 })
    const waiting = await openStore(t, server, 'frozen')
    const blocks = new Blocks()
    const batch = batchOf(engine, [packet(options('one'))])
    server.pause()
    t.teardown(() => server.resume())
    await t.rejects(store.write(blocks.of(batch)), { name: 'AwayError', code: 'ETIMEDOUT' })
    await t.rejects(store.write(blocks.of(batch)), { name: 'AwayError', code: 'ETIMEDOUT' })
    const hangs = t.rejects(waiting.store.write(blocks.of(batch)), AwayError)
    await waiting.store.close()
    await hangs
    server.resume()
    t.same(await persist(store, blocks.of(batch)), [])
  },
)
