// Rows that routes changed: read while their batch grows, bounded, and of sound sources only.

import { deflateSync } from 'node:zlib'
import t from 'tap'
import { binding } from '../../lib/binding.js'
import { Batch } from '../../lib/message.js'
import { rowValue } from '../../lib/sink/row-values.js'
import { columnsOf } from '../../lib/sink/schema.js'
import { derivation, derived, INVITE, onlyOne, received, SLAB_BYTES } from '../support/derived.js'
import { batchOf, newEngine } from '../support/engine.js'
import { chunk, hep2, hep3, options, packet, packet6, u8, u32 } from '../support/packets.js'

t.test('an edited message can be read at once, and its batch stays the same when it is sealed', async (t) => {
  const batch = received(t, [packet(options('old'))])
  const original = batch.message(0)
  const made = derivation()
  const message = derived(made.edit(original, packet6(INVITE)))
  const check = () => {
    t.equal(message.method, 'INVITE')
    t.equal(message.callId, 'new')
    t.equal(message.correlationId, 'new')
    t.equal(message.sip('reason'), 'a b', 'it has folds, the original has none')
    t.equal(message.sourceIp, '2001:db8::1')
    t.equal(message.destinationIp, '2001:db8::2')
    t.equal(message.family, 10)
    t.equal(message.arrivalUs, original.arrivalUs)
    t.equal(message.payload.toString(), INVITE)
    t.ok(message.packet.equals(packet6(INVITE)))
    t.equal(message.customField(1), '')
  }
  check()
  t.throws(() => message.batch.release(), /still open/)
  const sealed = onlyOne(made.seal())
  t.equal(sealed, message.batch)
  t.equal(sealed.rows, 1)
  check()
  t.equal(original.method, 'OPTIONS')
  sealed.release()
  t.throws(() => message.batch.message(0), /released/)
  t.throws(() => message.payload, TypeError)
  t.same(made.seal(), [], 'nothing was derived since')
})

t.test('numbers that the new octets do not say stay, and the payload is what they say', async (t) => {
  const original = received(t, [packet(options('old'), { agentId: 4_000_000_000 })]).message(0)
  const made = derivation()
  const message = derived(made.edit(original, hep3(chunk(12, u32(5)))))
  t.equal(message.agentId, 5)
  for (const name of ['microTs', 'sourceIp', 'destinationIp', 'sourcePort', 'destinationPort'] as const) {
    t.equal(message[name], original[name], name)
  }
  for (const name of ['protocol', 'protocolType', 'family', 'senderIp', 'senderPort', 'isSip'] as const) {
    t.equal(message[name], original[name], name)
  }
  t.equal(message.payload.length, 0)
  t.equal(message.method, '')
})

t.test('a message is edited again and copied, each from the one before', async (t) => {
  const batch = received(t, [packet(options('old'))])
  const made = derivation()
  const first = derived(made.edit(batch.message(0), packet(INVITE)))
  const second = derived(made.edit(first, packet(INVITE.replace('new', 'newer'), { agentId: 9 })))
  const third = derived(made.copy(second, { custom: ['a', undefined, 'c'], correlationId: 'mine' }))
  const fourth = derived(made.copy(third, { protocolType: 100 }))
  t.same(
    [first, second, third, fourth].map(({ row, callId, agentId, correlationId, protocolType }) => [
      row,
      callId,
      agentId,
      correlationId,
      protocolType,
    ]),
    [
      [0, 'new', 7, 'new', 1],
      [1, 'newer', 9, 'newer', 1],
      [2, 'newer', 9, 'mine', 1],
      [3, 'newer', 9, 'mine', 100],
    ],
  )
  t.same(
    [1, 2, 3].map((number) => fourth.customField(number as 1 | 2 | 3)),
    ['a', '', 'c'],
  )
  const bare = derived(made.copy(fourth, { custom: [], correlationId: '' }))
  t.equal(bare.customField(1), '')
  t.equal(bare.correlationId, '')
})

