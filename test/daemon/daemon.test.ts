// The daemon's life: it opens everything or nothing, stores what it receives, and its ledger adds up to it.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { Daemon, type DaemonSettings, type Listen, type Target } from '../../lib/daemon.js'
import { RefusedError } from '../../lib/errors.js'
import type { InputLedger } from '../../lib/ledger.js'
import { openSqlite } from '../../lib/sqlite.js'
import { countRows, query, RecordingLog, SETTINGS, sendUdp, startDaemon } from '../support/daemon.js'
import { settled } from '../support/ledger.js'
import { options, packet } from '../support/packets.js'
import { TcpClient } from '../support/tcp-client.js'
import { until } from '../support/tools.js'

t.setTimeout(180_000)

const UDP: Listen = { proto: 'hep_udp', host: '127.0.0.1', port: 0 }
const TCP: Listen = { proto: 'hep_tcp', host: '127.0.0.1', port: 0 }
const EMPTY: InputLedger = {
  received: 0,
  stored: 0,
  spooled: 0,
  relayed: 0,
  discarded: {},
  dropped: {},
  in_flight: 0,
}

const sqlite = (path: string): Target => ({ kind: 'sqlite', path })
const calls = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => packet(options(`${name}-${i}`)))
const total = (daemon: Daemon) => {
  const sum = { ...EMPTY, discarded: 0, dropped: 0 }
  for (const input of Object.values(daemon.ledger().inputs)) {
    sum.received += input.received
    sum.stored += input.stored
    sum.in_flight += input.in_flight
    sum.dropped += Object.values(input.dropped).reduce((a, b) => a + b, 0)
    sum.discarded += Object.values(input.discarded).reduce((a, b) => a + b, 0)
  }
  return sum
}

t.test('it says ready, stores what comes by UDP and TCP, and the ledger adds up', async (t) => {
  const path = join(t.testdir(), 'a.db')
  const { daemon, log, port } = await startDaemon({ listen: [UDP, TCP], targets: [sqlite(path)] })
  const names = [`hep_udp:127.0.0.1:${port(0)}`, `hep_tcp:127.0.0.1:${port(1)}`] as const
  t.same(daemon.bound, names)
  t.ok(port(0) > 0 && port(1) > 0)
  t.same(log.said(/ready:/), [`info ready: ${names.join(', ')}; storing in sqlite:${path}`])
  t.same(daemon.ledger(), {
    inputs: { [names[0]]: EMPTY, [names[1]]: EMPTY },
    sinks: { [`sqlite:${path}`]: { rows: 0 } },
  })

  await sendUdp(port(0), [...calls('udp', 300), packet('{}', { type: 5 }), Buffer.from('no HEP at all')])
  const client = await TcpClient.connect(port(1))
  await client.send(Buffer.concat(calls('tcp', 200)))
  await until(() => countRows(path) === 500)
  client.socket.end()
  await daemon.stop()

  const { inputs, sinks } = daemon.ledger()
  t.match(inputs, {
    [names[0]]: { received: 302, stored: 301, discarded: {}, in_flight: 0 },
    [names[1]]: { ...EMPTY, received: 200, stored: 200 },
  })
  t.same(Object.values(inputs[names[0]]?.dropped ?? {}), [1])
  t.same(sinks, { [`sqlite:${path}`]: { rows: 501 } })
  for (const input of Object.values(inputs)) t.equal(settled(input), input.received)
  t.equal(countRows(path, 'rtcp_capture'), 1)
  const ids = query(path, "SELECT callid FROM sip_capture WHERE callid LIKE 'udp%' ORDER BY id")
  t.same(
    ids,
    Array.from({ length: 300 }, (_, i) => `udp-${i}`),
  )
  t.same(
    log.said(/^(warn|error|fatal)/).filter((line) => !line.includes('receive buffer')),
    [],
  )
})

