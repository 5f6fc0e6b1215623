// /metrics and /healthz of the real program: what promtool and a Prometheus make of them, and that every answer is one
// moment.

import { execFileSync, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { LedgerSnapshot } from '../../lib/ledger.js'
import { RunningDaemon } from '../support/cli.js'
import { UdpLoad } from '../support/load.js'
import { missing, until } from '../support/tools.js'

t.setTimeout(240_000)

const SCRAPES = 1000
const NO_PROMTOOL = missing('promtool')
const NO_PROMETHEUS = missing('prometheus')

interface Asked {
  daemon: RunningDaemon
  get(path: string): Promise<{ status: number; text: string }>
}

async function start(t: Test, ...args: string[]): Promise<Asked & { url: string }> {
  const path = join(t.testdir(), 'calls.db')
  const listen = ['--listen', 'hep_udp:127.0.0.1:0', '--listen', 'hep_tcp:127.0.0.1:0']
  const daemon = await RunningDaemon.start([
    ...listen,
    ...['--db-url', `sqlite:${path}`, '--http', '127.0.0.1:0'],
    ...args,
  ])
  const url = `http://${/answering on http:(\S+?)"/.exec(daemon.err)?.[1]}`
  const get = async (path: string) => {
    const answer = await fetch(`${url}${path}`)
    return { status: answer.status, text: await answer.text() }
  }
  return { daemon, url, get }
}

/** Samples of a name: labels as they stand, and the number. */
function samples(text: string, name: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
  return new Map(
    lines.map((line) => {
      const [, labels = '', value = ''] = /^[a-z_]+(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
      return [labels, Number(value)]
    }),
  )
}

function byInput(text: string, name: string): Map<string, number> {
  const sums = new Map<string, number>()
  for (const [labels, value] of samples(text, name)) {
    const input = /input="([^"]*)"/.exec(labels)![1]!
    sums.set(input, (sums.get(input) ?? 0) + value)
  }
  return sums
}

