// SIP and HEP on one UDP port: each datagram is one message with the addresses that it really had, or one count.
// Nothing is ever answered.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import t, { type Test } from 'tap'
import type { Engine, UdpListenOptions } from '../../lib/binding.js'
import { Batch, type Message } from '../../lib/message.js'
import { sendUdp } from '../support/daemon.js'
import { newEngine } from '../support/engine.js'
import { droppedBefore } from '../support/ledger.js'
import { hep1, hep2, options, packet, packet6, u8, u16 } from '../support/packets.js'
import { until } from '../support/tools.js'

t.setTimeout(120_000)

interface Rig {
  engine: Engine
  port: number
  /** What each message is, once `received` datagrams have come. */
  after<T>(received: number, look: (message: Message) => T): Promise<T[]>
}

async function rig(t: Test, more: Partial<UdpListenOptions> = {}): Promise<Rig> {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const address = '127.0.0.1'
  const all = { address, port: 0, rcvbufBytes: 4 << 20, workers: 1, takes: 'sip_or_hep' as const, ...more }
  const { port } = engine.listenUdp(0, all)
  return {
    engine,
    port,
    async after(received, look) {
      await until(() => engine.counters(0).received >= received)
      engine.stop(1000)
      await until(() => engine.ended())
      return engine.take().flatMap((slab) => {
        const batch = new Batch(slab)
        const seen = Array.from(batch, look)
        batch.release()
        return seen
      })
    },
  }
}

const sip = (id: string) => Buffer.from(options(id))
const stun = Buffer.concat([u16(1), u16(8), Buffer.from('2112a442', 'hex'), Buffer.alloc(20, 1)])

t.test('SIP and every version of HEP, mixed', async (t) => {
  const { engine, port, after } = await rig(t)
  const eep = Buffer.from(packet(options('eep')).toString('latin1').replace('HEP3', 'EEP3'), 'latin1')
  const round = [
    sip('sip'),
    packet(options('v3')),
    hep1(options('v1')),
    Buffer.from('SIP/2.0 200 OK\r\nCall-ID: reply\r\nCSeq: 1 INVITE\r\n\r\n'),
    hep2(options('v2')),
    hep1(options('v1-6'), 10),
    hep2(options('v2-6'), 10),
    eep,
    packet6(options('v3-6')),
    Buffer.concat([Buffer.from('\r\n\r\n'), sip('crlf')]),
  ]
  await sendUdp(port, Array(20).fill(round).flat())
  const seen = await after(200, ({ callId, hepVersion }) => `${callId} ${hepVersion}`)
  const ids = ['sip 0', 'v3 3', 'v1 1', 'reply 0', 'v2 2', 'v1-6 1', 'v2-6 2', 'eep 3', 'v3-6 3', 'crlf 0']
  t.same(seen, Array(20).fill(ids).flat())
  t.same(engine.counters(0).dropped, {})
})

t.test('a SIP datagram is a message from its sender to the address that it reached', async (t) => {
  const { port, after } = await rig(t)
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const before = Date.now() * 1000
  socket.send(sip('one'), port, '127.0.0.1')
  const [message] = await after(1, (one) => ({
    source: `${one.sourceIp}:${one.sourcePort}`,
    destination: `${one.destinationIp}:${one.destinationPort}`,
    numbers: [one.protocol, one.protocolType, one.family, one.hepVersion],
    method: one.method,
    payload: one.payload.toString(),
    agent: one.agentId,
    micros: one.microTs,
  }))
  t.match(message, {
    source: `127.0.0.1:${socket.address().port}`,
    destination: `127.0.0.1:${port}`,
    numbers: [17, 1, 2, 0],
    method: 'OPTIONS',
    payload: options('one'),
    agent: undefined,
  })
  t.ok((message?.micros ?? 0) >= before - 1_000_000)
  socket.close()
})

