// SIP over TCP as wires really show it: cut, doubled, out of order, begun before the capture, reused, inside of
// WebSocket. What was put in is found, each message once; where tshark 4.0 can follow, it says so too.

import { join } from 'node:path'
import t, { type Test } from 'tap'
import { hepcapd } from '../support/cli.js'
import * as f from '../support/frames.js'
import { type Line, rowLines, tsharkLines } from '../support/judge.js'
import { type Packet, segmentsOf, shuffled } from '../support/layers.js'
import { type MadeMessage, madeLines } from '../support/made.js'
import { Random } from '../support/random.js'
import { missing } from '../support/tools.js'

t.setTimeout(120_000)

const ENDS = { source: '10.0.0.1', sourcePort: 5060, destination: '10.0.0.2', destinationPort: 33_000 }
const [SYN_ACK, FIN] = [0x12, 0x11]
const NOTHING = Buffer.alloc(0)

/** Alternating requests and replies, some with bodies that have blank lines and start lines in them. */
function messages(count: number, length = 'Content-Length'): MadeMessage[] {
  return Array.from({ length: count }, (_, i) => {
    const body = i % 3 === 0 ? '' : `v=0\r\n\r\nBYE sip:a@b SIP/2.0\r\n${'x'.repeat(i * 37)}\r\n`
    const first = i % 2 === 0 ? 'MESSAGE sip:b@example.com SIP/2.0' : 'SIP/2.0 202 Accepted'
    const headers = [`Call-ID: call-${i}@example.com`, `CSeq: ${i} MESSAGE`, 'Content-Type: text/plain']
    const text = [first, ...headers, `${length}: ${body.length}`, '', body].join('\r\n')
    return { ...ENDS, payload: Buffer.from(text) }
  })
}

const joined = (all: MadeMessage[]) => Buffer.concat(all.map(({ payload }) => payload))
const frames = (packets: Packet[]) => packets.map(({ octets, type }) => f.ethernet(octets, type))

/** Segments of so many octets, the last one shorter; a SYN first. */
function cut(octets: Buffer, size: number, start = 4_000_000_000): Packet[] {
  const segment = segmentsOf(f.IPV4, { ...ENDS, payload: octets }, start)
  const parts = f.pieces(octets, size).map(({ part, offset }) => segment(offset, part))
  return [segment(-1, NOTHING, f.SYN), ...parts]
}

/** Reads the packets; what tshark finds is looked at only where `judged`. */
async function same(t: Test, packets: Packet[], expected: Line[], judged: 'judged' | 'not judged') {
  const folder = t.testdir()
  const [file, database] = [join(folder, 'made.pcap'), join(folder, 'made.db')]
  f.writePcap(file, frames(packets))
  const { status, err } = await hepcapd(['--read', file, '--db-url', `sqlite:${database}`])
  t.equal(status, 0, err)
  t.same(rowLines(database), expected, 'what was put in')
  if (judged === 'not judged' || missing('tshark')) return
  t.same(await tsharkLines(file), expected, 'what tshark finds')
}

t.test('segments in order', async (t) => {
  const all = messages(20)
  for (const size of [2, 39, 512, 1460]) {
    await t.test(`of ${size} octets`, (t) => same(t, cut(joined(all), size), madeLines(all), 'judged'))
  }
})

t.test('segments out of order within a window', async (t) => {
  const all = messages(30)
  for (const seed of [1, 2, 3]) {
    const random = new Random(seed)
    const [syn, ...rest] = cut(joined(all), 200) as [Packet, ...Packet[]]
    const windows = f.pieces(Buffer.alloc(rest.length), 8)
    const packets = windows.flatMap(({ offset }) => shuffled(rest.slice(offset, offset + 8), random))
    await t.test(`seed ${seed}`, (t) => same(t, [syn, ...packets], madeLines(all), 'not judged'))
  }
})

t.test('the last segment first, all others behind it', async (t) => {
  const all = messages(20)
  const [syn, ...rest] = cut(joined(all), 300) as [Packet, ...Packet[]]
  await same(t, [syn, ...rest.reverse()], madeLines(all), 'not judged')
})

t.test('sent again with other cuts, from far before to far behind what is known', async (t) => {
  const all = messages(20)
  const octets = joined(all)
  const segment = segmentsOf(f.IPV4, { ...ENDS, payload: octets }, 4_294_966_000)
  const random = new Random(6)
  const packets = [segment(-1, NOTHING, f.SYN)]
  for (let at = 0; at < octets.length; ) {
    const from = Math.max(0, at - random.below(600))
    const to = at + 1 + random.below(400)
    packets.push(segment(from, octets.subarray(from, to)))
    at = to
  }
  await same(t, packets, madeLines(all), 'not judged')
})

