// MariaDB when something goes wrong on the way: nothing lost, nothing stored twice.

import t, { type Test } from 'tap'
import { AwayError, type Store, type StoreBlock } from '../../lib/sink/store.js'
import { CuttingProxy } from '../support/cutting-proxy.js'
import { batchOf, newEngine } from '../support/engine.js'
import { callIds, openStore } from '../support/mariadb-rows.js'
import { MariadbServer, NO_MARIADB, USER } from '../support/mariadb-server.js'
import { options, packet } from '../support/packets.js'
import { persist, persistAll } from '../support/persist.js'
import { Blocks, dialogBatches, roomyEngine } from '../support/store-blocks.js'
import { until } from '../support/tools.js'

t.setTimeout(240_000)

let server: MariadbServer

t.before(async () => {
  if (!NO_MARIADB) server = await MariadbServer.start({ host: '127.0.0.32' })
})
t.after(() => server?.remove())

const ROWS = 600
/** Octets of values that are less than all, in one statement. */
const MOST = 150_000

type Stage = 'begin' | 'begun' | 'id' | 'remembered' | 'rows' | 'stored' | 'commit' | 'committed'

/** Cuts the connection of one block at a stage. */
function cutOnce(proxy: CuttingProxy, stage: Stage): void {
  let isDone = false
  let rowsFrom: number | undefined
  let [last, sent] = ['', 0]
  const judge = (isHere: boolean) => {
    if (!isHere || isDone) return 'pass'
    isDone = true
    return 'cut'
  }
  proxy.onRequest = (part, { octets }) => {
    const text = part.toString('latin1')
    last = text
    if (text.includes('INSERT INTO `sip_capture`')) rowsFrom = octets
    sent = rowsFrom === undefined ? 0 : octets - rowsFrom
    const isHere: Partial<Record<Stage, boolean>> = {
      begin: text.includes('START TRANSACTION'),
      id: text.includes('INSERT INTO `hepcapd_blocks`'),
      rows: sent > MOST / 3,
      commit: text.includes('COMMIT'),
    }
    return judge(isHere[stage] ?? false)
  }
  proxy.onAnswer = () => {
    const isHere: Partial<Record<Stage, boolean>> = {
      begun: last.includes('START TRANSACTION'),
      remembered: last.includes('INSERT INTO `hepcapd_blocks`'),
      stored: sent > MOST,
      committed: last.includes('COMMIT'),
    }
    return judge(isHere[stage] ?? false)
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

const STAGES = ['begin', 'begun', 'id', 'remembered', 'rows', 'stored', 'commit', 'committed'] as const

for (const stage of STAGES) {
  t.test(`a connection that is cut: ${stage}`, { skip: NO_MARIADB }, async (t) => {
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

t.test('a block that is there already is not stored again', { skip: NO_MARIADB }, async (t) => {
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

t.test('one block in several stores at once is stored once', { skip: NO_MARIADB }, async (t) => {
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
  { skip: NO_MARIADB },
  async (t) => {
    const engine = newEngine()
    t.teardown(() => engine.close())
    const { store } = await openStore(t, server, 'waits')
    const block = new Blocks().of(batchOf(engine, [packet(options('one'))]))
    const id = `'${block.id.origin}', ${block.id.number}`
    let isWritten = false
    const other = await server.connect('waits')
    t.teardown(() => other.end())
    await other.beginTransaction()
    await other.query(`INSERT INTO hepcapd_blocks (origin, number) VALUES (${id})`)
    const waits = async () => {
      const found = await server.query(
        `SELECT 1 FROM information_schema.GLOBAL_STATUS
        WHERE variable_name = 'Innodb_row_lock_current_waits' AND variable_value > 0`,
      )
      return found.length > 0
    }
    const written = store.write(block).then((refused) => {
      isWritten = true
      return refused
    })
    await until(waits)
    t.notOk(isWritten)
    await other.commit()
    t.same(await written, [])
    await server.query('CREATE TABLE IF NOT EXISTS sip_capture (callid varchar(9))', 'waits')
    t.same(await callIds(server, 'waits'), [])
  },
)

t.test('settled ids are forgotten now and then, the others are kept', { skip: NO_MARIADB }, async (t) => {
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

t.test('what the server has no time or room for is away', { skip: NO_MARIADB }, async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const { store } = await openStore(t, server, 'busy')
  const block = new Blocks().of(batchOf(engine, [packet(options('one'))]))
  await store.write(new Blocks().of(batchOf(engine, [packet(options('zero'))])))
  const faults = [1021, 1030, 1040, 1047, 1114, 1180, 1205, 1213, 1290, 1317, 1836, 1927]
  for (const number of faults) {
    await server.query(
      `CREATE OR REPLACE TRIGGER failing BEFORE INSERT ON sip_capture FOR EACH ROW
      SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = ${number}`,
      'busy',
    )
    await t.rejects(store.write(block), { name: 'AwayError', code: `MARIADB_${number}` })
  }
  await server.query('DROP TRIGGER failing', 'busy')
  await server.query('SET GLOBAL read_only = 1')
  await t.rejects(store.write(block), { name: 'AwayError', code: 'MARIADB_1290' })
  await server.query('SET GLOBAL read_only = 0')
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

async function counts(which: MariadbServer, database: string): Promise<number[]> {
  const [row] = await which.query<{ total: number; different: number }>(
    `SELECT count(*) AS total, count(DISTINCT callid, cseq, method, micro_ts, source_port, msg) AS different
    FROM sip_capture`,
    database,
  )
  return [row?.total ?? 0, row?.different ?? 0]
}

async function hasRows(which: MariadbServer, database: string, most: number): Promise<void> {
  for (;;) {
    const [rows = 0] = await counts(which, database).catch(() => [0])
    if (rows >= most) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

t.test('a server that is killed, and one that is stopped, under load', { skip: NO_MARIADB }, async (t) => {
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

t.test('sessions that are ended by an administrator', { skip: NO_MARIADB }, async (t) => {
  const { store } = await openStore(t, server, 'ended')
  await loaded(t, store, async () => {
    for (let rows = 2000; rows <= 16_000; rows += 2000) {
      await hasRows(server, 'ended', rows)
      await server.query(`KILL CONNECTION USER ${USER}`)
    }
  })
  t.same(await counts(server, 'ended'), [20_000, 20_000])
})

t.test('a server that stands still for longer than we wait', { skip: NO_MARIADB }, async (t) => {
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
  { skip: NO_MARIADB },
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
