// Capture files: real ones and made ones, against what tshark finds in them and what was put into them.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import type { LedgerSnapshot } from '../../lib/ledger.js'
import { type Finished, hepcapd } from '../support/cli.js'
import * as f from '../support/frames.js'
import { rowLines, tsharkLines } from '../support/judge.js'
import { shuffled } from '../support/layers.js'
import { CALLEE, CALLER, type MadeMessage as Message, madeLines, madeMessages } from '../support/made.js'
import { Random } from '../support/random.js'
import { capture, missing, NO_CAPTURES } from '../support/tools.js'

t.setTimeout(600_000)

const noTshark = missing('tshark')
let databases = 0

/** Reads a file into a new database in the folder. */
async function read(
  t: Test,
  folder: string,
  args: string[],
  input?: string,
): Promise<Finished & { path: string; ledger: LedgerSnapshot }> {
  const path = join(folder, `read-${++databases}.db`)
  const all = [...args, '--db-url', `sqlite:${path}`, '--log-format', 'text']
  const finished = input === undefined ? await hepcapd(all) : await piped(all, input)
  const ledger = JSON.parse(finished.out.trim() || '{"inputs":{}}') as LedgerSnapshot
  for (const { received, stored, in_flight, frames } of Object.values(ledger.inputs)) {
    t.equal(received, stored)
    t.equal(in_flight, 0)
    const { total, messages, held, ignored } = frames as NonNullable<typeof frames>
    t.equal(total, messages + held + Object.values(ignored).reduce((sum, count) => sum + count, 0))
  }
  return { ...finished, path, ledger }
}

const program = fileURLToPath(new URL('../../bin/hepcapd.js', import.meta.url))

async function piped(args: string[], file: string): Promise<Finished> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.on('data', (part) => {
    out += part
  })
  child.stderr.on('data', (part) => {
    err += part
  })
  createReadStream(file, { highWaterMark: 1000 }).pipe(child.stdin)
  const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { status, signal, out, err }
}

for (const [name, messages] of [
  ['sip-81-messages.pcap', 81],
  ['ipip.pcap', 4],
  ['hep.pcap', 0],
  ['sip-ipv6-fragments.pcap', 32],
] as const) {
  const file = capture(name) as string
  t.test(name, { skip: noTshark || (file ? false : NO_CAPTURES) }, async (t) => {
    const expected = await tsharkLines(file)
    t.equal(expected.length, messages)
    const folder = t.testdir()
    const { status, path } = await read(t, folder, ['--read', file])
    t.equal(status, 0)
    t.same(rowLines(path), expected)
    const fromPipe = await read(t, folder, ['--read', '-'], file)
    t.same(rowLines(fromPipe.path), expected, 'through standard input, in small parts')
    const ng = join(folder, 'copy.pcapng')
    execFileSync('tshark', ['-r', file, '-F', 'pcapng', '-w', ng], { stdio: 'ignore' })
    t.same(rowLines((await read(t, folder, ['-r', ng])).path), expected, 'as pcapng')
  })
}

const over4 = (m: Message) => f.ipv4(m, f.UDP, f.udp(m, m.payload))
const over6 = (m: Message) => f.ipv6(m, f.UDP, f.udp(m, m.payload))
const OUTER = { source: '192.0.2.1', destination: '192.0.2.2' }
const inUdp = (port: number, octets: Buffer) =>
  f.ethernet(f.ipv4(OUTER, f.UDP, f.udp({ sourcePort: 40_000, destinationPort: port }, octets)))
const inProtocol = (protocol: number, octets: Buffer) => f.ethernet(f.ipv4(OUTER, protocol, octets))

function fragments(m: Message, id: number): Buffer[] {
  return f
    .pieces(f.udp(m, m.payload), 200)
    .map(({ part, ...where }) => f.ethernet(f.ipv4(m, f.UDP, part, { id, ...where })))
}

function fragments6(m: Message, id: number): Buffer[] {
  return f
    .pieces(f.udp(m, m.payload), 200)
    .map(({ part, offset, more }) =>
      f.ethernet(f.ipv6(m, 44, f.ipv6Fragment(f.UDP, offset, more, id, part)), f.IPV6),
    )
}

/** Each direction's octets as one stream, cut by `cut`; a SYN first. */
function directions(messages: Message[], cut: (octets: Buffer) => Buffer[]): Buffer[][] {
  return [CALLER.port, CALLEE.port].map((port) => {
    const own = messages.filter(({ sourcePort }) => sourcePort === port)
    const [ends] = own as [Message]
    let sequence = 0xffff_ff00 // it wraps
    const segment = (octets: Buffer, flags?: number) => {
      const frame = f.ethernet(f.ipv4(ends, f.TCP, f.tcp(ends, sequence, octets, flags)))
      sequence = (sequence + octets.length + (flags === f.SYN ? 1 : 0)) >>> 0
      return frame
    }
    return [
      segment(Buffer.alloc(0), f.SYN),
      ...cut(Buffer.concat(own.map((m) => m.payload))).map((p) => segment(p)),
    ]
  })
}

