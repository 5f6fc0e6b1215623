// --user: what wants a privilege is opened, then every thread has lost all but CAP_NET_RAW, and capture goes on.

import { copyFileSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Authority, type KeyPair } from '../support/certificates.js'
import { hepcapd, RunningDaemon } from '../support/cli.js'
import { countRows } from '../support/daemon.js'
import * as f from '../support/frames.js'
import { Namespace, noNamespaces } from '../support/namespace.js'
import { options } from '../support/packets.js'
import { giveToNobody, idOf, NET_RAW, NOBODY, noPrivileges, threadsOf } from '../support/privileges.js'
import { missing, until } from '../support/tools.js'

t.setTimeout(240_000)

const skip = noPrivileges() || noNamespaces() || missing('openssl')
const RMEM_MAX = skip ? 0 : Number(readFileSync('/proc/sys/net/core/rmem_max', 'utf8'))

function namespace(t: Test): Namespace {
  const made = new Namespace()
  t.teardown(() => made.delete())
  return made
}

async function start(t: Test, within: Namespace, args: string[]): Promise<RunningDaemon> {
  const environment = { RUNTIME_DIRECTORY: t.testdirName } // /run is the host's
  const daemon = await RunningDaemon.start(args, environment, within.exec)
  t.teardown(() => daemon.child.kill('SIGKILL'))
  return daemon
}

/** A folder of nobody's for the database and the spool. */
function storeIn(folder: string): { path: string; args: string[] } {
  const own = join(folder, 'own')
  mkdirSync(own)
  giveToNobody(own)
  const path = join(own, 'a.db')
  return { path, args: ['--db-url', `sqlite:${path}`, '--spool', join(own, 'spool'), '--spool-always'] }
}

function checkThreads(t: Test, daemon: RunningDaemon, kept: bigint): void {
  const threads = threadsOf(daemon.child.pid)
  t.ok(threads.length > 8, "Node's, libuv's, V8's and ours")
  const [uid, gid] = [idOf('-u'), idOf('-g')]
  for (const one of threads) {
    t.same(one.uids, [uid, uid, uid, uid])
    t.same(one.gids, [gid, gid, gid, gid])
    t.same(one.groups, [gid])
    t.same(one.capabilities, [kept, kept, kept, kept])
    t.equal(one.bounding, kept)
    t.equal(one.noNewPrivileges, true)
  }
}

const SUBJECT = `require('tls').connect(+process.argv[1], '127.0.0.1', { rejectUnauthorized: false }, function () {
  process.exit(this.getPeerX509Certificate().subject === process.argv[2] ? 0 : 1)
})`

t.test('every thread, every input, and what comes after a reload', { skip }, async (t) => {
  const folder = t.testdir()
  const net = namespace(t)
  const authority = new Authority(folder)
  const [cert, key] = [join(folder, 'now.pem'), join(folder, 'now.key')]
  const use = (pair: KeyPair) => {
    copyFileSync(pair.cert, cert)
    copyFileSync(pair.key, key)
    giveToNobody(key)
  }
  use(authority.sign('first'))
  const { path, args } = storeIn(folder)
  const ports = ['hep_udp:127.0.0.1:960', 'hep_tcp:127.0.0.1:961', 'hep_tls:127.0.0.1:962']
  const daemon = await start(t, net, [
    ...['--user', NOBODY, '--moni', '-i', 'lo', '--udp-workers', '2', '--rcvbuf', String(RMEM_MAX + 4096)],
    ...ports.flatMap((port) => ['--listen', port]),
    ...['--tls-cert', cert, '--tls-key', key, ...args],
  ])
  t.match(daemon.err, new RegExp(`receive buffer: ${RMEM_MAX + 4096} octets`))
  checkThreads(t, daemon, NET_RAW)

  let rows = 0
  const send = async (round: string) => {
    for (const to of ['hep_udp:127.0.0.1:960', 'hep_tcp:127.0.0.1:961'])
      t.equal((await hepcapd(['send', '--to', to, '--count', '20'], {}, net.exec)).status, 0)
    await net.sendUdp(5060, options(round))
    rows += 41
    await until(() => countRows(path) === rows)
  }
  const shows = (name: string) => net.run(process.execPath, ['-e', SUBJECT, '962', `CN=${name}`])
  await send('before')
  t.equal(await shows('first'), 0)

  use(authority.sign('second'))
  daemon.child.kill('SIGHUP')
  await until(() => /the new configuration is in force/.test(daemon.err))
  t.equal(await shows('second'), 0)
  await send('after')
  checkThreads(t, daemon, NET_RAW)

  for (const made of [path, join(folder, 'own', 'spool')]) t.equal(statSync(made).uid, idOf('-u'), made)
  t.equal(statSync(path).mode & 0o777, 0o640)
  const { status, ledger, err } = await daemon.stop()
  t.equal(status, 0, err)
  t.equal(
    Object.values(ledger.inputs).reduce((sum, { stored }) => sum + stored, 0),
    rows,
  )
})

