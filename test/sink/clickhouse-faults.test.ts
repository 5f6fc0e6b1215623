// ClickHouse when something goes wrong on the way: nothing lost, nothing stored twice.

import t, { type Test } from 'tap'
import { clickhouseDistributedSchema } from '../../lib/sink/clickhouse.js'
import type { StoreBlock } from '../../lib/sink/store.js'
import { callIds, makeStore, openStore, persist, persistAll } from '../support/clickhouse-rows.js'
import { ClickHouseServer, NO_CLICKHOUSE } from '../support/clickhouse-server.js'
import { CuttingProxy } from '../support/cutting-proxy.js'
import { batchOf, newEngine } from '../support/engine.js'
import { options, packet } from '../support/packets.js'
import { Blocks, dialogBatches, roomyEngine } from '../support/store-blocks.js'

t.setTimeout(220_000)

let server: ClickHouseServer

t.before(async () => {
  if (!NO_CLICKHOUSE) server = await ClickHouseServer.start({ host: '127.0.0.5' })
})
t.after(() => server?.remove())

/** Every INSERT statement begins a request so. */
const INSERT = 'query=INSERT+INTO'
const ROWS = 600

type Stage = 'request' | 'rows' | 'end' | 'answer'

/** Cuts the connection of one INSERT at a stage. */
function cutOnce(proxy: CuttingProxy, stage: Stage, table = ''): void {
  const begun = new Map<number, number>()
  let isDone = false
  const cut = () => {
    isDone = true
    return 'cut' as const
  }
  proxy.onRequest = (part, { connection, octets }) => {
    const head = part.toString('latin1')
    if (head.includes(INSERT) && head.includes(`%60${table}`)) begun.set(connection, octets - part.length)
    const start = begun.get(connection)
    if (isDone || start === undefined) return 'pass'
    if (stage === 'request') return cut()
    if (stage === 'rows' && octets - start > 100_000) return cut()
    return stage === 'end' && head.endsWith('0\r\n\r\n') ? cut() : 'pass'
  }
  proxy.onAnswer = (_, { connection }) =>
    stage === 'answer' && !isDone && begun.has(connection) ? cut() : 'pass'
}

async function throughProxy(t: Test, database: string) {
  const proxy = await CuttingProxy.start({ host: server.host, port: server.ports.http })
  t.teardown(() => proxy.close())
  const hosts = [{ host: '127.0.0.1', port: proxy.port }]
  return { proxy, ...(await openStore(t, server, database, { hosts })) }
}

function manyPackets(prefix: string): { ids: string[]; packets: Buffer[] } {
  const ids = Array.from({ length: ROWS }, (_, number) => `${prefix}-${String(number).padStart(4, '0')}`)
  return { ids, packets: ids.map((id) => packet(options(id))) }
}

for (const stage of ['request', 'rows', 'end', 'answer'] as const) {
  t.test(`a connection that is cut: ${stage}`, { skip: NO_CLICKHOUSE }, async (t) => {
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
    t.same(await callIds(server, `cut_${stage}.sip_capture`), ids)
    t.match(advice, [/equal in every column/])
    t.equal(advice.length, 1)
  })
}

t.test('a block of two tables goes on with the one that was cut', { skip: NO_CLICKHOUSE }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const { proxy, store } = await throughProxy(t, 'both')
  const { ids, packets } = manyPackets('both')
  const rows = Uint32Array.from(packets, (_, row) => row)
  const tables = ['first', 'second'].map((table) => ({ kind: 'sip' as const, table, rows }))
  cutOnce(proxy, 'answer', 'second')
  t.same(await persist(store, new Blocks().of(batchOf(engine, packets), { tables })), [])
  t.equal(proxy.cuts, 1)
  t.same(await callIds(server, 'both.first'), ids)
  t.same(await callIds(server, 'both.second'), ids)
})

t.test('rows that are alike are stored as often as they came', { skip: NO_CLICKHOUSE }, async (t) => {
  const engine = roomyEngine(2)
  t.teardown(() => engine.close())
  for (const [stage, stored] of [
    ['end', 0],
    ['answer', 0],
    ['end', 2],
  ] as const) {
    const database = `alike_${stage}_${stored}`
    const { proxy, store } = await throughProxy(t, database)
    const blocks = new Blocks()
    const same = packet(options('same'))
    const alike = Array.from({ length: 5200 }, () => same) // more than one query looks for
    const batch = batchOf(engine, [same, packet(options('other')), ...alike])
    const before = Uint32Array.from({ length: stored }, (_, row) => row)
    await store.write(blocks.of(batch, { tables: [{ kind: 'sip', table: 'sip_capture', rows: before }] }))
    cutOnce(proxy, stage)
    t.same(await persist(store, blocks.of(batch)), [])
    t.equal(proxy.cuts, 1)
    const ids = await callIds(server, `${database}.sip_capture`)
    t.equal(ids.length, 5202, 'copies of rows from before count as stored')
    batch.release()
  }
})

t.test('what another process had stored is not stored again', { skip: NO_CLICKHOUSE }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const { ids, packets } = manyPackets('again')
  const block = new Blocks().of(batchOf(engine, packets))
  const first = await openStore(t, server, 'again')
  t.same(await first.store.write(block), [])
  const second = await openStore(t, server, 'again')
  t.same(await second.store.write({ ...block, isFromBefore: true }), [])
  t.same(await callIds(server, 'again.sip_capture'), ids)
  await server.query('CREATE TABLE again.part AS again.sip_capture')
  await server.query("INSERT INTO again.part SELECT * FROM again.sip_capture WHERE callid < 'again-0250'")
  const tables = [{ ...block.tables[0]!, table: 'part' }]
  t.same(await second.store.write({ ...block, tables, isFromBefore: true }), [])
  t.same(await callIds(server, 'again.part'), ids, 'a part of it is completed')
})