t.test('compressed payloads: inflated after an edit, copied as they stand', async (t) => {
  const compressed = hep3(chunk(1, u8(2)), chunk(11, u8(1)), chunk(16, deflateSync(INVITE)))
  const broken = hep3(chunk(11, u8(1)), chunk(16, deflateSync(INVITE).subarray(0, 9)))
  const batch = received(t, [compressed, packet(options('old'))])
  const made = derivation()
  for (const message of [
    derived(made.edit(batch.message(1), compressed)),
    derived(made.copy(batch.message(0), { custom: ['x'] })),
  ]) {
    t.equal(message.inflated, true)
    t.equal(message.payload.toString(), INVITE)
    t.equal(message.callId, 'new')
    t.equal(message.correlationId, 'new')
    t.ok(message.packet.equals(compressed))
  }
  const kept = derived(made.edit(batch.message(1), broken))
  t.equal(kept.inflateFailed, true)
  t.ok(kept.payload.equals(deflateSync(INVITE).subarray(0, 9)))
})

t.test('a derivation that is full says so, and goes on when a batch was released', async (t) => {
  const batch = received(t, [packet(options('a'))])
  const large = packet(options('large') + 'x'.repeat(60_000))
  const made = derivation(2)
  const fill = () => {
    let rows = 0
    for (; ; rows++) {
      const result = made.edit(batch.message(0), large)
      if (typeof result === 'string') return { rows, result }
    }
  }
  const { rows, result } = fill()
  t.equal(result, 'full')
  t.equal(made.copy(batch.message(0), {}), 'full')
  const sealed = made.seal()
  t.equal(sealed.length, 2, 'a batch that has no room is sealed, and kept for seal()')
  t.equal(sealed[0]!.rows + sealed[1]!.rows, rows)
  t.ok(rows > 60)
  for (const one of sealed) for (const message of one) t.equal(message.callId, 'large')
  sealed[0]!.release()
  t.same(fill(), { rows: sealed[1]!.rows, result: 'full' })
  sealed[1]!.release()
  t.equal(typeof made.copy(batch.message(0), {}), 'object')
})

t.test('messages of different inputs are derived into batches of their own', async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const of0 = batchOf(engine, [packet(options('a'))])
  const other = packet(options('b'))
  engine.feed(1, other, Uint32Array.of(other.length))
  engine.flush(true)
  const of1 = new Batch(engine.take()[0]!)
  const made = derivation()
  const messages = [of0, of1].map((batch) => derived(made.copy(batch.message(0), { custom: ['x'] })))
  t.same(
    messages.map(({ batch, callId }) => [batch.input, callId]),
    [
      [0, 'a'],
      [1, 'b'],
    ],
  )
  t.same(
    made.seal().map(({ input, rows }) => [input, rows]),
    [
      [0, 1],
      [1, 1],
    ],
  )
})

t.test('what is no packet of version 3 is refused by its fault and leaves no row', async (t) => {
  const message = received(t, [packet(options('a'))]).message(0)
  const made = derivation()
  for (const [octets, fault] of [
    [Buffer.alloc(0), 'too_short'],
    [Buffer.from('HEP3'), 'too_short'],
    [Buffer.from(options('a')), 'bad_magic'],
    [hep2(options('a')), 'bad_magic'],
    [packet(options('a')).subarray(0, 60), 'bad_length'],
    [hep3(Buffer.from([0, 0, 0, 1, 0, 3])), 'bad_chunk_length'],
    [hep3(chunk(1, u8(2)), chunk(5, Buffer.alloc(16))), 'family_contradiction'],
    [Buffer.concat([packet(''), Buffer.alloc(65_536)]), 'bad_length'],
  ] as const) {
    t.equal(made.edit(message, octets), fault)
  }
  t.same(made.seal(), [])
})

