// Who may send: keys, networks and rates, refused at their step and counted by name, over every transport; whoever may
// send does not notice the others. And the table of those who did.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Daemon } from '../../lib/daemon.js'
import type { ListenProto } from '../../lib/listen/protocols.js'
import { ANYBODY, type SenderSettings } from '../../lib/listen/senders.js'
import { Authority, credentialsOf } from '../support/certificates.js'
import { hepcapd, RunningDaemon } from '../support/cli.js'
import { countRows, query, SETTINGS, type Started, startDaemon } from '../support/daemon.js'
import { chunk, hep1, hep2, hep3, options, packet, u8 } from '../support/packets.js'
import { overTcp, overTls, overUdp, overWs, type Send } from '../support/senders.js'
import { missing, until } from '../support/tools.js'

t.setTimeout(240_000)

const FRIEND = '127.0.0.1'
const STRANGER = '127.0.0.9'
const KEY = 'the-right-key'

/** packet() with a key. */
function keyed(callId: string, key = KEY): Buffer {
  const plain = packet(options(callId))
  return hep3(plain.subarray(6), chunk(0x0e, key))
}

const TRANSPORTS: [ListenProto, Send][] = [
  ['hep_udp', overUdp],
  ['hep_tcp', overTcp],
  ['hep_tls', overTls],
  ['hep_ws', overWs],
]

const noOpenssl = missing('openssl')
const authority = noOpenssl ? undefined : new Authority(t.testdir())
const tls = authority ? credentialsOf(authority.sign('server'), undefined) : SETTINGS.tls

async function start(
  t: Test,
  protos: ListenProto[],
  senders: Partial<SenderSettings>,
): Promise<Started & { path: string }> {
  const path = join(t.testdir(), 'calls.db')
  const listen = protos.map((proto) => ({ proto, host: FRIEND, port: 0 }))
  const started = await startDaemon({
    listen,
    tls: protos.includes('hep_tls') ? tls : SETTINGS.tls,
    senders: { ...ANYBODY, ...senders },
    targets: [{ kind: 'sqlite', path }],
  })
  t.teardown(() => started.daemon.stop())
  return { ...started, path }
}

function only(daemon: Daemon) {
  const { inputs, odd = {} } = daemon.ledger()
  const [name = '', input] = Object.entries(inputs)[0] ?? []
  if (!input) throw new Error('no input')
  return { ...input, odd: odd[name] ?? {} }
}

/** All that was sent has been looked at and stored. */
async function settled(daemon: Daemon, received: number): Promise<void> {
  await until(() => only(daemon).received >= received && only(daemon).in_flight === 0)
}

for (const [proto, send] of TRANSPORTS) {
  const skip = proto === 'hep_tls' && noOpenssl
  t.test(`${proto}: keys and networks`, { skip }, async (t) => {
    const senders = { keys: ['another', KEY], networks: ['127.0.0.1', '127.0.0.2/31'] }
    const { daemon, port, path } = await start(t, [proto], senders)
    await send(port(), FRIEND, [
      keyed('good-1'),
      packet(options('none')),
      keyed('bad', 'the-right-kez'),
      keyed('good-2', 'another'),
    ])
    await send(port(), '127.0.0.3', [
      keyed('good-3'),
      keyed('longer', `${KEY}x`),
      keyed('shorter', KEY.slice(1)),
    ])
    await send(port(), STRANGER, [keyed('stranger')])
    const isUdp = proto === 'hep_udp'
    await settled(daemon, isUdp ? 8 : 7)
    await until(() => isUdp || only(daemon).odd['acl/not_allowed'] === 1)
    const { stored, dropped } = only(daemon)
    t.equal(stored, 3)
    t.same(dropped, { 'hep/no_key': 1, 'hep/bad_key': 3, ...(isUdp ? { 'acl/not_allowed': 1 } : {}) })
    t.same(query(path, 'SELECT callid FROM sip_capture ORDER BY callid'), ['good-1', 'good-2', 'good-3'])
    const { agents } = daemon.agents()
    t.notOk(
      agents.some(({ address }) => address === STRANGER),
      'a stranger takes no place',
    )
    t.match(
      agents.find(({ address, id }) => address === FRIEND && id === null),
      { packets: 2, refused: { 'hep/no_key': 1, 'hep/bad_key': 1 }, skewMs: null },
    )
    t.match(
      agents.find(({ address, id }) => address === FRIEND && id === 7),
      { packets: 2, versions: [3], refused: {} },
    )
  })

  t.test(`${proto}: a sender over its rate, and one under it`, { skip }, async (t) => {
    const { daemon, port, path } = await start(t, [proto], { ratePerSecond: 20 })
    const flood = Array.from({ length: 2000 }, (_, i) => packet(options(`flood-${i}`)))
    const calm = Array.from({ length: 20 }, (_, i) => packet(options(`calm-${i}`)))
    await Promise.all([send(port(), '127.0.0.2', flood), send(port(), FRIEND, calm)])
    await settled(daemon, 2020)
    const { dropped, stored } = only(daemon)
    const limited = dropped['rate/limited'] ?? 0
    t.same(Object.keys(dropped), ['rate/limited'])
    t.equal(stored + limited, 2020)
    t.ok(stored >= 40 && limited > 0, `${limited} were over the rate`)
    t.equal(query(path, "SELECT count(*) FROM sip_capture WHERE callid LIKE 'calm-%'")[0], 20)
    t.match(
      daemon.agents().agents.find(({ address, id }) => address === '127.0.0.2' && id === null),
      { refused: { 'rate/limited': limited } },
    )
  })
}