const streams = (...of: Parameters<typeof directions>) => directions(...of).flat()
const every = (size: number) => (octets: Buffer) => f.pieces(octets, size).map(({ part }) => part)

interface Made {
  frames(messages: Message[]): Buffer[]
  linkType?: number
  ipv6?: true
  /** Why tshark 4.0 finds something else; then the messages that were put in are the judge alone. */
  notByTshark?: string
}

const NOT_A_PORT = 'tshark looks for WebSocket on other ports only'
const made: Record<string, Made> = {
  plain: { frames: (all) => all.map((m) => f.ethernet(over4(m))) },
  'padded behind the IP packet': {
    frames: (all) => all.map((m) => Buffer.concat([f.ethernet(over4(m)), Buffer.alloc(7, 0x55)])),
  },
  'IPv4 options': {
    frames: (all) =>
      all.map((m) =>
        f.ethernet(f.ipv4(m, f.UDP, f.udp(m, m.payload), { options: Buffer.from('01010100', 'hex') })),
      ),
  },
  VLAN: { frames: (all) => all.map((m) => f.ethernet(f.tag(5, over4(m)), 0x8100)) },
  QinQ: { frames: (all) => all.map((m) => f.ethernet(f.tag(5, f.tag(6, over4(m)), 0x8100), 0x88a8)) },
  'QinQ of old': {
    frames: (all) => all.map((m) => f.ethernet(f.tag(5, f.tag(6, over4(m)), 0x8100), 0x9100)),
  },
  MPLS: { frames: (all) => all.map((m) => f.ethernet(f.mpls([16, 17], over4(m)), 0x8847)) },
  'Linux cooked': { linkType: f.COOKED, frames: (all) => all.map((m) => f.cooked(over4(m))) },
  'Linux cooked, version 2': { linkType: f.COOKED2, frames: (all) => all.map((m) => f.cooked2(over4(m))) },
  'raw IP': { linkType: f.RAW, frames: (all) => all.map(over4) },
  'fragments in order': { frames: (all) => all.flatMap((m, i) => fragments(m, i)) },
  'fragments in reverse': { frames: (all) => all.flatMap((m, i) => fragments(m, i).reverse()) },
  'fragments in any order, twice': {
    frames: (all) =>
      shuffled(
        all.flatMap((m, i) => fragments(m, i)),
        new Random(3),
      ).flatMap((one) => [one, one]),
  },
  IPv6: { ipv6: true, frames: (all) => all.map((m) => f.ethernet(over6(m), f.IPV6)) },
  'IPv6 extension headers': {
    ipv6: true,
    frames: (all) =>
      all.map((m) => {
        const inner = f.ipv6Options(60, f.ipv6Options(f.UDP, f.udp(m, m.payload)))
        return f.ethernet(f.ipv6(m, 0, inner), f.IPV6)
      }),
  },
  'IPv6 fragments in reverse': {
    ipv6: true,
    frames: (all) => all.flatMap((m, i) => fragments6(m, i).reverse()),
  },
  'IPv6 fragments in any order': {
    ipv6: true,
    frames: (all) =>
      shuffled(
        all.flatMap((m, i) => fragments6(m, i)),
        new Random(4),
      ),
  },
  IPIP: { frames: (all) => all.map((m) => inProtocol(4, over4(m))) },
  '6in4': { ipv6: true, frames: (all) => all.map((m) => inProtocol(41, over6(m))) },
  '4in6': { frames: (all) => all.map((m) => f.ethernet(f.ipv6(m, 4, over4(m)), f.IPV6)) },
  GRE: { frames: (all) => all.map((m) => inProtocol(47, f.tunnel.gre(f.IPV4, over4(m)))) },
  'GRE with checksum, key and sequence': {
    frames: (all) => all.map((m) => inProtocol(47, f.tunnel.greWithAll(f.IPV4, over4(m)))),
  },
  'ERSPAN I': { frames: (all) => all.map((m) => inProtocol(47, f.tunnel.erspan1(f.ethernet(over4(m))))) },
  'ERSPAN II': { frames: (all) => all.map((m) => inProtocol(47, f.tunnel.erspan2(f.ethernet(over4(m))))) },
  'ERSPAN III': { frames: (all) => all.map((m) => inProtocol(47, f.tunnel.erspan3(f.ethernet(over4(m))))) },
  VXLAN: { frames: (all) => all.map((m) => inUdp(4789, f.tunnel.vxlan(f.ethernet(over4(m))))) },
  GENEVE: { frames: (all) => all.map((m) => inUdp(6081, f.tunnel.geneve(f.ethernet(over4(m))))) },
  'GENEVE with an option': {
    frames: (all) => all.map((m) => inUdp(6081, f.tunnel.geneveWithOption(f.ethernet(over4(m))))),
  },
  TZSP: { frames: (all) => all.map((m) => inUdp(37008, f.tunnel.tzsp(f.ethernet(over4(m))))) },
  'fragments of a tunnel': {
    frames: (all) =>
      all.flatMap((m, i) =>
        f
          .pieces(f.tunnel.gre(f.IPV4, over4(m)), 256)
          .map(({ part, ...where }) => f.ethernet(f.ipv4(OUTER, 47, part, { id: i, ...where })))
          .reverse(),
      ),
  },
  'TCP segments of one octet': { frames: (all) => streams(all, every(1)) },
  'TCP, one message over ten segments': { frames: (all) => streams(all, every(60)) },
  'TCP, all messages in a segment': { frames: (all) => streams(all, every(60_000)) },
  'TCP with every segment twice': { frames: (all) => streams(all, every(333)).flatMap((one) => [one, one]) },
  'TCP with neighbours that changed places': {
    frames: (all) =>
      directions(all, every(333)).flatMap(([syn, ...rest]) => [
        syn as Buffer,
        ...rest.map((one, i) => rest[i ^ 1] ?? one),
      ]),
  },
  'keep-alives between messages over TCP': {
    notByTshark: 'tshark takes the first keep-alive for the end of SIP',
    frames: (all) =>
      streams(
        all.map((m) => ({ ...m, payload: Buffer.concat([m.payload, Buffer.from('\r\n\r\n')]) })),
        every(700),
      ),
  },
  WebSocket: {
    notByTshark: NOT_A_PORT,
    frames: (all) => {
      const heads = [
        'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: sip\r\n\r\n',
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
      ]
      const framed = all.map((m) => ({
        ...m,
        payload: f.webSocketFrame(m.payload, m.sourcePort === CALLER.port),
      }))
      const first = [CALLER.port, CALLEE.port].map((port, i) => ({
        ...(framed.find(({ sourcePort }) => sourcePort === port) as Message),
        payload: Buffer.from(heads[i] as string),
      }))
      return streams([...first, ...framed], every(500))
    },
  },
}

