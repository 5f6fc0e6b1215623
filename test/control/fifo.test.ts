// The FIFO as callers of OpenSIPS 2.x use it: they make a pipe for the answer, write a command, and read.

import { execFileSync, spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { binding } from '../../lib/binding.js'
import { type FifoRequest, FifoText } from '../../lib/control/fifo-text.js'
import { RunningDaemon } from '../support/cli.js'
import { UdpLoad } from '../support/load.js'
import { until } from '../support/tools.js'

t.setTimeout(240_000)

/** What `opensipsctl fifo COMMAND ARG...` does, with the tools that it uses. */
const CLIENT = `set -e
fifo=$1; reply=$2; shift 2
mkfifo -m 666 "$(dirname "$fifo")/$reply"
{ printf ':%s:%s\\n' "$1" "$reply"; shift; for arg; do printf '%s\\n' "$arg"; done; printf '\\n'; } > "$fifo"
cat "$(dirname "$fifo")/$reply"
rm -f "$(dirname "$fifo")/$reply"`

interface Rig {
  daemon: RunningDaemon
  folder: string
  fifo: string
  call(command: string, ...args: string[]): Promise<string>
  /** Writes as it stands. */
  write(text: string): void
}

async function start(t: Test): Promise<Rig> {
  const root = mkdtempSync(join(tmpdir(), 'hepcapd-fifo-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  const folder = join(root, 'fifo')
  mkdirSync(folder)
  const fifo = join(folder, 'opensips_fifo')
  const db = ['--db-url', `sqlite:${join(root, 'calls.db')}`]
  const daemon = await RunningDaemon.start(['--listen', 'hep_udp:127.0.0.1:0', ...db, '--mi-fifo', fifo])
  let calls = 0
  const call = async (...words: string[]) => {
    const reply = `opensips_receiver_${process.pid}_${calls++}`
    const client = spawn('bash', ['-c', CLIENT, 'client', fifo, reply, ...words], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    return text(client.stdout)
  }
  return { daemon, folder, fifo, call, write: (words) => writeFileSync(fifo, words) }
}

/** A pipe for an answer, and what comes through it. */
function reader(folder: string, name: string): Promise<string> {
  const path = join(folder, name)
  binding.makeFifo(path, 0o600)
  const cat = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'inherit'] })
  return text(cat.stdout)
}

t.test('capture goes off and on under load, with the old answers', async (t) => {
  const { daemon, fifo, call } = await start(t)
  t.ok(statSync(fifo).isFIFO())
  t.equal(statSync(fifo).mode & 0o777, 0o660)
  t.equal(await call('sip_capture'), '200 on\n')
  const load = new UdpLoad(daemon.port('hep_udp'))
  await until(() => load.sent > 300)
  t.equal(await call('sip_capture', 'off'), '200 OK\n')
  const from = load.sent
  await until(() => load.sent > from + 300)
  const to = load.sent
  t.equal(await call('sip_capture'), '200 off\n')
  t.equal(await call('sip_capture', 'ON'), '200 OK\n')
  await until(() => load.sent > to + 300)
  await load.stop()
  t.match(await call('sip_capture', 'maybe'), /^400 .*on or off\n$/)
  t.match(await call('nope'), /^400 no command is named so\n$/)
  t.match(await call('sip_capture', 'on', 'on'), /^400 .*at most 1\n$/)
  t.match(await call('log_level'), /^200 info\n$/)
  t.match(await call('commands'), /^200 OK\nsip_capture .*\nstats .*\n/s)
  const { ledger } = await daemon.stop()
  const [input] = Object.values(ledger.inputs)
  t.equal(input!.received, load.sent)
  t.equal(input!.stored + input!.discarded.capture_off!, load.sent)
  t.ok(input!.discarded.capture_off! >= to - from - 2)
  t.notOk(existsSync(fifo), 'it goes with the daemon')
})

t.test('JSON-RPC through it, as later releases have it', async (t) => {
  const { daemon, folder, write } = await start(t)
  const answer = reader(folder, 'reply')
  write(':reply:{"jsonrpc":"2.0","id":7,"method":"sip_capture"}\n')
  t.same(JSON.parse(await answer), { jsonrpc: '2.0', id: 7, result: { 'SIP capturing': 'on' } })
  await daemon.stop()
})

t.test('only a pipe beside it is ever written to', async (t) => {
  const { daemon, folder, write, call } = await start(t)
  const secret = join(folder, '..', 'secret')
  writeFileSync(secret, 'as it was')
  symlinkSync(secret, join(folder, 'link'))
  writeFileSync(join(folder, 'plain'), 'as it was')
  binding.makeFifo(join(folder, '..', 'outside'), 0o600)
  symlinkSync(join(folder, '..', 'outside'), join(folder, 'linked-pipe'))
  for (const reply of [
    'link',
    'plain',
    'linked-pipe',
    '../secret',
    '../outside',
    '/dev/null',
    '..',
    '.',
    'a b',
    '',
  ])
    write(`:sip_capture:${reply}\n\n`)
  t.equal(await call('sip_capture'), '200 on\n')
  t.equal(readFileSync(secret, 'utf8'), 'as it was')
  t.equal(readFileSync(join(folder, 'plain'), 'utf8'), 'as it was')
  await daemon.stop()
})

t.test('callers that never read, and what is no command, keep nobody waiting', async (t) => {
  const { daemon, folder, write, call } = await start(t)
  for (let i = 0; i < 20; i++) {
    binding.makeFifo(join(folder, `silent-${i}`), 0o600)
    write(`:sip_capture:silent-${i}\n\n`)
  }
  write('no command\n\n\n::\n:::\n:a\n\0\n')
  write(`:sip_capture:reply\n${'x\n'.repeat(100)}\n`)
  write(`${'y'.repeat(100_000)}\n`)
  t.equal(await call('sip_capture'), '200 on\n')
  write(':sip_capture:half\noff\n') // never ended
  t.equal(await call('sip_capture'), '200 on\n')
  await daemon.stop()
})

t.test('what is there and no pipe stays, and a pipe that was left is replaced', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hepcapd-fifo-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const args = (path: string) => ['--listen', 'hep_udp:127.0.0.1:0', '--db-url', 'none:', '--mi-fifo', path]
  const plain = join(folder, 'plain')
  writeFileSync(plain, 'as it was')
  await t.rejects(
    RunningDaemon.start(args(plain)),
    /ended with 1: .*cannot open the FIFO .*no FIFO is there/s,
  )
  t.equal(readFileSync(plain, 'utf8'), 'as it was')
  await t.rejects(
    RunningDaemon.start(args(join(folder, 'no', 'such'))),
    /ended with 1: .*cannot open the FIFO/s,
  )
  const left = join(folder, 'left')
  execFileSync('mkfifo', [left])
  const daemon = await RunningDaemon.start(args(left))
  await daemon.stop()
})

t.test('texts are taken however they are cut', async (t) => {
  const whole = ':a:r1\nx\ny\n\n\n:b:r2:\n\n:r3:{"a":[1]}\nnone\n:c:\n\n'
  const expected: FifoRequest[] = [
    { form: 'lines', command: 'a', reply: 'r1', args: ['x', 'y'] },
    { form: 'lines', command: 'b', reply: 'r2', args: [] },
    { form: 'json', reply: 'r3', json: '{"a":[1]}' },
    { form: 'lines', command: 'c', reply: '', args: [] },
  ]
  for (let cut = 0; cut <= whole.length; cut++) {
    const taken: FifoRequest[] = []
    let dropped = 0
    const fifo = new FifoText(
      (request) => taken.push(request),
      () => dropped++,
    )
    fifo.add(whole.slice(0, cut))
    fifo.add(whole.slice(cut))
    t.same(taken, expected, `cut at ${cut}`)
    t.equal(dropped, 1)
    t.notOk(fifo.isOpen)
  }
})
