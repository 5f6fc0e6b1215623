// The spool on the disk: what goes in comes out, in its order, also in the next process, and also after an accident.

import { chmodSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { binding, type Engine } from '../../lib/binding.js'
import { RefusedError } from '../../lib/errors.js'
import { Batch } from '../../lib/message.js'
import { rowValue } from '../../lib/sink/row-values.js'
import type { StoreBlock } from '../../lib/sink/store.js'
import { folderOf } from '../../lib/spool/folder.js'
import { translated } from '../../lib/spool/old-layout.js'
import { Spool, type SpoolLimits } from '../../lib/spool/spool.js'
import { RecordingLog } from '../support/daemon.js'
import { batchOf, newEngine } from '../support/engine.js'
import { hep2, options, packet, packet6 } from '../support/packets.js'
import { Random } from '../support/random.js'

t.setTimeout(240_000)

const LIMITS: SpoolLimits = { maxBytes: 1 << 30, full: 'drop-newest' }
const ORIGIN = 'a'.repeat(32)

function blockOf(batch: Batch, number: number, rows?: number[]): StoreBlock {
  const some = Uint32Array.from(rows ?? Array.from({ length: batch.rows }, (_, row) => row))
  return {
    id: { origin: ORIGIN, number },
    settledBefore: number,
    isSpooled: true,
    node: 'n\u00f6de',
    window: { backMs: 1, aheadMs: 2 },
    slab: { handle: batch.handle, input: batch.input, rows: batch.rows },
    tables: [
      { kind: 'sip', table: 'calls', rows: some },
      { kind: 'report', table: 'other', rows: some.slice(0, 1) },
    ],
  }
}

/** Every value of a block's rows, table by table. */
function valuesOf({ slab, tables, node }: StoreBlock, batch = new Batch(slab)): unknown[] {
  return tables.map(({ kind, table, rows }) => ({
    kind,
    table,
    rows: Array.from(rows, (row) =>
      binding.columns.map((column) => String(rowValue(batch.message(row), column, node))),
    ),
  }))
}

function someBatch(engine: Engine, seed: number, count = 20): Batch {
  const random = new Random(seed)
  const packets = Array.from({ length: count }, (_, row) => {
    const text = `${options(`call-${seed}-${row}`, 'X-CID: a', 'Reason: a\r\n b')}${'x'.repeat(random.below(500))}`
    return random.pick([packet(text), packet(text, { correlation: 'given' }), packet6(text), hep2(text)])
  })
  return batchOf(engine, packets)
}

interface Rig {
  engine: Engine
  path: string
  log: RecordingLog
  open(limits?: Partial<SpoolLimits>): Promise<Spool>
}

function rigOf(t: Test): Rig {
  const engine = newEngine(8)
  t.teardown(() => engine.close())
  const log = new RecordingLog()
  const path = folderOf(t.testdir(), 'mariadb://u@h:1/d')
  return { engine, path, log, open: (limits) => Spool.open(path, 'db', { ...LIMITS, ...limits }, log) }
}

async function taken(spool: Spool): Promise<StoreBlock[]> {
  const blocks: StoreBlock[] = []
  for (let block = await spool.next(); block; block = await spool.next()) blocks.push(block)
  return blocks
}

/** Takes all, and gives their memory back. */
async function numbersIn(spool: Spool): Promise<number[]> {
  const numbers: number[] = []
  for (let block = await spool.next(); block; block = await spool.next()) {
    numbers.push(block.id.number)
    binding.release(block.slab.handle)
  }
  return numbers
}

async function filled(rig: Rig, blocks = 3): Promise<void> {
  const spool = await rig.open()
  for (let number = 1; number <= blocks; number++) {
    const batch = someBatch(rig.engine, number)
    await spool.append(blockOf(batch, number), false)
    batch.release()
  }
  await spool.close()
}

t.test('blocks come back as they were, in their order', async (t) => {
  const rig = rigOf(t)
  const spool = await rig.open()
  const batches = [1, 2, 3].map((seed) => someBatch(rig.engine, seed))
  const rows = [undefined, [3], [0, 2, 2, 19]]
  const blocks = batches.map((batch, index) => blockOf(batch, index + 1, rows[index]))
  for (const block of blocks) t.equal(await spool.append(block, false), 'kept')
  t.equal(spool.rows, 21 + 2 + 5)
  const back = await taken(spool)
  for (const [index, block] of back.entries()) {
    const { id, node, window } = blocks[index]!
    t.match(block, { id, node, window, isSpooled: true })
    t.same(valuesOf(block), valuesOf(blocks[index]!, batches[index]))
  }
  t.ok(back[1]!.slab.rows < 20, 'a few rows take their own octets along, not all')
  for (const { id, slab } of back) {
    binding.release(slab.handle)
    spool.done(id)
  }
  t.equal(spool.rows, 0)
  await spool.close()
  t.same(readdirSync(rig.path), ['lock'], 'nothing is left')
})

t.test('the next process takes what was not done, and nothing twice', async (t) => {
  const rig = rigOf(t)
  await filled(rig)
  const second = await rig.open()
  t.equal(second.rows, 63)
  const block = (await second.next()) as StoreBlock
  binding.release(block.slab.handle)
  second.done(block.id)
  const more = someBatch(rig.engine, 9)
  await second.append(blockOf(more, 9), true)
  more.release()
  t.same(await numbersIn(second), [2, 3], 'one that is taken already is not handed out')
  await second.close()
  const third = await rig.open()
  t.same(await numbersIn(third), [2, 3, 9])
  await third.close()
})

t.test('a block that was cut anywhere is left out, and said so; those before it are there', async (t) => {
  const rig = rigOf(t)
  await filled(rig, 2)
  const [name = ''] = readdirSync(rig.path).filter((one) => one.endsWith('.seg'))
  const path = join(rig.path, name)
  const whole = readFileSync(path)
  const starts = [...whole.toString('latin1').matchAll(/HBLK/g)].map(({ index }) => index)
  t.equal(starts.length, 2)
  const last = starts[1]!
  const cuts = [...Array.from({ length: 400 }, (_, at) => last + at), whole.length - 1]
  for (const cut of cuts) {
    writeFileSync(path, whole)
    truncateSync(path, cut)
    const spool = await rig.open()
    const numbers = await numbersIn(spool)
    await spool.close()
    if (numbers.length !== 1) t.same(numbers, [1], `cut at ${cut - last} of the block`)
    if (cut > last && statSync(path).size !== last) t.fail('the rest was not cut off')
  }
  t.ok(rig.log.said(/no whole block/).length >= 400)
})

t.test('octets that changed never become rows', async (t) => {
  const rig = rigOf(t)
  await filled(rig, 2)
  const [name = ''] = readdirSync(rig.path).filter((one) => one.endsWith('.seg'))
  const path = join(rig.path, name)
  const whole = readFileSync(path)
  const random = new Random(5)
  for (let round = 0; round < 300; round++) {
    const changed = Buffer.from(whole)
    const at = random.below(whole.length)
    changed[at]! ^= 1 << random.below(8)
    for (const one of readdirSync(rig.path)) if (one.endsWith('.damaged')) truncateSync(join(rig.path, one))
    writeFileSync(path, changed)
    const spool = await rig.open()
    for (let block = await spool.next(); block; block = await spool.next()) {
      const expected = someBatch(rig.engine, block.id.number)
      const same =
        JSON.stringify(valuesOf(block)) === JSON.stringify(valuesOf(blockOf(expected, 1), expected))
      if (!same) t.fail(`octet ${at} of ${whole.length}`)
      expected.release()
      binding.release(block.slab.handle)
    }
    await spool.close()
  }
  t.ok(rig.log.said(/not what was written/).length > 100)
})

t.test('a full spool takes nothing more, or gives up the oldest', async (t) => {
  const rig = rigOf(t)
  const newest = await rig.open({ maxBytes: 60_000 })
  const kept: number[] = []
  for (let number = 1; number <= 20; number++) {
    const batch = someBatch(rig.engine, number)
    if ((await newest.append(blockOf(batch, number), false)) === 'kept') kept.push(number)
    batch.release()
  }
  t.ok(kept.length > 1 && kept.length < 20)
  t.ok(newest.bytes <= 60_000)
  t.same(await numbersIn(newest), kept)
  await newest.close()

  const gaveUp: number[] = []
  const oldest = await rig.open({ maxBytes: 60_000, full: 'drop-oldest' })
  oldest.onGivenUp((blocks) => gaveUp.push(...blocks.map(({ id }) => id.number)))
  const batch = someBatch(rig.engine, 21)
  t.equal(await oldest.append(blockOf(batch, 21), false), 'kept')
  t.same(gaveUp, kept, 'a file at once')
  t.same(await numbersIn(oldest), [21])
  await oldest.close()
})

t.test('one daemon alone, and one user', async (t) => {
  const rig = rigOf(t)
  const first = await rig.open()
  await t.rejects(rig.open(), {
    code: 'EWOULDBLOCK',
    message: /another daemon uses it/,
    cure: /stop the other/,
  })
  await first.close()
  const again = await rig.open()
  await again.close()
  const folder = t.testdir({ file: '' })
  await t.rejects(Spool.open(join(folder, 'file', 'x'), 'db', LIMITS, rig.log), RefusedError)
  if (process.geteuid?.() === 0) return
  chmodSync(folder, 0o500)
  await t.rejects(Spool.open(join(folder, 'y'), 'db', LIMITS, rig.log), { code: 'EACCES' })
})

t.test('a file that is none of ours is put aside', async (t) => {
  const rig = rigOf(t)
  await filled(rig, 1)
  writeFileSync(join(rig.path, '0000000000000007.seg'), 'no segment')
  const spool = await rig.open()
  t.same(await numbersIn(spool), [1])
  await spool.close()
  t.ok(readdirSync(rig.path).includes('0000000000000007.damaged'))
})

t.test('refused rows are kept as lines of JSON, within a bound', async (t) => {
  const rig = rigOf(t)
  const spool = await rig.open({ maxBytes: 64 << 10 })
  const row = { callid: 'a', msg: Buffer.from([0, 255]) }
  for (let i = 0; i < 30; i++) spool.quarantine([{ table: 't', reason: 'ER_X', message: 'no', row }])
  await spool.close()
  const lines = readFileSync(join(rig.path, 'quarantine.jsonl'), 'utf8').trim().split('\n')
  t.match(JSON.parse(lines[0]!), {
    table: 't',
    reason: 'ER_X',
    message: 'no',
    row: { callid: 'a', msg: { base64: 'AP8=' } },
  })
  t.ok(statSync(join(rig.path, 'quarantine.jsonl')).size <= 1024)
  t.ok(statSync(join(rig.path, 'quarantine.old.jsonl')).size <= 1024)
})

t.test('records of another layout are read field by field', async (t) => {
  const { record, sip } = binding.layout
  const old = {
    record: { ...record, bytes: record.bytes + 16, microTs: record.bytes, arrivalUs: record.bytes + 8 },
    sip,
  }
  const engine = newEngine()
  t.teardown(() => engine.close())
  const batch = someBatch(engine, 1, 3)
  const own = batch.octets.subarray(batch.recordAt(2))
  const written = Buffer.alloc(old.record.bytes * 3)
  for (let row = 0; row < 3; row++) {
    const one = own.subarray(row * record.bytes, (row + 1) * record.bytes)
    const place = written.subarray(row * old.record.bytes)
    one.copy(place)
    one.copy(place, old.record.microTs, record.microTs, record.microTs + 8)
    one.copy(place, old.record.arrivalUs, record.arrivalUs, record.arrivalUs + 8)
    place.fill(0xee, record.microTs, record.microTs + 8)
  }
  t.ok(translated(written, old).equals(own))
})