t.test('stop() takes what was sent a moment before', async (t) => {
  const path = join(t.testdir(), 'a.db')
  const { daemon, port } = await startDaemon({ listen: [UDP, TCP], targets: [sqlite(path)] })
  await sendUdp(port(0), [packet(options('first'))]) // from here on the kernel stamps datagrams
  await until(() => total(daemon).stored === 1)
  const clients = await Promise.all(Array.from({ length: 3 }, () => TcpClient.connect(port(1))))
  for (const client of clients) await client.segments(packet(options('hello')))
  await until(() => total(daemon).received === 4)
  await sendUdp(port(0), calls('udp', 2000))
  for (const client of clients) client.socket.write(Buffer.concat(calls('tcp', 1000)))
  await daemon.stop()
  t.match(total(daemon), { received: 5004, stored: 5004, in_flight: 0 })
  t.equal(countRows(path), 5004)
  await Promise.all(clients.map((client) => client.closed))
})

t.test('the ledger adds up at every moment of a load', async (t) => {
  const path = join(t.testdir(), 'a.db')
  const { daemon, port } = await startDaemon({ listen: [UDP, TCP], targets: [sqlite(path)], udpWorkers: 2 })
  let sending = true
  let snapshots = 0
  const client = await TcpClient.connect(port(1))
  const load = Promise.all([
    ...['a', 'b', 'c'].map((name) => sendUdp(port(0), calls(name, 3000))),
    client.send(Buffer.concat(calls('tcp', 3000))),
  ]).then(() => {
    sending = false
  })
  while (sending) {
    for (const input of Object.values(daemon.ledger().inputs)) {
      if (settled(input) !== input.received || input.in_flight < 0) t.fail('it does not add up', { input })
    }
    snapshots++
    await new Promise((resolve) => setImmediate(resolve))
  }
  await load
  client.socket.end()
  await client.closed
  await daemon.stop()
  t.ok(snapshots > 10)
  const sum = total(daemon)
  t.match(sum, { received: 12_000, in_flight: 0, discarded: 0 })
  t.equal(sum.stored + sum.dropped, 12_000)
  t.equal(countRows(path), sum.stored)
})

t.test('a taken port is refused with a cure, and nothing stays open', async (t) => {
  const dir = t.testdir()
  const udp = createSocket('udp4').bind(0, '127.0.0.1')
  const tcp = createServer().listen(0, '127.0.0.1')
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')])
  t.teardown(() => {
    udp.close()
    tcp.close()
  })
  const taken: Listen[] = [
    { ...UDP, port: udp.address().port },
    { ...TCP, port: (tcp.address() as AddressInfo).port },
  ]
  for (const last of taken) {
    const path = join(dir, `${last.proto}.db`)
    const settings = { ...SETTINGS, listen: [UDP, TCP, last], targets: [sqlite(path)] }
    const log = new RecordingLog()
    const daemon = new Daemon(settings, log)
    const error = await daemon.start().catch((error: unknown) => error)
    t.ok(error instanceof RefusedError)
    t.match(error, { code: 'EADDRINUSE', cure: /stop it, or name another port/ })
    t.match((error as Error).message, `${last.proto}:127.0.0.1:${last.port}`)
    t.same(log.said(/ready/), [])

    // the ports of the listeners before it are free again, and so is the database
    const ports = daemon.bound.map((name) => Number(/\d+$/.exec(name)?.[0]))
    const listen = [
      { ...UDP, port: ports[0] as number },
      { ...TCP, port: ports[1] as number },
    ]
    const next = await startDaemon({ listen, targets: [sqlite(path)] })
    await sendUdp(next.port(0), calls('next', 1))
    await until(() => countRows(path) === 1)
    await next.daemon.stop()
  }
})

t.test('several sockets on one port do not share it with another program', async (t) => {
  const first = await startDaemon({ udpWorkers: 3 })
  const listen = [{ ...UDP, port: first.port() }]
  const second = new Daemon({ ...SETTINGS, listen, udpWorkers: 3 }, new RecordingLog())
  await t.rejects(second.start(), { code: 'EADDRINUSE' })
  await first.daemon.stop()
})

