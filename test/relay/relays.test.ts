// Packets sent on: each accepted one is settled once, and what is counted as relayed has arrived.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import t, { type Test } from 'tap'
import { Relays, type RelaysOptions } from '../../lib/relay/relays.js'
import type { RelayTarget } from '../../lib/route/rules.js'
import { udpReceiver } from '../send/receiver.js'
import { Authority, credentialsOf } from '../support/certificates.js'
import { hep1, hep2, options, packet } from '../support/packets.js'
import { Random } from '../support/random.js'
import { missing, until } from '../support/tools.js'
import { Hand, StreamReceiver } from './receiver.js'

t.setTimeout(240_000)

const QUICK = { firstPauseMs: 5, longestPauseMs: 20 }

function newRelays(t: Test, options: RelaysOptions = {}): { relays: Relays; hand: Hand } {
  const relays = new Relays({ ...options, limits: { ...QUICK, ...options.limits } })
  t.teardown(() => relays.close(0))
  return { relays, hand: new Hand(relays) }
}

async function newReceiver(t: Test, receiver = new StreamReceiver()): Promise<StreamReceiver> {
  await receiver.listen()
  t.teardown(() => receiver.kill())
  return receiver
}

function tcpTo(port: number, host = '127.0.0.1'): RelayTarget {
  return { proto: 'hep_tcp', host, port }
}

function numbered(count: number, octets = 0): Buffer[] {
  return Array.from({ length: count }, (_, at) => packet(options(`call-${at}`) + 'x'.repeat(octets)))
}

t.test('every version over UDP, byte for byte, up to the longest datagram', async (t) => {
  const receiver = await udpReceiver()
  t.teardown(() => receiver.close())
  const { relays, hand } = newRelays(t)
  const to: RelayTarget = { proto: 'hep_udp', host: '127.0.0.1', port: receiver.port }
  const packets = [hep1('one'), hep2('two', 10), packet('three'), Buffer.alloc(65_507, 'x'), Buffer.from('?')]
  for (const one of packets) t.equal(hand.send(to, one), undefined)
  t.same(await receiver.packets(packets.length), packets)
  await until(() => hand.pending === 0)
  const [status] = relays.destinations
  const octets = packets.reduce((sum, one) => sum + one.length, 0)
  t.same(status, {
    name: `hep_udp:127.0.0.1:${receiver.port}`,
    state: 'up',
    relayed: 5,
    octets,
    dropped: {},
    queued: 0,
    queuedOctets: 0,
  })
})

t.test('too long for a datagram', async (t) => {
  const receiver = await udpReceiver()
  t.teardown(() => receiver.close())
  const { relays, hand } = newRelays(t)
  const to: RelayTarget = { proto: 'hep_udp', host: '127.0.0.1', port: receiver.port }
  t.equal(hand.send(to, Buffer.alloc(65_528)), 'too_long', 'known at once')
  t.equal(hand.send(to, Buffer.alloc(65_508)), undefined)
  t.equal(hand.send(to, packet('after it')), undefined)
  t.same(await receiver.packets(1), [packet('after it')])
  await until(() => hand.pending === 0)
  t.same(hand.outcomes, ['too_long', 'relayed'], 'IPv4 has less room')
  t.match(relays.destinations, [{ relayed: 1, dropped: { too_long: 2 } }])
})

t.test('UDP to a port where nobody listens: the kernel took it, and nothing is lost count of', async (t) => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  const { relays, hand } = newRelays(t)
  for (let turn = 0; turn < 20; turn++) {
    for (const one of numbered(50)) hand.send({ proto: 'hep_udp', host: '127.0.0.1', port }, one)
    await until(() => hand.pending === 0)
  }
  t.same(hand.counts, { relayed: 1000 })
  t.match(relays.destinations, [{ relayed: 1000, state: 'up' }])
})

t.test('TCP: one connection, in order, byte for byte', async (t) => {
  const receiver = await newReceiver(t)
  const { relays, hand } = newRelays(t)
  const packets = [...numbered(3000, 300), ...numbered(20, 60_000), packet(Buffer.alloc(65_535 - 99, 0xff))]
  for (const one of packets) hand.send(tcpTo(receiver.port), one)
  await until(() => hand.pending === 0)
  t.same(hand.counts, { relayed: packets.length })
  await until(() => receiver.packets.length === packets.length)
  t.ok(Buffer.concat(receiver.packets).equals(Buffer.concat(packets)))
  t.equal(receiver.connections, 1)
  t.match(relays.destinations, [{ state: 'up', relayed: packets.length, queued: 0, queuedOctets: 0 }])
})