t.test('a row that is refused after a view has written is found', { skip: NO_CLICKHOUSE }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const { store } = await openStore(t, server, 'viewed')
  const ids = ['a', 'b', 'poison', 'c', 'd']
  const batch = batchOf(
    engine,
    ids.map((id) => packet(options(id))),
  )
  const blocks = new Blocks()
  await store.write(blocks.of(batch))
  await server.query(
    'CREATE TABLE viewed.counted (callid String, checked UInt8) ENGINE = MergeTree ORDER BY callid',
  )
  await server.query(`CREATE MATERIALIZED VIEW viewed.view TO viewed.counted AS
    SELECT callid, throwIf(callid = 'poison') AS checked FROM viewed.sip_capture`)
  await server.query('CREATE TABLE viewed.other AS viewed.sip_capture')
  await server.query('DROP TABLE viewed.sip_capture')
  await server.query('RENAME TABLE viewed.other TO viewed.sip_capture')
  const refused = await persist(store, blocks.of(batch))
  const stored = await callIds(server, 'viewed.sip_capture')
  t.same(
    [...stored, ...refused.map(({ row }) => ids[row])].sort(),
    [...ids].sort(),
    'each is stored once, or refused',
  )
  t.same(
    stored.filter((id) => id !== 'poison'),
    ['a', 'b', 'c', 'd'],
  )
})

async function loaded(t: Test, store: Parameters<typeof persistAll>[0], meanwhile: () => Promise<void>) {
  const engine = roomyEngine()
  t.teardown(() => engine.close())
  const batches = dialogBatches(engine, 20_000)
  const blocks = new Blocks()
  // Small blocks, so that many of them are under way while something happens.
  const all: StoreBlock[] = batches.flatMap((batch) => {
    const rows = Array.from({ length: batch.rows }, (_, row) => row)
    return Array.from({ length: 10 }, (_, tenth) => {
      const some = Uint32Array.from(rows.filter((row) => row % 10 === tenth))
      return blocks.of(batch, { tables: [{ kind: 'sip', table: 'sip_capture', rows: some }] })
    })
  })
  const [refused] = await Promise.all([persistAll(store, all), meanwhile()])
  t.same(refused, [])
}

const COUNTS = 'SELECT count(), uniqExact(tuple(callid, cseq, method, micro_ts, source_port, msg)) FROM'

async function hasRows(which: ClickHouseServer, table: string, most: number): Promise<void> {
  for (;;) {
    const rows = Number(await which.query(`SELECT count() FROM ${table}`).catch(() => '0'))
    if (rows >= most) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

t.test('a server that is killed under load and comes back', { skip: NO_CLICKHOUSE }, async (t) => {
  const own = await ClickHouseServer.start({ host: '127.0.0.5' })
  t.teardown(() => own.remove())
  const { store } = await openStore(t, own, 'default')
  await loaded(t, store, async () => {
    for (const rows of [3000, 9000]) {
      await hasRows(own, 'sip_capture', rows)
      await own.kill()
      await own.start()
    }
  })
  t.equal(await own.query(`${COUNTS} sip_capture`), '20000\t20000')
})

t.test('a server that stands still for longer than we wait', { skip: NO_CLICKHOUSE }, async (t) => {
  const own = await ClickHouseServer.start({ host: '127.0.0.5' })
  t.teardown(() => own.remove())
  const { store } = await openStore(t, own, 'default', { silentMs: 1500 })
  await loaded(t, store, async () => {
    for (const rows of [3000, 9000]) {
      await hasRows(own, 'sip_capture', rows)
      own.pause()
      await new Promise((resolve) => setTimeout(resolve, 4000))
      own.resume()
    }
  })
  t.equal(await own.query(`${COUNTS} sip_capture`), '20000\t20000')
})

/** Two servers with a Distributed table over both, and a store that knows both. */
async function pair(t: Test) {
  const servers = await ClickHouseServer.startAll([{ host: '127.0.0.6' }, { host: '127.0.0.7' }])
  t.teardown(() => Promise.all(servers.map((one) => one.remove())))
  for (const one of servers) {
    for (const statement of clickhouseDistributedSchema('sip', 'sip_capture', 'pair'))
      await one.query(statement)
  }
  const hosts = servers.flatMap((one) => one.target().hosts)
  const [first, second] = servers as [ClickHouseServer, ClickHouseServer]
  const { store } = makeStore(t, first, { hosts, silentMs: 3000 })
  await store.open()
  return { first, second, store }
}

t.test('a Distributed table has all rows, on both servers', { skip: NO_CLICKHOUSE }, async (t) => {
  const { first, second, store } = await pair(t)
  await loaded(t, store, async () => {})
  const local = await Promise.all(
    [first, second].map(async (one) => Number(await one.query('SELECT count() FROM sip_capture_local'))),
  )
  t.ok(
    local.every((rows) => rows > 5000),
    local.join(' + '),
  )
  t.equal(await second.query(`${COUNTS} sip_capture`), '20000\t20000')
})

for (const victim of ['first', 'second'] as const) {
  t.test(
    `the ${victim} of two servers is killed under load and comes back`,
    { skip: NO_CLICKHOUSE },
    async (t) => {
      const servers = await pair(t)
      await loaded(t, servers.store, async () => {
        await hasRows(servers.second, 'sip_capture', 4000)
        await servers[victim].kill()
        await new Promise((resolve) => setTimeout(resolve, 2000))
        await servers[victim].start()
      })
      t.equal(await servers.second.query(`${COUNTS} sip_capture`), '20000\t20000')
    },
  )
}
