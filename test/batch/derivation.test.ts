// Rows that routes changed: read while their batch grows, stored with the received ones, and bounded.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { binding } from '../../lib/binding.js'
import { Derivation } from '../../lib/derivation.js'
import { Log } from '../../lib/log.js'
import { Batch, type Message } from '../../lib/message.js'
import type { RowBlock } from '../../lib/route/rows.js'
import { rowValue } from '../../lib/sink/row-values.js'
import { columnsOf } from '../../lib/sink/schema.js'
import { SqliteSink } from '../../lib/sink/sqlite.js'
import { type SlabRows, SqliteStore } from '../../lib/sink/sqlite-store.js'
import { batchOf, newEngine } from '../support/engine.js'
import { chunk, hep2, hep3, options, packet, packet6, u8, u32 } from '../support/packets.js'

const SLAB_BYTES = binding.layout.smallestSlab
const quiet = new Log({ logLevel: 'fatal', logFormat: 'text' })
const INVITE =
  'INVITE sip:bob@example.org SIP/2.0\r\nCall-ID: new\r\nReason: a\r\n b\r\nCSeq: 2 INVITE\r\n\r\nbody'

function received(t: Test, packets: Buffer[]): Batch {
  const engine = newEngine()
  t.teardown(() => engine.close())
  return batchOf(engine, packets)
}

function derivation(slabs = 2): Derivation {
  return new Derivation({ slabBytes: SLAB_BYTES, slabs })
}

function derived(result: Message | string): Message {
  if (typeof result === 'string') throw new Error(result)
  return result
}

function onlyOne(batches: Batch[]): Batch {
  const [batch, ...more] = batches
  if (!batch || more.length > 0) throw new Error('expected one batch')
  return batch
}

function everyRow(batch: Batch, table = 'sip_capture'): SlabRows {
  return { kind: 'sip', table, slab: batch, rows: Uint32Array.from({ length: batch.rows }, (_, row) => row) }
}

function stored(path: string, table = 'sip_capture'): Record<string, unknown>[] {
  const db = new Database(path, { readonly: true })
  try {
    return db.prepare(`SELECT * FROM ${table} ORDER BY id`).all() as Record<string, unknown>[]
  } finally {
    db.close()
  }
}

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

t.test('received and derived rows are stored together, with the same values either way', async (t) => {
  const batch = received(t, [
    packet(options('a')),
    packet(options('b'), { correlation: 'given' }),
    hep2(options('c')),
    hep3(chunk(11, u8(1)), chunk(16, deflateSync(INVITE))),
  ])
  const made = derivation()
  const folded = derived(made.edit(batch.message(0), packet6(INVITE)))
  derived(made.copy(folded, { custom: ['one\r\n two', '\u20ac'.repeat(100), 'NUL \0'] }))
  derived(made.copy(batch.message(1), { correlationId: `id \ud800 ${'\u00fc'.repeat(200)}` }))
  derived(made.copy(batch.message(2), { custom: [undefined, 'two'], protocolType: 200 }))
  derived(made.copy(batch.message(3), { custom: ['x'.repeat(70_000), '\u20ac'.repeat(70_000)] }))
  const sealed = onlyOne(made.seal())

  const tables = [everyRow(batch), everyRow(sealed), everyRow(sealed, 'other')]
  const [fast, slow] = [join(t.testdir(), 'fast.db'), join(t.testdir(), 'slow.db')]
  const [fastStore, slowStore] = [new SqliteStore(fast), new SqliteStore(slow)]
  t.same(fastStore.insert(tables, 'n'), [])
  t.same(slowStore.insertOneByOne(tables, 'n'), [])
  fastStore.close()
  slowStore.close()
  t.same(stored(fast), stored(slow))
  t.same(stored(fast, 'other'), stored(slow, 'other'))

  const rows = stored(fast)
  t.equal(rows.length, batch.rows + sealed.rows)
  t.match(rows.slice(batch.rows), [
    { callid: 'new', source_ip: '2001:db8::1', family: 10, method: 'INVITE', custom_field1: '', msg: INVITE },
    {
      callid: 'new',
      custom_field1: 'one two',
      custom_field2: '\u20ac'.repeat(85),
      custom_field3: 'NUL \ufffd',
    },
    { callid: 'b', correlation_id: `id \ufffd ${'\u00fc'.repeat(124)}`, custom_field1: '' },
    { callid: 'c', node: 'n:7', custom_field1: '', custom_field2: 'two', custom_field3: '' },
    { msg: INVITE, custom_field1: 'x'.repeat(256), custom_field2: '\u20ac'.repeat(85) },
  ])
  const untouched = columnsOf('sip').filter(({ name }) => !/^(custom_field|correlation_id)/.test(name))
  for (const [derivedRow, row] of [
    [2, 1],
    [3, 2],
    [4, 3],
  ] as const) {
    for (const { from } of untouched) {
      t.same(
        rowValue(sealed.message(derivedRow), from, 'n'),
        rowValue(batch.message(row), from, 'n'),
        from.name,
      )
    }
  }
  t.equal(sealed.message(3).protocolType, 200)
})

