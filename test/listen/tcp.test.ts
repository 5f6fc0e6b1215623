// HEP over TCP: however the stream is cut, every packet arrives once; faults are counted once; a full queue
// holds the agent back, and behind its bounds drops and counts.

import t, { type Test } from 'tap'
import type { Engine, IntakeCounters, SealedSlab } from '../../lib/binding.js'
import { STREAM_LIMITS, type StreamLimits } from '../../lib/listen/stream.js'
import { TcpListener } from '../../lib/listen/tcp.js'
import { Batch } from '../../lib/message.js'
import { newEngine } from '../support/engine.js'
import { droppedBefore } from '../support/ledger.js'
import { chunk, hep3, options, packet, u8, u16 } from '../support/packets.js'
import { TcpClient, turns } from '../support/tcp-client.js'
import { until } from '../support/tools.js'

t.setTimeout(120_000)

interface Rig {
  engine: Engine
  listener: TcpListener
  port: number
  connect(): Promise<TcpClient>
  counters(): IntakeCounters
  /** Call-IDs of all that was sealed since the last call; the slabs go back. */
  callIds(): string[]
}

async function rig(
  t: Test,
  limits: Partial<StreamLimits> = {},
  slabs = 8,
  address = '127.0.0.1',
): Promise<Rig> {
  const engine = newEngine(slabs)
  const listener = new TcpListener(engine, 0, { ...STREAM_LIMITS, ...limits })
  const port = await listener.listen(address, 0)
  t.teardown(async () => {
    await listener.close(0)
    engine.close()
  })
  return {
    engine,
    listener,
    port,
    connect: () => TcpClient.connect(port, address || '127.0.0.1'),
    counters: () => engine.counters(0),
    callIds() {
      engine.flush(true)
      return taken(engine)
    },
  }
}

function taken(engine: Engine): string[] {
  return engine.take().flatMap((slab) => {
    const batch = new Batch(slab)
    const ids = Array.from(batch, (message) => message.callId)
    batch.release()
    return ids
  })
}

/** Three packets of different lengths; the same length for every `name` of the same length. */
function three(name: string): { ids: string[]; stream: Buffer } {
  const ids = [`${name}-a`, `${name}-b`, `${name}-c`]
  const packets = ids.map((id, index) => packet(options(id, ...Array(index).fill('X: y'))))
  return { ids, stream: Buffer.concat(packets) }
}

const CUT_NAME = (cut: number) => String(cut).padStart(5, '0')

t.test('a stream cut in two at every octet gives the same packets, in order', async (t) => {
  const { connect, callIds, counters } = await rig(t)
  const { length } = three(CUT_NAME(0)).stream
  const LANES = 8
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    const client = await connect()
    const sent: string[] = []
    for (let cut = 1 + lane; cut < length; cut += LANES) {
      const { ids, stream } = three(CUT_NAME(cut))
      sent.push(...ids)
      await client.segments(stream.subarray(0, cut), stream.subarray(cut))
    }
    await client.end()
    return sent
  })
  const sent = await Promise.all(lanes)
  const arrived = callIds()
  t.equal(arrived.length, 3 * (length - 1))
  for (const [lane, expected] of sent.entries()) {
    const own = arrived.filter((id) => (Number(id.slice(0, 5)) - 1) % LANES === lane)
    t.same(own, expected, `connection ${lane}`)
  }
  t.match(counters(), { received: arrived.length, accepted: arrived.length, dropped: {} })
})

t.test('octet by octet', async (t) => {
  const { connect, callIds, counters } = await rig(t)
  const client = await connect()
  const { ids, stream } = three('slowly')
  await client.segments(...Array.from(stream, (octet) => u8(octet)))
  await client.end()
  t.same(callIds(), ids)
  t.equal(counters().received, 3)
})

t.test('many packets in one segment, and a packet in many', async (t) => {
  const { connect, callIds } = await rig(t)
  const client = await connect()
  const ids = Array.from({ length: 2000 }, (_, i) => `call-${i}`)
  const large = packet(options('large', `X: ${'x'.repeat(65_000)}`))
  await client.send(Buffer.concat([...ids.map((id) => packet(options(id))), large]))
  await client.end()
  t.same(callIds(), [...ids, 'large'])
})

