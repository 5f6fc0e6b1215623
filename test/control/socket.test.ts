// The control socket and /mi of the real program, and `hepcapd ctl`: capture on and off under load, to the message.

import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSqlite } from '../../lib/sqlite.js'
import { hepcapd, RunningDaemon } from '../support/cli.js'
import { UdpLoad } from '../support/load.js'
import { until } from '../support/tools.js'

t.setTimeout(240_000)

interface Rig {
  daemon: RunningDaemon
  path: string
  db: string
  http: string
  ask(
    method: string,
    params?: unknown,
  ): Promise<{ result?: unknown; error?: { code: number; message: string } }>
}

/** The path of a Unix socket has 107 octets at most. */
function folderOf(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'hepcapd-control-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function start(t: Test, ...more: string[]): Promise<Rig> {
  const folder = folderOf(t)
  const [path, db] = [join(folder, 'c.sock'), join(folder, 'calls.db')]
  const args = [
    '--listen',
    'hep_udp:127.0.0.1:0',
    '--db-url',
    `sqlite:${db}`,
    '--control',
    path,
    '--http',
    '127.0.0.1:0',
  ]
  const daemon = await RunningDaemon.start([...args, ...more])
  const http = `http://${/answering on http:([^,"]+)/.exec(daemon.err)?.[1]}`
  return { daemon, path, db, http, ask: (method, params = []) => askAt(path, method, params) }
}

async function askAt(path: string, method: string, params: unknown) {
  const socket = await opened(path)
  const answer = lineOf(socket)
  socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`)
  const line = await answer
  socket.destroy()
  return JSON.parse(line)
}

async function opened(path: string): Promise<Socket> {
  const socket = connect(path)
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  socket.on('error', () => {})
  return socket
}

function lineOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    socket.on('data', (part) => {
      text += part
      if (text.includes('\n')) resolve(text)
    })
  })
}

/** Messages that came while it was off are none of the table's, all others are. */
t.test('capture goes off and on under load, to the message', async (t) => {
  const { daemon, db, ask, http } = await start(t)
  const load = new UdpLoad(daemon.port('hep_udp'))
  await until(() => load.sent > 500)
  const offs: [number, number][] = []
  for (let round = 0; round < 5; round++) {
    t.same(await ask('sip_capture', ['off']), { jsonrpc: '2.0', id: 1, result: 'OK' })
    const from = load.sent
    await until(() => load.sent > from + 300)
    const to = load.sent
    const body = { jsonrpc: '2.0', id: 1, method: 'sipcapture:capture', params: { capture_mode: 'On' } }
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${http}/mi`, { method: 'POST', headers, body: JSON.stringify(body) })
    t.match(await answer.json(), { result: 'OK' })
    offs.push([from, to])
    const after = load.sent
    await until(() => load.sent > after + 300)
  }
  await load.stop()
  const { ledger } = await daemon.stop()
  const [input] = Object.values(ledger.inputs)
  t.equal(input!.received, load.sent)
  t.equal(input!.stored + input!.discarded.capture_off!, load.sent)
  t.same(input!.dropped, {})
  const table = openSqlite(db, { readonly: true })
  const numbers = table
    .prepare('SELECT callid FROM sip_capture')
    .pluck()
    .all()
    .map((id) => Number(String(id).split('-')[1]))
  table.close()
  t.equal(numbers.length, input!.stored)
  // the one that was under way when the answer came may be on either side
  for (const [from, to] of offs)
    t.notOk(
      numbers.some((number) => number > from && number < to - 1),
      `${from} to ${to}`,
    )
  const away = offs.reduce((sum, [from, to]) => sum + to - from, 0)
  t.ok(input!.discarded.capture_off! >= away - 2 * offs.length)
})

t.test('the old answers, and a reload that leaves it alone', async (t) => {
  const { daemon, ask, path } = await start(t)
  t.match(await ask('sip_capture'), { result: { 'SIP capturing': 'on' } })
  t.match(await ask('sip_capture', ['maybe']), { error: { code: -32602, message: /on or off/ } })
  t.match(await ask('sip_capture', ['OFF']), { result: 'OK' })
  t.match(await ask('reload'), { result: { applied: true, warnings: [], restart: [] } })
  t.match(await hepcapd(['ctl', 'sip_capture', '--control', path]), { status: 0, out: 'off\n', err: '' })
  t.match(await ask('stats'), { result: { inputs: {}, sinks: {} } })
  t.match(await ask('log_level'), { result: 'info' })
  t.match(await ask('log_level', ['debug']), { result: 'OK' })
  t.match(await ask('log_level', ['loud']), { error: { message: /one of fatal/ } })
  t.match(await ask('sinks'), { result: [{ kind: 'store', answers: true, rows: 0 }] })
  t.match(await ask('spool'), { result: [{ rows: 0, percent: 0 }] })
  const { result } = await ask('ps')
  t.ok((result as { name: string; state: string }[]).some(({ state }) => state === 'R'))
  await daemon.stop()
})

