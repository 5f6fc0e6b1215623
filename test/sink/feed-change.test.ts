// A feed whose store is replaced, taken away and given back: who answers for each block, and that it is stored once.

import t, { type Test } from 'tap'
import type { Engine } from '../../lib/binding.js'
import { Log } from '../../lib/log.js'
import type { Batch } from '../../lib/message.js'
import { Feed } from '../../lib/sink/feed.js'
import type { RefusedRow } from '../../lib/sink/sink.js'
import { batchOf, newEngine } from '../support/engine.js'
import { calm, FakeSpool, FakeStore, rowBlock } from '../support/feeds.js'
import { options, packet } from '../support/packets.js'

const quiet = new Log({ logLevel: 'fatal', logFormat: 'text' })
const LIMITS = { heldBlocks: 2, spoolAlways: false }

class ClosingStore extends FakeStore {
  isClosed = false

  override async close(): Promise<void> {
    this.isClosed = true
  }
}

interface Sent {
  isSpooled: boolean
  refused: RefusedRow[] | undefined
}

function engineOf(t: Test): Engine {
  const engine = newEngine(16)
  t.teardown(() => engine.close())
  return engine
}

function insert(engine: Engine, feed: Feed): Sent {
  const batch: Batch = batchOf(engine, [packet(options('one'))])
  const sent: Sent = { isSpooled: false, refused: undefined }
  const spooled = () => {
    sent.isSpooled = true
    batch.release()
  }
  void feed.insert(rowBlock(batch), spooled).then((refused) => {
    sent.refused = refused
    if (!sent.isSpooled) batch.release()
  })
  return sent
}

t.test('a store that answers finishes what it has, and new blocks go to the next one at once', async (t) => {
  const engine = engineOf(t)
  const [first, second] = [new ClosingStore(), new ClosingStore()]
  const feed = new Feed(first, undefined, LIMITS, quiet)
  await feed.open()
  const one = insert(engine, feed)
  const change = feed.change(second)
  const two = insert(engine, feed)
  await calm()
  t.same([first.words, second.words, first.isClosed], [['1'], ['2'], false])
  await first.answer()
  await change
  await second.answer()
  t.same([one.refused, two.refused, first.isClosed], [[], [], true])
  t.same(second.words, ['2'], 'nothing twice')
  t.equal(feed.counts.rows, 2)
})

t.test('what one that is away had not answered for goes to the next one, in doubt', async (t) => {
  const engine = engineOf(t)
  const [first, second] = [new ClosingStore(), new ClosingStore()]
  const feed = new Feed(first, undefined, LIMITS, quiet)
  await feed.open()
  const sent = [insert(engine, feed), insert(engine, feed)]
  const change = feed.change(second)
  await calm()
  t.notOk(first.isClosed)
  first.turn(true)
  await change
  t.ok(first.isClosed)
  t.same(second.words, ['1', '2'])
  t.same(
    second.blocks.map(({ isFromBefore }) => isFromBefore),
    [true, true],
  )
  await second.answer(2)
  t.same(
    sent.map(({ refused }) => refused),
    [[], []],
  )
  t.equal(feed.counts.rows, 2)
})

t.test('blocks of the spool follow to the next store too', async (t) => {
  const engine = engineOf(t)
  const [first, second] = [new ClosingStore(), new ClosingStore()]
  const spool = new FakeSpool(engine)
  const feed = new Feed(first, spool, { ...LIMITS, heldBlocks: 0 }, quiet)
  await feed.open()
  const sent = insert(engine, feed)
  await calm()
  t.same([first.words, sent.isSpooled], [['1s'], true])
  first.turn(true)
  await feed.change(second)
  t.same(second.words, ['1s'])
  await second.answer()
  t.same([sent.refused, spool.finished], [[], ['1']])
})

t.test('removed without a spool: what was not answered for is lost, by name', async (t) => {
  const engine = engineOf(t)
  const feed = new Feed(new ClosingStore(), undefined, LIMITS, quiet)
  await feed.open()
  const sent = insert(engine, feed)
  await feed.remove()
  await calm()
  t.match(sent.refused, [{ table: 0, row: 0, reason: 'removed' }])
  t.equal(feed.counts.rows, 0)
})

t.test(
  'removed and opened again: the spool keeps it, its sender hears of it, and no count goes down',
  async (t) => {
    const engine = engineOf(t)
    const [first, second] = [new ClosingStore(), new ClosingStore()]
    const spool = new FakeSpool(engine)
    const feed = new Feed(first, spool, LIMITS, quiet)
    await feed.open()
    const stored = insert(engine, feed)
    await first.answer()
    const held = insert(engine, feed)
    await calm()
    await feed.remove()
    t.ok(first.isClosed && spool.isClosed)
    t.same([stored.refused, held.refused, held.isSpooled], [[], undefined, true])
    t.equal(feed.spooledRows, 1)
    await feed.reopen(second, spool)
    await calm()
    t.same(second.words, ['2s'])
    t.equal(second.blocks[0]?.isFromBefore, true)
    const later = insert(engine, feed)
    await calm()
    await second.answer()
    await calm()
    await second.answer()
    t.same([held.refused, later.refused], [[], []])
    t.same([feed.counts.rows, feed.spooledRows], [3, 0])
  },
)

t.test('removed while it takes blocks out of the spool: their memory goes back', async (t) => {
  const engine = newEngine(4)
  const source = newEngine(4)
  const spool = new FakeSpool(source)
  const feed = new Feed(new ClosingStore(), spool, { ...LIMITS, heldBlocks: 0 }, quiet)
  await feed.open()
  for (let block = 0; block < 6; block++) {
    insert(engine, feed)
    await calm()
  }
  await feed.remove()
  for (let slab = 0; slab < 4; slab++) batchOf(source, [packet(options('free'))]).release()
  t.pass('every slab of the source can be had again')
  engine.close()
  source.close()
})