t.test('begun before the capture, in the middle of a message', async (t) => {
  const all = messages(20)
  const octets = joined(all)
  const [first] = all as [MadeMessage]
  const segment = segmentsOf(f.IPV4, { ...ENDS, payload: octets }, 77)
  const rest = octets.subarray(40)
  const packets = f.pieces(rest, 500).map(({ part, offset }) => segment(40 + offset, part))
  t.ok(first.payload.length > 40)
  await same(t, packets, madeLines(all.slice(1)), 'not judged')
})

t.test('a segment that nobody captured costs what was in it', async (t) => {
  const all = messages(9)
  const packets = all.reduce<{ at: number; out: Packet[] }>(
    ({ at, out }, { payload }) => {
      const segment = segmentsOf(f.IPV4, { ...ENDS, payload }, 5)
      return { at: at + payload.length, out: [...out, segment(at, payload)] }
    },
    { at: 0, out: [] },
  ).out
  const left = (_: unknown, i: number) => i !== 4
  // tshark 4.0, told to put segments in order, waits for it for ever
  await same(t, packets.filter(left), madeLines(all.filter(left)), 'not judged')
})

t.test('ended, and its ports used again with other numbers', async (t) => {
  const [one, two] = [messages(6), messages(11).slice(6)]
  const octets = joined(one)
  const segment = segmentsOf(f.IPV4, { ...ENDS, payload: octets }, 1_000_000)
  const first = cut(octets, 700, 1_000_000)
  const packets = [...first, segment(octets.length, NOTHING, FIN), ...cut(joined(two), 700, 5_000)]
  await same(t, packets, madeLines([...one, ...two]), 'judged')
})

t.test('the compact length, and keep-alives of one and two line ends', async (t) => {
  const all = messages(12, 'l')
  const pings = ['\r\n', '\r\n\r\n', '']
  const octets = Buffer.concat(
    all.flatMap(({ payload }, i) => [payload, Buffer.from(pings[i % 3] as string)]),
  )
  // tshark 4.0 puts segments together by the long name only
  await same(t, cut(octets, 150), madeLines(all), 'not judged')
})

t.test('inside of fragments', async (t) => {
  const all = messages(20)
  const packets = cut(joined(all), 1400)
  const { fragmented } = await import('../support/layers.js')
  const place = { random: new Random(8), outer: ENDS }
  await same(t, fragmented(packets, place), madeLines(all), 'judged')
})

t.test('one connection beside many', async (t) => {
  const random = new Random(9)
  const all = Array.from({ length: 40 }, (_, i) =>
    messages(5).map((m) => ({ ...m, destinationPort: 33_000 + i, source: `10.0.${i}.1` })),
  )
  const queues = all.map((own) => {
    const segment = segmentsOf(f.IPV6, own[0] as MadeMessage, random.below(2 ** 32))
    return f.pieces(joined(own), 99).map(({ part, offset }) => segment(offset, part))
  })
  const packets: Packet[] = []
  while (queues.some(({ length }) => length > 0))
    packets.push(...(random.pick(queues).splice(0, 1) as Packet[]))
  await same(t, packets, madeLines(all.flat(), true), 'judged')
})

const CLIENT = { source: '10.0.0.1', sourcePort: 40_000, destination: '10.0.0.2', destinationPort: 8080 }
const SERVER = { source: '10.0.0.2', sourcePort: 8080, destination: '10.0.0.1', destinationPort: 40_000 }
const ASKS =
  'GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sip\r\nSec-WebSocket-Version: 13\r\n\r\n'
const AGREES =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: sip\r\n\r\n'

for (const size of [60_000, 700, 3]) {
  t.test(`WebSocket in segments of ${size} octets`, async (t) => {
    const up = messages(8).map((m) => ({ ...m, ...CLIENT }))
    const down = messages(13)
      .slice(8)
      .map((m) => ({ ...m, ...SERVER }))
    const sides = [
      { head: ASKS, own: up, masked: true, opens: f.SYN },
      { head: AGREES, own: down, masked: false, opens: SYN_ACK },
    ]
    const packets = sides.map(({ head, own, masked, opens }) => {
      const framed = own.map(({ payload }) => f.webSocketFrame(payload, masked))
      const segment = segmentsOf(f.IPV4, own[0] as MadeMessage, 900)
      const parts = f.pieces(Buffer.concat(framed), size)
      return [
        segment(-1, NOTHING, opens),
        segment(0, Buffer.from(head)),
        ...parts.map(({ part, offset }) => segment(head.length + offset, part)),
      ]
    })
    const [asked, agreed] = packets as [Packet[], Packet[]]
    const inTurns = [...asked.splice(0, 2), ...agreed.splice(0, 2), ...asked, ...agreed]
    await same(t, inTurns, madeLines([...up, ...down]), 'judged')
  })
}
