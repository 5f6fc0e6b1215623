// The default path: which table each message goes to, by what it is and by its own time.

import t, { type Test } from 'tap'
import type { Batch } from '../../lib/message.js'
import type { RouterSettings } from '../../lib/route/router.js'
import { namingSecond } from '../../lib/route/tables.js'
import { batchOf, newEngine } from '../support/engine.js'
import { chunk, hep3, options, packet, u8 } from '../support/packets.js'
import { collected, ledgerOf } from '../support/routing.js'

const DAY_MS = 86_400_000
const seconds = (iso: string) => Date.parse(iso) / 1000

function batch(t: Test, packets: Buffer[]): Batch {
  const engine = newEngine()
  t.teardown(() => engine.close())
  return batchOf(engine, packets)
}

/** `kind table` and its row numbers. */
function tables(batch: Batch, settings: Partial<RouterSettings> = {}): [string, number[]][] {
  return collected(batch, settings).rows.map(({ kind, table, rows }) => [`${kind} ${table}`, rows])
}

t.test('SIP goes to the SIP table, all else to the report table, each in its order', async (t) => {
  const messages = batch(t, [
    packet(options('a')),
    packet('{}', { type: 5 }),
    packet('SIP/2.0 200 OK\r\n\r\n'),
    packet('{}', { type: 34 }),
    packet('claims to be SIP'),
    hep3(chunk(1, u8(2)), chunk(15, options('shows to be SIP'))),
    hep3(chunk(1, u8(2)), chunk(15, '{"what": "this"}')),
    hep3(chunk(1, u8(2)), chunk(11, u8(100))),
  ])
  t.same(tables(messages), [
    ['sip sip_capture', [0, 2, 4, 5]],
    ['report rtcp_capture', [1, 3, 6, 7]],
  ])
  t.same(
    collected(messages).rows.map((one) => one.batch === messages),
    [true, true],
  )
})

t.test('a table without rows is not named', async (t) => {
  t.same(tables(batch(t, [packet(options('a'))])), [['sip sip_capture', [0]]])
  t.same(tables(batch(t, [packet('{}', { type: 5 })])), [['report rtcp_capture', [0]]])
})

t.test('one name for both tables still keeps the two layouts apart', async (t) => {
  const messages = batch(t, [packet(options('a')), packet('{}', { type: 5 }), packet(options('b'))])
  t.same(tables(messages, { tableName: 'all', rtcpTableName: 'all' }), [
    ['sip all', [0, 2]],
    ['report all', [1]],
  ])
})

t.test('names have the time of each packet, in UTC, to its second', async (t) => {
  const at = (iso: string, micros = 0) => packet(options('x'), { seconds: seconds(iso), micros })
  const messages = batch(t, [
    at('2023-12-31T23:59:59Z', 999_999),
    at('2024-01-01T00:00:00Z'),
    at('2023-12-31T23:59:58Z'),
    packet('{}', { type: 5, seconds: seconds('2024-02-29T12:34:56Z') }),
    at('2023-12-31T23:59:59Z'),
    at('1970-01-01T00:00:00Z'),
    at('2106-02-07T06:28:15Z'),
  ])
  t.same(tables(messages, { tableName: 'sip_%Y_%m_%d', rtcpTableName: 'rep_%y%m%d%H%M%S' }), [
    ['sip sip_2023_12_31', [0, 2, 4]],
    ['sip sip_2024_01_01', [1]],
    ['report rep_240229123456', [3]],
    ['sip sip_1970_01_01', [5]],
    ['sip sip_2106_02_07', [6]],
  ])
})

t.test('microseconds beyond a second carry over into the name, as they do into the time', async (t) => {
  const messages = batch(t, [
    packet(options('x'), { seconds: seconds('2023-12-31T23:59:59Z'), micros: 1_000_000 }),
  ])
  t.same(tables(messages, { tableName: 'sip_%Y' }), [['sip sip_2024', [0]]])
})

t.test('without a time of its own, a packet is named by its arrival', async (t) => {
  const messages = batch(t, [hep3(chunk(11, u8(1)), chunk(15, options('x')))])
  const second = Math.floor(messages.arrivalUs(0) / 1e6)
  t.equal(namingSecond(messages, 0, null), second)
  const [list] = collected(messages, { tableName: 'sip_%j_%H%M%S' }).rows
  t.match(list?.table, new Date(second * 1000).toISOString().slice(11, 19).replaceAll(':', ''))
})

t.test('outside of the window the arrival names the table, at its bounds the packet does', async (t) => {
  const first = batch(t, [packet(options('probe'))])
  const now = Math.floor(first.arrivalUs(0) / 1e6)
  const day = 86_400
  const offsets = [0, -day, -3 * day, 1800, 2 * day, -100 * day]
  const messages = batch(
    t,
    offsets.map((offset) => packet(options('x'), { seconds: now + offset, micros: 0 })),
  )
  const arrival = messages.arrivalUs(0)
  const tableWindow = { backMs: 2 * DAY_MS, aheadMs: 3_600_000 }
  const arrived = Math.floor(arrival / 1e6)
  t.same(
    offsets.map((_, row) => namingSecond(messages, row, tableWindow)),
    [now, now - day, arrived, now + 1800, arrived, arrived],
  )
  t.equal(messages.microTs(2), (now - 3 * day) * 1e6, 'the time of the row itself stays')

  t.same(
    offsets.map((_, row) => namingSecond(messages, row, null)),
    offsets.map((offset) => now + offset),
  )

  const exactly = (backMs: number) => namingSecond(messages, 1, { backMs, aheadMs: 0 })
  const backUs = arrival - messages.microTs(1)
  t.equal(exactly(Math.ceil(backUs / 1000)), now - day)
  t.equal(exactly(Math.ceil(backUs / 1000) - 1), arrived)
})

t.test('tables are sorted apart however their rows alternate', async (t) => {
  const count = 3000
  const start = seconds('2023-11-14T22:13:20Z')
  const messages = batch(
    t,
    Array.from({ length: count }, (_, i) => packet(options('x'), { seconds: start + (i % 100) })),
  )
  const found = tables(messages, { tableName: 'sip_%H%M%S' })
  t.equal(found.length, 100)
  t.same(
    found.map(([, rows]) => rows),
    Array.from({ length: 100 }, (_, table) => Array.from({ length: count / 100 }, (_, i) => i * 100 + table)),
  )
})

t.test('with capture off nothing has rows', async (t) => {
  const messages = batch(t, [packet(options('a')), packet('{}', { type: 5 })])
  const { rows, outcomes } = collected(messages, { captureOn: false })
  t.same(rows, [])
  t.same(ledgerOf(outcomes).discarded, { capture_off: 2 })
})
