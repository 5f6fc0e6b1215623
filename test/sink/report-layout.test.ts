// The two layouts of report tables: the manual's, and that of Homer 6 (homer5_on=0). Both ways in store the same
// values, in tables of ours and of others.

import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { binding } from '../../lib/binding.js'
import type { Listen } from '../../lib/listen/protocols.js'
import type { Batch } from '../../lib/message.js'
import { defaultLayout, tableShapes } from '../../lib/sink/schema.js'
import { type SlabRows, SqliteStore } from '../../lib/sink/sqlite-store.js'
import { openSqlite } from '../../lib/sqlite.js'
import { sendUdp, startDaemon } from '../support/daemon.js'
import { derivation, derived, onlyOne, received } from '../support/derived.js'
import { chunk, hep1, hep2, hep3, options, packet, packet6, u8, u32 } from '../support/packets.js'
import { TcpClient } from '../support/tcp-client.js'
import { until } from '../support/tools.js'

const homer6 = tableShapes({ ...defaultLayout, reportLayout: 'homer6' })

const REPORTS = [
  packet('{"RTCP":1,"Event":"leave"}', { type: 5, correlation: 'call-1' }),
  hep3(
    chunk(1, u8(2)),
    chunk(9, u32(1_700_000_000)),
    chunk(10, u32(5)),
    chunk(11, u8(100)),
    chunk(12, u32(4_000_000_000)),
    chunk(101, 'not for us', 3),
    chunk(101, '{\n "sip": "call-2",\t"x": "\u00e9\xff"}'),
    chunk(15, '{"event":"tab\\t \\u20ac"} and more'),
  ),
  hep3(chunk(101, Buffer.from('\xff\0{', 'latin1')), chunk(15, Buffer.from('{"EVENT":"\xe9"', 'latin1'))),
  packet(`{"x":[1,{}],"Event":"${'\u20ac'.repeat(400)}"}`, { type: 100 }),
  packet(Buffer.from([0x80, 0xc8, 0, 6, 0xff]), { type: 5 }),
  packet(`${'\u20ac'.repeat(3000)}`, { type: 100 }),
  packet(Buffer.alloc(20_000, 0xe9), { type: 100 }),
  packet('', { type: 34 }),
  hep3(chunk(1, u8(2)), chunk(0x11, 'event')),
  packet(options('folded', 'Reason: a', ' b')),
  packet6('text'),
  hep1('one'),
  hep2('two'),
]

function reports(batch: Batch, table = 'ops_report_capture'): SlabRows {
  const rows = Uint32Array.from({ length: batch.rows }, (_, row) => row)
  return { kind: 'report', table, slab: batch, rows }
}

function rowsOf(path: string, table = 'ops_report_capture'): Record<string, unknown>[] {
  const db = openSqlite(path, { readonly: true })
  try {
    return db.prepare(`SELECT * FROM ${table} ORDER BY id`).all() as Record<string, unknown>[]
  } finally {
    db.close()
  }
}

