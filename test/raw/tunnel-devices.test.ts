// Tunnels as the kernel makes them, with the fragments that it cuts: seen on the wire below, on the tunnel's own
// interface, and by the IPIP sockets. A device that this kernel does not have is a test that skips.

import { join } from 'node:path'
import t, { type Test } from 'tap'
import { RunningDaemon } from '../support/cli.js'
import { rowLines } from '../support/judge.js'
import { listen, plugIn, settle } from '../support/mirror-port.js'
import { Namespace, noNamespaces } from '../support/namespace.js'
import { FAR, NEAR, type Wire } from '../support/wire.js'

t.setTimeout(120_000)

interface Device {
  type: string
  options: string[]
  /** Addresses inside of the tunnel, near and far. */
  inside: readonly [string, string]
  /** Whether its packets are read by `--ipip`. */
  ipip?: true
}

const INSIDE4 = ['10.97.0.1', '10.97.0.2'] as const
const INSIDE6 = ['fd00:97::1', 'fd00:97::2'] as const
const devices: Device[] = [
  { type: 'vxlan', options: ['id', '42', 'dstport', '4789'], inside: INSIDE4 },
  { type: 'vxlan', options: ['id', '42', 'dstport', '4789'], inside: INSIDE6 },
  { type: 'geneve', options: ['id', '42'], inside: INSIDE4 },
  { type: 'gre', options: [], inside: INSIDE4 },
  { type: 'gretap', options: [], inside: INSIDE4 },
  { type: 'ipip', options: [], inside: INSIDE4, ipip: true },
  { type: 'sit', options: [], inside: INSIDE6, ipip: true },
]

/** A reason to skip, or false. */
function noDevice({ type, options }: Device): string | false {
  const without = noNamespaces()
  if (without) return without
  const own = new Namespace()
  try {
    own.ip('link', 'add', 'probe', 'type', type, ...options, ...endsOf(type, NEAR, FAR))
    return false
  } catch {
    return `this kernel has no ${type} devices`
  } finally {
    own.delete()
  }
}

const endsOf = (type: string, local: string, remote: string) =>
  type === 'geneve' ? ['remote', remote] : ['local', local, 'remote', remote]

/** The device `tunnel` at both ends of the cable. */
function dig(wire: Wire, { type, options, inside }: Device): void {
  for (const [end, local, remote, address] of [
    [wire.near, NEAR, FAR, inside[0]],
    [wire.far, FAR, NEAR, inside[1]],
  ] as const) {
    end.ip('link', 'add', 'tunnel', 'type', type, ...options, ...endsOf(type, local, remote))
    const ipv6 = address.includes(':')
    end.ip('address', 'add', `${address}/${ipv6 ? 64 : 24}`, 'dev', 'tunnel', ...(ipv6 ? ['nodad'] : []))
    end.ip('link', 'set', 'tunnel', 'up')
  }
}

const SIZES = [0, 100, 1300, 1400, 1500, 3000, 9000]
const SENDER = `
  const [address, ...sizes] = process.argv.slice(1)
  const socket = require('dgram').createSocket(address.includes(':') ? 'udp6' : 'udp4')
  socket.bind(5060, () => {
    let left = sizes.length
    sizes.forEach((size, i) => {
      const head = ['OPTIONS sip:a SIP/2.0', 'Call-ID: sized-' + size, 'CSeq: ' + i + ' OPTIONS', 'Content-Length: ' + size]
      const text = head.join('\\r\\n') + '\\r\\n\\r\\n' + 'x'.repeat(size)
      socket.send(text, 5061, address, (fault) => {
        if (fault) throw fault
        if (--left === 0) socket.close()
      })
    })
  })`

/** One request of each size, through the tunnel. */
async function send(t: Test, wire: Wire, { inside }: Device): Promise<string[]> {
  t.equal(await wire.near.run(process.execPath, ['-e', SENDER, inside[1], ...SIZES.map(String)]), 0, 'sent')
  const ends = `${inside[0]}:5060 > ${inside[1]}:5061`
  return SIZES.map((size, i) => `${ends} sized-${size} ${i} OPTIONS OPTIONS`).sort()
}

for (const device of devices) {
  const title = `${device.type}, ${device.inside[0]} inside`
  t.test(title, { skip: noDevice(device) }, async (t) => {
    const wire = plugIn(t)
    dig(wire, device)
    const folder = t.testdir()
    const path = (name: string) => join(folder, `${name}.db`)
    const onTunnel = ['--moni', '-i', 'tunnel', '--db-url', `sqlite:${path('tunnel')}`, '--control', 'off']
    const daemons = [
      await listen(t, wire, path('wire'), '--control', 'off'),
      await RunningDaemon.start([...onTunnel, '--http', 'off'], {}, wire.far.exec),
    ]
    if (device.ipip) {
      const args = ['--ipip', '--raw-socket-listen', `${FAR}:5060-5061`, '--db-url', `sqlite:${path('ipip')}`]
      daemons.push(
        await RunningDaemon.start([...args, '--http', 'off', '--control', 'off'], {}, wire.far.exec),
      )
    }
    for (const daemon of daemons) t.teardown(() => daemon.child.kill('SIGKILL'))
    const sent = await send(t, wire, device)
    for (const daemon of daemons) await settle(t, daemon)
    t.same(rowLines(path('wire')), sent, 'on the wire, out of the tunnel')
    t.same(rowLines(path('tunnel')), sent, "on the tunnel's own interface")
    if (device.ipip) t.same(rowLines(path('ipip')), sent, 'by IPIP sockets')
  })
}