t.test('promtool finds nothing wrong', { skip: NO_PROMTOOL }, async (t) => {
  const { daemon, get } = await start(t)
  const udp = new UdpLoad(daemon.port('hep_udp'))
  await until(
    async () =>
      Number([...samples((await get('/metrics')).text, 'hepcapd_stored_rows_total').values()][0]) > 0,
  )
  await udp.stop()
  const { status, text } = await get('/metrics')
  t.equal(status, 200)
  t.equal(execFileSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' }), '')
  for (const name of ['process_resident_memory_bytes', 'nodejs_eventloop_lag_seconds', 'hepcapd_build_info'])
    t.equal(samples(text, name).size, 1, name)
  await daemon.stop()
})

t.test(`the ledger's equation holds at each of ${SCRAPES} scrapes under load`, async (t) => {
  const { daemon, get } = await start(t)
  const udp = new UdpLoad(daemon.port('hep_udp'))
  let last = new Map<string, number>()
  let [wrong, down] = [0, 0]
  for (let scrape = 0; scrape < SCRAPES; scrape++) {
    const { text } = await get('/metrics')
    const received = byInput(text, 'hepcapd_received_total')
    const settled = byInput(text, 'hepcapd_messages_total')
    const inFlight = byInput(text, 'hepcapd_in_flight')
    for (const [input, count] of received) if (count !== settled.get(input)! + inFlight.get(input)!) wrong++
    const counters = new Map([
      ...samples(text, 'hepcapd_messages_total'),
      ...samples(text, 'hepcapd_stored_rows_total'),
    ])
    for (const [labels, count] of last) if (counters.get(labels)! < count) down++
    last = counters
  }
  t.equal(wrong, 0)
  t.equal(down, 0, 'no counter goes down')
  await udp.stop()
  const { ledger } = await daemon.stop()
  const [input] = Object.values(ledger.inputs) as [LedgerSnapshot['inputs'][string]]
  t.ok(input.received > 0)
  t.equal(input.stored, input.received)
})

t.test('a Prometheus scrapes it', { skip: NO_PROMETHEUS }, async (t) => {
  const { daemon, url } = await start(t)
  const udp = new UdpLoad(daemon.port('hep_udp'))
  const folder = t.testdir()
  const config = join(folder, 'prometheus.yml')
  const target = url.replace('http://', '')
  writeFileSync(
    config,
    `scrape_configs: [{ job_name: hepcapd, scrape_interval: 200ms, scrape_timeout: 200ms, static_configs: [{ targets: ["${target}"] }] }]`,
  )
  const port = await freePort()
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]
  const prometheus = spawn('nice', ['-n', '10', 'prometheus', ...args], { stdio: 'ignore' })
  const ended = new Promise((resolve) => prometheus.once('exit', resolve))
  t.teardown(async () => {
    prometheus.kill('SIGKILL')
    await ended
  })
  const query = async (text: string): Promise<number | undefined> => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(text)}`)
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
    const value = data.result[0]?.value[1]
    return value === undefined ? undefined : Number(value)
  }
  await until(async () => (await query('up{job="hepcapd"}').catch(() => 0)) === 1, 60_000)
  await udp.stop()
  await until(async () => (await query('hepcapd_stored_rows_total')) === udp.sent, 60_000)
  await until(async () => (await query('sum(hepcapd_messages_total)')) === udp.sent, 30_000)
  t.equal(await query('sum(hepcapd_received_total)'), udp.sent)
  await daemon.stop()
})

t.test('labels hold whatever names there are', async (t) => {
  const { daemon, get } = await start(t, '--table-name', 'calls_%Y')
  const udp = new UdpLoad(daemon.port('hep_udp'))
  await until(async () => samples((await get('/metrics')).text, 'hepcapd_stored_rows_total').size > 0)
  await udp.stop()
  const [labels = ''] = samples((await get('/metrics')).text, 'hepcapd_stored_rows_total').keys()
  t.match(labels, /table="calls_20\d\d"/)
  await daemon.stop()
})

t.test('healthz: well, then a full queue, then a door that is taken', async (t) => {
  const { daemon, get, url } = await start(t)
  t.same(await get('/healthz'), { status: 200, text: '{"status":"ok"}\n' })
  const taken = RunningDaemon.start([
    '--listen',
    'hep_udp:127.0.0.1:0',
    '--db-url',
    'none:',
    '--http',
    url.replace('http://', ''),
  ])
  await t.rejects(
    taken,
    /ended with 1: .*cannot open the HTTP door on .*EADDRINUSE.*name another one with --http/s,
  )
  await daemon.stop()
})

t.test('a default door that is taken stays shut, with a warning', async (t) => {
  const server = createServer().listen(9096, '127.0.0.1')
  const isOurs = await new Promise((resolve) => {
    server.once('listening', () => resolve(true))
    server.once('error', () => resolve(false)) // then another program has it, which does as well
  })
  if (isOurs) t.teardown(() => server.close())
  const daemon = await RunningDaemon.start(['--listen', 'hep_udp:127.0.0.1:0', '--db-url', 'none:'], {
    HEPCAPD_HTTP: undefined,
  })
  t.match(daemon.err, /"level":"warn".*HTTP door on 127\.0\.0\.1:9096.*stays shut/)
  t.notMatch(daemon.err, /answering on/)
  t.equal((await daemon.stop()).status, 0)
})

t.test('a door that others can reach wants a token', async (t) => {
  for (const at of ['*:0', '0.0.0.0:0', '[::]:0', '192.0.2.1:0', 'capture.example:0']) {
    const started = RunningDaemon.start([
      '--listen',
      'hep_udp:127.0.0.1:0',
      '--db-url',
      'none:',
      '--http',
      at,
    ])
    await t.rejects(
      started,
      /ended with 2: --http: error: a door that others can reach wants a token; name one/,
      at,
    )
  }
  const more = ['--http', '*:0', '--http-token', 'geheim']
  const { daemon, url } = await start(t, ...more)
  const local = url.replace(/\[::\]|0\.0\.0\.0/, '127.0.0.1')
  t.equal((await fetch(`${local}/metrics`)).status, 401)
  const headers = { authorization: 'Bearer geheim' }
  t.equal((await fetch(`${local}/metrics`, { headers })).status, 200)
  t.equal((await fetch(`${local}/`)).status, 200)
  t.notMatch(daemon.err, /geheim/)
  await daemon.stop()
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