t.test('the layout of Homer 6: the same values either way', async (t) => {
  const batch = received(t, REPORTS)
  const [fast, slow] = [join(t.testdir(), 'fast.db'), join(t.testdir(), 'slow.db')]
  const stores = [fast, slow].map((path) => new SqliteStore(path, { shapes: homer6 })) as [
    SqliteStore,
    SqliteStore,
  ]
  t.same(stores[0].insert([reports(batch)], 'n'), [])
  t.same(stores[1].insertOneByOne([reports(batch)], 'n'), [])
  for (const store of stores) store.close()
  const rows = rowsOf(fast)
  t.same(rows, rowsOf(slow))
  t.same(rows[0], {
    id: 1,
    gid: 10,
    tss: '2023-11-14 22:13:20',
    tsu: 123_456,
    transaction_id: 'call-1',
    correlation_id: '',
    source_ip: '10.0.0.1',
    source_port: 5060,
    destination_ip: '10.0.0.2',
    destination_port: 5080,
    capture_ip: '',
    proto: 17,
    family: 2,
    type: 5,
    capt_id: 7,
    node: 'n',
    event: 'leave',
    payload_len: 26,
    data: '{"RTCP":1,"Event":"leave"}',
  })
  t.match(rows[1], {
    tsu: 5,
    transaction_id: 'call-2',
    correlation_id: '{\n "sip": "call-2",\t"x": "\u00e9\xff"}',
    type: 100,
    capt_id: 4_000_000_000,
    event: 'tab\t \u20ac',
  })
  t.match(rows[2], { correlation_id: '\ufffd\ufffd{', event: '\ufffd', data: '{"EVENT":"\ufffd"' })
  t.match(rows[3], { event: '\u20ac'.repeat(21), payload_len: 1223 })
  t.match(rows[4], { data: '\ufffd\ufffd\ufffd\u0006\ufffd' })
  t.match(rows[5], { data: '\u20ac'.repeat(1365), payload_len: 9000 })
  t.match(rows[6], { data: '\ufffd'.repeat(1365), payload_len: 20_000 })
  t.match(rows[7], { data: '', payload_len: 0, event: '' })
  t.match(rows[9], { transaction_id: 'folded', type: 1, data: /Reason: a\r\n b\r\n/ })
  t.match(rows.slice(11), [
    { data: 'one', capt_id: 0, node: 'n', type: 1, correlation_id: '' },
    { data: 'two', capt_id: 7, node: 'n', type: 1 },
  ])
})

t.test('its columns keep their names whatever those of the other tables are called', async (t) => {
  const renamed = { source_ip: 'src', date: 'at', correlation_id: 'cor', id: 'nr', type: 'kind' }
  const shapes = tableShapes({ renamed, reportLayout: 'homer6' })
  t.same(shapes.report, homer6.report)
  t.same(
    [shapes.id, shapes.indexes],
    [
      { sip: 'nr', report: 'id' },
      {
        sip: ['at', 'callid', 'from_user', 'to_user', 'cor'],
        report: ['tss', 'transaction_id'],
      },
    ],
  )
  t.ok(shapes.sip.some(({ name }) => name === 'src'))
})

t.test('an existing table of Homer 6', async (t) => {
  const path = join(t.testdir(), 'old.db')
  const db = openSqlite(path)
  db.exec(
    `CREATE TABLE ops_report_capture (id INTEGER PRIMARY KEY, gid INT NOT NULL DEFAULT 7, tss TIMESTAMP NOT NULL,
     tsu INT NOT NULL, transaction_id TEXT NOT NULL, capt_id INT NOT NULL, event TEXT NOT NULL, data TEXT NOT NULL,
     mine TEXT NOT NULL)`,
  )
  const batch = received(t, REPORTS)
  const store = new SqliteStore(path, { shapes: homer6 })
  t.same(store.insert([reports(batch)], 'n'), [])
  store.close()
  t.match(db.prepare('SELECT * FROM ops_report_capture WHERE id = 1').get(), {
    gid: 10,
    tss: '2023-11-14 22:13:20',
    transaction_id: 'call-1',
    event: 'leave',
    mine: '',
  })
  db.close()
})

t.test('what report_capture() says stands in the place of its layout', async (t) => {
  const batch = received(t, [packet(options('a'), { correlation: 'given' })])
  const made = derivation()
  derived(made.copy(batch.message(0), { correlationId: 'told', protocolType: 200 }))
  const sealed = onlyOne(made.seal())
  const path = join(t.testdir(), 'told.db')
  const six = new SqliteStore(path, { shapes: homer6 })
  t.same(six.insert([reports(sealed)], 'n'), [])
  six.close()
  const five = new SqliteStore(path)
  t.same(five.insert([reports(sealed, 'report_capture')], 'n'), [])
  five.close()
  t.match(rowsOf(path), [{ transaction_id: 'told', correlation_id: '', type: 200, node: 'n', capt_id: 7 }])
  t.match(rowsOf(path, 'report_capture'), [{ correlation_id: 'told', type: 200, node: 'n:7' }])
  t.same(Object.keys(rowsOf(path, 'report_capture')[0]!), [
    'id',
    'date',
    'micro_ts',
    'correlation_id',
    'source_ip',
    'source_port',
    'destination_ip',
    'destination_port',
    'proto',
    'family',
    'type',
    'node',
    'msg',
  ])
})

