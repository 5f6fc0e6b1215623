// The view over a batch: right values on demand, and no way to read a slab that was given back.

import t from 'tap'
import { binding } from '../../lib/binding.js'
import { Batch, ipv6Text } from '../../lib/message.js'
import { batchOf, newEngine } from '../support/engine.js'
import { chunk, hep3, options, packet, u8 } from '../support/packets.js'

t.test('a message shows what the packet said', async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const wire = packet(options('call-1', 'User-Agent: test', 'From: <sip:alice@example.org>;tag=a1'), {
    agentId: 4_000_000_000,
  })
  const batch = batchOf(engine, [wire])
  const message = batch.message(0)
  t.equal(message.microTs, 1_700_000_000_123_456)
  t.equal(message.agentId, 4_000_000_000)
  t.equal(message.hepVersion, 3)
  t.equal(message.family, 2)
  t.equal(message.protocol, 17)
  t.equal(message.sourceIp, '10.0.0.1')
  t.equal(message.sourcePort, 5060)
  t.equal(message.destinationIp, '10.0.0.2')
  t.equal(message.destinationPort, 5080)
  t.equal(message.isSip, true)
  t.equal(message.sipKind, 1)
  t.equal(message.method, 'OPTIONS')
  t.equal(message.callId, 'call-1')
  t.equal(message.correlationId, 'call-1')
  t.equal(message.sip('fromUser'), 'alice')
  t.equal(message.sip('fromTag'), 'a1')
  t.equal(message.sip('userAgent'), 'test')
  t.equal(message.sip('diversion'), '')
  t.ok(message.packet.equals(wire))
  t.ok(message.arrivalUs > 1.7e15)
  batch.release()
})

t.test('rows come in the order of arrival, each with its own values', async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const batch = batchOf(
    engine,
    Array.from({ length: 500 }, (_, i) => packet(options(`call-${i}`), { micros: i })),
  )
  t.equal(batch.rows, 500)
  t.same(
    Array.from(batch, (message) => [message.callId, message.microTs % 1_000_000]),
    Array.from({ length: 500 }, (_, i) => [`call-${i}`, i]),
  )
  batch.release()
})

t.test('folds are undone in headers and left alone in the body', async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const batch = batchOf(engine, [packet('MESSAGE sip:a@b SIP/2.0\r\nReason: a\r\n b\r\n\r\none\r\n two')])
  t.equal(batch.message(0).sip('reason'), 'a b')
  t.equal(batch.message(0).sip('body'), 'one\r\n two')
  batch.release()
})

t.test('after release nothing of the batch can be read, and it cannot be released twice', async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const batch = batchOf(engine, [packet(options('call-1'))])
  const message = batch.message(0)
  batch.release()
  t.throws(() => batch.message(0), /released/)
  t.throws(() => batch.release(), /released/)
  t.equal(batch.octets.length, 0)
  t.throws(() => message.payload, TypeError)
  t.throws(() => message.callId)
  t.throws(() => new Batch({ handle: batch.handle, input: 0, rows: 1 }), /no sealed slab/)
  t.equal(binding.release(batch.handle), false)
})

t.test('rows beyond the batch are refused', async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const batch = batchOf(engine, [packet(options('call-1'))])
  for (const row of [-1, 1, 0.5 + 1, Number.NaN]) t.throws(() => batch.message(row), RangeError)
  batch.release()
})

t.test('handles that nobody gave out are refused, whatever they look like', async (t) => {
  for (const handle of [0, -1, 1e15, Number.NaN, 2 ** 53]) {
    t.throws(() => binding.lend(handle))
    t.equal(binding.release(handle), false)
  }
})

t.test('a packet without addresses, time and agent has empty values and its arrival', async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const batch = batchOf(engine, [hep3(chunk(11, u8(5)), chunk(15, '{}'))])
  const message = batch.message(0)
  t.equal(message.sourceIp, '')
  t.equal(message.family, 0)
  t.equal(message.agentId, undefined)
  t.equal(message.microTs, message.arrivalUs)
  t.equal(message.isSip, false)
  t.equal(message.protocolType, 5)
  batch.release()
})

t.test('the engine outlives misuse of its methods', async (t) => {
  const engine = newEngine()
  t.teardown(() => engine.close())
  t.throws(() => engine.feed(0, Buffer.from('x'), Uint32Array.of(2)), RangeError)
  t.throws(() => engine.feed(0, Buffer.from('xy'), Uint32Array.of(2, 1)), RangeError)
  t.throws(() => engine.drop(0, 'no/such', 1), /no drop is called/)
  t.throws(
    () => new binding.Engine({ slabBytes: 10, slabs: 1, flushMs: 1, maxRows: 1 }, () => {}),
    RangeError,
  )
})

t.test('IPv6 addresses are written as everywhere else', async (t) => {
  const text = (hex: string) => ipv6Text(Buffer.from(hex.padEnd(32, '0').slice(0, 32), 'hex'))
  t.equal(text(''), '::')
  t.equal(text('00000000000000000000000000000001'), '::1')
  t.equal(text('20010db8000000000000000000000001'), '2001:db8::1')
  t.equal(text('20010db8000000010000000000000001'), '2001:db8:0:1::1')
  t.equal(text('20010db8000100000001000100010001'), '2001:db8:1:0:1:1:1:1')
  t.equal(text('00000000000000000000ffff0a000001'), '::ffff:10.0.0.1')
  t.equal(text('0000000000000000000000000a000001'), '::10.0.0.1')
  t.equal(text('fe800000000000000000000000000000'), 'fe80::')
})