t.test('without raw capture nothing is kept', { skip }, async (t) => {
  const { args } = storeIn(t.testdir())
  const daemon = await start(t, namespace(t), ['--user', NOBODY, '--listen', 'hep_udp:127.0.0.1:0', ...args])
  checkThreads(t, daemon, 0n)
  t.equal(
    statSync(`/proc/${daemon.child.pid}/environ`).uid,
    0,
    'its memory is for root alone, and in no core file',
  )
  t.equal((await daemon.stop()).status, 0)
})

t.test('the HTTP door may have a port for which the user has no right', { skip }, async (t) => {
  const net = namespace(t)
  const some = ['--user', NOBODY, '--listen', 'hep_udp:127.0.0.1:0', '--db-url', 'none:']
  const daemon = await start(t, net, [...some, '--http', '127.0.0.1:96'])
  t.match(daemon.err, /answering on http:127\.0\.0\.1:96/)
  checkThreads(t, daemon, 0n)
  const ask = `fetch('http://127.0.0.1:96/healthz').then((answer) => process.exit(answer.status === 200 ? 0 : 1))`
  t.equal(await net.run(process.execPath, ['-e', ask]), 0)
  await t.rejects(
    start(t, net, [...some, '--http', '127.0.0.1:96']),
    /ended with 1: .*cannot open the HTTP door on 127\.0\.0\.1:96: .*name another one with --http/s,
  )
  t.equal((await daemon.stop()).status, 0)
})

t.test('numbers do too, and the group may be another', { skip }, async (t) => {
  const daemon = await start(t, namespace(t), [
    ...['--user', '54321', '--group', '54322', '--listen', 'hep_udp:127.0.0.1:0', '--db-url', 'none:'],
  ])
  for (const one of threadsOf(daemon.child.pid)) {
    t.same([...new Set(one.uids), ...new Set(one.gids)], [54321, 54322])
    t.same(one.groups, [54322])
    t.same([...one.capabilities, one.bounding], [0n, 0n, 0n, 0n, 0n])
  }
  t.equal((await daemon.stop()).status, 0)
})

const noPython = skip || missing('python3')
const SEND_IPIP = `import socket, sys
out = socket.socket(socket.AF_INET, socket.SOCK_RAW, 4)
out.sendto(bytes.fromhex(sys.argv[1]), ('127.0.0.1', 0))`

t.test('IPIP sockets have their receive buffer', { skip: noPython }, async (t) => {
  const net = namespace(t)
  const { path, args } = storeIn(t.testdir())
  const size = RMEM_MAX + 8192
  const daemon = await start(t, net, ['--user', NOBODY, '--ipip', '--rcvbuf', String(size), ...args])
  t.match(daemon.err, new RegExp(`ipip:.*: receive buffer of ${size} octets`))
  checkThreads(t, daemon, NET_RAW)
  const ends = { source: '192.0.2.1', destination: '192.0.2.2', sourcePort: 5060, destinationPort: 5060 }
  const inner = f.ipv4(ends, f.UDP, f.udp(ends, Buffer.from(options('tunnelled'))))
  t.equal(await net.run('python3', ['-c', SEND_IPIP, inner.toString('hex')]), 0)
  await until(() => countRows(path) === 1)
  t.equal((await daemon.stop()).status, 0)
})
