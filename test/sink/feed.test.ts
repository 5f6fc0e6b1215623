// A feed between a store and a spool that are both under our thumb: which way each block goes, in what order, and what
// its sender hears.

import t, { type Test } from 'tap'
import { Log } from '../../lib/log.js'
import type { Batch } from '../../lib/message.js'
import { Feed, type FeedLimits } from '../../lib/sink/feed.js'
import type { RefusedRow } from '../../lib/sink/sink.js'
import { batchOf, newEngine } from '../support/engine.js'
import { calm, FakeSpool, FakeStore, rowBlock } from '../support/feeds.js'
import { options, packet } from '../support/packets.js'

const quiet = new Log({ logLevel: 'fatal', logFormat: 'text' })

interface Rig {
  store: FakeStore
  spool: FakeSpool
  feed: Feed
  /** Inserts a block of so many rows. */
  insert(rows?: number): Sent
}

interface Sent {
  isSpooled: boolean
  refused: RefusedRow[] | undefined
}

async function rigOf(t: Test, limits: Partial<FeedLimits> = {}, hasSpool = true): Promise<Rig> {
  const engine = newEngine(16)
  t.teardown(() => engine.close())
  const store = new FakeStore()
  const spool = new FakeSpool(engine)
  const feed = new Feed(
    store,
    hasSpool ? spool : undefined,
    { heldBlocks: 2, spoolAlways: false, ...limits },
    quiet,
  )
  await feed.open()
  const insert = (rows = 1) => {
    const batch = batchOf(
      engine,
      Array.from({ length: rows }, (_, row) => packet(options(`call-${row}`))),
    )
    return send(feed, batch)
  }
  return { store, spool, feed, insert }
}

function send(feed: Feed, batch: Batch): Sent {
  const sent: Sent = { isSpooled: false, refused: undefined }
  const letGo = () => {
    sent.isSpooled = true
    batch.release()
  }
  void feed.insert(rowBlock(batch), letGo).then((refused) => {
    sent.refused = refused
    if (!sent.isSpooled) batch.release()
  })
  return sent
}

t.test('a store that keeps up is given each block, and the spool none', async (t) => {
  const { store, spool, feed, insert } = await rigOf(t)
  const sent = [insert(2), insert()]
  t.same(store.words, ['1', '2'])
  await store.answer(2)
  t.same(sent, [
    { isSpooled: false, refused: [] },
    { isSpooled: false, refused: [] },
  ])
  t.same(spool.kept, [])
  t.equal(feed.counts.rows, 3)
  t.same(feed.counts.tables, new Map([['sip_capture', 3]]))
})

t.test(
  'what a slow store cannot take goes to the disk, in order, until the disk is empty again',
  async (t) => {
    const { store, spool, feed, insert } = await rigOf(t)
    const sent = [insert(), insert(), insert(), insert()]
    await calm()
    await calm()
    t.same(
      sent.map(({ isSpooled }) => isSpooled),
      [false, false, true, true],
    )
    await store.answer() // there is room in memory, and older blocks are on the disk
    const later = insert()
    await calm()
    await calm()
    t.equal(later.isSpooled, true)
    t.equal(spool.rows, 3)
    t.equal(feed.spooledRows, 3)
    for (let i = 0; i < 4; i++) await store.answer()
    await feed.drained()
    t.same(store.words, ['1', '2', '3s', '4s', '5s'])
    t.same(spool.finished, ['3', '4', '5'])
    t.ok([...sent, later].every(({ refused }) => refused?.length === 0))
    t.equal(feed.counts.rows, 5)
    const direct = insert()
    await calm()
    t.same(store.words.slice(5), ['6'], 'from memory again')
    await store.answer()
    t.equal(direct.isSpooled, false)
  },
)

t.test('a store that is away gets nothing more in memory', async (t) => {
  const { store, spool, feed, insert } = await rigOf(t)
  const first = insert()
  store.turn(true)
  t.equal(feed.isAway, true)
  const second = insert()
  await calm()
  t.equal(second.isSpooled, true)
  t.same(store.words, ['1', '2s'], 'one of the disk waits for it')
  await feed.drained()
  t.pass('there is nothing to wait for')
  store.turn(false)
  await store.answer(2)
  t.same([first.refused, second.refused], [[], []])
  t.equal(spool.rows, 0)
})

t.test('spool_always: on the disk first, and from memory to the store', async (t) => {
  const { store, spool, insert } = await rigOf(t, { spoolAlways: true })
  const sent = [insert(), insert(), insert()]
  await calm()
  t.same(store.words.slice(0, 2), ['1s', '2s'])
  t.same(
    sent.map(({ isSpooled }) => isSpooled),
    [false, false, true],
    'as much stays in memory as may',
  )
  t.equal(spool.rows, 3)
  for (let i = 0; i < 3; i++) await store.answer()
  t.same(store.words, ['1s', '2s', '3s'])
  t.same(spool.finished, ['1', '2', '3'])
  t.ok(sent.every(({ refused }) => refused?.length === 0))
})

