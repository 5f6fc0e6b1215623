// The self-test: its own messages through real inputs into real databases, counted, and removed again.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { about } from '../../lib/doctor/finding.js'
import { MarkedMessages, sipMessage } from '../../lib/doctor/marked.js'
import { inputFinding, storeFinding } from '../../lib/doctor/self-test-findings.js'
import type { InputLedger } from '../../lib/ledger.js'
import { Authority } from '../support/certificates.js'
import { RunningDaemon } from '../support/cli.js'
import { countRows } from '../support/daemon.js'
import { examined } from '../support/doctor.js'
import { missing, until } from '../support/tools.js'

t.setTimeout(240_000)

const MESSAGES = 3
const NO_RAW = process.getuid?.() !== 0 && 'packet sockets need root'

t.test('every kind of listener, and nothing is left', { skip: missing('openssl') }, async (t) => {
  const folder = t.testdir()
  const authority = new Authority(t.testdir({}))
  const { cert, key } = authority.sign('listener')
  const protos = ['hep_udp', 'hep_tcp', 'hep_tls', 'hep_ws', 'hep_wss', 'udp']
  const path = join(folder, 'calls.db')
  const { status, findings, of, worse } = await examined([
    ...protos.flatMap((proto) => ['--listen', `${proto}:127.0.0.1:0`]),
    ...['--tls-cert', cert, '--tls-key', key, '--tls-ca', authority.cert],
    ...['--db-url', `sqlite:${path}`, '--db-url', 'none:', '--spool', 'off'],
  ])
  t.equal(status, 0, worse())
  const inputs = findings.filter(({ check }) => check === 'input')
  for (const [at, proto] of protos.entries()) {
    t.match(inputs[at]?.what, new RegExp(`^${proto}:127\\.0\\.0\\.1:\\d+: sent 3 messages.*; 3 stored$`))
    t.equal(inputs[at]?.level, 'ok')
  }
  const all = protos.length * MESSAGES
  t.match(of('rows'), {
    level: 'ok',
    what: `sqlite:${path}: found ${all} of ${all} messages, and removed them`,
  })
  t.same(
    readdirSync(folder).filter((name) => name.startsWith('calls')),
    [],
    'the file that it made is gone',
  )
})

t.test('senders whose certificates are of another authority', { skip: missing('openssl') }, async (t) => {
  const { cert, key } = new Authority(t.testdir({}), 'ours').sign('listener')
  const theirs = new Authority(t.testdirName, 'theirs')
  const { status, findings, of, worse } = await examined([
    ...[
      '--listen',
      'hep_tls:127.0.0.1:0',
      '--listen',
      'hep_wss:127.0.0.1:0',
      '--listen',
      'hep_tcp:127.0.0.1:0',
    ],
    ...['--tls-cert', cert, '--tls-key', key, '--tls-ca', theirs.cert],
    ...['--db-url', `sqlite:${join(t.testdirName, 'calls.db')}`, '--spool', 'off'],
  ])
  t.equal(status, 0, worse())
  const inputs = findings.filter(({ check }) => check === 'input')
  t.match(inputs, [{ level: 'hint', what: /is not tested/ }, { level: 'hint' }, { level: 'ok' }])
  t.match(of('rows'), { level: 'ok', what: /found 3 of 3/ })
})

t.test('a database that was there keeps its rows, and has none of ours', async (t) => {
  const path = join(t.testdir(), 'calls.db')
  const options = ['--listen', 'hep_udp:127.0.0.1:0', '--db-url', `sqlite:${path}`, '--spool', 'off']
  const daemon = await RunningDaemon.start(options)
  t.teardown(() => daemon.child.kill('SIGKILL'))
  await daemon.stop()
  t.ok(existsSync(path))
  const { of } = await examined(options)
  t.match(of('rows'), { level: 'ok', what: /found 3 of 3 messages, and removed them/ })
  t.equal(of('database')?.level, 'ok')
  t.ok(existsSync(path))
  t.equal(countRows(path), 0)
})

t.test('a daemon that runs is sent to', async (t) => {
  const path = join(t.testdir(), 'calls.db')
  const daemon = await RunningDaemon.start([
    ...['--listen', 'hep_udp:127.0.0.1:0', '--listen', 'hep_tcp:127.0.0.1:0'],
    ...['--db-url', `sqlite:${path}`, '--spool', 'off'],
  ])
  t.teardown(() => daemon.child.kill('SIGKILL'))
  const listeners = ['hep_udp', 'hep_tcp'] as const
  const named = listeners.flatMap((proto) => ['--listen', `${proto}:127.0.0.1:${daemon.port(proto)}`])
  const { status, findings, of, worse } = await examined([
    ...named,
    '--db-url',
    `sqlite:${path}`,
    '--spool',
    'off',
  ])
  t.equal(status, 0, worse())
  t.match(of('self_test')?.what, `a hepcapd runs here (process ${daemon.child.pid}): it was sent to`)
  t.match(of('ports'), { level: 'ok', what: `taken by a hepcapd that runs (process ${daemon.child.pid})` })
  t.same(
    findings.filter(({ check }) => check === 'input').map(({ level }) => level),
    ['ok', 'ok'],
  )
  t.match(of('rows')?.what, 'found 6 of 6 messages, and removed them')
  const { ledger } = await daemon.stop()
  t.same(
    Object.values(ledger.inputs).map(({ received, stored }) => [received, stored]),
    [
      [MESSAGES, MESSAGES],
      [MESSAGES, MESSAGES],
    ],
  )
  t.equal(countRows(path), 0)
})

