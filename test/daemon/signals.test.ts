// The process and its end: nothing that was received is lost in order, nothing is broken in disorder.

import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { openSqlite } from '../../lib/sqlite.js'
import { hepcapd, RunningDaemon } from '../support/cli.js'
import { countRows, query, sendUdp } from '../support/daemon.js'
import { settled } from '../support/ledger.js'
import { TcpLoad, UdpLoad } from '../support/load.js'
import { options, packet } from '../support/packets.js'
import { missing, until } from '../support/tools.js'

t.setTimeout(240_000)

const LISTEN = ['--listen', 'hep_udp:127.0.0.1:0', '--listen', 'hep_tcp:127.0.0.1:0']
const start = (path: string, ...more: string[]) =>
  RunningDaemon.start([...LISTEN, '--db-url', `sqlite:${path}`, ...more])
const integrity = (path: string) => query(path, 'PRAGMA integrity_check')

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`${signal} in the middle of load loses nothing that was received`, async (t) => {
    const path = join(t.testdir(), 'a.db')
    const daemon = await start(path)
    const udp = new UdpLoad(daemon.port('hep_udp'))
    const tcp = await TcpLoad.start(daemon.port('hep_tcp'))
    await until(() => countRows(path) > 2000)
    const before = udp.sent
    const { status, ledger, err } = await daemon.stop(signal)
    await Promise.all([udp.stop(), tcp.stop()])

    t.equal(status, 0, err)
    t.notOk(existsSync(`${path}-wal`), 'the file is closed cleanly') // before anybody opens it again
    const names = Object.keys(ledger.inputs)
    t.match(names, [/^hep_udp:127\.0\.0\.1:\d+$/, /^hep_tcp:127\.0\.0\.1:\d+$/])
    const [fromUdp, fromTcp] = Object.values(ledger.inputs)
    t.match(fromUdp, { dropped: {}, discarded: {}, in_flight: 0 })
    t.equal(fromUdp?.received, fromUdp?.stored)
    t.ok((fromUdp?.received ?? 0) >= before, 'what was in the socket when the signal came is stored')
    t.ok((fromUdp?.received ?? 0) <= udp.sent)
    const cut = fromTcp?.dropped['tcp/incomplete'] ?? 0
    t.same(fromTcp?.dropped, cut ? { 'tcp/incomplete': cut } : {})
    t.ok(cut <= 1)
    t.equal(fromTcp?.received, (fromTcp?.stored ?? 0) + cut)
    t.equal(countRows(path), (fromUdp?.stored ?? 0) + (fromTcp?.stored ?? 0))
    t.same(Object.values(ledger.sinks), [{ rows: countRows(path) }])
    t.same(
      query(path, 'SELECT callid FROM sip_capture GROUP BY callid HAVING count(*) > 1'),
      [],
      'none twice',
    )
    t.same(integrity(path), ['ok'])
  })
}

t.test('kill -9 in the middle of load leaves a database that opens clean and goes on', async (t) => {
  const path = join(t.testdir(), 'a.db')
  let sent = 0
  let rows = 0
  for (let round = 0; round < 3; round++) {
    const daemon = await start(path)
    const udp = new UdpLoad(daemon.port('hep_udp'), `round${round}`)
    await until(() => countRows(path) > rows + 1000)
    const { signal, out } = await daemon.stop('SIGKILL')
    await udp.stop()
    t.equal(signal, 'SIGKILL')
    t.equal(out, '')
    sent += udp.sent
    t.same(integrity(path), ['ok'])
    t.ok(countRows(path) > rows)
    t.ok(countRows(path) <= sent)
    rows = countRows(path)
  }
  const daemon = await start(path)
  await sendUdp(daemon.port('hep_udp'), [packet(options('afterwards'))])
  await until(() => countRows(path) === rows + 1)
  t.equal((await daemon.stop()).status, 0)
  t.same(integrity(path), ['ok'])
})

