// HEP over WebSocket: one packet a message, or several whole ones; what is anything else costs itself and is
// counted; a full queue holds the agent back.

import { once } from 'node:events'
import { request } from 'node:http'
import { connect as connectTcp, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { STREAM_LIMITS, type StreamLimits } from '../../lib/listen/stream.js'
import { WsListener } from '../../lib/listen/ws.js'
import { FrameBoundary } from '../../lib/listen/ws-boundary.js'
import { Batch } from '../../lib/message.js'
import { Authority, credentialsOf, pemOf } from '../support/certificates.js'
import { droppedBefore } from '../support/ledger.js'
import { chunk, hep3, options, packet, u8, u16 } from '../support/packets.js'
import { type Rig, streamRig, taken } from '../support/stream-rig.js'
import { turns } from '../support/tcp-client.js'
import { missing, until } from '../support/tools.js'

t.setTimeout(240_000)

function rig(t: Test, limits: StreamLimits = STREAM_LIMITS, slabs = 8): Promise<Rig<WsListener>> {
  return streamRig(t, (engine) => new WsListener(engine, 0, undefined, limits), slabs)
}

/** Limits that a test may change while the listener has them: no time runs out before it wants that. */
const changeable = (): StreamLimits => ({ ...STREAM_LIMITS, incompleteMs: 600_000, handshakeMs: 600_000 })

interface Client {
  ws: WebSocket
  /** Close code and reason. */
  closed: Promise<[code: number, reason: string]>
}

async function client(url: string, more: object = {}): Promise<Client> {
  const ws = new WebSocket(url, more)
  const closed = new Promise<[number, string]>((resolve) =>
    ws.once('close', (code, reason) => resolve([code, reason.toString()])),
  )
  await once(ws, 'open')
  ws.on('error', () => {})
  return { ws, closed }
}

async function end({ ws, closed }: Client): Promise<void> {
  ws.close()
  await closed
}

/** Octets of a client, made by hand. */
function frame(payload: Buffer, { opcode = 2, fin = true, masked = true } = {}): Buffer {
  const { length } = payload
  const size = length < 126 ? u8(length) : Buffer.concat([u8(length < 65_536 ? 126 : 127), sizeOf(length)])
  size[0] = (size[0] as number) | (masked ? 0x80 : 0)
  const mask = masked ? Buffer.from([1, 2, 3, 4]) : Buffer.alloc(0)
  const body = masked ? payload.map((octet, at) => octet ^ (mask[at % 4] as number)) : payload
  return Buffer.concat([u8((fin ? 0x80 : 0) | opcode), size, mask, body])
}

function sizeOf(length: number): Buffer {
  if (length < 65_536) return u16(length)
  const octets = Buffer.alloc(8)
  octets.writeBigUInt64BE(BigInt(length))
  return octets
}

/** A socket that has upgraded; `given` tells what came back after that. */
async function byHand(port: number): Promise<{ socket: Socket; closed: Promise<void>; given(): Buffer }> {
  const socket = connectTcp({ port, host: '127.0.0.1', noDelay: true })
  const parts: Buffer[] = []
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', () => {})
  socket.on('data', (part: Buffer) => parts.push(part))
  const lines = ['GET /any/path?x=1 HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket']
  const more = ['Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`]
  socket.write([...lines, ...more, '', ''].join('\r\n'))
  const all = () => Buffer.concat(parts)
  await until(() => all().includes('\r\n\r\n'))
  const start = all().indexOf('\r\n\r\n') + 4
  return { socket, closed, given: () => all().subarray(start) }
}

const calls = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}-${i}`)
const packets = (ids: string[]) => ids.map((id) => packet(options(id)))

t.test('a packet a message, many in a message, and large ones', async (t) => {
  const { port, callIds, counters, listener } = await rig(t)
  const one = await client(`ws://127.0.0.1:${port}/`)
  const ids = calls('one', 1000)
  for (const octets of packets(ids)) one.ws.send(octets)
  const many = calls('many', 500)
  one.ws.send(Buffer.concat(packets(many)))
  const large = packet(options('large', `X: ${'x'.repeat(65_000)}`))
  one.ws.send(large)
  one.ws.send(Buffer.concat(Array(15).fill(large)))
  await end(one)
  t.same(callIds(), [...ids, ...many, ...Array(16).fill('large')])
  t.match(counters(), { received: 1516, accepted: 1516, dropped: {}, odd: {} })
  t.same(listener.odd, {})
  t.equal(listener.connections, 0)
})

