// /healthz of the real program, while something is wrong for real: a thread that does not run, a clock that is set, and
// senders who all have another time.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { commonSkewMs } from '../../lib/http/clock-watch.js'
import { ThreadWatch } from '../../lib/http/thread-watch.js'
import { RunningDaemon } from '../support/cli.js'
import { sendUdp } from '../support/daemon.js'
import { FrozenThread, noFreezing, threadNamed } from '../support/frozen-thread.js'
import { options, packet } from '../support/packets.js'
import { until } from '../support/tools.js'

t.setTimeout(240_000)

const LIBFAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1'
const NO_FAKETIME = existsSync(LIBFAKETIME) ? false : 'libfaketime is not installed'

interface Reasons {
  status: string
  reasons?: { reason: string; detail: string }[]
}

async function start(t: Test, env: NodeJS.ProcessEnv = {}) {
  const listen = ['--listen', 'hep_udp:127.0.0.1:0', '--listen', 'hep_udp:127.0.0.1:0']
  const daemon = await RunningDaemon.start([...listen, '--db-url', 'none:', '--http', '127.0.0.1:0'], env)
  t.teardown(() => daemon.child.kill('SIGKILL'))
  const url = `http://${/answering on http:(\S+?)"/.exec(daemon.err)?.[1]}/healthz`
  const health = async () => (await (await fetch(url)).json()) as Reasons
  const told = async (reason: string) =>
    (await health()).reasons?.find((one) => one.reason === reason)?.detail
  return { daemon, health, told }
}

t.test('a thread that is held, with something to do, and let go', { skip: noFreezing() }, async (t) => {
  const { daemon, told } = await start(t)
  const frozen = await FrozenThread.hold(threadNamed(daemon.child.pid, 'hep-udp/1'))
  await sendUdp(daemon.port('hep_udp'), [packet(options('one'))])
  const detail = await until(() => told('stuck_thread'), 60_000)
  t.match(detail, new RegExp(`^hep_udp:127.0.0.1:${daemon.port('hep_udp')}: a thread .* for \\d+ s$`))
  await frozen.release()
  await until(async () => (await told('stuck_thread')) === undefined, 60_000)
  const { ledger } = await daemon.stop()
  const received = Object.values(ledger.inputs).map((input) => input.received)
  t.same(received, [0, 1], 'it has taken what waited')
})

t.test('only who has something to do can be stuck', async (t) => {
  const watch = new ThreadWatch()
  const look = (beats: number, hasWork: boolean, nowMs: number) => {
    watch.look([{ name: 'in', beats, hasWork }], nowMs)
    return watch.stuck.length
  }
  t.equal(look(7, false, 0), 0)
  t.equal(look(7, false, 3_600_000), 0, 'idle for an hour')
  t.equal(look(7, true, 3_600_001), 0, 'something has just come')
  t.equal(look(8, true, 3_610_000), 0, 'busy')
  t.equal(look(9, true, 3_620_000), 0)
  t.equal(look(9, true, 3_624_999), 0)
  t.equal(look(9, true, 3_625_000), 1)
  t.equal(look(10, true, 3_625_001), 0, 'it goes on')
  t.equal(look(10, false, 3_630_000), 0)
  t.equal(look(10, true, 3_640_000), 0, 'work for one that was idle')
  t.equal(look(10, true, 3_645_000), 1, 'and has not moved since')
})

t.test('a clock that is set forward, and back', { skip: NO_FAKETIME }, async (t) => {
  const file = join(t.testdir(), 'offset')
  writeFileSync(file, '+0')
  const { daemon, health, told } = await start(t, {
    LD_PRELOAD: LIBFAKETIME,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  })
  t.equal((await health()).status, 'ok')
  writeFileSync(file, '+3600')
  const detail = await until(() => told('clock_stepped'), 30_000)
  t.match(detail, /^the clock of this host was set 3(59|60)\d(\.\d)? s forward in the last minute$/)
  writeFileSync(file, '+0')
  await until(async () => (await told('clock_stepped')) === undefined, 30_000)
  t.equal((await daemon.stop()).status, 0)
})

t.test('senders who agree that our clock is wrong', async (t) => {
  const { daemon, health, told } = await start(t)
  const send = async (address: string, seconds: number) => {
    const one = packet(options('a'), { seconds })
    const socket = createSocket('udp4').bind(0, address)
    await once(socket, 'listening')
    await new Promise((resolve) => socket.send(one, daemon.port('hep_udp'), '127.0.0.1', resolve))
    await new Promise<void>((resolve) => socket.close(resolve))
  }
  const nowS = Math.floor(Date.now() / 1000)
  await send('127.0.0.2', nowS + 7200)
  await send('127.0.0.3', nowS + 7200)
  t.equal((await health()).status, 'ok', 'two hosts prove nothing')
  await send('127.0.0.4', nowS + 7300)
  t.match(
    await until(() => told('clock_skew')),
    /^the clocks of most senders are 7[12]\d\d.* s ahead: see to that of this host$/,
  )
  for (const host of [5, 6, 7, 8]) await send(`127.0.0.${host}`, nowS)
  await until(async () => (await health()).status === 'ok')
  t.equal((await daemon.stop()).status, 0)
})

t.test('the clock of one sender is its own matter', async (t) => {
  const of = (...skews: (number | null)[]) =>
    commonSkewMs(
      skews.map((skewMs, at) => ({ address: `192.0.2.${at}`, skewMs, lastSeenMs: 1000 })),
      500,
    )
  t.equal(of(9e9, 0, 0, 0), 0)
  t.equal(of(9e9, -9e9, 0), 0)
  t.equal(of(-70_000, -80_000, 0), -70_000)
  t.equal(of(-70_000, -80_000, null), 0)
  t.equal(of(61_000, 61_000, 59_000, 59_000), 0)
  t.equal(
    commonSkewMs(
      [1, 2, 3].map((at) => ({ address: `h${at}`, skewMs: 1e6, lastSeenMs: 499 })),
      500,
    ),
    0,
  )
})
