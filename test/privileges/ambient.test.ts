// Capabilities as systemd gives them to a service of a user's: what serves only to open sockets is given up, and what
// was never needed too.

import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { RunningDaemon } from '../support/cli.js'
import { countRows } from '../support/daemon.js'
import { Namespace, noNamespaces } from '../support/namespace.js'
import { options } from '../support/packets.js'
import { giveToNobody, idOf, NET_RAW, noPrivileges, threadsOf, withAmbient } from '../support/privileges.js'
import { until } from '../support/tools.js'

t.setTimeout(240_000)

const skip = noPrivileges() || noNamespaces()

async function start(t: Test, names: string[], args: string[]) {
  const net = new Namespace()
  t.teardown(() => net.delete())
  const own = join(t.testdir(), 'own')
  mkdirSync(own)
  giveToNobody(own)
  const path = join(own, 'a.db')
  const store = ['--db-url', `sqlite:${path}`, '--spool', join(own, 'spool')]
  const daemon = await RunningDaemon.start([...args, ...store], {}, [...net.exec, ...withAmbient(...names)])
  t.teardown(() => daemon.child.kill('SIGKILL'))
  return { net, path, daemon }
}

function held(daemon: RunningDaemon): Set<bigint> {
  const threads = threadsOf(daemon.child.pid)
  return new Set(threads.flatMap(({ capabilities }) => capabilities))
}

t.test('what only opening sockets wants is gone', { skip }, async (t) => {
  const size = Number(readFileSync('/proc/sys/net/core/rmem_max', 'utf8')) + 4096
  const names = ['net_raw', 'net_admin', 'net_bind_service', 'sys_ptrace']
  const args = ['--moni', '-i', 'lo', '--listen', 'hep_udp:127.0.0.1:960', '--rcvbuf', String(size)]
  const { daemon, net, path } = await start(t, names, args)
  t.match(daemon.err, new RegExp(`receive buffer: ${size} octets`))
  t.same(held(daemon), new Set([NET_RAW]))
  for (const { uids, noNewPrivileges } of threadsOf(daemon.child.pid)) {
    t.same(new Set(uids), new Set([idOf('-u')]))
    t.ok(noNewPrivileges)
  }
  await net.sendUdp(5060, options('captured'))
  await until(() => countRows(path) === 1)
  t.equal((await daemon.stop()).status, 0)
})

t.test('exactly what is needed stays as it is', { skip }, async (t) => {
  const { daemon, net, path } = await start(t, ['net_raw'], ['--moni', '-i', 'lo'])
  t.same(held(daemon), new Set([NET_RAW]))
  await net.sendUdp(5060, options('captured'))
  await until(() => countRows(path) === 1)
  t.equal((await daemon.stop()).status, 0)
})

t.test('without raw capture CAP_NET_RAW goes too', { skip }, async (t) => {
  const { daemon } = await start(t, ['net_raw'], ['--listen', 'hep_udp:127.0.0.1:0'])
  t.same(held(daemon), new Set([0n]))
  t.equal((await daemon.stop()).status, 0)
})