t.test('streams carry whole version 3 packets only', async (t) => {
  const receiver = await newReceiver(t)
  const { relays, hand } = newRelays(t)
  const to = tcpTo(receiver.port)
  const good = packet('good')
  const tooShort = Buffer.from(good)
  tooShort.writeUInt16BE(good.length + 1, 4)
  for (const bad of [hep1('x'), hep2('x'), Buffer.alloc(0), Buffer.from('HEP3'), tooShort]) {
    t.equal(hand.send(to, bad), 'not_v3')
  }
  t.equal(hand.send(to, Buffer.concat([good, Buffer.from('behind it')])), undefined)
  await until(() => hand.pending === 0)
  await until(() => receiver.packets.length === 1)
  t.same(receiver.packets, [good], 'what is behind a packet would break the stream')
  t.match(relays.destinations, [{ dropped: { not_v3: 5 }, relayed: 1 }])
})

t.test(
  'the receiver is killed and back: each packet has one outcome, and none is lost that was not confirmed',
  async (t) => {
    const receiver = await newReceiver(t)
    const { relays, hand } = newRelays(t, { limits: { ...QUICK, failures: 100_000 } })
    const to = tcpTo(receiver.port)
    const packets = numbered(6000, 300)
    for (const [at, one] of packets.entries()) {
      hand.send(to, one)
      if (at % 2000 === 1500) {
        await until(() => receiver.sockets.size > 0)
        await receiver.kill()
      }
      if (at % 2000 === 1900) await receiver.listen()
      if (at % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await until(() => hand.pending === 0)
    t.same(hand.counts, { relayed: packets.length })
    t.match(relays.destinations, [{ relayed: packets.length, dropped: {} }])
    t.ok(receiver.connections > 3)
  },
)

t.test('nobody there: it rests, what waited is lost with a reason, and it comes back', async (t) => {
  const receiver = await newReceiver(t)
  await receiver.kill()
  const { relays, hand } = newRelays(t, { limits: { firstPauseMs: 500, longestPauseMs: 2000, failures: 3 } })
  const to = tcpTo(receiver.port)
  for (const one of numbered(10)) t.equal(hand.send(to, one), undefined)
  await until(() => hand.pending === 0)
  t.same(hand.counts, { send_failed: 10 })
  t.equal(hand.send(to, packet('x')), 'resting')
  t.match(relays.destinations, [{ state: 'resting', dropped: { send_failed: 10, resting: 1 }, queued: 0 }])
  await receiver.listen()
  await until(() => hand.send(to, packet('again')) === undefined)
  await until(() => hand.pending === 0)
  await until(() => receiver.packets.length === 1)
  t.match(relays.destinations, [{ state: 'up', relayed: 1 }])
})

t.test('a receiver that takes nothing: a bounded queue, and what never got through is counted', async (t) => {
  const receiver = await newReceiver(t)
  receiver.isDeaf = true
  const limits = { queueBytes: 1 << 20, sendTimeoutMs: 200, failures: 2 }
  const { relays, hand } = newRelays(t, { limits })
  const to = tcpTo(receiver.port)
  const one = packet('x'.repeat(60_000))
  let given = 0
  const start = Date.now()
  await until(() => {
    for (let i = 0; i < 20; i++, given++) hand.send(to, one)
    const [status] = relays.destinations
    if (status!.queuedOctets > limits.queueBytes) throw new Error('the queue has no bound')
    return hand.counts.timeout !== undefined
  })
  t.ok(Date.now() - start >= limits.sendTimeoutMs)
  t.ok(hand.refused.includes('queue_full'))
  await until(() => hand.pending === 0)
  const { relayed = 0, timeout = 0, ...others } = hand.counts
  t.same(others, {})
  t.equal(relayed + timeout + hand.refused.length, given)
})

t.test('what is not confirmed when the connection breaks is sent again', async (t) => {
  const receiver = await newReceiver(t)
  receiver.isDeaf = true
  const { hand } = newRelays(t)
  const to = tcpTo(receiver.port)
  const packets = numbered(300, 60_000) // more than the buffers of two kernels hold
  for (const one of packets) hand.send(to, one)
  await until(() => hand.counts.relayed)
  receiver.isDeaf = false
  for (const socket of receiver.sockets) socket.resetAndDestroy()
  await until(() => hand.pending === 0)
  t.same(hand.counts, { relayed: packets.length })
  t.equal(receiver.connections, 2)
  await until(() => receiver.packets.at(-1)?.equals(packets.at(-1)!))
  const got = new Set(receiver.packets.map((one) => one.toString('latin1')))
  const missing = packets.findLastIndex((one) => !got.has(one.toString('latin1')))
  t.ok(hand.outcomes.slice(0, missing + 1).every((outcome) => outcome === 'relayed'))
  t.ok(missing < packets.length - 1)
})

t.test('an idle connection that the receiver closes costs nothing', async (t) => {
  const receiver = await newReceiver(t)
  const { relays, hand } = newRelays(t)
  for (let turn = 1; turn <= 8; turn++) {
    t.equal(hand.send(tcpTo(receiver.port), packet(`turn ${turn}`)), undefined)
    await until(() => hand.pending === 0 && receiver.packets.length === turn)
    for (const socket of receiver.sockets) socket.end()
    await until(() => relays.destinations[0]!.state === 'idle')
  }
  t.same(hand.counts, { relayed: 8 })
  t.equal(receiver.connections, 8)
})

t.test('every address of a name is tried', async (t) => {
  const receiver = await newReceiver(t)
  const { hand } = newRelays(t)
  t.equal(hand.send(tcpTo(receiver.port, 'localhost'), packet('x')), undefined)
  await until(() => hand.pending === 0)
  t.same(hand.counts, { relayed: 1 })
})

t.test('a name that nobody knows', async (t) => {
  const { relays, hand } = newRelays(t, { limits: { ...QUICK, failures: 2 } })
  const to: RelayTarget = { proto: 'hep_udp', host: 'nobody.invalid', port: 9060 }
  t.equal(hand.send(to, packet('x')), undefined)
  await until(() => hand.pending === 0)
  t.same(hand.outcomes, ['unresolved'])
  t.match(relays.destinations, [{ dropped: { unresolved: 1 } }])
})

t.test('our own listeners are no destination', (t) => {
  const { relays, hand } = newRelays(t)
  const own = Object.values(networkInterfaces()).flatMap((some) => some ?? [])[0]!.address
  relays.listeners = [
    { proto: 'hep_udp', address: '', port: 9060 },
    { proto: 'udp', address: '127.0.0.1', port: 5060 },
    { proto: 'hep_tcp', address: '::1', port: 9061 },
  ]
  const loops: RelayTarget[] = [
    { proto: 'hep_udp', host: '127.0.0.1', port: 9060 },
    { proto: 'hep_udp', host: '127.8.8.8', port: 9060 },
    { proto: 'hep_udp', host: '0.0.0.0', port: 9060 },
    { proto: 'hep_udp', host: '::1', port: 9060 },
    { proto: 'hep_udp', host: '::ffff:127.0.0.1', port: 9060 },
    { proto: 'hep_udp', host: own, port: 9060 },
    { proto: 'hep_udp', host: '127.0.0.1', port: 5060 },
    { proto: 'hep_tcp', host: '0:0:0:0:0:0:0:1', port: 9061 },
  ]
  for (const to of loops) t.equal(hand.send(to, packet('x')), 'loop', JSON.stringify(to))
  const others: RelayTarget[] = [
    { proto: 'hep_tcp', host: '127.0.0.1', port: 9060 },
    { proto: 'hep_udp', host: '127.0.0.2', port: 5060 },
    { proto: 'hep_tls', host: '::1', port: 9061 },
    { proto: 'hep_udp', host: '127.0.0.1', port: 9062 },
  ]
  for (const to of others) t.equal(hand.send(to, packet('x')), undefined, JSON.stringify(to))
  relays.listeners = []
  t.equal(hand.send({ proto: 'hep_udp', host: '127.0.0.1', port: 9061 }, packet('x')), undefined)
  t.end()
})

t.test('a name of our own is found out when it is looked up', async (t) => {
  const receiver = await newReceiver(t)
  const { relays, hand } = newRelays(t)
  relays.listeners = [{ proto: 'hep_tcp', address: '', port: receiver.port }]
  const to = tcpTo(receiver.port, 'localhost')
  t.equal(hand.send(to, packet('x')), undefined)
  await until(() => hand.pending === 0)
  t.same(hand.outcomes, ['loop'])
  t.equal(receiver.connections, 0)
})

t.test('closing: what waits is sent within the time, the rest is lost as stopped', async (t) => {
  const receiver = await newReceiver(t)
  const { relays, hand } = newRelays(t)
  const packets = numbered(2000, 300)
  for (const one of packets) hand.send(tcpTo(receiver.port), one)
  await relays.close(20_000)
  t.same(hand.counts, { relayed: packets.length })
  t.equal(hand.send(tcpTo(receiver.port), packets[0]!), 'stopped')
  await until(() => receiver.packets.length === packets.length)

  const deaf = await newReceiver(t)
  deaf.isDeaf = true
  const stuck = newRelays(t)
  for (const one of numbered(300, 60_000)) stuck.hand.send(tcpTo(deaf.port), one)
  await stuck.relays.close(200)
  t.equal(stuck.hand.pending, 0)
  t.ok((stuck.hand.counts.stopped ?? 0) > 0)
  const { relayed = 0, stopped = 0, ...others } = stuck.hand.counts
  t.equal(relayed + stopped, 300)
  t.same(others, {})
})

t.test('too many destinations', (t) => {
  const { relays, hand } = newRelays(t, { limits: { destinations: 2 } })
  const to = (host: string): RelayTarget => ({ proto: 'hep_udp', host, port: 9060 })
  t.equal(hand.send(to('127.0.0.2'), packet('x')), undefined)
  t.equal(hand.send(to('127.0.0.3'), packet('x')), undefined)
  t.equal(hand.send(to('127.0.0.4'), packet('x')), 'too_many_destinations')
  t.equal(hand.send(to('127.0.0.3'), packet('x')), undefined)
  t.equal(relays.refusedDestinations, 1)
  t.end()
})

t.test('whatever happens, each packet is settled once', async (t) => {
  const random = new Random(20_240_519)
  const receivers = [await newReceiver(t), await newReceiver(t)]
  const socket = await udpReceiver()
  t.teardown(() => socket.close())
  const limits = { ...QUICK, queueBytes: 200_000, sendTimeoutMs: 50, failures: 3 }
  const { relays, hand } = newRelays(t, { limits })
  const targets: RelayTarget[] = [
    ...receivers.map(({ port }) => tcpTo(port)),
    { proto: 'hep_udp', host: '127.0.0.1', port: socket.port },
  ]
  const events = [
    async (one: StreamReceiver) => one.kill(),
    async (one: StreamReceiver) => (one.isListening ? undefined : one.listen()),
    async (one: StreamReceiver) => {
      one.isDeaf = !one.isDeaf
    },
    async (one: StreamReceiver) => {
      for (const peer of one.sockets) peer.end()
    },
  ]
  let given = 0
  for (let step = 0; step < 400; step++) {
    for (let i = random.below(30); i > 0; i--, given++) {
      const one = random.below(5) === 0 ? hep1('x') : packet('y'.repeat(random.below(20_000)))
      hand.send(random.pick(targets), one)
    }
    if (random.below(4) === 0) await random.pick(events)(random.pick(receivers))
    if (random.below(3) === 0) await new Promise((resolve) => setTimeout(resolve, random.below(10)))
  }
  await relays.close(300)
  t.equal(hand.pending, 0)
  t.equal(hand.outcomes.length + hand.refused.length, given)
  const relayed = relays.destinations.reduce((sum, one) => sum + one.relayed, 0)
  const dropped = relays.destinations.flatMap((one) => Object.values(one.dropped))
  t.equal(relayed, hand.counts.relayed)
  t.equal(relayed + dropped.reduce((sum, count) => sum + count, 0), given)
  for (const one of relays.destinations) t.match(one, { queued: 0, queuedOctets: 0 })
})

t.test('TLS', { skip: missing('openssl') }, async (t) => {
  const folder = t.testdir()
  const authority = new Authority(folder)
  const stranger = new Authority(folder, 'stranger')
  const server = credentialsOf(authority.sign('server'), authority)
  const client = credentialsOf(authority.sign('client'), authority)
  const noOne = { cert: '', key: '' }
  const closed = { ...server, requestCert: true, rejectUnauthorized: true }

  const attempt = async (t: Test, serverTls: object, tls: RelaysOptions['tls'], host: string) => {
    const receiver = await newReceiver(t, new StreamReceiver(serverTls))
    const { hand } = newRelays(t, { tls: tls!, limits: { failures: 2 } })
    const packets = numbered(500, 2000)
    for (const one of packets) hand.send({ proto: 'hep_tls', host, port: receiver.port }, one)
    await until(() => hand.pending === 0)
    if (hand.counts.relayed) await until(() => receiver.packets.length === packets.length)
    if (hand.counts.relayed) t.ok(Buffer.concat(receiver.packets).equals(Buffer.concat(packets)))
    else t.same(receiver.packets, [])
    return hand.counts
  }
  for (const host of ['localhost', '127.0.0.1']) {
    t.same(await attempt(t, server, { ...noOne, ca: server.ca }, host), { relayed: 500 }, host)
  }
  t.same(await attempt(t, closed, client, 'localhost'), { relayed: 500 }, 'with our certificate')
  const old = { ...closed, maxVersion: 'TLSv1.2' }
  t.same(await attempt(t, old, client, 'localhost'), { relayed: 500 }, 'TLS 1.2')
  const failed = { send_failed: 500 }
  t.same(await attempt(t, server, { ...noOne, ca: '' }, 'localhost'), failed, 'the system does not know it')
  t.same(await attempt(t, closed, { ...noOne, ca: server.ca }, 'localhost'), failed, 'it wants a certificate')
  const foreign = credentialsOf(stranger.sign('client'), authority)
  // a server of Node's lets everybody in, and then looks who it is
  t.same(await attempt(t, closed, foreign, 'localhost'), { connection_lost: 500 }, 'and not that one')
  t.same(await attempt(t, server, { ...noOne, ca: server.ca }, '127.0.0.2'), failed, 'nobody there')
})
