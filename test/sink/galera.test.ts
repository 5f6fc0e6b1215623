// A Galera cluster of three nodes, one of which is killed under load: nothing lost, nothing stored twice.

import t from 'tap'
import { MariadbStore } from '../../lib/sink/mariadb.js'
import type { StoreBlock } from '../../lib/sink/store.js'
import { GaleraCluster, NO_GALERA } from '../support/galera-cluster.js'
import { persistAll } from '../support/persist.js'
import { Blocks, dialogBatches, roomyEngine } from '../support/store-blocks.js'
import { until } from '../support/tools.js'

t.setTimeout(240_000)

const MESSAGES = 20_000
const ROWS_A_BLOCK = 100

let cluster: GaleraCluster

t.before(async () => {
  if (!NO_GALERA) cluster = await GaleraCluster.start(['127.0.0.41', '127.0.0.42', '127.0.0.43'])
})
t.after(() => cluster?.remove())

t.test('the node that takes the rows is killed', { skip: NO_GALERA }, async (t) => {
  const engine = roomyEngine()
  t.teardown(() => engine.close())
  const blocks = new Blocks()
  const all = dialogBatches(engine, MESSAGES).flatMap((batch): StoreBlock[] => {
    const rows = Uint32Array.from({ length: batch.rows }, (_, row) => row)
    const parts = Math.ceil(rows.length / ROWS_A_BLOCK)
    return Array.from({ length: parts }, (_, part) => {
      const some = rows.slice(part * ROWS_A_BLOCK, (part + 1) * ROWS_A_BLOCK)
      return blocks.of(batch, { tables: [{ kind: 'sip', table: 'sip_capture', rows: some }] })
    })
  })
  const [first, second, third] = cluster.nodes as [
    GaleraCluster['nodes'][0],
    GaleraCluster['nodes'][0],
    GaleraCluster['nodes'][0],
  ]
  const hosts = cluster.nodes.flatMap((node) => node.target().hosts)
  const advice: string[] = []
  const settings = { statementsInFlight: 5 }
  const store = new MariadbStore(first.target({ hosts }), settings, (text) => advice.push(text))
  t.teardown(() => store.close())
  await store.open()
  const count = async (node = second) => {
    const sql =
      'SELECT count(*) AS total, count(DISTINCT callid, cseq, method, micro_ts, source_port, msg) AS different FROM sip_capture'
    const [row] = await node.query<{ total: number; different: number }>(sql, 'calls').catch(() => [])
    return row ?? { total: 0, different: 0 }
  }
  const half = all.length / 2
  const early = persistAll(store, all.slice(0, half))
  await until(async () => (await count()).total >= MESSAGES / 4, 60_000)
  const killed = first.kill()
  // given when it is being killed, so that rows are left however fast the first half was
  const refused = [...(await early), ...(await persistAll(store, all.slice(half)))]
  await killed
  t.same(refused, [])
  t.same(advice, [])
  const whole = { total: MESSAGES, different: MESSAGES }
  for (const node of [second, third]) {
    await until(async () => (await count(node)).total >= MESSAGES, 60_000)
    t.same(await count(node), whole)
    t.equal(await cluster.sizeAt(node), 2)
  }
})
