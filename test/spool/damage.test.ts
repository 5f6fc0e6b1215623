// What a crash, a disk and a full file system do to the files of a spool: nothing sound is lost for what is not.

import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { binding, type Engine } from '../../lib/binding.js'
import { Spool, type SpoolLimits } from '../../lib/spool/spool.js'
import { RecordingLog } from '../support/daemon.js'
import { batchOf, newEngine } from '../support/engine.js'
import { options, packet } from '../support/packets.js'
import { Blocks, defaultTables } from '../support/store-blocks.js'

t.setTimeout(240_000)

const LIMITS: SpoolLimits = { maxBytes: 1 << 30, full: 'drop-newest' }
const BLOCK_START = 'HBLK'
const HEAD_BYTES = 36

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
  const path = join(t.testdir(), 'spool')
  return { engine, path, log, open: (limits) => Spool.open(path, 'db', { ...LIMITS, ...limits }, log) }
}

/** Blocks of one row each. */
async function fill({ engine }: Rig, spool: Spool, count: number, text = ''): Promise<void> {
  const blocks = new Blocks()
  for (let i = 0; i < count; i++) {
    const batch = batchOf(engine, [packet(options(`call-${i}`, `Subject: ${text}`))])
    await spool.append(blocks.of(batch, { tables: defaultTables(batch) }), false)
    batch.release()
  }
}

async function numbersIn(spool: Spool): Promise<number[]> {
  const numbers: number[] = []
  for (let block = await spool.next(); block; block = await spool.next()) {
    numbers.push(block.id.number)
    binding.release(block.slab.handle)
  }
  return numbers
}

function segmentIn(path: string): string {
  return join(path, readdirSync(path).find((name) => name.endsWith('.seg'))!)
}

function startsOf(octets: Buffer): number[] {
  return [...octets.toString('latin1').matchAll(new RegExp(BLOCK_START, 'g'))].map(({ index }) => index)
}

t.test('a flipped bit anywhere in the head of a block costs that block, and none behind it', async (t) => {
  const rig = rigOf(t)
  const first = await rig.open()
  await fill(rig, first, 3)
  await first.close()
  const path = segmentIn(rig.path)
  const whole = readFileSync(path)
  const [, second = 0] = startsOf(whole)
  for (let at = second; at < second + HEAD_BYTES + 40; at++) {
    const changed = Buffer.from(whole)
    changed[at]! ^= 1 << (at % 8)
    for (const name of readdirSync(rig.path))
      if (name.endsWith('.done')) writeFileSync(join(rig.path, name), '')
    writeFileSync(path, changed)
    const spool = await rig.open()
    t.same(await numbersIn(spool), [1, 3], `octet ${at - second}`)
    await spool.close()
    t.ok(readFileSync(path).equals(changed), 'the file is as it was, for whoever looks after it')
  }
  t.ok(rig.log.said(/are damaged/).length > 0)
})

t.test('what looks like a block inside of a message is none', async (t) => {
  const rig = rigOf(t)
  const other = await Spool.open(`${rig.path}-other`, 'other', LIMITS, rig.log)
  await fill(rig, other, 1)
  await other.close()
  const image = readFileSync(segmentIn(`${rig.path}-other`))
  const fake = image.subarray(startsOf(image)[0]!)
  const spool = await rig.open()
  const batch = batchOf(rig.engine, [packet(Buffer.concat([Buffer.from(options('outer')), fake]))])
  await spool.append(new Blocks().of(batch), false)
  batch.release()
  await spool.close()
  const path = segmentIn(rig.path)
  const octets = readFileSync(path)
  octets[startsOf(octets)[0]!]! ^= 1
  writeFileSync(path, octets)
  const again = await rig.open()
  t.same(await numbersIn(again), [])
  await again.close()
})