t.test('any path will do, compression is not taken, pings are answered', async (t) => {
  const { port, callIds } = await rig(t)
  const agent = await client(`ws://127.0.0.1:${port}/hep/ws?key=1`, { perMessageDeflate: true })
  t.equal(agent.ws.extensions, '')
  const pong = once(agent.ws, 'pong')
  agent.ws.ping('are you there')
  t.equal(String((await pong)[0]), 'are you there')
  agent.ws.send(packet(options('after')))
  await end(agent)
  t.same(callIds(), ['after'])
})

t.test('what is no packet costs itself, and the connection stays', async (t) => {
  const { port, callIds, counters } = await rig(t)
  const agent = await client(`ws://127.0.0.1:${port}/`)
  const [good] = packets(['good']) as [Buffer]
  const { ws } = agent
  ws.send('{"a": "text"}')
  ws.send(good.toString('latin1'))
  ws.send(Buffer.alloc(0))
  ws.send(Buffer.from('no HEP at all'))
  ws.send(good.subarray(0, 3))
  ws.send(good.subarray(0, 50))
  ws.send(good.subarray(50))
  ws.send(Buffer.concat([good, good, u8(0)]))
  ws.send(Buffer.concat([Buffer.from('HEP3'), u16(5), good]))
  ws.send(hep3(chunk(1, Buffer.alloc(2)), chunk(15, 'x')))
  ws.send(good)
  await end(agent)
  t.same(callIds(), Array(3).fill('good'))
  const { received, accepted, dropped } = counters()
  t.same(dropped, { 'ws/text_message': 2, 'ws/bad_message': 7, 'hep/bad_chunk_length': 1 })
  t.equal(received, 13)
  t.equal(received, accepted + droppedBefore(counters()))
})

t.test('a stream of frames cut in two at every octet, and octet by octet', async (t) => {
  const { port, callIds, counters } = await rig(t)
  const ids = calls('cut', 3)
  const [a, b, c] = packets(ids) as [Buffer, Buffer, Buffer]
  const stream = Buffer.concat([
    frame(a),
    frame(Buffer.from('hi'), { opcode: 9 }),
    frame(b.subarray(0, 9), { fin: false }),
    frame(Buffer.alloc(0), { opcode: 10 }),
    frame(b.subarray(9), { opcode: 0 }),
    frame(c),
  ])
  const { socket, closed } = await byHand(port)
  for (let cut = 1; cut < stream.length; cut++) {
    socket.write(stream.subarray(0, cut))
    await turns()
    socket.write(stream.subarray(cut))
    await turns()
  }
  for (const octet of stream) socket.write(u8(octet))
  socket.end(frame(u16(1000), { opcode: 8 }))
  await closed
  t.same(callIds(), Array(stream.length).fill(ids).flat())
  t.match(counters(), { received: 3 * stream.length, dropped: {} })
})

t.test('a message without its end, one that is too long, and frames that are none', async (t) => {
  const { port, callIds, counters } = await rig(t)
  const [good] = packets(['good']) as [Buffer]
  const starts = [frame(good).subarray(0, 1), frame(good).subarray(0, 40), frame(good, { fin: false })]
  for (const [at, start] of starts.entries()) {
    const { socket } = await byHand(port)
    socket.end(Buffer.concat([frame(good), start]))
    await until(() => counters().dropped['ws/incomplete'] === at + 1)
  }
  const cutPing = await byHand(port)
  cutPing.socket.end(Buffer.concat([frame(good), frame(good.subarray(0, 9), { opcode: 9 }).subarray(0, 5)]))
  await cutPing.closed

  const long = await client(`ws://127.0.0.1:${port}/`)
  long.ws.send(Buffer.alloc((1 << 20) + 1))
  t.match(await long.closed, [1009])
  for (const bad of [frame(good, { masked: false }), frame(good, { opcode: 3 })]) {
    const { socket, given } = await byHand(port)
    socket.write(Buffer.concat([frame(good), bad]))
    await until(() => given().length >= 4)
    t.equal(given().readUInt16BE(2), 1002)
    socket.destroy()
  }
  await until(() => counters().dropped['ws/bad_frame'] === 2)
  t.same(counters().dropped, { 'ws/incomplete': 3, 'ws/too_long': 1, 'ws/bad_frame': 2 })
  t.same(callIds(), Array(6).fill('good'))
})

