// PostgreSQL as a store, against Debian's server: the rows of SQLite, whatever is in them, in whatever table.

import { join } from 'node:path'
import t from 'tap'
import { openStore, storedLines } from '../support/postgres-rows.js'
import { NO_POSTGRES, PostgresServer } from '../support/postgres-server.js'
import {
  Blocks,
  captureBatches,
  dialogBatches,
  roomyEngine,
  sameLines,
  sqliteLines,
} from '../support/store-blocks.js'
import { capture, NO_CAPTURES } from '../support/tools.js'

t.setTimeout(240_000)

let server: PostgresServer

t.before(async () => {
  if (!NO_POSTGRES) server = await PostgresServer.start({ host: '127.0.0.4' })
})
t.after(() => server?.remove())

t.test('the messages of a capture give the rows of SQLite', { skip: NO_POSTGRES }, async (t) => {
  const path = capture('sip-81-messages.pcap')
  if (!path) return t.pass(NO_CAPTURES)
  const engine = roomyEngine(2)
  t.teardown(() => engine.close())
  const batches = await captureBatches(engine, path)
  const { store, advice } = await openStore(t, server, 'real')
  const blocks = new Blocks()
  for (const batch of batches) t.same(await store.write(blocks.of(batch)), [])
  const lines = await storedLines(server, 'real', 'sip', 'sip_capture')
  t.equal(lines.length, 81)
  sameLines(t, lines, sqliteLines(join(t.testdir(), 'real.db'), batches).sip, 'every column of every row')
  t.same(advice, [])
})

t.test('so do 50,000 made ones, two blocks at a time', { skip: NO_POSTGRES }, async (t) => {
  const engine = roomyEngine()
  t.teardown(() => engine.close())
  const batches = dialogBatches(engine, 50_000)
  const { store } = await openStore(t, server, 'made')
  const blocks = new Blocks()
  const waiting = [...batches]
  const lane = async () => {
    for (let batch = waiting.shift(); batch; batch = waiting.shift()) {
      t.same(await store.write(blocks.of(batch)), [])
    }
  }
  await Promise.all([lane(), lane()])
  const lines = await storedLines(server, 'made', 'sip', 'sip_capture')
  t.equal(lines.length, 50_000)
  const expected = sqliteLines(join(t.testdir(), 'made.db'), batches).sip
  t.ok(
    lines.every((line, index) => line === expected[index]),
    'every column of every row',
  )
})