t.test('a full spool refuses by name; what it gave up is told too', async (t) => {
  const { store, spool, feed, insert } = await rigOf(t, { heldBlocks: 0 })
  const kept = insert(2)
  await calm()
  spool.verdict = 'full'
  const refused = insert(2)
  await calm()
  t.match(refused, { isSpooled: false, refused: [{ row: 0, reason: 'spool_full' }, { row: 1 }] })
  spool.gaveUp(spool.kept.splice(0), 'spool_full')
  await calm()
  t.match(kept, { isSpooled: true, refused: [{ reason: 'spool_full' }, { reason: 'spool_full' }] })
  t.same(spool.quarantined, [], 'there is nothing wrong with them')
  t.equal(feed.counts.rows, 0)
  t.equal(store.blocks.length, 1, 'the one that was taken before it was given up')
})

t.test(
  'without room on the disk, blocks wait in memory, and the disk is used again when it has room',
  async (t) => {
    const { store, spool, insert } = await rigOf(t, { heldBlocks: 0 })
    spool.verdict = Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    const waiting = insert()
    await calm()
    t.same(store.words, ['1'])
    t.equal(waiting.isSpooled, false)
    spool.verdict = 'kept'
    const spooled = insert()
    await calm()
    t.equal(spooled.isSpooled, true)
    await store.answer(2)
    t.same([waiting.refused, spooled.refused], [[], []])
  },
)

t.test('without a spool everything waits in memory', async (t) => {
  const { store, feed, insert } = await rigOf(t, { heldBlocks: 0 }, false)
  const sent = insert()
  store.turn(true)
  t.equal(feed.isAway, false, 'there is no place for what it lacks')
  t.same(store.words, ['1'])
  await feed.close()
  t.match(sent, { isSpooled: false, refused: undefined })
})

t.test('refused rows are named, told from others, and kept with their values', async (t) => {
  const { store, spool, feed, insert } = await rigOf(t)
  const sent = insert(3)
  await store.answer(1, [{ table: 0, row: 1, reason: 'ER_X', message: 'not this one' }])
  t.match(sent.refused, [{ table: 0, row: 1, reason: 'ER_X' }])
  t.equal(feed.counts.rows, 2)
  t.match(spool.quarantined, [
    { table: 'sip_capture', reason: 'ER_X', message: 'not this one', row: { callid: 'call-1', node: 'n' } },
  ])
})

t.test('at the end what the store has not taken is on the disk', async (t) => {
  const { store, spool, feed, insert } = await rigOf(t)
  const sent = [insert(), insert()]
  await feed.close()
  t.ok(spool.isClosed)
  t.same(
    sent.map(({ isSpooled }) => isSpooled),
    [true, true],
  )
  t.same(
    spool.kept.map(({ id }) => id.number),
    [1, 2],
    'with their numbers: if it was stored after all, it is stored once',
  )
  t.same(store.words, ['1', '2'])
})

t.test('blocks of an earlier process are stored first', async (t) => {
  const engine = newEngine(16)
  t.teardown(() => engine.close())
  const spool = new FakeSpool(engine)
  const old = batchOf(engine, [packet(options('old')), packet(options('old'))])
  const before = new Feed(new FakeStore(), spool, { heldBlocks: 0, spoolAlways: false }, quiet)
  const sent = send(before, old)
  await calm()
  await before.close()
  t.equal(sent.isSpooled, true)

  const store = new FakeStore()
  const again = new FakeSpool(engine)
  again.kept.push(...spool.kept)
  const feed = new Feed(store, again, { heldBlocks: 2, spoolAlways: false }, quiet)
  await feed.open()
  const young = send(feed, batchOf(engine, [packet(options('young'))]))
  await calm()
  t.same(store.words, ['1s', '1s'])
  const [first, second] = store.blocks
  t.not(first?.id.origin, second?.id.origin)
  t.equal(first?.id.origin, spool.kept[0]?.id.origin)
  await store.answer(2)
  t.equal(feed.counts.rows, 3)
  t.same(young.refused, [])
  t.equal(sent.refused, undefined, 'nobody of this process waits for the old one')
})

t.test('settledBefore never passes a block that is not settled', async (t) => {
  const { store, insert } = await rigOf(t, { heldBlocks: 5 })
  store.lanes = 3
  for (let i = 0; i < 3; i++) insert()
  t.same(
    store.blocks.map(({ settledBefore }) => settledBefore),
    [1, 1, 1],
  )
  await store.answer(2)
  insert()
  t.equal(store.blocks[3]?.settledBefore, 3)
})
