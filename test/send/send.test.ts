// `hepcapd send`: what arrives is what was read or made, and the summary says so.

import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { type SendOptions, send } from '../../lib/commands/send.js'
import { pcap } from './captures.js'
import { chunkOf, Heard, packetsOf, tcpReceiver, type UdpReceiver, udpReceiver } from './receiver.js'

t.setTimeout(240_000)

const OPTIONS = 'OPTIONS sip:a@b SIP/2.0\r\n\r\n'
const RINGING = 'SIP/2.0 180 Ringing\r\n\r\n'

const options = (port: number, more: Partial<SendOptions> = {}): SendOptions => ({
  to: { proto: 'hep_udp', host: '127.0.0.1', port },
  hep: 3,
  rate: 0,
  agentId: 7,
  compress: false,
  ...more,
})
const tcp = (port: number) => ({ proto: 'hep_tcp', host: '127.0.0.1', port }) as const

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}

t.test('without a file, one call leaves, each message once and in order', async (t) => {
  const receiver = await udpReceiver()
  const heard = new Heard()
  t.equal(await send(options(receiver.port), heard), 0)
  const packets = await receiver.packets(7)
  t.equal(packets.length, 7)
  t.match(String(chunkOf(packets[0] as Buffer, 15)), /^INVITE /)
  t.match(String(chunkOf(packets[6] as Buffer, 15)), /^SIP\/2.0 200 /)
  const bytes = packets.reduce((sum, packet) => sum + packet.length, 0)
  const to = `hep_udp:127.0.0.1:${receiver.port}`
  t.match(heard.summary, { to, hep: 3, read: null, sent: 7, bytes, skipped: {}, refused: 0 })
  t.type(heard.summary.seconds, 'number')
  t.same(heard.errors, [])
  receiver.close()
})

t.test('times of made messages are now, and no two are the same', async (t) => {
  const receiver = await udpReceiver()
  const before = Date.now() * 1000
  await send(options(receiver.port, { count: 100 }), new Heard())
  const times = (await receiver.packets(100)).map(
    (packet) =>
      Number(chunkOf(packet, 9)?.readUInt32BE()) * 1e6 + Number(chunkOf(packet, 10)?.readUInt32BE()),
  )
  t.same(
    times,
    [...new Set(times)].sort((a, b) => a - b),
  )
  t.ok(Math.abs((times[0] as number) - before) < 60e6)
  receiver.close()
})

t.test('agent id, key and compression are in every packet', async (t) => {
  const receiver = await udpReceiver()
  await send(
    options(receiver.port, { count: 20, agentId: 4_000_000_000, authKey: 'k', compress: true }),
    new Heard(),
  )
  for (const packet of await receiver.packets(20)) {
    t.equal(chunkOf(packet, 12)?.readUInt32BE(), 4_000_000_000)
    t.equal(String(chunkOf(packet, 14)), 'k')
    t.equal(chunkOf(packet, 15), undefined)
    t.match(gunzipSync(chunkOf(packet, 16) as Buffer).toString(), /SIP\/2\.0/)
  }
  receiver.close()
})

t.test('versions 1 and 2 over UDP', async (t) => {
  for (const hep of [1, 2] as const) {
    const receiver = await udpReceiver()
    const heard = new Heard()
    t.equal(await send(options(receiver.port, { hep, count: 3 }), heard), 0)
    const packets = await receiver.packets(3)
    t.same(
      packets.map((packet) => packet[0]),
      [hep, hep, hep],
    )
    t.match(heard.summary, { hep, sent: 3 })
    receiver.close()
  }
})

t.test('what versions 1 and 2 cannot do is a misuse', async (t) => {
  const misuses: Partial<SendOptions>[] = [
    { hep: 1, to: tcp(9) },
    { hep: 2, to: tcp(9) },
    { hep: 2, authKey: 'k' },
    { hep: 1, compress: true },
    { hep: 2, agentId: 65536 },
  ]
  for (const misuse of misuses) {
    const heard = new Heard()
    t.equal(await send(options(9, misuse), heard), 2)
    t.match(heard.errors, [/^--[a-z-]+: error: .+; use --hep 3$/])
    t.same(heard.lines, [])
  }
})