t.test('where a key is wanted, versions 1 and 2 are not', async (t) => {
  const { daemon, port } = await start(t, ['hep_udp'], { keys: [KEY] })
  await overUdp(port(), FRIEND, [hep1(options('one')), hep2(options('two')), keyed('three')])
  await settled(daemon, 3)
  t.same(only(daemon).dropped, { 'hep/no_key': 2 })
  t.equal(only(daemon).stored, 1)
})

t.test('the walk over the chunks comes before the key, and the key before SIP', async (t) => {
  const { daemon, port } = await start(t, ['hep_udp'], { keys: [KEY] })
  const broken = Buffer.concat([keyed('broken'), u8(0)])
  broken.writeUInt16BE(broken.length, 4)
  await overUdp(port(), FRIEND, [broken, hep3(chunk(15, 'no SIP at all'), chunk(11, u8(1)))])
  await settled(daemon, 2)
  t.same(only(daemon).dropped, { 'hep/bad_chunk_length': 1, 'hep/no_key': 1 })
  t.notOk('sip_unreadable' in only(daemon).odd, 'nobody has read it')
})

t.test('a listener with keys of its own takes these, and one that is set to off takes all', async (t) => {
  const [udp, tcp] = [
    { proto: 'hep_udp', host: FRIEND, port: 0 },
    { proto: 'hep_tcp', host: FRIEND, port: 0 },
  ] as const
  const keysOf = [
    { listen: udp, keys: ['own'] },
    { listen: tcp, keys: [] },
  ]
  const { daemon, port } = await start(t, ['hep_udp', 'hep_tcp', 'hep_ws'], { keys: [KEY], keysOf })
  await overUdp(port(0), FRIEND, [keyed('udp', 'own'), keyed('udp-general')])
  await overTcp(port(1), FRIEND, [packet(options('tcp')), keyed('tcp-any', 'whatever')])
  await overWs(port(2), FRIEND, [keyed('ws'), keyed('ws-own', 'own')])
  const inputs = () => Object.values(daemon.ledger().inputs)
  await until(() => inputs().every(({ received, in_flight }) => received === 2 && in_flight === 0))
  t.same(
    inputs().map(({ stored }) => stored),
    [1, 2, 1],
  )
})

t.test('other rules take the place of the old ones between two packets: none is lost', async (t) => {
  const { daemon, port, path } = await start(t, ['hep_udp', 'hep_tcp'], { keys: [KEY] })
  const rounds = 50
  const client = connectTcp({ port: port(1), host: FRIEND })
  await once(client, 'connect')
  for (let round = 0; round < rounds; round++) {
    const keys = round % 2 === 0 ? [KEY, 'more'] : [KEY]
    const senders = { ...ANYBODY, keys, networks: round % 3 === 0 ? ['127.0.0.0/8'] : [] }
    daemon.reload({ ...SETTINGS, senders })
    client.write(keyed(`tcp-${round}`))
    await overUdp(port(0), FRIEND, [keyed(`udp-${round}`)])
  }
  client.end()
  await until(() => countRows(path) === 2 * rounds)
  t.ok(Object.values(daemon.ledger().inputs).every(({ dropped }) => Object.keys(dropped).length === 0))
  daemon.reload({ ...SETTINGS, senders: { ...ANYBODY, keys: ['new'] } })
  await overUdp(port(0), FRIEND, [keyed('late')])
  await until(() => only(daemon).dropped['hep/bad_key'] === 1)
  t.pass('a key that was taken away opens nothing')
})

t.test('a connection whose sender is taken off the list says nothing more', async (t) => {
  const { daemon, port } = await start(t, ['hep_tcp'], { networks: ['127.0.0.0/8'] })
  const client = connectTcp({ port: port(), host: FRIEND, localAddress: '127.0.0.2' })
  await once(client, 'connect')
  client.write(packet(options('before')))
  await settled(daemon, 1)
  daemon.reload({ ...SETTINGS, senders: { ...ANYBODY, networks: [FRIEND] } })
  client.end(packet(options('after')))
  await settled(daemon, 2)
  t.same(only(daemon).dropped, { 'acl/not_allowed': 1 })
  t.equal(only(daemon).stored, 1)
})