t.test('names are looked up: interfaces, hosts, both families', async (t) => {
  const { daemon, port } = await startDaemon({
    listen: [
      { ...UDP, host: '*' },
      { ...UDP, host: 'lo' },
    ],
  })
  t.match(daemon.bound[0], /^hep_udp:\*:\d+$/)
  t.match(daemon.bound[1], /^hep_udp:127\.0\.0\.1:\d+$/)
  await sendUdp(port(0), calls('four', 2))
  const six = await sendUdp(port(0), calls('six', 1), '::1').then(
    () => 1,
    () => 0,
  )
  await until(() => total(daemon).received === 2 + six)
  await daemon.stop()

  const local = await startDaemon({ listen: [{ ...TCP, host: 'localhost' }] })
  t.match(local.daemon.bound[0], /^hep_tcp:(127\.0\.0\.1|\[::1\]):\d+$/)
  await local.daemon.stop()

  for (const listen of [UDP, TCP]) {
    const daemon = new Daemon(
      { ...SETTINGS, listen: [{ ...listen, host: 'no-such-host.invalid' }] },
      new RecordingLog(),
    )
    await t.rejects(daemon.start(), { name: 'RefusedError', cure: /ip address/ })
    const elsewhere = new Daemon(
      { ...SETTINGS, listen: [{ ...listen, host: '192.0.2.1' }] },
      new RecordingLog(),
    )
    await t.rejects(elsewhere.start(), { name: 'RefusedError', code: 'EADDRNOTAVAIL', cure: /ip address/ })
  }
})

t.test('a store that cannot be had is refused before a port is opened', async (t) => {
  const dir = t.testdir({ 'text.db': 'this is no database, however long its text may be '.repeat(50) })
  const refused = async (path: string, expected: object) => {
    const daemon = new Daemon({ ...SETTINGS, targets: [sqlite(path)] }, new RecordingLog())
    await t.rejects(daemon.start(), { name: 'RefusedError', ...expected })
    t.same(daemon.bound, [])
  }
  await refused(join(dir, 'no', 'such', 'folder', 'a.db'), { cure: /create the folder/ })
  await refused(join(dir, 'text.db'), { code: 'SQLITE_NOTADB', cure: /move it away/ })
  await refused(dir, { code: 'SQLITE_CANTOPEN', cure: /./ })
})

/** Holds the database's write lock, which another program might. */
function lock(path: string): () => void {
  const db = openSqlite(path)
  db.exec('BEGIN IMMEDIATE')
  return () => {
    db.exec('ROLLBACK')
    db.close()
  }
}

t.test('a database that another writer holds for a while gets its rows later, every one', async (t) => {
  const path = join(t.testdir(), 'a.db')
  const { daemon, log, port } = await startDaemon({ targets: [sqlite(path)] })
  const unlock = lock(path)
  await sendUdp(port(), calls('patient', 1000))
  await until(() => log.said(/^warn sqlite:.*SQLITE_BUSY.*end its transaction/).length > 0)
  t.match(total(daemon), { received: 1000, stored: 0, in_flight: 1000 })
  unlock()
  await until(() => total(daemon).stored === 1000)
  t.equal(log.said(/stores again/).length, 1)
  t.equal(countRows(path), 1000)
  await daemon.stop()
  t.match(total(daemon), { received: 1000, stored: 1000, in_flight: 0, dropped: 0 })
})

t.test('what cannot be stored within the stop timeout is dropped and counted', async (t) => {
  const path = join(t.testdir(), 'a.db')
  const { daemon, port } = await startDaemon({ targets: [sqlite(path)], stopTimeoutMs: 300 })
  const unlock = lock(path)
  await sendUdp(port(), calls('late', 100))
  await until(() => total(daemon).received === 100)
  await daemon.stop()
  unlock()
  const [input] = Object.values(daemon.ledger().inputs)
  t.same(input, { ...EMPTY, received: 100, dropped: { 'sink/stop_timeout': 100 } })
  t.equal(countRows(path), 0)
})