t.test('a message has its time, which further octets do not prolong; silence has none', async (t) => {
  const limits = changeable()
  const { port, callIds, counters, listener } = await rig(t, limits)
  const [good] = packets(['good']) as [Buffer]
  const silent = await client(`ws://127.0.0.1:${port}/`)
  silent.ws.send(good)
  const stuck = await byHand(port)
  stuck.socket.write(Buffer.concat([frame(good), frame(good).subarray(0, 20)]))
  const dripping = await byHand(port)
  const drip = setInterval(() => dripping.socket.write(frame(Buffer.alloc(1), { opcode: 0, fin: false })), 20)
  dripping.socket.write(frame(good, { fin: false }))
  await until(() => counters().received === 2) // the good ones; what follows them in the kernel is on its way
  limits.incompleteMs = 300
  await Promise.all([stuck.closed, dripping.closed])
  clearInterval(drip)
  t.same(counters().dropped, { 'ws/timeout': 2 })
  t.match(stuck.given().toString('latin1'), /a message took too long/)
  t.equal(listener.connections, 1)
  limits.incompleteMs = 600_000
  silent.ws.send(good)
  await end(silent)
  t.same(callIds(), Array(3).fill('good'))
})

t.test('what is no WebSocket is answered, counted and gone', async (t) => {
  const limits = changeable()
  const { port, counters, listener } = await rig(t, limits)
  const get = request({ port, host: '127.0.0.1', path: '/' }).end()
  const [response] = await once(get, 'response')
  t.equal(response.statusCode, 426)
  response.resume()
  const bad = request({
    port,
    host: '127.0.0.1',
    headers: { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': 7 },
  }).end()
  t.equal((await once(bad, 'response'))[0].statusCode, 400)
  for (const junk of [
    '\x16\x03\x01\x02\x00\x01',
    'HEP3\0\0\r\n\r\n',
    `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`,
  ]) {
    const socket = connectTcp(port, '127.0.0.1').on('error', () => {})
    socket.write(Buffer.from(junk, 'latin1'))
    await new Promise((resolve) => socket.resume().once('close', resolve))
  }
  await until(() => listener.odd['ws/handshake'] === 5)
  const idle = Array.from({ length: 50 }, (_, at) => {
    const socket = connectTcp(port, '127.0.0.1').on('error', () => {})
    if (at % 2) socket.write('GET / HTTP/1.1\r\nHost: ')
    return new Promise((resolve) => socket.resume().once('close', resolve))
  })
  const agent = await client(`ws://127.0.0.1:${port}/`)
  agent.ws.send(packet(options('good')))
  await end(agent)
  limits.handshakeMs = 1
  await Promise.all(idle)
  t.same(listener.odd, { 'ws/handshake': 5, 'ws/handshake_timeout': 50 })
  t.match(counters(), { received: 1, accepted: 1, dropped: {} })
})

t.test('a full queue holds the agents back; with room again nothing is lost', async (t) => {
  const { engine, listener, port, counters } = await rig(t, STREAM_LIMITS, 2)
  const agents = await Promise.all([client(`ws://127.0.0.1:${port}/`), client(`ws://127.0.0.1:${port}/`)])
  const floods = ['one', 'two'].map((name) => calls(name, 8000))
  let ended = 0
  for (const [at, agent] of agents.entries()) {
    for (const id of floods[at] ?? []) agent.ws.send(packet(options(id, `X: ${'x'.repeat(4000)}`)))
    agent.ws.close()
    void agent.closed.then(() => ended++)
  }
  const full = await until(() => {
    const sealed = engine.take()
    return sealed.length > 0 && sealed
  })
  for (const slab of full) new Batch(slab).release()
  const arrived = counters().accepted // released unseen
  t.ok(arrived > 0)
  await until(() => {
    taken(engine)
    listener.resume()
    engine.flush(true)
    return ended === 2
  })
  t.match(counters(), { received: 16_000, accepted: 16_000, dropped: {}, odd: {} })
})

t.test('held messages keep their order', async (t) => {
  const { engine, listener, port } = await rig(t, STREAM_LIMITS, 1)
  const agent = await client(`ws://127.0.0.1:${port}/`)
  const ids = calls('order', 3000)
  for (const id of ids) agent.ws.send(packet(options(id, `X: ${'x'.repeat(2000)}`)))
  agent.ws.close()
  let ended = false
  void agent.closed.then(() => {
    ended = true
  })
  const arrived: string[] = []
  await until(() => {
    arrived.push(...taken(engine))
    listener.resume()
    engine.flush(true)
    return ended
  })
  engine.flush(true)
  arrived.push(...taken(engine))
  t.ok(JSON.stringify(arrived) === JSON.stringify(ids), 'all, once, in order')
})

t.test('behind the bounds in time and octets messages are dropped and counted', async (t) => {
  for (const limits of [{ holdMs: 100 }, { holdBytes: 0 }]) {
    const { port, counters } = await rig(t, { ...STREAM_LIMITS, ...limits }, 2)
    const agent = await client(`ws://127.0.0.1:${port}/`)
    for (const id of calls('late', 4000)) agent.ws.send(packet(options(id, `X: ${'x'.repeat(4000)}`)))
    await end(agent)
    await until(() => counters().received === 4000)
    const { accepted, dropped } = counters()
    t.same(dropped, { 'queue/full': 4000 - accepted })
    t.ok(accepted > 0)
  }
})

t.test('an agent that pings and never reads is not answered for ever', async (t) => {
  const { port, listener, callIds } = await rig(t)
  const { socket, given } = await byHand(port)
  socket.pause()
  const pings = Buffer.concat(Array(1000).fill(frame(Buffer.alloc(120), { opcode: 9 })))
  for (let run = 0; run < 200; run++) await new Promise((resolve) => socket.write(pings, resolve))
  await new Promise((resolve) => socket.write(frame(packet(options('still'))), resolve))
  await until(() => callIds().includes('still'))
  t.equal(listener.connections, 1)
  socket.resume()
  await until(() => {
    socket.write(frame(Buffer.from('last'), { opcode: 9 }))
    return given().subarray(-6).includes('last')
  })
  t.ok(given().length < 200 * 1000 * 122, 'what the kernel had no room for was not kept')
  socket.destroy()
})

t.test('close() takes what was sent, says goodbye, and ends every connection', async (t) => {
  const { port, listener, callIds, counters } = await rig(t)
  const agents = await Promise.all(Array.from({ length: 5 }, () => client(`ws://127.0.0.1:${port}/`)))
  const ids = calls('last', 100)
  await until(() => listener.connections === 5)
  for (const { ws } of agents) for (const octets of packets(ids)) ws.send(octets)
  await listener.close(30_000)
  for (const { closed } of agents) t.same(await closed, [1001, 'the collector stops'])
  t.same(callIds().length, 500)
  t.match(counters(), { received: 500, dropped: {} })
  t.equal(listener.connections, 0)
})

const skip = missing('openssl')

t.test('hep_wss: TLS first, with a certificate where one is wanted', { skip }, async (t) => {
  const authority = new Authority(t.testdir())
  const others = new Authority(authority.folder, 'others')
  const credentials = credentialsOf(authority.sign('server'), authority)
  const limits = changeable()
  const { port, listener, callIds, counters } = await streamRig(
    t,
    (engine) => new WsListener(engine, 0, credentials, limits),
  )
  const ca = pemOf({ cert: authority.cert, key: authority.cert }).cert
  const good = { ca, ...pemOf(authority.sign('agent')) }
  const idle = Array.from({ length: 50 }, (_, at) => {
    const socket = connectTcp(port, '127.0.0.1').on('error', () => {})
    if (at % 2) socket.write(Buffer.from('16030102000100', 'hex'))
    return new Promise((resolve) => socket.resume().once('close', resolve))
  })
  const url = `wss://localhost:${port}/`
  await t.rejects(client(url, { ca }))
  await t.rejects(client(url, { ca, ...pemOf(others.sign('stranger')) }))
  await t.rejects(client(`ws://127.0.0.1:${port}/`))
  const agent = await client(url, good)
  const ids = calls('secure', 2000)
  for (const octets of packets(ids)) agent.ws.send(octets)
  await end(agent)
  limits.handshakeMs = 1
  await Promise.all(idle)
  limits.handshakeMs = 600_000
  t.same(callIds(), ids)
  t.match(counters(), { received: ids.length, dropped: {} })
  t.same(listener.odd, {
    'tls/no_client_certificate': 1,
    'tls/bad_client_certificate': 1,
    'tls/handshake': 1,
    'tls/handshake_timeout': 50,
  })
  listener.reload(credentialsOf(others.sign('other'), authority))
  await t.rejects(client(url, good), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, 'the new one is shown')
})

t.test('the boundary of messages is known at every octet', async (t) => {
  const large = Buffer.alloc(70_000)
  const octets = Buffer.concat([
    frame(Buffer.alloc(5)),
    frame(large, { fin: false }),
    frame(Buffer.alloc(3), { opcode: 9 }),
    frame(Buffer.alloc(300), { opcode: 0, masked: false }),
    frame(Buffer.alloc(0)),
  ])
  const lengths = [11, 70_014, 9, 304, 6]
  const ends = lengths.map((_, at) => lengths.slice(0, at + 1).reduce((sum, length) => sum + length, 0))
  t.equal(octets.length, ends.at(-1))
  const boundary = new FrameBoundary()
  for (const [at, octet] of octets.entries()) {
    const ended = boundary.follow(u8(octet))
    const isBetween = [ends[0], ends[3], ends[4]].includes(at + 1)
    if (boundary.isBetween !== isBetween || ended !== isBetween || boundary.inMessage === isBetween)
      t.fail(`octet ${at}`)
  }
})
