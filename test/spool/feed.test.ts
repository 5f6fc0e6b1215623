// A feed over a real spool: whatever way a block takes, its sender hears of the rows that it sent.

import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Batch } from '../../lib/message.js'
import { Feed } from '../../lib/sink/feed.js'
import type { RefusedRow } from '../../lib/sink/sink.js'
import { Spool, type SpoolLimits } from '../../lib/spool/spool.js'
import { RecordingLog } from '../support/daemon.js'
import { batchOf, newEngine } from '../support/engine.js'
import { FakeStore } from '../support/feeds.js'
import { options, packet } from '../support/packets.js'
import { until } from '../support/tools.js'

t.setTimeout(240_000)

const ROWS = 20
/** Fewer than half of the rows: the spool keeps copies of what they need, and numbers them anew. */
const FEW = Uint32Array.of(3, 17)

async function rigOf(t: Test, limits: Partial<SpoolLimits> = {}) {
  const engine = newEngine(16)
  t.teardown(() => engine.close())
  const log = new RecordingLog()
  const path = join(t.testdir(), 'spool')
  const spool = await Spool.open(path, 'db', { maxBytes: 1 << 30, full: 'drop-newest', ...limits }, log)
  const port = Object.assign(spool, { open: async () => {} })
  const store = new FakeStore()
  const feed = new Feed(store, port, { heldBlocks: 0, spoolAlways: false }, log)
  await feed.open()
  const send = (rows: Uint32Array, text = '') => {
    const packets = Array.from({ length: ROWS }, (_, row) =>
      packet(options(`call-${row}`, `Subject: ${text}`)),
    )
    return sendRows(feed, batchOf(engine, packets), rows)
  }
  return { store, spool, feed, send }
}

async function sendRows(feed: Feed, batch: Batch, rows: Uint32Array): Promise<RefusedRow[]> {
  const tables = [{ kind: 'sip' as const, table: 'calls', batch, rows }]
  let isReleased = false
  const letGo = () => {
    isReleased = true
    batch.release()
  }
  const refused = await feed.insert({ node: 'n', window: null, tables }, letGo)
  if (!isReleased) batch.release()
  return refused
}

t.test(
  'rows that are refused after their block came back have the numbers that they were sent with',
  async (t) => {
    const { store, feed, send } = await rigOf(t)
    const sent = send(FEW)
    await until(() => store.blocks.length > 0)
    const rows = store.blocks[0]!.tables[0]!.rows
    t.not(rows[1], FEW[1], 'in its new slab it has another one')
    await store.answer(1, [{ table: 0, row: rows[1]!, reason: 'ER_X', message: 'not this one' }])
    t.match(await sent, [{ table: 0, row: 17, reason: 'ER_X' }])
    t.equal((await sent).length, 1)
    await feed.close()
  },
)

t.test('rows that made room for newer ones are told, each of them', async (t) => {
  const { store, feed, send } = await rigOf(t, { maxBytes: 150_000, full: 'drop-oldest' })
  store.lanes = 0 // one is on its way, the others wait on the disk
  const sent: Promise<RefusedRow[]>[] = []
  for (let i = 0; i < 12; i++)
    sent.push(
      send(
        Uint32Array.from({ length: ROWS }, (_, row) => row),
        'x'.repeat(500),
      ),
    )
  const refused = (await Promise.race(sent.slice(1))).map(({ row, reason }) => `${reason} ${row}`)
  t.same(
    refused,
    Array.from({ length: ROWS }, (_, row) => `spool_full ${row}`),
  )
  await feed.close()
})
