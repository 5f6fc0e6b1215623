// Receivers that nobody here wrote: Kamailio over UDP, TCP and TLS, which hands on what it got so that it can be
// compared octet by octet, and sngrep over UDP.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Relays } from '../../lib/relay/relays.js'
import type { RelayTarget } from '../../lib/route/rules.js'
import { type UdpReceiver, udpReceiver } from '../send/receiver.js'
import { Authority } from '../support/certificates.js'
import { hep1, hep2, options, packet, packet6 } from '../support/packets.js'
import { missing, until } from '../support/tools.js'
import { Hand } from './receiver.js'

t.setTimeout(240_000)

const TLS_MODULE = '/usr/lib/x86_64-linux-gnu/kamailio/modules/tls.so'

const HEADERS = [
  'Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1',
  'From: <sip:a@example.com>;tag=1',
  'To: <sip:b@example.com>',
  'Max-Forwards: 70',
  'Content-Length: 0',
]

function sip(callId: string): string {
  return options(callId, ...HEADERS)
}

/** Ports that nobody has: none of the programs can say which one it was given. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  for (const server of servers) if (!server.listening) await once(server, 'listening')
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  for (const server of servers) server.close()
  return ports
}

function newHand(t: Test, ca = ''): { relays: Relays; hand: Hand } {
  const limits = { firstPauseMs: 20, longestPauseMs: 200, failures: 1000 }
  const relays = new Relays({ tls: { cert: '', key: '', ca }, limits })
  t.teardown(() => relays.close(0))
  return { relays, hand: new Hand(relays) }
}

class Kamailio {
  readonly ports: { udp: number; tcp: number; tls: number }
  readonly #folder: string
  #child: ReturnType<typeof spawn> | undefined

  constructor(folder: string, [udp, tcp, tls]: number[], handsOnTo: number) {
    this.#folder = folder
    this.ports = { udp: udp!, tcp: tcp!, tls: tls! }
    writeFileSync(join(folder, 'kamailio.cfg'), this.#config(handsOnTo))
  }

  to(transport: 'udp' | 'tcp' | 'tls'): RelayTarget {
    return { proto: `hep_${transport}`, host: '127.0.0.1', port: this.ports[transport] }
  }

  async start(): Promise<void> {
    const config = join(this.#folder, 'kamailio.cfg')
    const args = ['-f', config, '-DD', '-E', '-m', '64', '-M', '8', '-Y', this.#folder]
    this.#child = spawn('kamailio', args, { stdio: 'ignore', detached: true })
    await until(() => this.#isListening())
  }

  /** It and its children, at once. */
  async kill(): Promise<void> {
    const child = this.#child
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    process.kill(-child.pid, 'SIGKILL')
    await ended
  }

  #isListening(): boolean {
    const open = execFileSync('ss', ['-Hlnt', `sport = :${this.ports.tls}`], { encoding: 'utf8' })
    return open.trim() !== ''
  }

  #config(handsOnTo: number): string {
    const { udp, tcp, tls } = this.ports
    return `#!KAMAILIO
debug=-1
log_stderror=yes
children=1
tcp_children=2
auto_aliases=no
enable_tls=yes
tcp_accept_hep3=yes
tcp_accept_no_cl=yes
tcp_rd_buf_size=262144
listen=udp:127.0.0.1:${udp}
listen=tcp:127.0.0.1:${tcp}
listen=tls:127.0.0.1:${tls}
loadmodule "pv.so"
loadmodule "tls.so"
loadmodule "db_sqlite.so"
loadmodule "sipcapture.so"
modparam("tls", "tls_method", "TLSv1.2+")
modparam("tls", "certificate", "${this.#folder}/authority-server.pem")
modparam("tls", "private_key", "${this.#folder}/authority-server.key")
modparam("sipcapture", "db_url", "sqlite:///${this.#folder}/kamailio.db")
modparam("sipcapture", "capture_on", 1)
modparam("sipcapture", "hep_capture_on", 1)
modparam("sipcapture", "nonsip_hook", 1)
request_route { exit; }
event_route[sipcapture:request] {
  sip_capture_forward("sip:127.0.0.1:${handsOnTo}");
  return 0;
}
`
  }
}