t.test(
  'a file: SIP leaves with its own addresses, ports and time, the rest is counted by its reason',
  async (t) => {
    const file = join(t.testdir(), 'mixed.pcap')
    const octets = pcap([
      { payload: OPTIONS },
      { payload: '\0\u0001 RTP' },
      { payload: RINGING, timeUs: 1700000001000001 },
      { payload: OPTIONS, protocol: 6 },
      { payload: '' },
    ])
    writeFileSync(file, octets)
    const receiver = await udpReceiver()
    const heard = new Heard()
    t.equal(await send(options(receiver.port, { read: file }), heard), 0)
    const packets = await receiver.packets(2)
    t.same(
      packets.map((packet) => String(chunkOf(packet, 15))),
      [OPTIONS, RINGING],
    )
    const second = packets[1] as Buffer
    t.same(chunkOf(second, 3), Buffer.of(10, 0, 0, 1))
    t.same(chunkOf(second, 4), Buffer.of(10, 0, 0, 2))
    t.equal(chunkOf(second, 7)?.readUInt16BE(), 5060)
    t.equal(chunkOf(second, 8)?.readUInt16BE(), 5080)
    t.equal(chunkOf(second, 9)?.readUInt32BE(), 1700000001)
    t.equal(chunkOf(second, 10)?.readUInt32BE(), 1)
    t.match(heard.summary, { read: file, frames: 5, sent: 2, skipped: { not_sip: 2, not_udp: 1 } })
    receiver.close()
  },
)

t.test('--count ends a file early', async (t) => {
  const file = join(t.testdir(), 'five.pcap')
  writeFileSync(file, pcap(Array.from({ length: 5 }, () => ({ payload: OPTIONS }))))
  const receiver = await udpReceiver()
  const heard = new Heard()
  t.equal(await send(options(receiver.port, { read: file, count: 2 }), heard), 0)
  t.match(heard.summary, { sent: 2 })
  receiver.close()
})

t.test('a message that outgrows HEP 3 is skipped and counted', async (t) => {
  const file = join(t.testdir(), 'large.pcap')
  writeFileSync(file, pcap([{ payload: OPTIONS + 'x'.repeat(65460) }, { payload: OPTIONS }]))
  const receiver = await udpReceiver()
  const heard = new Heard()
  t.equal(await send(options(receiver.port, { read: file }), heard), 0)
  t.match(heard.summary, { sent: 1, skipped: { too_long: 1 } })
  receiver.close()
})

t.test('a datagram that outgrows UDP is skipped and counted, and its neighbours leave', async (t) => {
  const file = join(t.testdir(), 'large.pcap')
  const large = OPTIONS + 'x'.repeat(65507 - 99 - OPTIONS.length + 1)
  writeFileSync(file, pcap([{ payload: OPTIONS }, { payload: large }, { payload: RINGING }]))
  const receiver = await udpReceiver()
  const heard = new Heard()
  t.equal(await send(options(receiver.port, { read: file }), heard), 0)
  t.match(heard.summary, { sent: 2, skipped: { too_long: 1 } })
  t.equal(String(chunkOf((await receiver.packets(2))[1] as Buffer, 15)), RINGING)
  receiver.close()
})

t.test('a truncated file: all before the cut leaves, a warning, status 0', async (t) => {
  const file = join(t.testdir(), 'cut.pcap')
  writeFileSync(file, pcap([{ payload: OPTIONS }, { payload: RINGING }]).subarray(0, -1))
  const receiver = await udpReceiver()
  const heard = new Heard()
  t.equal(await send(options(receiver.port, { read: file }), heard), 0)
  t.match(heard.summary, { sent: 1 })
  t.match(heard.errors, [/^hepcapd send: warning: .*cut\.pcap ends inside of a packet/])
  receiver.close()
})

t.test('files that cannot be read are status 1, with a cure', async (t) => {
  const folder = t.testdir({ 'not.pcap': 'certainly not a capture file' })
  writeFileSync(
    join(folder, 'damaged.pcap'),
    Buffer.concat([pcap([{ payload: OPTIONS }]), Buffer.alloc(16, 0xff)]),
  )
  const receiver = await udpReceiver()
  for (const name of ['missing.pcap', 'not.pcap', 'damaged.pcap', '.']) {
    const heard = new Heard()
    t.equal(await send(options(receiver.port, { read: join(folder, name) }), heard), 1)
    t.match(heard.errors, [/^hepcapd send: error: .+; .+/])
    if (name === 'damaged.pcap') t.match(heard.summary, { sent: 1 })
  }
  receiver.close()
})

t.test('over TCP: a slow reader gets every octet, packet by packet', async (t) => {
  const receiver = await tcpReceiver(1)
  const heard = new Heard()
  t.equal(await send(options(receiver.port, { to: tcp(receiver.port), count: 5000 }), heard), 0)
  const stream = await receiver.octets
  t.equal(packetsOf(stream).length, 5000)
  t.match(heard.summary, { to: `hep_tcp:127.0.0.1:${receiver.port}`, sent: 5000, bytes: stream.length })
  receiver.close()
})