t.test('at full load, those who may send lose nothing to those who may not', async (t) => {
  const senders = { keys: [KEY], networks: ['127.0.0.0/30'], ratePerSecond: 5000 }
  const { daemon, port, path } = await start(t, ['hep_udp', 'hep_tcp'], senders)
  const many = (count: number, make: (i: number) => Buffer) =>
    Array.from({ length: count }, (_, i) => make(i))
  const bad = [
    overUdp(
      port(0),
      STRANGER,
      many(20_000, (i) => keyed(`stranger-${i}`)),
    ),
    overUdp(
      port(0),
      '127.0.0.2',
      many(20_000, (i) => keyed(`wrong-${i}`, 'wrong')),
    ),
    overTcp(
      port(1),
      '127.0.0.3',
      many(20_000, (i) => packet(options(`none-${i}`))),
    ),
  ]
  const good = overTcp(
    port(1),
    FRIEND,
    many(5000, (i) => keyed(`good-${i}`)),
  )
  await Promise.all([...bad, good])
  const inputs = () => Object.values(daemon.ledger().inputs)
  await until(() => inputs().every(({ in_flight }) => in_flight === 0) && countRows(path) >= 5000)
  t.equal(countRows(path), 5000)
  t.equal(query(path, "SELECT count(*) FROM sip_capture WHERE callid LIKE 'good-%'")[0], 5000)
  for (const { received, stored, dropped } of inputs()) {
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
    t.equal(received, stored + lost)
  }
})

t.test('whose clock is how far off', async (t) => {
  const { daemon, port } = await start(t, ['hep_udp'], {})
  const at = (id: number, aheadMs: number) => {
    const ms = Date.now() + aheadMs
    const parts = { agentId: id, seconds: Math.floor(ms / 1000), micros: (ms % 1000) * 1000 }
    return packet(options(`skew-${id}`), parts)
  }
  await overUdp(port(), FRIEND, [at(1, 0), at(2, 3_600_000), at(3, -3_600_000)])
  await settled(daemon, 3)
  const skews = [1, 2, 3].map(
    (id) => daemon.agents().agents.find((agent) => agent.id === id)?.skewMs ?? Number.NaN,
  )
  t.same(
    skews.map((ms) => Math.round(ms / 3_600_000) + 0),
    [0, 1, -1],
  )
})

t.test('keys are shown nowhere', async (t) => {
  const listen = ['--listen', 'hep_udp:127.0.0.1:0', '--db-url', 'none:']
  const checked = await hepcapd([
    'check',
    ...listen,
    '--hep-key',
    'hush-1',
    '--hep-key',
    'hep_udp:127.0.0.1:0=hush-2',
  ])
  t.equal(checked.status, 0)
  t.match(checked.out, /\*\*\*/)
  for (const wrong of ['hush'.repeat(100), 'hep_tcp:127.0.0.1:9999=hush-3', 'hep_udp:[bad=hush-4']) {
    const { status, err } = await hepcapd(['check', ...listen, '--hep-key', wrong])
    t.equal(status, 2)
    t.match(err, /hep.key/)
    t.notMatch(err, /hush/)
  }
  const daemon = await RunningDaemon.start([...listen, '--hep-key', 'hush-1', '--log-level', 'trace'])
  await overUdp(daemon.port('hep_udp'), FRIEND, [keyed('one', 'hush-1'), keyed('two', 'hush-5')])
  const { out, err } = await daemon.stop()
  t.notMatch(checked.out + checked.err + out + err, /hush/)
})

t.test('networks and rates that cannot be', async (t) => {
  const check = (...more: string[]) => hepcapd(['check', '--listen', 'hep_udp:127.0.0.1:0', ...more])
  for (const wrong of ['10.0.0.0/33', 'host', 'fe80::1%lo', '10.0.0.0/8/8']) {
    const { status, err } = await check('--allow', wrong)
    t.equal(status, 2, err)
    t.match(err, /allow/)
  }
  const { status, out } = await check(
    '--allow',
    '10.0.0.0/8',
    '--allow',
    '2001:db8::/32',
    '--rate-limit',
    '100',
  )
  t.equal(status, 0)
  t.match(out, '2001:db8::/32')
})

t.test('a packet that is sent on does not have the key that opened our door', async (t) => {
  const receiver = createSocket('udp4')
  receiver.bind(0, FRIEND)
  await once(receiver, 'listening')
  t.teardown(() => receiver.close())
  const { port: to } = receiver.address()
  const db = ['--db-url', `hep_udp:${FRIEND}:${to}`]
  const daemon = await RunningDaemon.start(['--listen', 'hep_udp:127.0.0.1:0', ...db, '--hep-key', KEY])
  const got = once(receiver, 'message')
  const sent = keyed('one')
  await overUdp(daemon.port('hep_udp'), FRIEND, [sent])
  const [relayed] = (await got) as [Buffer]
  t.same(relayed, Buffer.from(sent.toString('latin1').replace(KEY, '\0'.repeat(KEY.length)), 'latin1'))
  await daemon.stop()
})