for (const [name, { frames, linkType, ipv6, notByTshark }] of Object.entries(made)) {
  t.test(name, { skip: noTshark }, async (t) => {
    const messages = madeMessages()
    const folder = t.testdir()
    const file = join(folder, 'made.pcap')
    f.writePcap(file, frames(messages), linkType)
    const { status, path, err } = await read(t, folder, ['--read', file])
    t.equal(status, 0, err)
    const lines = rowLines(path)
    t.same(lines, madeLines(messages, ipv6), 'what was put in')
    if (notByTshark) t.comment(`not compared with tshark: ${notByTshark}`)
    else t.same(lines, await tsharkLines(file, ['-d', 'tcp.port==5060,sip']), 'what tshark finds')
  })
}

t.test('several files, a port range, a cut record, and what is no capture', async (t) => {
  const folder = t.testdir()
  const messages = madeMessages()
  const [whole, cut, text] = ['whole.pcap', 'cut.pcap', 'text.pcap'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  f.writePcap(
    whole,
    messages.map((m) => f.ethernet(over4(m))),
  )
  const octets = readFileSync(whole)
  writeFileSync(cut, octets.subarray(0, octets.length - 10))
  writeFileSync(text, 'this is no capture')

  const both = await read(t, folder, ['-r', whole, '-r', cut])
  t.equal(both.status, 0)
  t.equal(rowLines(both.path).length, 2 * messages.length - 1)
  t.match(both.err, /cut\.pcap: warning: it ends in the middle of a record/)
  t.same(Object.keys(both.ledger.inputs), [`read:${whole}`, `read:${cut}`])

  const none = await read(t, folder, ['-r', whole, '--raw-socket-listen', '0.0.0.0:6000-7000'])
  t.equal(none.status, 0)
  t.equal(none.ledger.inputs[`read:${whole}`]?.frames?.ignored.port, messages.length)

  const nowhere = join(folder, 'nowhere.pcap')
  const bad = await read(t, folder, ['-r', text, '-r', whole, '-r', nowhere])
  t.equal(bad.status, 1)
  t.match(bad.err, /error: .*nowhere\.pcap.*ENOENT/, 'each fault is told')
  t.match(bad.err, /error: .*text\.pcap: is neither pcap nor pcapng.*; convert it/)
  t.equal(rowLines(bad.path).length, messages.length, 'the other file is stored')

  const missingFile = await hepcapd(['-r', nowhere, '--db-url', 'none:'])
  t.equal(missingFile.status, 1)
  t.equal(missingFile.out, '')
  t.match(missingFile.err, /^hepcapd: error: cannot read .*nowhere\.pcap: .*ENOENT.*\n$/)
})
