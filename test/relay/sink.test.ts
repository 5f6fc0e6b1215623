// Rows that are sent on: every message once, as it came, or as a packet of our own.

import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Batch } from '../../lib/message.js'
import { Relays } from '../../lib/relay/relays.js'
import type { RowBlock } from '../../lib/route/rows.js'
import type { RelayTarget } from '../../lib/route/rules.js'
import { RelaySink, type RelaySinkOptions } from '../../lib/sink/relay.js'
import { chunkOf, udpReceiver } from '../send/receiver.js'
import { countRows, type Started, sendUdp, startDaemon } from '../support/daemon.js'
import { batchOf, newEngine } from '../support/engine.js'
import { hep1, hep2, options, packet, packet6 } from '../support/packets.js'
import { capture, NO_CAPTURES, until } from '../support/tools.js'
import { StreamReceiver } from './receiver.js'

t.setTimeout(240_000)

const AGENT = { captureId: 2001, compressed: false }

function blockOf(tables: [string, Batch, number[]][]): RowBlock {
  return {
    node: 'n',
    tables: tables.map(([table, batch, rows]) => ({
      kind: 'sip',
      table,
      batch,
      rows: Uint32Array.from(rows),
    })),
    window: null,
  }
}

async function newReceiver(t: Test): Promise<StreamReceiver> {
  const receiver = new StreamReceiver()
  await receiver.listen()
  t.teardown(() => receiver.kill())
  return receiver
}

/** Where somebody listened until now. */
async function nobody(t: Test): Promise<RelayTarget> {
  const receiver = await newReceiver(t)
  await receiver.kill()
  return { proto: 'hep_tcp', host: '127.0.0.1', port: receiver.port }
}

function newSink(t: Test, more: Omit<RelaySinkOptions, 'agent' | 'waits'> & { waits?: boolean }): RelaySink {
  const relays = new Relays({ limits: { firstPauseMs: 1, longestPauseMs: 10, queueBytes: 300_000 } })
  t.teardown(() => relays.close(0))
  return new RelaySink(relays, { agent: AGENT, waits: false, ...more })
}

t.test('each message of a block once, and what is refused by its reason', async (t) => {
  const receiver = await newReceiver(t)
  const sink = newSink(t, { to: { proto: 'hep_tcp', host: '127.0.0.1', port: receiver.port } })
  await sink.open()
  const packets = [packet(options('a')), hep2(options('b')), packet6(options('c')), packet('no SIP')]
  const batch = batchOf(newEngine(), packets)
  const other = batchOf(newEngine(), [packet(options('d'))])
  const refused = await sink.insert(
    blockOf([
      ['one', batch, [0, 1]],
      ['two', batch, [1, 2, 3]],
      ['one', other, [0]],
    ]),
  )
  t.same(refused, [
    { table: 0, row: 1, reason: 'not_v3' },
    { table: 1, row: 0 + 1, reason: 'not_v3' },
  ])
  await until(() => receiver.packets.length === 4)
  t.same(receiver.packets, [packets[0], packets[2], packets[3], packet(options('d'))])
  t.equal(sink.counts.rows, 4)
  t.equal(sink.name, `hep_tcp:127.0.0.1:${receiver.port}`)
})

t.test('a full queue is refused, or waited for where the inputs wait', async (t) => {
  const receiver = await newReceiver(t)
  const to = { proto: 'hep_tcp', host: '127.0.0.1', port: receiver.port } as const
  const packets = Array.from({ length: 1000 }, (_, at) => packet(options(`call-${at}`) + 'x'.repeat(1000)))
  const batch = batchOf(newEngine(), packets)
  const rows = packets.map((_, at) => at)

  const hasty = newSink(t, { to })
  const refused = await hasty.insert(blockOf([['one', batch, rows]]))
  t.ok(refused.length > 0)
  t.ok(refused.every(({ reason }) => reason === 'queue_full'))
  await until(() => receiver.packets.length === packets.length - refused.length)
  t.equal(hasty.counts.rows, receiver.packets.length)

  receiver.packets.length = 0
  const patient = newSink(t, { to, waits: true })
  const halves = [rows.slice(0, 500), rows.slice(500)]
  const all = await Promise.all(halves.map((half) => patient.insert(blockOf([['one', batch, half]]))))
  t.same(all, [[], []])
  await until(() => receiver.packets.length === packets.length)
  t.ok(Buffer.concat(receiver.packets).equals(Buffer.concat(packets)), 'in their order')
})

async function ended({ daemon }: Started) {
  await daemon.stop()
  return daemon.ledger()
}