async function newKamailio(t: Test): Promise<{ kamailio: Kamailio; handedOn: UdpReceiver; ca: string }> {
  const folder = t.testdir()
  const authority = new Authority(folder)
  authority.sign('server')
  const handedOn = await udpReceiver()
  const kamailio = new Kamailio(folder, await freePorts(3), handedOn.port)
  t.teardown(() => handedOn.close())
  t.teardown(() => kamailio.kill())
  await kamailio.start()
  return { kamailio, handedOn, ca: readFileSync(authority.cert, 'utf8') }
}

const noKamailio =
  missing('kamailio') ||
  missing('openssl') ||
  missing('ss') ||
  (existsSync(TLS_MODULE) ? false : 'Kamailio has no TLS module')

t.test('Kamailio', { skip: noKamailio }, async (t) => {
  const { kamailio, handedOn, ca } = await newKamailio(t)
  const { relays, hand } = newHand(t, ca)
  let sent: Buffer[] = []
  const send = async (transport: 'udp' | 'tcp' | 'tls', packets: Buffer[]) => {
    for (const one of packets) {
      t.equal(hand.send(kamailio.to(transport), one), undefined)
      sent.push(one)
      const got = await handedOn.packets(sent.length) // one after the other: its own datagrams may get lost
      t.ok(got.at(-1)?.equals(one), `${one.length} octets over ${transport}`)
    }
  }
  const long = packet(`${sip('long')}${'x'.repeat(40_000)}`)
  const v3 = [packet(sip('a')), packet6(sip('b')), packet('{}', { type: 5, correlation: 'c' })]
  await send('udp', [hep1(sip('1')), hep2(sip('2')), ...v3, long])
  await send('tcp', [...v3, long, packet(sip('after it'))])
  await send('tls', [...v3, packet(`${sip('long')}${'x'.repeat(15_000)}`), packet(sip('after it'))])
  await until(() => hand.pending === 0)
  t.same(hand.counts, { relayed: sent.length })
  t.equal(relays.destinations.length, 3)

  await kamailio.kill()
  sent = []
  for (const transport of ['tcp', 'tls'] as const) {
    t.equal(hand.send(kamailio.to(transport), packet(sip(`late ${transport}`))), undefined)
  }
  await kamailio.start()
  await until(() => hand.pending === 0)
  const all = await handedOn.packets(hand.outcomes.length)
  const late = all.slice(-2).map((one) => /late \w+/.exec(one.toString('latin1'))?.[0])
  t.same(late.sort(), ['late tcp', 'late tls'], 'killed and back')
  const { counts } = hand
  t.same(counts, { relayed: hand.outcomes.length })
})

t.test('sngrep', { skip: missing('sngrep') }, async (t) => {
  await sngrepHas(t, 2, hep2)
  await sngrepHas(t, 3, packet)
})

/** It reads one version at a time, and none is 1. */
async function sngrepHas(t: Test, version: number, make: (payload: string) => Buffer): Promise<void> {
  const folder = t.testdir()
  const [port] = (await freePorts(1)) as [number]
  const [file, config] = [join(folder, 'sngrep.pcap'), join(folder, 'sngreprc')]
  writeFileSync(config, `set eep.listen.version ${version}\n`)
  const args = ['-N', '-F', '-f', config, '-L', `udp:127.0.0.1:${port}`, '-O', file]
  const sngrep = spawn('sngrep', args, { stdio: ['ignore', 'pipe', 'ignore'] })
  t.teardown(() => sngrep.kill('SIGKILL'))
  let said = ''
  sngrep.stdout.on('data', (octets) => {
    said += octets
  })
  await until(() => said.includes('Dialog count: 0'))
  const { hand } = newHand(t)
  const one = make(sip(`version-${version}`))
  t.equal(hand.send({ proto: 'hep_udp', host: '127.0.0.1', port }, one), undefined)
  await until(() => said.includes('Dialog count: 1'))
  t.same(hand.counts, { relayed: 1 })
  const ended = once(sngrep, 'exit')
  sngrep.kill('SIGTERM') // and it writes what it has
  await ended
  t.ok(readFileSync(file).includes(sip(`version-${version}`)), `version ${version}: every octet`)
}