t.test('a full queue drops datagrams, counts them, and stores the others when it can', async (t) => {
  const path = join(t.testdir(), 'a.db')
  const { daemon, port } = await startDaemon({ targets: [sqlite(path)], queueBytes: 1 })
  await sendUdp(port(), calls('first', 1))
  await until(() => countRows(path) === 1)
  const unlock = lock(path)
  const sent = 3000
  await sendUdp(
    port(),
    Array.from({ length: sent }, (_, i) => packet(options(`flood-${i}`, `X: ${'x'.repeat(4000)}`))),
  )
  await until(() => total(daemon).received > sent)
  unlock()
  await daemon.stop()
  const [input] = Object.values(daemon.ledger().inputs)
  t.ok((input?.dropped['queue/full'] ?? 0) > 0)
  t.equal(input?.received, sent + 1)
  t.equal(input?.in_flight, 0)
  t.equal(settled(input as InputLedger), sent + 1)
  t.equal(countRows(path), input?.stored)
})

t.test('capture off discards, until a reload switches it on', async (t) => {
  const path = join(t.testdir(), 'a.db')
  const settings: Partial<DaemonSettings> = { targets: [sqlite(path)], captureOn: false }
  const { daemon, port } = await startDaemon(settings)
  await sendUdp(port(), calls('off', 10))
  await until(() => total(daemon).discarded === 10)
  await daemon.reload({ ...SETTINGS, captureOn: true, tableName: 'sip_on', captureNode: 'other' })
  await sendUdp(port(), calls('on', 5))
  await until(() => countRows(path, 'sip_on') === 5)
  await daemon.stop()
  const [input] = Object.values(daemon.ledger().inputs)
  t.same(input, { ...EMPTY, received: 15, stored: 5, discarded: { capture_off: 10 } })
  t.equal(countRows(path), 0)
  t.same(query(path, 'SELECT DISTINCT node FROM sip_on'), ['other:7'])
})

t.test('none: stores nowhere and says so', async (t) => {
  const { daemon, log, port } = await startDaemon({ targets: [{ kind: 'none' }] })
  t.match(log.said(/ready:/)[0], /; storing in nowhere$/)
  await sendUdp(port(), calls('none', 10))
  await until(() => total(daemon).discarded === 10)
  await daemon.stop()
  t.same(Object.values(daemon.ledger().inputs), [{ ...EMPTY, received: 10, discarded: { no_sink: 10 } }])
  t.same(daemon.ledger().sinks, {})
})

t.test('several databases get every row; stored is what all of them have', async (t) => {
  const dir = t.testdir()
  const paths = ['one.db', 'two.db', 'picky.db'].map((name) => join(dir, name))
  const picky = openSqlite(paths[2]!)
  picky.exec("CREATE TABLE sip_capture (callid TEXT CHECK (callid <> 'call-3'))")
  picky.close()
  const { daemon, log, port } = await startDaemon({ targets: paths.map(sqlite) })
  t.match(log.said(/ready:/)[0], `storing in ${paths.map((path) => `sqlite:${path}`).join(', ')}`)
  await sendUdp(port(), calls('call', 10))
  await until(() => total(daemon).stored === 9)
  await daemon.stop()
  const { inputs, sinks } = daemon.ledger()
  t.same(Object.values(inputs), [
    { ...EMPTY, received: 10, stored: 9, dropped: { 'sink/sqlite_constraint_check': 1 } },
  ])
  t.same(
    paths.map((path) => sinks[`sqlite:${path}`]?.rows),
    [10, 10, 9],
  )
  t.same(
    paths.map((path) => countRows(path)),
    [10, 10, 9],
  )
})

t.test('one database that is away holds up only itself', async (t) => {
  const dir = t.testdir()
  const paths = [join(dir, 'here.db'), join(dir, 'away.db')]
  const { daemon, port } = await startDaemon({ targets: paths.map(sqlite) })
  const unlock = lock(paths[1] as string)
  await sendUdp(port(), calls('call', 10))
  await until(() => countRows(paths[0] as string) === 10)
  t.match(total(daemon), { stored: 0, in_flight: 10 })
  unlock()
  await until(() => total(daemon).stored === 10)
  await daemon.stop()
  t.equal(countRows(paths[1] as string), 10)
})