t.test('a second signal ends at once, with 128 and its number', async (t) => {
  const dir = t.testdir()
  for (const [round, [second, status]] of (
    [
      ['SIGTERM', 143],
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const
  ).entries()) {
    const path = join(dir, `${round}.db`)
    const daemon = await start(path, '--udp-workers', '4')
    const udp = [new UdpLoad(daemon.port('hep_udp'), 'a'), new UdpLoad(daemon.port('hep_udp'), 'b')]
    await until(() => countRows(path) > 100)
    const db = openSqlite(path)
    db.exec('BEGIN IMMEDIATE')
    const sent = udp[0]!.sent
    await until(() => udp[0]!.sent > sent) // so that there is something to wait for
    daemon.child.kill('SIGTERM')
    await until(() => daemon.err.includes('storing what was received'))
    const asked = Date.now()
    const ended = await daemon.stop(second)
    t.match(ended, { status, signal: null, out: '' }, ended.err)
    t.ok(Date.now() - asked < 5000, 'long before the stop timeout')
    db.exec('ROLLBACK')
    db.close()
    await Promise.all(udp.map((load) => load.stop()))
    t.same(integrity(path), ['ok'])
  }
})

t.test('what a database does not take within the stop timeout is told, and the status is 0', async (t) => {
  const path = join(t.testdir(), 'a.db')
  const daemon = await start(path, '--stop-timeout', '500ms', '--spool', 'off')
  const db = openSqlite(path)
  db.exec('BEGIN IMMEDIATE')
  await sendUdp(
    daemon.port('hep_udp'),
    Array.from({ length: 10 }, (_, i) => packet(options(`call-${i}`))),
  )
  const { status, ledger, err } = await daemon.stop()
  db.close()
  t.equal(status, 0, err)
  const [input] = Object.values(ledger.inputs)
  t.match(input, { received: 10, stored: 0, dropped: { 'sink/stop_timeout': 10 }, in_flight: 0 })
  t.equal(settled(input as NonNullable<typeof input>), 10)
  t.equal(countRows(path), 0)
})

t.test('with a spool it is on the disk, and stored by the next daemon', async (t) => {
  const folder = t.testdir()
  const path = join(folder, 'a.db')
  const spool = ['--spool', join(folder, 'spool'), '--stop-timeout', '500ms']
  const daemon = await start(path, ...spool)
  const db = openSqlite(path)
  db.exec('BEGIN IMMEDIATE')
  const calls = Array.from({ length: 10 }, (_, i) => packet(options(`call-${i}`)))
  await sendUdp(daemon.port('hep_udp'), calls)
  const { status, ledger, err } = await daemon.stop()
  t.equal(status, 0, err)
  t.match(Object.values(ledger.inputs)[0], {
    received: 10,
    stored: 0,
    spooled: 10,
    dropped: {},
    in_flight: 0,
  })
  t.match(Object.values(ledger.sinks), [{ rows: 0, spooled_rows: 10 }])
  db.close()
  const next = await start(path, ...spool)
  await until(() => countRows(path) === 10)
  const { ledger: after } = await next.stop()
  t.same(Object.values(after.sinks), [{ rows: 10 }])
})

t.test('nobody may be reading what it says', async (t) => {
  const path = join(t.testdir(), 'a.db')
  const daemon = await start(path)
  daemon.child.stdout?.destroy()
  daemon.child.stderr?.destroy()
  await sendUdp(daemon.port('hep_udp'), [packet(options('call')), Buffer.from('no HEP')])
  await until(() => countRows(path) === 1)
  t.match(await daemon.stop(), { status: 0, signal: null })
})

t.test('the status says why it did not start', async (t) => {
  const dir = t.testdir({ 'text.db': 'no database '.repeat(500) })
  const holder = createSocket('udp4').bind(0, '127.0.0.1')
  await once(holder, 'listening')
  t.teardown(() => holder.close())
  const db = ['--db-url', `sqlite:${join(dir, 'a.db')}`]
  const cases: [status: number, err: RegExp, ...args: string[]][] = [
    [
      1,
      /EADDRINUSE.*another program has this port/,
      '--listen',
      `hep_udp:127.0.0.1:${holder.address().port}`,
      ...db,
    ],
    [1, /EADDRNOTAVAIL/, '--listen', 'hep_tcp:192.0.2.1:0', ...db],
    [1, /create the folder/, ...LISTEN, '--db-url', `sqlite:${join(dir, 'no', 'a.db')}`],
    [1, /SQLITE_NOTADB/, ...LISTEN, '--db-url', `sqlite:${join(dir, 'text.db')}`],
    [2, /no-such-flag/, ...LISTEN, ...db, '--no-such-flag', 'x'],
    [2, /listen/, '--listen', 'hep_udp:127.0.0.1:port', ...db],
    [2, /table/, ...LISTEN, ...db, '--table-name', 'a; DROP TABLE b'],
  ]
  for (const [status, err, ...args] of cases) {
    const ended = await hepcapd(args)
    t.equal(ended.status, status, args.join(' '))
    t.match(ended.err, err)
    t.match(ended.err, /: error: .*; ./)
    t.equal(ended.out, '')
  }
})

/** A datagram socket in the file system, which Node cannot make: says `bound`, then each message in hex. */
const NOTIFY_PEER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True: print(s.recv(65536).hex(), flush=True)
`

t.test('systemd is told: ready, alive, stopping', { skip: missing('python3') }, async (t) => {
  const dir = t.testdir()
  const short = mkdtempSync(join(tmpdir(), 'hepcapd-')) // a socket's path has 107 octets at most
  t.teardown(() => rmSync(short, { recursive: true }))
  const notify = join(short, 'notify')
  const peer = spawn('python3', ['-c', NOTIFY_PEER, notify], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => peer.kill())
  let said = ''
  peer.stdout.on('data', (text) => {
    said += text
  })
  const messages = () =>
    said
      .split('\n')
      .slice(1)
      .map((line) => Buffer.from(line, 'hex').toString())
  await until(() => said.startsWith('bound\n'))
  const path = join(dir, 'a.db')
  const env = { NOTIFY_SOCKET: notify, WATCHDOG_USEC: '200000' }
  const daemon = await RunningDaemon.start([...LISTEN, '--db-url', `sqlite:${path}`], env)
  await until(() => messages().filter((one) => one === 'WATCHDOG=1').length >= 2)
  const ready = messages()[0] ?? ''
  t.match(ready, /^READY=1\nSTATUS=listening on hep_udp:127\.0\.0\.1:\d+, hep_tcp:127\.0\.0\.1:\d+$/)
  t.notOk(messages().some((one) => one.includes('STOPPING')))
  daemon.child.kill('SIGHUP')
  await until(() => messages().filter((one) => one.startsWith('READY=1')).length === 2)
  const reloading = messages().find((one) => one.startsWith('RELOADING=1')) ?? ''
  t.match(reloading, /^RELOADING=1\nMONOTONIC_USEC=\d+$/)
  t.ok(messages().indexOf(reloading) < messages().findLastIndex((one) => one.startsWith('READY=1')))
  const { status } = await daemon.stop()
  t.equal(status, 0)
  await until(() => messages().some((one) => /^STOPPING=1\n/.test(one)))
})

t.test('SIGHUP: columns keep their names, and the log says so', async (t) => {
  const dir = t.testdir({ 'a.toml': 'callid_column = "call_id"\n' })
  const [path, config] = [join(dir, 'a.db'), join(dir, 'a.toml')]
  const daemon = await start(path, '--config', config)
  writeFileSync(config, 'callid_column = "other"\nhomer5_on = false\ncapture_node = "new"\n')
  daemon.child.kill('SIGHUP')
  await until(() => /in force/.test(daemon.err))
  t.match(
    daemon.err,
    /reload: a change of names of columns, .*\(homer5_on\), takes a restart; the old value stays/,
  )
  await sendUdp(daemon.port('hep_udp'), [packet(options('x')), packet('{}', { type: 5 })])
  await until(() => countRows(path) === 1 && countRows(path, 'rtcp_capture') === 1)
  t.equal((await daemon.stop()).status, 0)
  t.same(query(path, 'SELECT call_id, node FROM sip_capture'), [{ call_id: 'x', node: 'new:7' }])
  t.same(query(path, 'SELECT msg FROM rtcp_capture'), ['{}'])
})

t.test('a NOTIFY_SOCKET that nobody reads keeps nothing from working', async (t) => {
  const dir = t.testdir()
  const args = [...LISTEN, '--db-url', `sqlite:${join(dir, 'a.db')}`]
  const daemon = await RunningDaemon.start(args, { NOTIFY_SOCKET: join(dir, 'nobody') })
  const { status, err } = await daemon.stop()
  t.equal(status, 0)
  t.match(err, /NOTIFY_SOCKET/)
})
