// A mirror port in network namespaces: real captures replayed, and real calls. The rows are the SIP messages that
// tshark finds, each once.

import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hepcapd, RunningDaemon } from '../support/cli.js'
import * as f from '../support/frames.js'
import { rowLines, tsharkLines } from '../support/judge.js'
import { madeLines, madeMessages } from '../support/made.js'
import { listen, plugIn, replay, settle } from '../support/mirror-port.js'
import { noNamespaces } from '../support/namespace.js'
import { capture, missing, NO_CAPTURES, until } from '../support/tools.js'
import { FAR, NEAR, type Wire } from '../support/wire.js'

const CALLS = 500
const COOKED_BYTES = 16
const MARK = 'end-of-capture'
t.setTimeout(600_000)

const noTools = noNamespaces() || missing('tshark') || missing('tcpreplay') || missing('tcpdump')

const files = [
  { name: 'sip-81-messages.pcap', ports: '5060-5061', messages: 81 },
  { name: 'ipip.pcap', ports: '5090', messages: 4 },
  { name: 'hep.pcap', ports: '1-65535', messages: 0 },
  { name: 'sip-ipv6-fragments.pcap', ports: '5062-5063', messages: 32 },
]
for (const { name, ports, messages } of files) {
  const file = capture(name)
  for (const children of [1, 2]) {
    const skip = noTools || (file ? false : NO_CAPTURES)
    t.test(`${name} at full speed, ${children} threads`, { skip }, async (t) => {
      const wire = plugIn(t)
      const folder = t.testdir()
      const path = join(folder, 'calls.db')
      const daemon = await listen(
        t,
        wire,
        path,
        ...['--raw-socket-listen', `0.0.0.0:${ports}`, '--raw-sock-children', String(children)],
      )
      await replay(t, wire, ethernetOf(file as string, join(folder, 'frames.pcap')))
      await settle(t, daemon)
      const lines = rowLines(path)
      t.equal(lines.length, messages)
      t.same(lines, await tsharkLines(file as string))
    })
  }
}

/** The file, or a copy with Ethernet headers in place of Linux cooked ones. */
function ethernetOf(file: string, copy: string): string {
  const from = readFileSync(file)
  if (from.readUInt32LE(20) !== 113) return file
  const header = Buffer.from(from.subarray(0, 24))
  header.writeUInt32LE(1, 20)
  const parts = [header]
  for (let at = 24; at < from.length; ) {
    const length = from.readUInt32LE(at + 8)
    const record = Buffer.from(from.subarray(at, at + 16))
    const shorter = length - COOKED_BYTES + 14
    record.writeUInt32LE(shorter, 8)
    record.writeUInt32LE(shorter, 12)
    const cooked = from.subarray(at + 16, at + 16 + length)
    parts.push(record, Buffer.from('020000000002020000000001', 'hex'), cooked.subarray(14))
    at += 16 + length
  }
  writeFileSync(copy, Buffer.concat(parts))
  return copy
}

