// The unit that is shipped: systemd takes it as it is, calls it well locked, and its filter lets the daemon do what it
// does.

import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { hepcapd } from '../support/cli.js'
import { sendUdp } from '../support/daemon.js'
import { options, packet } from '../support/packets.js'
import { giveToNobody, noPrivileges, withAmbient } from '../support/privileges.js'
import { missing, until } from '../support/tools.js'

t.setTimeout(240_000)

const root = new URL('../../../', import.meta.url)
const unit = readFileSync(new URL('packaging/hepcapd.service', root), 'utf8')
const program = fileURLToPath(new URL('../../bin/hepcapd.js', import.meta.url))
const noAnalyze = missing('systemd-analyze')

/** With a program that this host has. */
function copyIn(folder: string): string {
  const path = join(folder, 'hepcapd.service')
  writeFileSync(path, unit.replaceAll('/usr/bin/hepcapd', process.execPath))
  return path
}

t.test('systemd finds no fault in it', { skip: noAnalyze }, async (t) => {
  const said = execFileSync('systemd-analyze', ['verify', copyIn(t.testdir())], {
    encoding: 'utf8',
    stdio: 'pipe',
  })
  t.equal(said, '')
})

t.test('its exposure is 2.0 at most', { skip: noAnalyze }, async (t) => {
  const args = ['security', '--offline=true', '--no-pager', '--threshold=20', copyIn(t.testdir())]
  const said = execFileSync('systemd-analyze', args, { encoding: 'utf8', stdio: 'pipe' })
  const [, level] = /Overall exposure level for hepcapd\.service: ([0-9.]+)/.exec(said) ?? []
  t.ok(Number(level) <= 2, said)
})

/** All values of a key of the unit. */
const valuesOf = (key: string) =>
  Array.from(unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm')), ([, value]) => value as string)

/** System calls of a set of systemd's, with those of the sets in it. */
function callsOf(name: string): string[] {
  if (!name.startsWith('@')) return [name]
  const shown = execFileSync('systemd-analyze', ['syscall-filter', name], { encoding: 'utf8' })
  const members = shown
    .split('\n')
    .slice(1)
    .map((line) => line.trim())
  return members.filter((one) => one !== '' && !one.startsWith('#')).flatMap(callsOf)
}

/** As systemd reads the lines: the first decides what is listed, then each adds or takes away. */
function allowedCalls(): Set<string> {
  const allowed = new Set(callsOf('@default'))
  for (const line of valuesOf('SystemCallFilter')) {
    const isDenied = line.startsWith('~')
    for (const call of line.replace('~', '').split(' ').flatMap(callsOf)) {
      if (isDenied) allowed.delete(call)
      else allowed.add(call)
    }
  }
  return allowed
}

/** V8 asks for a memory protection key, and does without. */
const DISPENSABLE = ['pkey_alloc']

const noTrace = noAnalyze || noPrivileges() || missing('strace')
t.test(
  'no system call of a daemon that captures, stores and reloads is filtered',
  { skip: noTrace },
  async (t) => {
    const folder = giveToNobody(t.testdir())
    const own = join(folder, 'own')
    mkdirSync(own)
    giveToNobody(own)
    const trace = join(own, 'trace')
    const strace = ['strace', '-f', '-qq', '-o', trace]
    const args = ['--moni', '-i', 'lo', '--listen', 'hep_udp:127.0.0.1:0', '--listen', 'hep_tcp:127.0.0.1:0']
    const store = ['--db-url', `sqlite:${join(own, 'a.db')}`, '--spool', join(own, 'spool'), '--spool-always']
    const within = [...withAmbient('net_raw', 'net_admin'), ...strace, process.execPath, program]
    const [command = '', ...rest] = [...within, ...args, ...store]
    const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
    t.teardown(() => child.kill('SIGKILL'))
    let [out, err] = ['', '']
    child.stdout.on('data', (part: Buffer) => (out += part))
    child.stderr.on('data', (part: Buffer) => (err += part))
    const [, port] = await until(() => /ready: hep_udp:127\.0\.0\.1:(\d+)/.exec(err), 60_000)
    await sendUdp(
      Number(port),
      Array.from({ length: 20 }, (_, i) => packet(options(`call-${i}`))),
    )
    const pid = Number(readFileSync(trace, 'utf8').split(' ', 1)[0])
    t.teardown(() => child.exitCode ?? process.kill(pid, 'SIGKILL')) // strace would let go of it
    process.kill(pid, 'SIGHUP')
    await until(() => /the new configuration is in force/.test(err), 60_000)
    process.kill(pid, 'SIGTERM')
    await until(() => out.includes('"stored":20'), 60_000)
    const called = readFileSync(trace, 'utf8').matchAll(/^\d+ +(?:<\.\.\. )?([a-z0-9_]+)/gm)
    const used = new Set(Array.from(called, ([, name]) => name as string))
    const allowed = allowedCalls()
    t.ok(used.has('capset') && used.has('setpriority') && used.has('recvmmsg'))
    t.same(
      [...used].filter((name) => !allowed.has(name) && !DISPENSABLE.includes(name)),
      [],
    )
  },
)

t.test('what it runs is a daemon that systemd understands', async (t) => {
  t.same(valuesOf('Type'), ['notify'])
  t.same(valuesOf('ExecReload'), ['/usr/bin/hepcapd ctl reload'])
  t.same(valuesOf('CapabilityBoundingSet'), valuesOf('AmbientCapabilities'))
  const flags = valuesOf('ExecStart')[0]?.split(' ').slice(1, 2) ?? []
  const { err } = await hepcapd([...flags, join(t.testdir(), 'none.toml')])
  t.match(err, /cannot read the configuration file/, 'its flag is one of ours')
  t.same(valuesOf('RestartPreventExitStatus'), ['2'])
  t.same((await hepcapd(['--no-such-flag'])).status, 2)
})