t.test('a damaged file is kept aside when the rest of it is done', async (t) => {
  const rig = rigOf(t)
  const first = await rig.open()
  await fill(rig, first, 2)
  await first.close()
  const path = segmentIn(rig.path)
  const octets = readFileSync(path)
  octets[startsOf(octets)[0]!]! ^= 1
  writeFileSync(path, octets)
  const spool = await rig.open()
  const block = (await spool.next())!
  binding.release(block.slab.handle)
  spool.done(block.id)
  await spool.close()
  t.notOk(existsSync(path))
  t.ok(readFileSync(path.replace('.seg', '.damaged')).equals(octets))
  t.ok(spool.bytes >= octets.length, 'what is set aside counts')
  const again = await rig.open({ maxBytes: octets.length })
  t.ok(again.bytes >= octets.length, 'in the next process too')
  const batch = batchOf(rig.engine, [packet(options('late'))])
  t.equal(await again.append(new Blocks().of(batch), false), 'full')
  batch.release()
  await again.close()
})

t.test('what is lost of a file is told in octets, and what of a block in rows', async (t) => {
  const rig = rigOf(t)
  const first = await rig.open()
  await fill(rig, first, 3)
  t.same(first.odd, {})
  await first.close()
  const path = segmentIn(rig.path)
  const octets = readFileSync(path)
  const [head = 0, second = 0, third = 0] = startsOf(octets)
  octets[head]! ^= 1
  octets[third - 1]! ^= 1 // the last octet of the second block's body
  writeFileSync(path, octets)
  const spool = await rig.open()
  const lost: string[] = []
  spool.onGivenUp((blocks, loss) => lost.push(...blocks.map(({ id }) => `${id.number} ${loss}`)))
  t.same(spool.odd, { spool_damaged_octets: second - head })
  t.same(await numbersIn(spool), [3])
  t.same(spool.odd, { spool_damaged_octets: second - head, spool_damaged_rows: 1 })
  t.same(lost, ['2 spool_damaged'])
  await spool.close()
})

t.test('a file that is none of ours is set aside, and counted', async (t) => {
  const rig = rigOf(t)
  await (await rig.open()).close()
  writeFileSync(join(rig.path, '0000000000000007.seg'), 'no spool')
  const spool = await rig.open()
  t.same(spool.odd, { spool_damaged_octets: 8 })
  t.equal(spool.bytes, 8)
  await spool.close()
})

t.test('rows that a database refused count against the bound', async (t) => {
  const rig = rigOf(t)
  const spool = await rig.open()
  spool.quarantine([{ table: 'calls', reason: 'X', message: 'not this one', row: { callid: 'caf\u00e9' } }])
  await spool.close()
  const { size } = statSync(join(rig.path, 'quarantine.jsonl'))
  t.equal(spool.bytes, size)
  const again = await rig.open()
  t.equal(again.bytes, size)
  await again.close()
})

t.test('files of earlier ones never count for those that are made later', async (t) => {
  const rig = rigOf(t)
  await (await rig.open()).close()
  // What a crash leaves between the removal of a file and that of its marks.
  writeFileSync(join(rig.path, '0000000000000001.done'), Buffer.from(Uint32Array.of(0, 1, 2).buffer))
  writeFileSync(join(rig.path, '0000000000000002.damaged'), 'kept')
  const spool = await rig.open()
  await fill(rig, spool, 3)
  await spool.close()
  const again = await rig.open()
  t.same(await numbersIn(again), [1, 2, 3])
  t.equal(readFileSync(join(rig.path, '0000000000000002.damaged'), 'utf8'), 'kept')
  await again.close()
})

t.test('close() ends a wait for memory', async (t) => {
  const rig = rigOf(t)
  const spool = await rig.open()
  await fill(rig, spool, 8)
  const out = [await spool.next(), await spool.next(), await spool.next()]
  const waiting = [spool.next(), spool.next(), spool.next(), spool.next(), spool.next()]
  await spool.close()
  const blocks = [...out, ...(await Promise.all(waiting))]
  for (const block of blocks) if (block) binding.release(block.slab.handle)
  t.ok(blocks.includes(undefined))
})
