// What a reload changes besides sinks, what it leaves behind (nothing), and that many at once are one.

import { join } from 'node:path'
import t, { type Test } from 'tap'
import { UsageError } from '../../lib/errors.js'
import { Notifier } from '../../lib/notify.js'
import type { Effective, Settings } from '../../lib/options/settings.js'
import { Reloader } from '../../lib/reload.js'
import { type LoadedRoutes, soundRoutes } from '../../lib/route/load.js'
import { StreamReceiver } from '../relay/receiver.js'
import { RunningDaemon } from '../support/cli.js'
import { countRows, type RecordingLog, SETTINGS, sendUdp, startDaemon } from '../support/daemon.js'
import { options, packet } from '../support/packets.js'
import { ReloadingDaemon } from '../support/reloading.js'
import { until } from '../support/tools.js'

t.setTimeout(240_000)

const calls = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => packet(options(`${name}-${i}`)))

interface Rig {
  reloader: Reloader
  log: RecordingLog
  /** How often the configuration was read. */
  reads(): number
  /** What it says from now on, or why it cannot be used. */
  says(next: Partial<Settings> | Error): void
}

async function rig(t: Test): Promise<Rig> {
  const { daemon, log } = await startDaemon({})
  t.teardown(() => daemon.stop())
  let reads = 0
  let said: Partial<Settings> | Error = {}
  const base = { ...SETTINGS, logLevel: 'trace', logFormat: 'json' } as Settings
  const reload = (): Effective => {
    reads++
    if (said instanceof Error) throw said
    return { settings: { ...base, ...said }, values: new Map(), warnings: [], ignored: [], reload }
  }
  const effective: Effective = { settings: base, values: new Map(), warnings: [], ignored: [], reload }
  const reloader = new Reloader(effective, daemon, log, new Notifier(log))
  return {
    reloader,
    log,
    reads: () => reads,
    says: (next) => {
      said = next
    },
  }
}

t.test(
  'a hundred that are asked for at once are one, and those that come while it runs are another',
  async (t) => {
    const { reloader, reads } = await rig(t)
    const first = Array.from({ length: 100 }, () => reloader.reload())
    t.equal(new Set(first).size, 1)
    await Promise.resolve() // the first one reads
    await Promise.resolve()
    const second = Array.from({ length: 100 }, () => reloader.reload())
    t.equal(new Set(second).size, 1)
    t.match(
      await Promise.all([...first, ...second]),
      Array(200).fill({ applied: true, warnings: [], fixed: [] }),
    )
    t.equal(reads(), 2)
  },
)

t.test('the answer: applied with what is fixed, or every fault', async (t) => {
  const { reloader, says, log } = await rig(t)
  says({ queueBytes: 1, tableName: 'other' })
  t.same(await reloader.reload(), { applied: true, warnings: [], fixed: ['queue_max'] })
  t.equal(reloader.effective.settings.tableName, 'other')
  t.equal(reloader.effective.settings.queueBytes, SETTINGS.queueBytes)
  const faults = ['one', 'two'].map((what) => ({ where: 'a', severity: 'error' as const, what, cure: 'b' }))
  says(new UsageError(faults))
  t.same(await reloader.reload(), { applied: false, faults })
  t.equal(log.said(/error a: error: (one|two); b/).length, 2)
  t.equal(reloader.effective.settings.tableName, 'other')
  says({})
  t.match(await reloader.reload(), { applied: true })
})

t.test('a fault of ours keeps no later one from its work', async (t) => {
  const { reloader, says } = await rig(t)
  says(new TypeError('ours'))
  await t.rejects(reloader.reload(), { message: 'ours' })
  says({})
  t.match(await reloader.reload(), { applied: true })
})

t.test('once the daemon stops nothing is applied', async (t) => {
  const { reloader, says } = await rig(t)
  says({ tableName: 'other' })
  reloader.close()
  t.match(await reloader.reload(), { applied: false })
  t.equal(reloader.effective.settings.tableName, SETTINGS.tableName)
})

t.test('timers and their clocks are those of the last one', async (t) => {
  const { daemon } = await startDaemon({})
  t.teardown(() => daemon.stop())
  const folder = t.testdir({
    'routes.mjs': 'export const timers = [1, 2, 3].map(() => ({ everySeconds: 3600, run() {} }))\n',
  })
  const load = (module: string): Promise<LoadedRoutes> =>
    soundRoutes({ script: undefined, module, hepRoute: 'none', hepRouteOrigin: 'test' })
  const clocks = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = clocks()
  for (let round = 0; round < 50; round++) daemon.reload(SETTINGS, await load(join(folder, 'routes.mjs')))
  t.equal(clocks(), before + 3)
  daemon.reload(SETTINGS, await load(''))
  t.equal(clocks(), before)
})