t.test('EEP3 is HEP3 by another name', async (t) => {
  const { connect, callIds, counters } = await rig(t)
  const client = await connect()
  const { ids, stream } = three('eep')
  const renamed = Buffer.from(stream.toString('latin1').replaceAll('HEP3', 'EEP3'), 'latin1')
  await client.send(renamed)
  await client.end()
  t.same(callIds(), ids)
  t.same(counters().dropped, {})
})

t.test('a stream that is no HEP is closed and counted once, what came before it is kept', async (t) => {
  const { connect, callIds, counters, listener } = await rig(t)
  const good = packet(options('good'))
  const faults: [reason: string, ...parts: Buffer[]][] = [
    ['tcp/bad_magic', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['tcp/bad_magic', Buffer.from('HE'), Buffer.from('LLO')],
    ['tcp/bad_magic', good, Buffer.from('X'), good],
    ['tcp/bad_magic', Buffer.concat([good, Buffer.from('HEP2'), good, good])],
    ...[0, 1, 2, 3, 4, 5].map((length): [string, Buffer] => [
      'tcp/bad_length',
      Buffer.concat([good, Buffer.from('HEP3'), u16(length), good]),
    ]),
    ['tcp/bad_length', Buffer.from('HEP3\0'), u8(5), Buffer.from('xxxxx')],
  ]
  for (const [at, [reason, ...parts]] of faults.entries()) {
    const before = counters().dropped[reason] ?? 0
    const client = await connect()
    await client.segments(...parts)
    await client.closed
    t.equal(counters().dropped[reason], before + 1, `stream ${at}: ${reason}`)
  }
  t.equal(listener.connections, 0)
  t.same(callIds(), Array(8).fill('good'))
  t.equal(counters().received, 8 + faults.length)
  t.match(counters().dropped, { 'tcp/bad_magic': 4, 'tcp/bad_length': 7 })
})

t.test('a packet that is framed and refused costs only itself', async (t) => {
  const { connect, callIds, counters } = await rig(t)
  const client = await connect()
  const refused = [0, 1, 2, 3, 4, 5].map((length) =>
    hep3(Buffer.concat([u16(0), u16(15), u16(length), u8(0)])),
  )
  for (const [at, bad] of refused.entries()) await client.segments(packet(options(`before-${at}`)), bad)
  await client.segments(hep3(chunk(1, Buffer.alloc(2)), chunk(15, 'x')), packet(options('last')))
  t.equal(client.socket.destroyed, false)
  await client.end()
  const ids = callIds()
  t.same(
    ids.filter((id) => id !== ''),
    [...refused.map((_, at) => `before-${at}`), 'last'],
  )
  const { received, accepted, dropped } = counters()
  t.equal(received, 14)
  t.equal(accepted, ids.length)
  t.ok(Object.keys(dropped).every((reason) => reason.startsWith('hep/')))
  t.ok((dropped['hep/bad_chunk_length'] ?? 0) >= refused.length)
  t.equal(droppedBefore(counters()), received - accepted)
})

t.test('a packet that its connection cuts short is one drop', async (t) => {
  const { connect, callIds, counters } = await rig(t)
  const { ids, stream } = three('whole')
  for (const [at, cut] of [1, 5, 6, 7, 50].entries()) {
    const client = await connect()
    await client.segments(stream, stream.subarray(0, cut))
    if (cut === 50) client.socket.resetAndDestroy()
    else client.socket.end()
    await until(() => counters().dropped['tcp/incomplete'] === at + 1)
  }
  t.same(callIds(), Array(5).fill(ids).flat())
  t.match(counters(), { received: 20, dropped: { 'tcp/incomplete': 5 } })
})

t.test(
  'an incomplete packet has its time, which further octets do not prolong; silence has none',
  async (t) => {
    const { connect, callIds, counters, listener } = await rig(t, { incompleteMs: 200 })
    const [silent, stuck, dripping] = await Promise.all([connect(), connect(), connect()])
    const { ids, stream } = three('timely')
    await silent.segments(stream)
    await stuck.segments(stream, stream.subarray(0, 3))
    const drip = (async () => {
      for (const octet of packet(options('x'.repeat(60_000)))) {
        if (dripping.socket.destroyed) return
        await dripping.segments(u8(octet))
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    })()
    await Promise.all([stuck.closed, dripping.closed, drip])
    t.same(counters().dropped, { 'tcp/timeout': 2 })
    t.equal(listener.connections, 1)
    await silent.segments(stream)
    await silent.end()
    t.same(callIds(), Array(3).fill(ids).flat())
    t.same(counters().dropped, { 'tcp/timeout': 2 })
  },
)

/** Packets of about 4 KiB that say which one they are. */
function large(name: string, from: number, count: number): { ids: string[]; octets: Buffer } {
  const ids = Array.from({ length: count }, (_, i) => `${name}-${from + i}`)
  return { ids, octets: Buffer.concat(ids.map((id) => packet(options(id, `X: ${'x'.repeat(4000)}`)))) }
}

const SLABS = 2
/** More than the kernel, Node and two slabs hold together. */
const FLOOD = 8000

t.test(
  'a full queue holds the agents back; with room again nothing is lost and nothing doubled',
  async (t) => {
    const { engine, listener, connect, counters } = await rig(t, {}, SLABS)
    const clients = await Promise.all([connect(), connect()])
    const floods = ['one', 'two'].map((name) => large(name, 0, FLOOD))
    let ended = 0
    for (const [at, client] of clients.entries()) {
      client.socket.end((floods[at] as { octets: Buffer }).octets)
      void client.closed.then(() => ended++)
    }
    const full: SealedSlab[] = []
    await until(() => {
      full.push(...engine.take())
      return full.length === SLABS
    })
    await turns(50)
    const held = counters()
    await turns(50)
    t.same(counters(), held, 'nothing moves while the queue is full')
    t.same(held.dropped, {})
    t.equal(ended, 0)

    const arrived: string[] = []
    for (const slab of full) {
      const batch = new Batch(slab)
      arrived.push(...Array.from(batch, (message) => message.callId))
      batch.release()
    }
    await until(() => {
      listener.resume()
      arrived.push(...taken(engine))
      engine.flush(true)
      return ended === 2
    })
    listener.resume()
    engine.flush(true)
    arrived.push(...taken(engine))
    for (const { ids } of floods) {
      const name = String(ids[0]).slice(0, 4)
      t.ok(
        JSON.stringify(arrived.filter((id) => id.startsWith(name))) === JSON.stringify(ids),
        `${name}: all, once, in order`,
      )
    }
    t.same(counters(), { received: 2 * FLOOD, accepted: 2 * FLOOD, dropped: {}, odd: {} })
  },
)

t.test(
  'behind the bound in time the stream is read on: what finds no room is dropped and counted',
  async (t) => {
    const { engine, connect, counters, listener } = await rig(t, { holdMs: 100 }, SLABS)
    const client = await connect()
    const { octets } = large('late', 0, FLOOD)
    client.socket.end(octets)
    await client.closed
    const { received, accepted, dropped } = counters()
    t.equal(received, FLOOD)
    t.same(dropped, { 'queue/full': FLOOD - accepted })
    t.ok(accepted > 0)

    // with room again, connections wait again
    t.equal(taken(engine).length, accepted)
    listener.resume()
    const next = await connect()
    await next.send(packet(options('after')))
    await next.end()
    engine.flush(true)
    t.same(taken(engine), ['after'])
  },
)

t.test('behind the bound in octets nobody waits', async (t) => {
  const { connect, counters } = await rig(t, { holdBytes: 0 }, SLABS)
  const client = await connect()
  client.socket.end(large('none', 0, FLOOD).octets)
  await client.closed
  const { received, accepted, dropped } = counters()
  t.equal(received, FLOOD)
  t.same(dropped, { 'queue/full': FLOOD - accepted })
})

t.test('an agent that leaves while it is held back has its packets taken all the same', async (t) => {
  const { engine, listener, connect, counters } = await rig(t, {}, 1)
  const filler = await connect()
  const { octets } = large('fill', 0, 600)
  await filler.send(octets)
  const sealed = await until(() => engine.take()[0])
  const before = counters().received
  const client = await connect()
  await client.send(packet(options('bye')))
  client.socket.end()
  await turns(20)
  t.equal(counters().received, before)
  new Batch(sealed).release()
  const arrived: string[] = []
  await until(() => {
    listener.resume()
    engine.flush(true)
    arrived.push(...taken(engine))
    return counters().received === 601 && client.socket.destroyed
  })
  t.ok(arrived.includes('bye'))
  t.same(counters().dropped, {})
})

t.test('close() takes what was sent, and ends every connection', async (t) => {
  const { listener, connect, callIds, counters } = await rig(t)
  const clients = await Promise.all(Array.from({ length: 5 }, connect))
  const { ids, stream } = three('late')
  await until(() => listener.connections === clients.length)
  for (const client of clients) client.socket.write(stream)
  clients[0]?.socket.write(stream.subarray(0, 10))
  await listener.close(30_000)
  await Promise.all(clients.map((client) => client.closed))
  t.equal(listener.connections, 0)
  t.same(callIds(), Array(5).fill(ids).flat())
  t.match(counters(), { received: 16, dropped: { 'tcp/incomplete': 1 } })
  await t.rejects(connect(), { code: 'ECONNREFUSED' })
})

t.test('close() waits for room, and drops and counts when its time is over', async (t) => {
  const { engine, listener, connect, counters } = await rig(t, {}, 1)
  const client = await connect()
  await client.send(large('fill', 0, 600).octets)
  const sealed = await until(() => engine.take()[0])
  let closed = false
  const closing = listener.close(60_000).then(() => {
    closed = true
  })
  await turns(20)
  t.equal(closed, false)
  new Batch(sealed).release()
  listener.resume()
  await closing
  t.match(counters(), { received: 600, accepted: 600, dropped: {} })

  const again = new TcpListener(engine, 0)
  const other = await TcpClient.connect(await again.listen('127.0.0.1', 0))
  engine.flush(true)
  taken(engine)
  await other.send(large('more', 0, 600).octets)
  await until(() => engine.take()[0])
  await again.close(1)
  const { received, accepted, dropped } = counters()
  t.ok((dropped['queue/full'] ?? 0) > 0)
  t.equal(received, accepted + droppedBefore(counters()))
})

t.test('a connection that never stops talking does not keep close() from ending', async (t) => {
  const { engine, listener, port, counters } = await rig(t)
  const client = await TcpClient.connect(port, '127.0.0.1', { allowHalfOpen: true })
  const { stream } = three('chat')
  const chatter = setInterval(() => client.socket.write(stream), 1)
  t.teardown(() => clearInterval(chatter))
  await until(() => counters().received > 10)
  await listener.close(60_000)
  await client.closed
  t.ok(client.socket.readableEnded, 'it was told to stop, and did not')
  const { received, accepted, dropped } = counters()
  engine.flush(true)
  t.equal(taken(engine).length, accepted)
  t.equal(received, accepted + (dropped['tcp/incomplete'] ?? 0))
})

t.test('senders of both families are named', async (t) => {
  const { engine, port, connect } = await rig(t, {}, 8, '')
  const clients = [await connect()]
  try {
    clients.push(await TcpClient.connect(port, '::1'))
  } catch {
    t.comment('no IPv6 on this host')
  }
  const ports = clients.map((client) => client.socket.localPort)
  for (const [at, client] of clients.entries()) {
    await client.send(packet(options(`call-${at}`)))
    await client.end()
  }
  engine.flush(true)
  const [batch] = engine.take().map((slab) => new Batch(slab))
  const senders = Array.from(batch as Batch, (message) => [message.senderIp, message.senderPort])
  t.same(
    senders,
    [
      ['127.0.0.1', ports[0]],
      ['::1', ports[1]],
    ].slice(0, clients.length),
  )
  batch?.release()
})

t.test('a port that is taken and an address that is not ours are refused', async (t) => {
  const { engine, port } = await rig(t)
  await t.rejects(new TcpListener(engine, 1).listen('127.0.0.1', port), { code: 'EADDRINUSE' })
  await t.rejects(new TcpListener(engine, 1).listen('192.0.2.1', 0), { code: 'EADDRNOTAVAIL' })
})