/** One port of the caller, or one a call: as many as there are calls. */
const OWN_PORTS = {
  u1: ['-p', '5071'],
  t1: ['-p', '5071'],
  tn: ['-max_socket', String(2 * CALLS)],
} as const
for (const [transport, mode] of [
  ['UDP', 'u1'],
  ['TCP', 't1'],
  ['TCP, a connection each', 'tn'],
] as const) {
  t.test(`${CALLS} calls over ${transport}`, { skip: noTools || missing('sipp') }, async (t) => {
    const wire = plugIn(t)
    const folder = t.testdir()
    const [path, file] = [join(folder, 'calls.db'), join(folder, 'calls.pcap')]
    const daemon = await listen(t, wire, path)
    const tcpdump = wire.far.spawn(
      'tcpdump',
      ['-Z', 'root', '-U', '-B', '65536', '-i', wire.device, '-w', file, 'port 5060'],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    t.teardown(() => tcpdump.kill('SIGKILL'))
    await said(tcpdump.stderr as NodeJS.ReadableStream, /listening on/)

    const common = ['-nostdin', '-timeout', '60', '-m', String(CALLS)]
    const server = ['-sn', 'uas', '-i', FAR, '-p', '5060', '-t', mode === 'u1' ? 'u1' : 't1', ...common]
    const uas = wire.far.spawn('sipp', server)
    t.teardown(() => uas.kill('SIGKILL'))
    const ended = once(uas, 'exit')
    if (mode !== 'u1') await untilListening(wire)
    const uac = [
      '-sn',
      'uac',
      `${FAR}:5060`,
      '-i',
      NEAR,
      '-r',
      '200',
      '-t',
      mode,
      ...OWN_PORTS[mode],
      ...common,
    ]
    t.equal(await wire.near.run('sipp', uac), 0, 'every call came through')
    await ended

    const input = await settle(t, daemon)
    await until(async () => {
      await wire.near.run('bash', ['-c', `echo ${MARK} > /dev/udp/${FAR}/5060`])
      return readFileSync(file).includes(MARK) // so all that came before is written too
    }, 60_000)
    tcpdump.kill('SIGINT')
    await once(tcpdump, 'close')
    t.ok(input.stored >= CALLS * 6)
    t.same(rowLines(path), await tsharkLines(file))
  })
}

/** Resolves when the stream has said it; the rest of what it says is let go. */
function said(stream: NodeJS.ReadableStream, what: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = ''
    stream.on('data', (part) => {
      text += String(part)
      if (what.test(text)) resolve()
    })
    stream.on('end', () => reject(new Error(`it ended with: ${text}`)))
  })
}

async function untilListening(wire: Wire): Promise<void> {
  const listens = () => wire.far.run('sh', ['-c', "ss -ltn | grep -q ':5060 '"])
  for (let tries = 0; (await listens()) !== 0; tries++) {
    if (tries > 200) throw new Error('sipp does not listen')
  }
}

t.test('IPIP sent to this host: IPv4 and IPv6 inside, outer options', { skip: noTools }, async (t) => {
  const wire = plugIn(t)
  const folder = t.testdir()
  const path = join(folder, 'ipip.db')
  const args = ['--ipip', '--raw-interface', wire.device, '--raw-socket-listen', `${FAR}:5060-5070`]
  const daemon = await RunningDaemon.start([...args, '--db-url', `sqlite:${path}`], {}, wire.far.exec)
  t.teardown(() => daemon.child.kill('SIGKILL'))
  const messages = madeMessages()
  const ends = { source: NEAR, destination: FAR }
  const options = Buffer.from('01010100', 'hex')
  const packets = messages.flatMap((m) => [
    f.ipv4(ends, 4, f.ipv4(m, f.UDP, f.udp(m, m.payload))),
    f.ipv4(ends, 41, f.ipv6(m, f.UDP, f.udp(m, m.payload)), { options }),
    f.ipv4(ends, 4, f.ipv4(m, f.UDP, f.udp({ sourcePort: 9, destinationPort: 9 }, m.payload))),
  ])
  const file = join(folder, 'ipip.pcap')
  const to = wire.far.macOf(wire.device)
  f.writePcap(
    file,
    packets.map((packet) => Buffer.concat([to, f.ethernet(packet).subarray(to.length)])),
  )
  await replay(t, wire, file)
  const input = await settle(t, daemon)
  t.equal(input.stored, 2 * messages.length, 'ports that are not wanted are not captured')
  t.same(rowLines(path), [...madeLines(messages), ...madeLines(messages, true)].sort())
})

t.test('what cannot be captured from', { skip: noNamespaces() || missing('setpriv') }, async (t) => {
  const nobody = ['setpriv', '--reuid', '65534', '--clear-groups', '--bounding-set=-all', '--inh-caps=-all']
  for (const mode of ['--moni', '--ipip']) {
    const starting = RunningDaemon.start([mode, '-i', 'lo', '--db-url', 'none:'], {}, nobody)
    await t.rejects(starting, {
      message: /^hepcapd ended with 1: hepcapd: error: cannot capture from .*EPERM.*CAP_NET_RAW[^\n]*\n$/,
    })
  }
  const { status, out, err } = await hepcapd(['--moni', '-i', 'nowhere0', '--db-url', 'none:'])
  t.equal(status, 1)
  t.equal(out, '')
  t.match(err, /^hepcapd: error: cannot capture from moni:nowhere0.*; the interfaces here are: .*lo.*\n$/)
})