t.test('on the wildcard the destination is the address that the datagram was sent to', async (t) => {
  const { port, after } = await rig(t, { address: '' })
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  const own = all
    .filter(({ address, scopeid }) => !scopeid && address !== '::1')
    .map(({ address }) => address)
  const wanted = [...new Set(['127.0.0.1', '127.0.0.2', '127.9.9.9', ...own])]
  try {
    await sendUdp(port, [sip('six')], '::1')
    wanted.unshift('::1')
  } catch {
    t.comment('no IPv6 on this host')
  }
  for (const address of wanted.slice(wanted[0] === '::1' ? 1 : 0)) await sendUdp(port, [sip('x')], address)
  const seen = await after(wanted.length, ({ destinationIp, destinationPort, family }) => ({
    destinationIp,
    destinationPort,
    family,
  }))
  t.same(
    seen,
    wanted.map((address) => ({
      destinationIp: address,
      destinationPort: port,
      family: address.includes(':') ? 10 : 2,
    })),
  )
})

t.test('an IPv6 address of its own', async (t) => {
  let made: Rig
  try {
    made = await rig(t, { address: '::1' })
  } catch {
    t.pass('skipped: no IPv6 on this host')
    return
  }
  await sendUdp(made.port, [sip('six'), packet6(options('hep'))], '::1')
  const seen = await made.after(2, ({ sourceIp, destinationIp }) => [sourceIp, destinationIp])
  t.same(seen, [
    ['::1', '::1'],
    ['2001:db8::1', '2001:db8::2'],
  ])
})

t.test('what is neither is counted by what it is, and nothing is answered', async (t) => {
  const { engine, port, after } = await rig(t)
  const socket = createSocket('udp4')
  let answers = 0
  socket.on('message', () => answers++)
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const rest: [string, Buffer[]][] = [
    ['udp/keep_alive', ['', '\r\n\r\n', '\r\n', '\0\0\0\0', ' '].map((text) => Buffer.from(text))],
    ['udp/stun', [stun]],
    ['udp/not_sip_or_hep', [Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.from('HEP2'), u8(1), u8(0x80)]],
    ['hep/bad_length', [Buffer.from('HEP3\0\x05xxx')]],
  ]
  const all = rest.flatMap(([, datagrams]) => datagrams)
  for (const datagram of [...all, sip('good')]) {
    await new Promise((resolve) => socket.send(datagram, resolve))
  }
  t.same(await after(all.length + 1, ({ callId }) => callId), ['good'])
  const counters = engine.counters(0)
  t.same(counters.dropped, Object.fromEntries(rest.map(([reason, datagrams]) => [reason, datagrams.length])))
  t.equal(counters.received, counters.accepted + droppedBefore(counters))
  t.equal(answers, 0)
  socket.close()
})

t.test('without HEP capture, HEP is counted as such', async (t) => {
  const { engine, port, after } = await rig(t, { takes: 'sip' })
  await sendUdp(port, [packet(options('v3')), hep1(options('v1')), sip('sip')])
  t.same(await after(3, ({ callId }) => callId), ['sip'])
  t.same(engine.counters(0).dropped, { 'udp/hep_off': 2 })
})

t.test('a HEP listener takes HEP alone', async (t) => {
  const { engine, port, after } = await rig(t, { takes: 'hep' })
  await sendUdp(port, [sip('sip'), packet(options('v3'))])
  t.same(await after(2, ({ callId }) => callId), ['v3'])
  t.same(engine.counters(0).dropped, { 'hep/bad_magic': 1 })
})

t.test('several workers share the senders', async (t) => {
  const { engine, port, after } = await rig(t, { workers: 3, address: '' })
  for (let sender = 0; sender < 10; sender++) await sendUdp(port, Array(20).fill(sip('x')))
  t.equal(
    (await after(200, ({ destinationIp }) => destinationIp)).filter((ip) => ip === '127.0.0.1').length,
    200,
  )
  t.same(engine.counters(0).dropped, {})
})