t.test('capture_ip is the address of ours that the packet came to', async (t) => {
  const path = join(t.testdir(), 'rows.db')
  const listen: Listen[] = [
    { proto: 'hep_udp', host: '127.0.0.7', port: 0 },
    { proto: 'hep_tcp', host: '*', port: 0 },
    { proto: 'hep_udp', host: '*', port: 0 },
  ]
  const tableLayout = { ...defaultLayout, reportLayout: 'homer6' as const }
  const { daemon, port } = await startDaemon({ listen, tableLayout, targets: [{ kind: 'sqlite', path }] })
  const report = (correlation: string) => [packet('{}', { type: 5, correlation })]
  await sendUdp(port(0), report('one'), '127.0.0.7')
  const agent = await TcpClient.connect(port(1), '127.0.0.8')
  await agent.segments(...report('two'))
  await sendUdp(port(2), report('three'), '127.0.0.9')
  const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
    all?.some(({ address }) => address === '::1'),
  )
  if (hasIpv6) await sendUdp(port(2), report('six'), '::1')
  await until(() => Object.values(daemon.ledger().sinks)[0]?.rows === (hasIpv6 ? 4 : 3))
  await daemon.stop()
  const rows = rowsOf(path, 'rtcp_capture').map((row) => [row.transaction_id, row.capture_ip])
  t.same(
    Object.fromEntries(rows),
    Object.assign({ one: '127.0.0.7', two: '127.0.0.8', three: '127.0.0.9' }, hasIpv6 ? { six: '::1' } : {}),
  )
})

t.test('an edited message has come to the same address', async (t) => {
  const batch = received(t, [packet('{}', { type: 5 })])
  const { receiver, receiverFamily } = binding.layout.record
  batch.octets.set([192, 0, 2, 9], batch.recordAt(0) + receiver)
  batch.octets[batch.recordAt(0) + receiverFamily] = 2
  const made = derivation()
  const edited = derived(made.edit(batch.message(0), packet('{"Event":"x"}', { type: 5 })))
  t.equal(edited.receiverIp, '192.0.2.9')
  t.equal(derived(made.copy(edited, { correlationId: 'y' })).receiverIp, '192.0.2.9')
  for (const one of made.seal()) one.release()
})

t.test('a date that its text cannot hold is that of the arrival, either way', async (t) => {
  const times: [bigint, bigint][] = [
    [253_402_300_800_000_000n, 1_700_000_000_000_001n],
    [-1n, 1_700_000_000_000_000n],
    [-62_167_219_300_000_000n, 1_700_000_001_000_000n],
    [4_611_686_018_427_387_904n, -9_000_000_000_000_000_000n],
    [1_700_000_002_000_003n, 0n],
  ]
  const batch = received(
    t,
    times.map(() => packet('{}', { type: 5 })),
  )
  const { microTs, arrivalUs } = binding.layout.record
  for (const [row, [own, arrival]] of times.entries()) {
    batch.octets.writeBigInt64LE(own, batch.recordAt(row) + microTs)
    batch.octets.writeBigInt64LE(arrival, batch.recordAt(row) + arrivalUs)
  }
  const before = binding.rowsTableCounts().arrivals
  const [fast, slow] = [join(t.testdir(), 'fast.db'), join(t.testdir(), 'slow.db')]
  const stores = [fast, slow].map((path) => new SqliteStore(path, { shapes: homer6 })) as [
    SqliteStore,
    SqliteStore,
  ]
  t.same(stores[0].insert([reports(batch)], 'n'), [])
  t.same(stores[1].insertOneByOne([reports(batch)], 'n'), [])
  for (const store of stores) store.close()
  t.same(rowsOf(fast), rowsOf(slow))
  t.same(
    rowsOf(fast).map(({ tss, tsu }) => [tss, tsu]),
    [
      ['2023-11-14 22:13:20', 1],
      ['1969-12-31 23:59:59', 999_999],
      ['2023-11-14 22:13:21', 0],
      ['1970-01-01 00:00:00', 0],
      ['2023-11-14 22:13:22', 3],
    ],
  )
  t.equal(binding.rowsTableCounts().arrivals - before, 3)
})
