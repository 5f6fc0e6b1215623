// `ps`: every thread of ours has a name that says what it is for, and what it waits for is told as far as the kernel tells.

import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { binding } from '../../lib/binding.js'
import { callOf } from '../../lib/control/commands/system-calls.js'
import { askAt } from '../support/asking.js'
import { hepcapd, RunningDaemon } from '../support/cli.js'
import { until } from '../support/tools.js'

t.setTimeout(240_000)

interface Thread {
  id: number
  name: string
  state: string
  waits_for: string
}

async function start(t: Test, ...args: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'hepcapd-ps-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const control = join(folder, 'c.sock')
  const db = `sqlite:${join(folder, 'calls.db')}`
  const daemon = await RunningDaemon.start(['--db-url', db, '--spool', 'off', '--control', control, ...args])
  t.teardown(() => daemon.child.kill('SIGKILL'))
  const threads = async () => (await askAt<Thread[]>(control, 'ps')).result!
  return { daemon, control, threads }
}

/** As the kernel has them, without those that Node has made. */
function kernelNames({ child: { pid } }: RunningDaemon): string[] {
  const names = readdirSync(`/proc/${pid}/task`).map((id) =>
    readFileSync(`/proc/${pid}/task/${id}/comm`, 'utf8').trim(),
  )
  return names.filter((name) => name.includes('/')).sort()
}

t.test('receive threads by input and worker, and those of the sinks', async (t) => {
  const listen = [
    '--listen',
    'hep_udp:127.0.0.1:0',
    '--listen',
    'hep_tcp:127.0.0.1:0',
    '--listen',
    'udp:127.0.0.1:0',
  ]
  const one = await start(t, ...listen)
  const names = ['hep-udp/0', 'sink/sqlite', 'udp/2']
  t.same(kernelNames(one.daemon), names)
  const threads = await one.threads()
  t.same(
    threads
      .map(({ name }) => name)
      .filter((name) => name.includes('/'))
      .sort(),
    names,
  )
  t.ok(threads.length > names.length, 'and those of Node')
  await one.daemon.stop()
  const several = await start(t, ...listen.slice(0, 2), '--udp-workers', '3')
  t.same(kernelNames(several.daemon), ['hep-udp/0/0', 'hep-udp/0/1', 'hep-udp/0/2', 'sink/sqlite'])
  await several.daemon.stop()
})

const NOT_ROOT = process.getuid?.() !== 0 && 'only root captures from an interface'

t.test('capture threads by interface', { skip: NOT_ROOT }, async (t) => {
  const moni = ['--moni', '-i', 'lo', '--raw-socket-listen', '0.0.0.0:9-9', '--ring-size', '4M']
  const { daemon } = await start(t, ...moni, '--raw-sock-children', '2')
  t.same(kernelNames(daemon), ['raw/lo/0', 'raw/lo/1', 'sink/sqlite'])
  await daemon.stop()
})

t.test('a file that is read, as long as it is', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hepcapd-ps-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const pipe = join(folder, 'pipe')
  binding.makeFifo(pipe, 0o600)
  const writer = openSync(pipe, 'r+')
  writeSync(writer, Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex'))
  const { daemon } = await start(t, '--read', pipe)
  t.same(kernelNames(daemon), ['file/0', 'sink/sqlite'])
  await daemon.stop()
  closeSync(writer)
})

t.test('what they wait for, as the kernel tells', async (t) => {
  const { daemon, control, threads } = await start(t, '--listen', 'hep_udp:127.0.0.1:0')
  const idle = await until(async () =>
    (await threads()).find(({ name, state }) => name === 'hep-udp/0' && state === 'S'),
  )
  t.match(idle.waits_for, /poll|the kernel does not tell/)
  const { out, status } = await hepcapd(['ctl', 'ps', '--control', control])
  t.equal(status, 0)
  t.match(out, /^ +\d+ {2}S +\d+\.\d\d s {2}hep-udp\/0 +\S/m)
  await daemon.stop()
})

t.test('system calls by the number of the architecture', async (t) => {
  t.same(callOf('7 0x7f 0x2 0xffffffffffffffff 0x0 0x0 0x0 0x7ffd 0x7f2b', 'x64'), { name: 'poll' })
  t.same(callOf('73 0x7f 0x2 0x0 0x0 0x0 0x0 0x7ffd 0x7f2b', 'arm64'), { name: 'ppoll' })
  t.same(callOf('75 0x15 0x0 0x0 0x0 0x0 0x0 0x7ffd 0x7f2b', 'x64'), { name: 'fdatasync', descriptor: 21 })
  t.same(callOf('7 0x7f 0x2 0x0 0x0 0x0 0x0 0x7ffd 0x7f2b', 's390x'), { name: 'system call 7' })
  for (const none of ['running', '-1 0x7ffd 0x7f2b', '']) t.equal(callOf(none, 'x64'), undefined)
})