t.test('a module that did not change goes on with what it has, one that did begins anew', async (t) => {
  const counting = (word: string) => `let count = 0
export const functions = { count() { count++ } }
export function request(msg, capture) { capture.xlog('L_INFO', '${word} ' + ++count); capture.sipCapture() }
`
  const folder = t.testdir({ 'one.mjs': counting('one'), 'two.mjs': counting('two') })
  const config = (routes: string) => ({ db_url: ['none:'], routes: join(folder, routes) })
  const reloading = await ReloadingDaemon.start(folder, config('one.mjs'))
  const { daemon } = reloading
  const sees = async (words: string) => {
    await sendUdp(daemon.port('hep_udp'), calls('x', 1))
    await until(() => daemon.err.includes(words))
  }
  await sees('one 1')
  await reloading.reload(config('one.mjs'))
  await sees('one 2')
  await reloading.reload(config('two.mjs'))
  await sees('two 1')
  const { status, err } = await reloading.stop()
  t.equal(status, 0)
  t.same(err.match(/(one|two) \d/g), ['one 1', 'one 2', 'two 1'])
})

t.test('lists change: what is discarded, tables of methods, where to relay', async (t) => {
  const folder = t.testdir()
  const path = join(folder, 'a.db')
  const config = { db_url: [`sqlite:${path}`] }
  const receiver = new StreamReceiver()
  await receiver.listen()
  t.teardown(() => receiver.kill())
  const reloading = await ReloadingDaemon.start(folder, config)
  const port = reloading.daemon.port('hep_udp')
  await sendUdp(port, calls('plain', 3))
  await until(() => countRows(path) === 3)
  await reloading.reload(config, '[discard]\nmethods = ["OPTIONS"]\n')
  const other = packet(options('other').replaceAll('OPTIONS', 'MESSAGE'))
  await sendUdp(port, [...calls('discarded', 3), other])
  await until(() => countRows(path) === 4) // and those before it are through
  await reloading.reload(config, '[tables]\nOPTIONS = "pings"\n')
  await sendUdp(port, calls('named', 3))
  await until(() => countRows(path, 'pings') === 3)
  const relay = `[[relay]]\nto = "sip:127.0.0.1:${receiver.port};transport=tcp"\n`
  for (let round = 0; round < 3; round++) {
    await reloading.reload(config, relay)
    await sendUdp(port, calls(`relayed${round}`, 3))
    await until(() => receiver.packets.length === 3 * (round + 1))
    await reloading.reload(config)
    await until(() => receiver.sockets.size === 0)
  }
  const { ledger } = await reloading.stop()
  t.match(Object.values(ledger.inputs)[0], { received: 19, stored: 16, discarded: { discard_method: 3 } })
  t.equal(receiver.connections, 3, 'a connection that nobody needs any more is closed')
  t.equal(countRows(path), 13)
})

t.test('a relay as a sink comes, and goes with its connection', async (t) => {
  const folder = t.testdir()
  const path = join(folder, 'a.db')
  const receiver = new StreamReceiver()
  await receiver.listen()
  t.teardown(() => receiver.kill())
  const store = `sqlite:${path}`
  const reloading = await ReloadingDaemon.start(folder, { db_url: [store] })
  const port = reloading.daemon.port('hep_udp')
  await reloading.reload({ db_url: [store, `hep_tcp:127.0.0.1:${receiver.port}`] })
  await sendUdp(port, calls('both', 5))
  await until(() => receiver.packets.length === 5 && countRows(path) === 5)
  await reloading.reload({ db_url: [store] })
  await until(() => receiver.sockets.size === 0)
  await sendUdp(port, calls('stored', 5))
  await until(() => countRows(path) === 10)
  const { ledger } = await reloading.stop()
  t.match(Object.values(ledger.inputs)[0], { received: 10, stored: 10, dropped: {} })
  t.same(Object.values(ledger.sinks), [{ rows: 10 }, { rows: 5 }])
})

t.test('a storm of signals: at least one reload after the last of them, and messages go on', async (t) => {
  const folder = t.testdir()
  const path = join(folder, 'a.db')
  const args = ['--listen', 'hep_udp:127.0.0.1:0', '--db-url', `sqlite:${path}`]
  const daemon = await RunningDaemon.start(args)
  const began = performance.now()
  for (let signal = 0; signal < 100; signal++) daemon.child.kill('SIGHUP')
  await sendUdp(daemon.port('hep_udp'), calls('x', 100))
  await until(() => countRows(path) === 100)
  await until(() => /is in force/.test(daemon.err))
  const { status, err } = await daemon.stop()
  t.equal(status, 0, err)
  const reloads = err.match(/is in force/g)?.length ?? 0
  const most = 1 + Math.ceil((performance.now() - began) / 200) // there is a rest between two
  t.ok(reloads >= 1 && reloads <= most, `${reloads} for 100 signals, not more than ${most}`)
})

t.test('SIGTERM in the middle of a reload ends in order', async (t) => {
  const folder = t.testdir()
  const db_url = (name: string) => ({ db_url: [`sqlite:${join(folder, name)}`] })
  const reloading = await ReloadingDaemon.start(folder, db_url('a.db'))
  await sendUdp(reloading.daemon.port('hep_udp'), calls('x', 10))
  await until(() => countRows(join(folder, 'a.db')) === 10)
  reloading.begin(db_url('b.db'))
  const { status, ledger, err } = await reloading.stop()
  t.equal(status, 0, err)
  t.match(Object.values(ledger.inputs)[0], { received: 10, stored: 10 })
})
