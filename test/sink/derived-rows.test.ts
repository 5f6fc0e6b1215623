// Rows that routes changed, stored with the received ones: the same values either way, all or none, and refused
// ones named.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import t from 'tap'
import { Log } from '../../lib/log.js'
import type { Batch } from '../../lib/message.js'
import type { RowBlock } from '../../lib/route/rows.js'
import { Feed } from '../../lib/sink/feed.js'
import { rowValue } from '../../lib/sink/row-values.js'
import { columnsOf, defaultShapes } from '../../lib/sink/schema.js'
import { type SlabRows, SqliteStore } from '../../lib/sink/sqlite-store.js'
import { StoreThread } from '../../lib/sink/store-thread.js'
import { openSqlite } from '../../lib/sqlite.js'
import { derivation, derived, INVITE, onlyOne, received } from '../support/derived.js'
import { chunk, hep2, hep3, options, packet, packet6, u8 } from '../support/packets.js'

const quiet = new Log({ logLevel: 'fatal', logFormat: 'text' })

function everyRow(batch: Batch, table = 'sip_capture'): SlabRows {
  return { kind: 'sip', table, slab: batch, rows: Uint32Array.from({ length: batch.rows }, (_, row) => row) }
}

function stored(path: string, table = 'sip_capture'): Record<string, unknown>[] {
  const db = openSqlite(path, { readonly: true })
  try {
    return db.prepare(`SELECT * FROM ${table} ORDER BY id`).all() as Record<string, unknown>[]
  } finally {
    db.close()
  }
}

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
      const db = openSqlite(join(folder, `${day}.db`))
      db.exec("CREATE TABLE sip_capture (id INTEGER PRIMARY KEY, callid TEXT CHECK (callid <> 'poison'))")
      db.close()
    }
    const rows = (of: Batch) => everyRow(of).rows
    const block: RowBlock = {
      node: 'n',
      tables: [
        { kind: 'sip', table: 'free', batch, rows: Uint32Array.of(0) }, // so that the second file lacks it
        { kind: 'sip', table: 'sip_capture', batch, rows: rows(batch) },
        { kind: 'sip', table: 'sip_capture', batch: sealed, rows: rows(sealed) },
      ],
      window: null,
    }
    const path = join(folder, '%Y-%m-%d.db')
    const thread = new StoreThread(
      'x',
      { kind: 'sqlite', path, statementsInFlight: 1, shapes: defaultShapes },
      quiet,
    )
    const sink = new Feed(thread, undefined, { heldBlocks: 1, spoolAlways: false }, quiet)
    const refused = await sink.insert(block, () => {})
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
        ['free', 1],
        ['sip_capture', 3],
      ]),
    )
    t.equal(sink.counts.rows, 4)
    await sink.close()
    const callIds = (day: string) => stored(join(folder, `${day}.db`)).map(({ callid }) => callid)
    t.same(callIds('1970-01-01'), ['a'])
    t.same(callIds('1970-01-02'), ['b', 'b'])
    t.equal(readdirSync(folder).filter((name) => name.endsWith('.db')).length, 2)
  },
)