t.test('files and tables are named by the time of each packet', async (t) => {
  const dir = t.testdir()
  const { daemon, port } = await startDaemon({
    targets: [sqlite(join(dir, 'sip_%Y%m%d.db'))],
    tableName: 'sip_%H',
  })
  const at = (iso: string) => packet(options(iso), { seconds: Date.parse(iso) / 1000 })
  const times = [
    '2024-02-29T23:59:59Z',
    '2024-03-01T00:00:00Z',
    '2024-02-29T11:00:00Z',
    '2023-01-01T00:00:00Z',
  ]
  await sendUdp(port(), [
    ...times.map(at),
    packet('{}', { type: 5, seconds: Date.parse(times[1] as string) / 1000 }),
  ])
  await until(() => total(daemon).stored === 5)
  await daemon.stop()
  const ids = (file: string, table: string) => query(join(dir, file), `SELECT callid FROM ${table}`)
  t.same(ids('sip_20240229.db', 'sip_23'), [times[0]])
  t.same(ids('sip_20240229.db', 'sip_11'), [times[2]])
  t.same(ids('sip_20240301.db', 'sip_00'), [times[1]])
  t.same(ids('sip_20230101.db', 'sip_00'), [times[3]])
  t.equal(countRows(join(dir, 'sip_20240301.db'), 'rtcp_capture'), 1)
  t.same(daemon.ledger().sinks, { [`sqlite:${join(dir, 'sip_%Y%m%d.db')}`]: { rows: 5 } })
})

t.test('SIP and reports in one table keep what each of them says', async (t) => {
  const path = join(t.testdir(), 'a.db')
  const { daemon, port } = await startDaemon({
    targets: [sqlite(path)],
    tableName: 'all_of_it',
    rtcpTableName: 'all_of_it',
  })
  await sendUdp(port(), [
    packet(options('sip')),
    packet('{}', { type: 5, correlation: 'report' }),
    packet(options('sip')),
  ])
  await until(() => total(daemon).stored === 3)
  await daemon.stop()
  t.same(query(path, 'SELECT correlation_id, type, method FROM all_of_it ORDER BY correlation_id'), [
    { correlation_id: 'report', type: 5, method: '' },
    { correlation_id: 'sip', type: 1, method: 'OPTIONS' },
    { correlation_id: 'sip', type: 1, method: 'OPTIONS' },
  ])
})

t.test('oddities that were tolerated are told', async (t) => {
  const path = join(t.testdir(), 'a.db')
  const { daemon, port } = await startDaemon({ targets: [sqlite(path)] })
  await sendUdp(port(), [packet('claims to be SIP'), packet(options('fine'))])
  await until(() => total(daemon).stored === 2)
  await daemon.stop()
  t.match(daemon.ledger().odd, { [daemon.bound[0] as string]: { sip_unreadable: 1 } })
})

t.test('a database that is moved away under the daemon is made anew', async (t) => {
  const dir = t.testdir()
  const path = join(dir, 'a.db')
  const { daemon, port } = await startDaemon({ targets: [sqlite(path)] })
  await sendUdp(port(), calls('old', 3))
  await until(() => total(daemon).stored === 3)
  const db = openSqlite(path)
  db.exec(`VACUUM INTO '${join(dir, 'old.db')}'`)
  db.close()
  for (const suffix of ['', '-wal', '-shm']) writeFileSync(join(dir, `gone${suffix}`), '')
  const { renameSync, existsSync } = await import('node:fs')
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, join(dir, `gone${suffix}`))
  }
  await sendUdp(port(), calls('new', 2))
  await until(() => total(daemon).stored === 5)
  await daemon.stop()
  t.equal(countRows(join(dir, 'old.db')), 3)
  t.equal(countRows(path), 2)
})