t.test('a mirror port on the loopback interface', { skip: NO_RAW }, async (t) => {
  const path = join(t.testdir(), 'calls.db')
  const { status, findings, worse } = await examined([
    ...['--moni', '-i', 'lo', '--ring-size', '4MiB', '--raw-socket-listen', '0.0.0.0:20000-40000'],
    ...['--db-url', `sqlite:${path}`, '--spool', 'off'],
  ])
  t.equal(status, 0, worse())
  const [input] = findings.filter(({ check }) => check === 'input')
  t.match(input, { level: 'ok', what: /^moni:lo:\d+: sent 3 messages, which came in; 3 stored$/ })
})

t.test('what settings discard, and why', async (t) => {
  const folder = t.testdir()
  const config = join(folder, 'hepcapd.toml')
  writeFileSync(config, '[discard]\nmethods = ["OPTIONS"]\n')
  const { status, of } = await examined([
    ...['--config', config, '--listen', 'hep_udp:127.0.0.1:0', '--spool', 'off'],
    ...['--db-url', `sqlite:${join(folder, 'calls.db')}`],
  ])
  t.equal(status, 0)
  t.match(of('input'), { level: 'hint', what: /came in and were discarded: \w+ 3$/, cure: /hepcapd trace/ })
  t.match(of('rows'), { level: 'hint', what: /found 0 of 3 messages/ })
})

t.test('what is sent on', async (t) => {
  const receiver = createSocket('udp4')
  receiver.bind(0, '127.0.0.1')
  await once(receiver, 'listening')
  t.teardown(() => receiver.close())
  const packets: Buffer[] = []
  receiver.on('message', (packet) => packets.push(packet))
  const to = `hep_udp:127.0.0.1:${receiver.address().port}`
  const { status, of, worse } = await examined(['--listen', 'hep_tcp:127.0.0.1:0', '--db-url', to])
  t.equal(status, 0, worse())
  t.match(of('input')?.what, /; 3 relayed$/)
  t.match(of('relayed'), { level: 'hint', what: `${to} was sent the messages too, From user hepcapd-doctor` })
  await until(() => packets.length === MESSAGES)
  t.ok(packets.every((packet) => packet.includes('hepcapd-doctor')))
})

t.test('a port that another program has', async (t) => {
  const other = createSocket('udp4')
  other.bind(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const { port } = other.address()
  const { status, of } = await examined(['--listen', `hep_udp:127.0.0.1:${port}`, '--db-url', 'none:'])
  t.equal(status, 1)
  t.match(of('ports'), { level: 'fault', what: `UDP ${port} is taken by`, cure: `kill ${process.pid}` })
  t.match(of('self_test'), { level: 'hint', what: /taken by another program/ })
})

t.test('with --no-self-test nothing is opened', async (t) => {
  const path = join(t.testdir(), 'calls.db')
  const options = ['--listen', 'hep_udp:127.0.0.1:0', '--db-url', `sqlite:${path}`, '--spool', 'off']
  const { findings } = await examined([...options, '--no-self-test'])
  t.same(
    findings.filter(({ subject }) => subject === 'self-test'),
    [],
  )
  t.notOk(existsSync(path))
})

const LEDGER: InputLedger = {
  received: 3,
  stored: 3,
  spooled: 0,
  relayed: 0,
  discarded: {},
  dropped: {},
  in_flight: 0,
}

t.test('how outcomes are judged', async (t) => {
  const input = { name: 'hep_udp:*:9060', sent: 3, counted: LEDGER, found: 0, wantsCertificate: false }
  const judged = (more: object) => {
    const { level, what } = inputFinding({ ...input, ...more })
    return `${level} ${what.replace('hep_udp:*:9060: ', '')}`
  }
  t.equal(judged({}), 'ok sent 3 messages, which came in; 3 stored')
  t.equal(judged({ failure: 'ECONNRESET' }), 'fault 3 messages could not be sent: ECONNRESET')
  t.equal(judged({ counted: { ...LEDGER, received: 1 } }), 'fault of 3 messages 1 came in')
  t.equal(
    judged({ counted: { ...LEDGER, stored: 1, dropped: { 'sink/stop_timeout': 2 } } }),
    'fault sent 3 messages, which came in and were dropped: sink/stop_timeout 2',
  )
  t.equal(
    judged({ counted: { ...LEDGER, stored: 0, spooled: 1, relayed: 2 } }),
    'ok sent 3 messages, which came in; 1 spooled, 2 relayed',
  )
  t.equal(judged({ counted: undefined, found: 3 }), 'ok sent 3 messages, and found 3 of them stored')
  t.equal(judged({ counted: undefined, found: 1 }), 'hint sent 3 messages, and found 1 of them stored')
  const store = { name: 's', sent: 3, found: 3, removed: true, stored: 3 }
  const kept = storeFinding({ ...store, removed: false })
  t.equal(
    `${kept.level} ${kept.what}`,
    'hint s: found 3 of 3 messages, which are there, From user hepcapd-doctor',
  )
  t.match(storeFinding({ ...store, found: 0 }), { level: 'warning', what: /3 were stored elsewhere/ })
  t.match(storeFinding({ ...store, found: 0, stored: undefined }), { level: 'warning' })
  t.match(storeFinding({ ...store, found: 0, stored: 0 }), { level: 'hint', what: /none was stored/ })
})

t.test('the messages say whose they are', async (t) => {
  const marked = new MarkedMessages()
  const [one, two] = [marked.callIds(2), marked.callIds(1)]
  t.equal(new Set([...one, ...two, ...new MarkedMessages().callIds(1)]).size, 4)
  const text = sipMessage(one[0] as string).toString()
  t.match(text, /^OPTIONS .*\r\nFrom: <sip:hepcapd-doctor@hepcapd\.invalid>/s)
  t.match(text, `Call-ID: ${one[0]}\r\n`)
  t.equal(about('x').ok('y', 'z').level, 'ok')
})
