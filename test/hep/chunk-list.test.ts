// Walking the chunks of a packet: sound ones whole, all others not at all.

import t from 'tap'
import { binding } from '../../lib/binding.js'
import {
  chunkAt,
  firstOffset,
  isHep3,
  lastOffset,
  listChunks,
  packChunks,
  spliced,
} from '../../lib/hep/chunk-list.js'
import { chunkLines } from '../support/chunks.js'
import { chunk, hep1, hep2, hep3, packet, u16 } from '../support/packets.js'
import { Random } from '../support/random.js'

const sound = packet('payload', { correlation: 'id' })

t.test('what is sound', async (t) => {
  t.ok(isHep3(sound))
  t.ok(isHep3(hep3()), 'no chunk')
  t.ok(isHep3(hep3(chunk(0, ''), chunk(0xffff, 'x', 0xffff))), 'chunks that nobody knows')
  t.ok(isHep3(Buffer.concat([sound, Buffer.from('more')])), 'octets behind the total')
  t.ok(isHep3(Buffer.concat([Buffer.from('EEP3'), sound.subarray(4)])), 'EEP3')
})

t.test('what is not', async (t) => {
  for (let size = 0; size < sound.length; size++) t.notOk(isHep3(sound.subarray(0, size)), `cut to ${size}`)
  const total = (value: number, ...chunks: Buffer[]) =>
    Buffer.concat([Buffer.from('HEP3'), u16(value), ...chunks])
  for (let value = 0; value < 6; value++) t.notOk(isHep3(total(value)), `a total of ${value}`)
  t.notOk(isHep3(total(12, u16(0), u16(15), u16(5))), 'a chunk shorter than its header')
  t.notOk(isHep3(total(12, u16(0), u16(15), u16(0))), 'a chunk of no length')
  t.notOk(isHep3(total(12, u16(0), u16(15), u16(7))), 'a chunk longer than the packet')
  t.notOk(isHep3(total(12, u16(0), u16(15), u16(7), u16(0))), 'a chunk longer than the total')
  t.notOk(isHep3(total(8, u16(0))), 'a chunk without a length')
  for (const other of [hep1('x'), hep2('x'), Buffer.from('INVITE sip:a@b SIP/2.0\r\n')])
    t.notOk(isHep3(other))
})

t.test('what the C++ decoder reads is sound, whatever the octets', async (t) => {
  const random = new Random(7)
  const fields = new Uint32Array(binding.decodedHepFields.length)
  const read = { native: 0, here: 0 }
  for (let i = 0; i < 20_000; i++) {
    const octets = Buffer.from(sound)
    for (let n = random.below(3); n >= 0; n--) octets[random.below(octets.length)] = random.below(256)
    const cut = random.below(4) === 0 ? octets.subarray(0, random.below(octets.length)) : octets
    if (cut.length === 0) continue
    const native = binding.decodeHep(cut, Uint32Array.of(cut.length), fields) === 1 && fields[0] === 3
    if (native && !isHep3(cut)) t.fail(`only C++ reads ${cut.toString('hex')}`)
    read.native += Number(native)
    read.here += Number(isHep3(cut))
  }
  // C++ refuses numbers of a wrong width, and families that contradict each other.
  t.ok(read.native > 5000 && read.here >= read.native && read.here < 20_000, JSON.stringify(read))
})

t.test('chunks are found by both parts of their id, the first or the last of them', async (t) => {
  const octets = hep3(chunk(31, 'a', 3), chunk(31, 'b'), chunk(31, 'c', 3), chunk(31, 'd'), chunk(15, ''))
  const firstChunk = (vendor: number, type: number) => chunkAt(octets, firstOffset(octets, vendor, type))
  const lastChunk = (type: number) => chunkAt(octets, lastOffset(octets, type))
  t.equal(firstChunk(3, 31)?.toString(), 'a')
  t.equal(firstChunk(0, 31)?.toString(), 'b')
  t.equal(lastChunk(31)?.toString(), 'd')
  t.equal(lastChunk(15)?.length, 0)
  t.equal(firstChunk(3, 15), undefined)
  t.equal(lastChunk(16), undefined)
  const behind = Buffer.concat([octets, chunk(16, 'x')])
  t.equal(lastOffset(behind, 16), 0, 'not behind the total')
})

t.test('listed and packed again it is the same packet', async (t) => {
  const octets = hep3(
    chunk(31, 'a', 3),
    chunk(31, 'a', 3),
    chunk(0, ''),
    chunk(15, 'x'),
    chunk(65535, 'z', 65535),
  )
  t.same(packChunks(octets, listChunks(octets)), octets)
  t.same(chunkLines(octets), ['3/31=61', '3/31=61', '0/0=', '0/15=78', '65535/65535=7a'])
  const eep3 = Buffer.concat([Buffer.from('EEP3'), octets.subarray(4)])
  t.same(packChunks(eep3, listChunks(eep3)), eep3)
})

t.test('one chunk in place of octets, at either end and between', async (t) => {
  const octets = hep3(chunk(1, 'a'), chunk(2, 'b'), chunk(15, 'x'))
  const behind = Buffer.concat([octets, Buffer.from('behind')])
  const other = { vendor: 9, type: 9, octets: Buffer.from('other') }
  const lines = (from: number, to: number) => chunkLines(spliced(behind, from, to, other) as Buffer)
  t.same(lines(6, 6), ['9/9=6f74686572', '0/1=61', '0/2=62', '0/15=78'])
  t.same(lines(13, 20), ['0/1=61', '9/9=6f74686572', '0/15=78'])
  t.same(lines(27, 27), ['0/1=61', '0/2=62', '0/15=78', '9/9=6f74686572'])
  t.same(lines(6, 27), ['9/9=6f74686572'])
  t.equal(spliced(octets, 6, 6, { ...other, octets: Buffer.alloc(65_535 - 27 - 6) })?.length, 65_535)
  t.equal(spliced(octets, 6, 6, { ...other, octets: Buffer.alloc(65_535 - 27 - 5) }), undefined)
})

t.test('65,535 octets fit, one more does not', async (t) => {
  const chunks = [{ vendor: 0, type: 15, octets: Buffer.alloc(65_523) }]
  t.equal(packChunks(sound, chunks)?.length, 65_535)
  t.equal(packChunks(sound, [{ vendor: 0, type: 15, octets: Buffer.alloc(65_524) }]), undefined)
})