t.test('a daemon that only relays: every version over UDP', async (t) => {
  const receiver = await udpReceiver()
  t.teardown(() => receiver.close())
  const name = `hep_udp:127.0.0.1:${receiver.port}`
  const to = { proto: 'hep_udp', host: '127.0.0.1', port: receiver.port } as const
  const started = await startDaemon({ targets: [{ kind: 'relay', to }] })
  const packets = [hep1(options('a')), hep2(options('b'), 10), packet(options('c')), packet('x', { type: 5 })]
  await sendUdp(started.port(), packets)
  t.same(await receiver.packets(packets.length), packets)
  const ledger = await ended(started)
  t.match(Object.values(ledger.inputs), [{ received: 4, relayed: 4, stored: 0, dropped: {}, in_flight: 0 }])
  t.same(ledger.sinks, { [name]: { rows: 4 } })
  t.match(ledger.relays, { [name]: { relayed: 4, dropped: {}, queued: 0 } })
})

t.test('beside a database: what the receiver refuses is no loss', async (t) => {
  const path = join(t.testdir(), 'a.db')
  const to = await nobody(t)
  const started = await startDaemon({
    targets: [
      { kind: 'sqlite', path },
      { kind: 'relay', to },
    ],
  })
  await sendUdp(started.port(), [hep2(options('a')), packet(options('b'))])
  await until(() => countRows(path) === 2)
  const ledger = await ended(started)
  t.match(Object.values(ledger.inputs), [{ received: 2, stored: 2, relayed: 0, dropped: {}, in_flight: 0 }])
  const { not_v3, stopped, send_failed } = Object.values(ledger.relays!)[0]!.dropped
  t.equal(not_v3, 1)
  t.equal((stopped ?? 0) + (send_failed ?? 0), 1)
})

t.test('nobody there: dropped, by reason', async (t) => {
  const to = await nobody(t)
  const limits = { firstPauseMs: 1, longestPauseMs: 10_000, failures: 2 }
  const started = await startDaemon({
    targets: [{ kind: 'relay', to }],
    relay: { agent: AGENT, limits },
    stopTimeoutMs: 10_000,
  })
  await sendUdp(started.port(), [packet(options('a')), packet(options('b'))])
  await until(() => Object.values(started.daemon.ledger().inputs)[0]!.in_flight === 0)
  const ledger = await ended(started)
  t.match(Object.values(ledger.inputs), [{ received: 2, relayed: 0, in_flight: 0 }])
  const dropped = Object.values(ledger.inputs)[0]!.dropped
  t.equal((dropped['relay/send_failed'] ?? 0) + (dropped['relay/resting'] ?? 0), 2)
})

t.test('a receiver that takes nothing is given up at the end', async (t) => {
  const receiver = await newReceiver(t)
  receiver.isDeaf = true
  const to = { proto: 'hep_tcp', host: '127.0.0.1', port: receiver.port } as const
  const started = await startDaemon({ targets: [{ kind: 'relay', to }], stopTimeoutMs: 500 })
  const packets = Array.from({ length: 300 }, () => packet('x'.repeat(60_000)))
  await sendUdp(started.port(), packets)
  const ledger = await ended(started)
  const [input] = Object.values(ledger.inputs)
  t.equal(input!.in_flight, 0)
  t.ok(input!.dropped['relay/stopped']! > 0)
  t.equal(input!.received, input!.relayed + Object.values(input!.dropped).reduce((sum, n) => sum + n, 0))
})

t.test('a listener of our own is no receiver', async (t) => {
  const started = await startDaemon({ listen: [{ proto: 'hep_udp', host: '127.0.0.1', port: 0 }] })
  const port = started.port()
  await ended(started)
  const to = { proto: 'hep_udp', host: '127.0.0.1', port } as const
  const listen = [{ proto: 'hep_udp', host: '127.0.0.1', port } as const]
  const again = await startDaemon({ listen, targets: [{ kind: 'relay', to }] })
  await sendUdp(port, [packet(options('a'))])
  await until(() => Object.values(again.daemon.ledger().inputs)[0]!.dropped['relay/loop'] === 1)
  t.match(Object.values((await ended(again)).inputs), [{ received: 1, relayed: 0, in_flight: 0 }])
})

const file = capture('sip-81-messages.pcap')

t.test('a capture becomes HEP', { skip: file ? false : NO_CAPTURES }, async (t) => {
  const receiver = await newReceiver(t)
  const to = { proto: 'hep_tcp', host: '127.0.0.1', port: receiver.port } as const
  const started = await startDaemon({
    listen: [],
    read: [file!],
    targets: [{ kind: 'relay', to }],
    relay: { agent: AGENT, limits: { queuePackets: 2 } },
  })
  await started.daemon.filesRead
  await started.daemon.stored()
  const ledger = await ended(started)
  const [input] = Object.values(ledger.inputs)
  t.ok(input!.received > 2)
  t.equal(input!.relayed, input!.received, 'a file waits for room')
  await until(() => receiver.packets.length === input!.received)
  for (const one of receiver.packets) {
    t.equal(chunkOf(one, 12)!.readUInt32BE(), AGENT.captureId)
    t.match(chunkOf(one, 15)!.toString('latin1'), /SIP\/2\.0/)
  }
})