t.test(
  'over TCP: a receiver that breaks the connection is status 1, and only what left is counted',
  async (t) => {
    const server = createServer((socket) => socket.once('data', () => socket.resetAndDestroy()))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const heard = new Heard()
    const { port } = server.address() as AddressInfo
    t.equal(await send(options(port, { to: tcp(port), count: 100_000 }), heard), 1)
    t.ok((heard.summary.sent as number) < 100_000)
    t.match(heard.errors, [/^hepcapd send: error: 127\.0\.0\.1:\d+: .+; .+/])
    server.close()
  },
)

t.test('over TCP with a rate', async (t) => {
  const receiver = await tcpReceiver()
  const heard = new Heard()
  t.equal(await send(options(receiver.port, { to: tcp(receiver.port), count: 21, rate: 200 }), heard), 0)
  t.equal(packetsOf(await receiver.octets).length, 21)
  t.ok((heard.summary.seconds as number) >= 0.08, 'the last of 21 is due after a tenth of a second')
  receiver.close()
})

t.test('over UDP with a rate: never faster', async (t) => {
  const receiver = await udpReceiver()
  const heard = new Heard()
  t.equal(await send(options(receiver.port, { count: 41, rate: 400 }), heard), 0)
  t.equal((await receiver.packets(41)).length, 41)
  t.ok((heard.summary.seconds as number) >= 0.08, 'the last of 41 is due after a tenth of a second')
  receiver.close()
})

t.test('a refused connection, and an unknown host, are status 1 with a cure', async (t) => {
  const closed = await tcpReceiver()
  closed.close()
  const unknown = { proto: 'hep_udp', host: 'no-such-host.invalid', port: 9060 } as const
  for (const to of [tcp(closed.port), unknown]) {
    const heard = new Heard()
    t.equal(await send(options(9, { to }), heard), 1)
    t.match(heard.errors, [
      /^hepcapd send: error: (nobody listens|the name no-such-host\.invalid is unknown).*; .+/,
    ])
    t.same(heard.lines, [])
  }
})

t.test('UDP where nobody listens: every packet leaves, the refusals are counted, a warning', async (t) => {
  const heard = new Heard()
  t.equal(await send(options(await freeUdpPort(), { count: 70, rate: 1000 }), heard), 0)
  t.equal(heard.summary.sent, 70)
  t.ok((heard.summary.refused as number) > 0)
  t.match(heard.errors, [/^hepcapd send: warning: nobody listens on UDP 127\.0\.0\.1:/])
})

const overIpv6 = await udpReceiver('::1').catch(() => undefined)
t.test('IPv6, by its address', { skip: overIpv6 ? false : 'this host has no IPv6 loopback' }, async (t) => {
  const receiver = overIpv6 as UdpReceiver
  const heard = new Heard()
  t.equal(await send(options(0, { to: { proto: 'hep_udp', host: '::1', port: receiver.port } }), heard), 0)
  t.equal((await receiver.packets(7)).length, 7)
  t.match(heard.summary, { to: `hep_udp:[::1]:${receiver.port}`, sent: 7 })
  receiver.close()
})

t.test('standard input: what a pipe brings leaves before the pipe ends', async (t) => {
  const receiver = await udpReceiver()
  const module = fileURLToPath(new URL('../../lib/commands/send.js', import.meta.url))
  const script = `import { send } from ${JSON.stringify(module)}
    process.exitCode = await send(${JSON.stringify(options(receiver.port, { read: '-' }))})`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const said: Buffer[] = []
  child.stdout.on('data', (part) => said.push(part))
  const octets = pcap([{ payload: OPTIONS }, { payload: RINGING }])
  child.stdin.write(octets.subarray(0, 100))
  t.equal(String(chunkOf((await receiver.packets(1))[0] as Buffer, 15)), OPTIONS)
  child.stdin.end(octets.subarray(100))
  t.same(await once(child, 'close'), [0, null])
  t.equal((await receiver.packets(2)).length, 2)
  t.match(JSON.parse(String(Buffer.concat(said))), { read: '-', frames: 2, sent: 2 })
  receiver.close()
})

const capture = join(process.env.HEPCAPD_CAPTURES ?? '', 'sip-81-messages.pcap')
const noCapture = existsSync(capture) ? false : `HEPCAPD_CAPTURES names no folder with ${capture}`
t.test('a real capture: 81 SIP messages among 112 frames', { skip: noCapture }, async (t) => {
  const receiver = await udpReceiver()
  const heard = new Heard()
  t.equal(await send(options(receiver.port, { read: capture }), heard), 0)
  t.match(heard.summary, { frames: 112, sent: 81, skipped: { not_sip: 31 } })
  t.equal((await receiver.packets(81)).length, 81)
  receiver.close()
})