t.test('a block that cannot be stored whole leaves nothing of itself', async (t) => {
  const batch = received(t, [packet(options('a'))])
  const made = derivation()
  derived(made.copy(batch.message(0), { custom: ['x'] }))
  const sealed = onlyOne(made.seal())
  const tables = [everyRow(batch), everyRow(sealed)]
  const path = join(t.testdir(), 'whole.db')
  const store = new SqliteStore(path)
  sealed.release()
  t.throws(() => store.insert(tables, 'n'), /no sealed slab/)
  t.throws(() => stored(path), /no such table/)
  t.same(store.insert([everyRow(batch)], 'n'), [])
  t.equal(stored(path).length, 1)
  store.close()
})

t.test(
  'a refused row is named by its table in the block and its row in the batch, whatever its file',
  async (t) => {
    const at = (callId: string, seconds: number) => packet(options(callId), { seconds })
    const batch = received(t, [at('a', 0), at('poison', 86_400), at('b', 86_400)])
    const made = derivation()
    derived(made.copy(batch.message(2), { custom: ['derived'] }))
    derived(made.copy(batch.message(1), { custom: ['derived'] }))
    const sealed = onlyOne(made.seal())
    const folder = t.testdir()
    for (const day of ['1970-01-01', '1970-01-02']) {
      const db = new Database(join(folder, `${day}.db`))
      db.exec("CREATE TABLE sip_capture (id INTEGER PRIMARY KEY, callid TEXT CHECK (callid <> 'poison'))")
      db.close()
    }
    const rows = (of: Batch) => everyRow(of).rows
    const block: RowBlock = {
      node: 'n',
      tables: [
        { kind: 'sip', table: 'free', batch, rows: rows(batch) },
        { kind: 'sip', table: 'sip_capture', batch, rows: rows(batch) },
        { kind: 'sip', table: 'sip_capture', batch: sealed, rows: rows(sealed) },
      ],
      namingSecond: (of, row) => Math.floor(of.microTs(row) / 1e6),
    }
    const sink = new SqliteSink(join(folder, '%Y-%m-%d.db'), quiet)
    const refused = await sink.insert(block)
    t.match(
      refused.map(({ table, row }) => [table, row]),
      [
        [1, 1],
        [2, 1],
      ],
    )
    t.match(refused[0]?.reason, /CONSTRAINT_CHECK/)
    t.same(
      sink.counts.tables,
      new Map([
        ['free', 3],
        ['sip_capture', 3],
      ]),
    )
    t.equal(sink.counts.rows, 6)
    await sink.close()
    const callIds = (day: string) => stored(join(folder, `${day}.db`)).map(({ callid }) => callid)
    t.same(callIds('1970-01-01'), ['a'])
    t.same(callIds('1970-01-02'), ['b', 'b'])
    t.equal(readdirSync(folder).filter((name) => name.endsWith('.db')).length, 2)
  },
)

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