t.test('a reload that is refused says why', async (t) => {
  const folder = folderOf(t)
  const config = join(folder, 'h.toml')
  writeFileSync(config, 'table_name = "calls"\n')
  const { daemon, ask, path } = await start(t, '--config', config)
  writeFileSync(config, 'table_name = "ca;lls"\n')
  t.match(await ask('reload'), {
    error: { code: -32000, message: /the old one stays\n.*h\.toml:1:\d+: error: table_name: "ca;lls"/s },
  })
  t.match(await hepcapd(['ctl', 'reload', '--control', path]), {
    status: 1,
    err: /"ca;lls" is no table name/,
  })
  await daemon.stop()
})

t.test('ctl says what is wrong', async (t) => {
  const { daemon, path } = await start(t)
  t.match(await hepcapd(['ctl', '--control', path]), { status: 2, err: /needs a command/ })
  t.match(await hepcapd(['ctl', 'stat', '--control', path]), { status: 2, err: /did you mean stats\?/ })
  t.match(await hepcapd(['ctl', 'stats', 'x', '--control', path]), { status: 2, err: /no arguments/ })
  const told = await hepcapd(['ctl', 'stats', '--json', '--control', path])
  t.match(JSON.parse(told.out), { inputs: {} })
  await daemon.stop()
  t.notOk(existsSync(path), 'the socket goes with the daemon')
  t.match(await hepcapd(['ctl', 'stats', '--control', path]), {
    status: 1,
    err: /no daemon answers.*start hepcapd/,
  })
})

t.test('the socket is its own and its group’s, and takes the place of a dead one only', async (t) => {
  const { daemon, path } = await start(t)
  t.equal(statSync(path).mode & 0o777, 0o660)
  const args = ['--listen', 'hep_udp:127.0.0.1:0', '--db-url', 'none:', '--control', path]
  await t.rejects(
    RunningDaemon.start(args),
    /ended with 1: .*cannot open the control socket.*another program/s,
  )
  daemon.child.kill('SIGKILL')
  await until(() => daemon.child.signalCode !== null)
  t.ok(existsSync(path))
  const next = await RunningDaemon.start(args)
  t.match(await askAt(path, 'stats', []), { result: {} })
  await next.stop()
  writeFileSync(path, 'no socket')
  await t.rejects(RunningDaemon.start(args), /ended with 1: .*cannot open the control socket/s)
})

t.test('a path that is too long for a socket is refused, and nothing is made at a shorter one', async (t) => {
  const folder = folderOf(t)
  for (const [length, isGood] of [
    [107, true],
    [108, false],
  ] as const) {
    const path = join(folder, 'x'.repeat(length - folder.length - 1))
    const starting = RunningDaemon.start([
      ...['--listen', 'hep_udp:127.0.0.1:0', '--db-url', 'none:'],
      ...['--control', path],
    ])
    if (isGood) await (await starting).stop()
    else await t.rejects(starting, /ended with 1: .*the path is too long .*107 octets at most/s)
    t.same(readdirSync(folder), [])
  }
})

t.test('one that nobody named may stay shut', async (t) => {
  const folder = folderOf(t)
  const other = createServer().listen(join(folder, 'hepcapd.sock'))
  t.teardown(() => other.close())
  const args = ['--listen', 'hep_udp:127.0.0.1:0', '--db-url', 'none:']
  const env = { HEPCAPD_CONTROL: undefined, RUNTIME_DIRECTORY: folder }
  const daemon = await RunningDaemon.start(args, env)
  t.match(daemon.err, /"level":"warn".*control socket .* stays shut/)
  await daemon.stop()
})

t.test('200 connections that say nothing, and what is no JSON, keep nobody waiting', async (t) => {
  const { daemon, path, ask } = await start(t)
  const silent = await Promise.all(Array.from({ length: 200 }, () => opened(path)))
  for (const [at, socket] of silent.entries()) if (at % 2 === 0) socket.write('{"jsonrpc":')
  t.match(await ask('sip_capture'), { result: {} })
  const odd = await opened(path)
  const answered = lineOf(odd)
  odd.write('\n\n\u0000\n')
  t.match(JSON.parse(await answered), { error: { code: -32700 } })
  const huge = await opened(path)
  const closed = new Promise((resolve) => huge.once('close', resolve))
  huge.write('x'.repeat((1 << 20) + 10))
  await closed
  t.match(await ask('sip_capture'), { result: {} })
  for (const socket of [...silent, odd]) socket.destroy()
  chmodSync(path, 0o600)
  await daemon.stop()
})
