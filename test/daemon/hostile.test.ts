// Input that means harm: the daemon lives, does not grow, and counts every packet of it once.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { LedgerSnapshot } from '../../lib/ledger.js'
import { RunningDaemon } from '../support/cli.js'
import { countRows, query, sendUdp } from '../support/daemon.js'
import { chunkLengths, mutated, prefixes, RICH, VALID } from '../support/hostile.js'
import { settled } from '../support/ledger.js'
import { options, packet } from '../support/packets.js'
import { Random } from '../support/random.js'
import { TcpClient } from '../support/tcp-client.js'
import { until } from '../support/tools.js'

t.setTimeout(600_000)

async function start(path: string): Promise<RunningDaemon> {
  const listen = ['--listen', 'hep_udp:127.0.0.1:0', '--listen', 'hep_tcp:127.0.0.1:0']
  return RunningDaemon.start([...listen, '--db-url', `sqlite:${path}`])
}

/** The daemon still does its work; then it ends, and its ledger adds up. */
async function endOf(
  t: Test,
  daemon: RunningDaemon,
  path: string,
): Promise<LedgerSnapshot['inputs'][string][]> {
  await sendUdp(daemon.port('hep_udp'), [packet(options('after all that'))])
  await until(
    () =>
      countRows(path) > 0 && query(path, "SELECT 1 FROM sip_capture WHERE callid = 'after all that'").length,
  )
  const { status, ledger, err } = await daemon.stop()
  t.equal(status, 0, err)
  const inputs = Object.values(ledger.inputs)
  for (const input of inputs) {
    t.equal(input.in_flight, 0)
    t.equal(settled(input), input.received)
    t.same(
      Object.keys(input.dropped).filter((reason) => !/^(hep|tcp|kernel)\//.test(reason)),
      [],
      'only what is broken is dropped',
    )
  }
  const stored = inputs.reduce((sum, input) => sum + input.stored, 0)
  t.equal(countRows(path) + countRows(path, 'rtcp_capture'), stored)
  t.equal(err.trim().split('\n').length, 3, 'no line for a packet')
  return inputs
}

t.test('every prefix of valid packets, and every chunk with a length that cannot be', async (t) => {
  const path = join(t.testdir(), 'a.db')
  const daemon = await start(path)
  const packets = VALID.flatMap((valid) => [...prefixes(valid), valid])
  for (const valid of RICH.filter((one) => one.toString('latin1', 0, 4) === 'HEP3')) {
    for (const at of chunkLengths(valid)) {
      for (const length of [0, 1, 2, 3, 4, 5, 0x7fff, 0xffff]) {
        const broken = Buffer.from(valid)
        broken.writeUInt16BE(length, at)
        packets.push(broken)
      }
    }
  }
  await sendUdp(daemon.port('hep_udp'), packets)
  const [input] = await endOf(t, daemon, path)
  t.equal(input?.received, packets.length + 1)
  t.ok((input?.stored ?? 0) > VALID.length)
  for (const reason of ['hep/too_short', 'hep/bad_length', 'hep/bad_chunk_length'])
    t.ok((input?.dropped[reason] ?? 0) > 0, reason)
})

const MUTATIONS = 100_000
const WARM_UP = 20_000
const RUN = 2_000
const MIB = 1 << 20

function rss(pid: number | undefined): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) * 1024
}

t.test('100,000 mutations by UDP: it lives, it does not grow, it counts each of them', async (t) => {
  const path = join(t.testdir(), 'a.db')
  const daemon = await start(path)
  const random = new Random(20_260_101)
  const bombard = async (count: number): Promise<number> => {
    let peak = 0
    for (let sent = 0; sent < count; sent += RUN) {
      await sendUdp(
        daemon.port('hep_udp'),
        Array.from({ length: RUN }, () => mutated(random)),
      )
      peak = Math.max(peak, rss(daemon.child.pid))
    }
    return peak
  }
  await bombard(WARM_UP)
  const half = (MUTATIONS - WARM_UP) / 2
  const first = await bombard(half)
  const second = await bombard(half)
  t.comment(`resident: ${Math.round(first / MIB)} MiB, then ${Math.round(second / MIB)} MiB`)
  t.ok(second < first * 1.1 + 16 * MIB, `it grew from ${first} to ${second}`)
  const [input] = await endOf(t, daemon, path)
  t.equal(input?.received, MUTATIONS + 1)
  t.ok((input?.stored ?? 0) > MUTATIONS / 10, 'not all of them were beyond recognition')
})

t.test('streams that end at every octet', async (t) => {
  const path = join(t.testdir(), 'a.db')
  const daemon = await start(path)
  const packets = [packet(options('one')), packet(options('two', 'X: y')), packet(options('three'))]
  const stream = Buffer.concat(packets)
  const ends = packets.map((_, i) => packets.slice(0, i + 1).reduce((sum, one) => sum + one.length, 0))
  let expected = 0
  let cut = 0
  for (let length = 0; length <= stream.length; length++) {
    const client = await TcpClient.connect(daemon.port('hep_tcp'))
    await client.send(stream.subarray(0, length))
    await client.end()
    expected += ends.filter((end) => end <= length).length
    if (length > 0 && !ends.includes(length)) cut++
  }
  const [, input] = await endOf(t, daemon, path)
  t.match(input, { received: expected + cut, stored: expected, dropped: { 'tcp/incomplete': cut } })
})

t.test('streams that are cut in two at every octet, on connections that stay', async (t) => {
  const path = join(t.testdir(), 'a.db')
  const daemon = await start(path)
  const stream = Buffer.concat([packet(options('one')), packet(options('two', 'X: y'))])
  const client = await TcpClient.connect(daemon.port('hep_tcp'))
  for (let cut = 0; cut <= stream.length; cut++)
    await client.segments(stream.subarray(0, cut), stream.subarray(cut))
  await client.end()
  const [, input] = await endOf(t, daemon, path)
  t.match(input, { received: 2 * (stream.length + 1), stored: 2 * (stream.length + 1), dropped: {} })
})

t.test('thousands of mutated streams', async (t) => {
  const path = join(t.testdir(), 'a.db')
  const daemon = await start(path)
  const random = new Random(7)
  const lane = async () => {
    for (let i = 0; i < 500; i++) {
      const client = await TcpClient.connect(daemon.port('hep_tcp'))
      await client.send(Buffer.concat([packet(options('whole')), mutated(random), mutated(random)]))
      await client.end()
    }
  }
  await Promise.all(Array.from({ length: 4 }, lane))
  const [, input] = await endOf(t, daemon, path)
  t.ok((input?.stored ?? 0) >= 2000)
  for (const reason of ['tcp/bad_magic', 'tcp/bad_length', 'tcp/incomplete', 'hep/bad_chunk_length'])
    t.ok((input?.dropped[reason] ?? 0) > 0, reason)
})