t.test('a source that was released, or is none, is refused', async (t) => {
  const batch = received(t, [packet(options('a')), hep2(options('b'))])
  const native = new binding.Derivation({ slabBytes: SLAB_BYTES, slabs: 2 })
  const wire = packet(options('c'))
  t.equal(native.open, null)
  t.equal(native.seal(), null)
  t.throws(() => native.view(), /no slab is open/)
  t.throws(() => native.edit(batch.handle, 1, wire), /version 3/)
  for (const row of [-1, 2, Number.NaN]) {
    t.throws(() => native.edit(batch.handle, row, wire), RangeError)
    t.throws(() => native.copy(batch.handle, row, null, -1, null), RangeError)
  }
  for (const handle of [0, -1, 1e15, Number.NaN, 2 ** 53]) {
    t.throws(() => native.edit(handle, 0, wire), /no sealed slab/)
  }
  t.throws(() => native.edit(batch.handle, 0, 'text' as never), TypeError)
  t.throws(() => native.copy(batch.handle, 0, Buffer.alloc(65_536), -1, null), RangeError)
  for (const type of [-2, 256]) t.throws(() => native.copy(batch.handle, 0, null, type, null), RangeError)
  for (const custom of ['\0', '\0\0\0\0', '\0\0\0\0\0', '\0\0\0\0\0\x01', '\0\0\0\0\0\0\0']) {
    t.throws(() => native.copy(batch.handle, 0, null, -1, Buffer.from(custom)), TypeError)
  }
  t.equal(native.open, null, 'no refusal opened a slab')

  t.equal(native.edit(batch.handle, 0, wire), 0)
  const open = native.open as number
  t.throws(() => new binding.Derivation({ slabBytes: SLAB_BYTES, slabs: 1 }).copy(open, 0, null, -1, null))
  t.throws(() => binding.lend(open), /no sealed slab/)
  t.equal(binding.release(open), false)
  batch.release()
  t.throws(() => native.edit(batch.handle, 0, wire), /no sealed slab/)
  t.equal(native.copy(open, 0, Buffer.from('x'), -1, null), 1, 'the open slab is a source')
  t.same(native.seal(), { handle: open, input: 0, rows: 2 })
  t.equal(native.copy(open, 1, null, -1, null), 0, 'and is one when it is sealed')
  t.equal(binding.release(open), true)
  t.throws(() => native.copy(open, 0, null, -1, null), /no sealed slab/)
})

t.test('a derivation has at least one slab, and none that is too small', async (t) => {
  for (const options of [
    { slabBytes: SLAB_BYTES - 1, slabs: 1 },
    { slabBytes: 2 ** 32, slabs: 1 },
    { slabBytes: SLAB_BYTES, slabs: 0 },
    { slabBytes: Number.NaN, slabs: 1 },
  ]) {
    t.throws(() => new binding.Derivation(options), RangeError)
  }
})

t.test('packets that were tampered with never throw, and what is taken can be read', async (t) => {
  const message = received(t, [packet(options('a'))]).message(0)
  const whole = hep3(
    packet6(INVITE).subarray(6),
    chunk(0x11, 'id'),
    chunk(101, '{"sip":"json"}'),
    chunk(16, deflateSync(INVITE)),
  )
  const made = derivation()
  let [taken, refused] = [0, 0]
  for (let at = 0; at < whole.length; at++) {
    for (const flip of [0x01, 0x80, 0xff]) {
      const octets = Buffer.from(whole)
      octets[at] = (octets[at] as number) ^ flip
      const result = made.edit(message, octets)
      if (typeof result === 'string') {
        refused++
        continue
      }
      taken++
      for (const { from } of columnsOf('sip')) rowValue(result, from, 'n')
      if (!result.packet.equals(octets)) t.fail(`octet ${at} came out differently`)
    }
  }
  t.ok(taken > refused && refused > 0)
  for (const batch of made.seal()) batch.release()
})
