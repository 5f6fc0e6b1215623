// Reload after reload under load, of everything that can change, bad ones in between: no message is lost, and nothing is
// gained. HEPCAPD_RELOADS says how many; `npm run soak` makes it a thousand.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Authority } from '../support/certificates.js'
import { query } from '../support/daemon.js'
import { PacedLoad } from '../support/paced-load.js'
import { type Held, heldBy, median } from '../support/process-status.js'
import { type Config, ReloadingDaemon } from '../support/reloading.js'
import { missing } from '../support/tools.js'

const RELOADS = Number(process.env.HEPCAPD_RELOADS ?? 100)
t.setTimeout(240_000 + RELOADS * 2000)

/** A heap that was loaded anew a hundred times grows for a while; a thousand leaks of 100 kB are more than this. */
const ROOM_BYTES = 48 << 20

/** Every configuration was in force by then. */
const WARM_UP = 12
const LOOKS = 10
const LOOK_MS = 200

const SCRIPTS = {
  'one.cfg': 'route { sip_capture("%TABLE%"); }\ntimer_route[tick, 3600] { xlog("L_DBG", "tick\\n"); }\n',
  'two.cfg':
    'route { if (is_method("OPTIONS")) sip_capture("%TABLE%"); else sip_capture(); }\n' +
    'timer_route[tick, 3600] { xlog("L_DBG", "tick\\n"); }\ntimer_route[tock, 3600] { exit; }\n',
  'bad.cfg': 'route { sip_capture(; }\n',
  'one.mjs': 'export function request(msg, capture) { capture.sipCapture({ table: "%TABLE%" }) }\n',
  'two.mjs':
    'export const request = async (msg, capture) => { await null; capture.sipCapture({ table: "%TABLE%" }) }\n' +
    'export const timers = [{ everySeconds: 3600, run() {} }]\n',
  'bad.mjs': 'export const request = 5\n',
  'text.db': 'no database '.repeat(500),
}

/** One configuration for each round; the bad ones are refused. */
function configs(folder: string): { good: Config[]; bad: Config[] } {
  const path = (name: string) => join(folder, name)
  const [a, b] = [`sqlite:${path('a.db')}`, `sqlite:${path('b.db')}`]
  const authority = new Authority(folder)
  const pairs = ['first', 'second'].map((name) => authority.sign(name))
  const tls = (index: number) => ({ tls_cert: pairs[index]!.cert, tls_key: pairs[index]!.key })
  const base = { hep_capture_on: true, capture_on: true, ...tls(0), db_url: [a] }
  return {
    good: [
      { ...base, script: path('one.cfg') },
      { ...base, script: path('two.cfg'), db_url: [b] },
      { ...base, routes: path('one.mjs'), ...tls(1) },
      { ...base, routes: path('two.mjs'), db_url: [b], max_async_queries: 3 },
      { ...base, table_name: 'other_capture', db_url: [a], max_async_queries: 3 },
      { ...base, script: path('two.cfg'), db_url: [b], ...tls(1) },
    ],
    bad: [
      { ...base, script: path('bad.cfg'), db_url: [b] },
      { ...base, routes: path('bad.mjs'), db_url: [b] },
      { ...base, db_url: [b, `sqlite:${path('text.db')}`] },
      { ...base, tls_cert: pairs[0]!.cert, tls_key: pairs[1]!.key },
      { ...base, no_such_option: 1 },
    ],
  }
}

function callIds(path: string): string[] {
  const tables = query(path, "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%capture'")
  return (tables as string[]).flatMap((table) => query(path, `SELECT callid FROM "${table}"`) as string[])
}

t.test(`${RELOADS} reloads under load`, { skip: missing('openssl') }, async (t) => {
  const folder = t.testdir()
  for (const [name, text] of Object.entries(SCRIPTS))
    writeFileSync(join(folder, name), text.replaceAll('%TABLE%', 'script_capture'))
  const { good, bad } = configs(folder)
  const more = ['--listen', 'hep_tls:127.0.0.1:0', '--spool', join(folder, 'spool')]
  const reloading = await ReloadingDaemon.start(folder, good[0]!, ...more)
  const { daemon } = reloading
  const udp = await PacedLoad.udp(daemon.port('hep_udp'), 300)
  const tcp = await PacedLoad.tcp(daemon.port('hep_tcp'), 600)
  const pid = daemon.child.pid!
  const held: Held[] = []
  let calm: Held | undefined
  for (let round = 0; round < RELOADS; round++) {
    if (round === WARM_UP) calm = await calmed(reloading, good[0]!)
    const isBad = round % 4 === 3
    const { isApplied, said } = await reloading.reload(
      (isBad ? bad : good)[round % (isBad ? bad : good).length]!,
    )
    if (isApplied === isBad) t.fail(`round ${round}: ${said}`)
    held.push(heldBy(pid))
  }
  const last = await calmed(reloading, good[0]!)
  t.ok(last.descriptors <= calm!.descriptors, `descriptors: ${calm!.descriptors}, then ${last.descriptors}`)
  t.ok(last.threads <= calm!.threads, `threads: ${calm!.threads}, then ${last.threads}`)
  await Promise.all([udp.stop(), tcp.stop()])
  compare(t, held)
  const { status, ledger, err } = await reloading.stop()

  t.equal(status, 0, err.slice(-2000))
  const [fromUdp, fromTcp] = Object.values(ledger.inputs)
  t.match(fromUdp, { received: udp.sent, stored: udp.sent, dropped: {}, discarded: {}, in_flight: 0 })
  t.match(fromTcp, { received: tcp.sent, stored: tcp.sent, dropped: {}, discarded: {}, in_flight: 0 })
  const ids = [...callIds(join(folder, 'a.db')), ...callIds(join(folder, 'b.db'))]
  t.equal(ids.length, udp.sent + tcp.sent)
  t.equal(new Set(ids).size, ids.length, 'none twice')
})

/** The least that is held while nothing is on its way to be closed. */
async function calmed(reloading: ReloadingDaemon, config: Config): Promise<Held> {
  await reloading.reload(config)
  const seen: Held[] = []
  for (let look = 0; look < LOOKS; look++) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    seen.push(heldBy(reloading.daemon.child.pid!))
  }
  const least = (of: keyof Held) => Math.min(...seen.map((one) => one[of]))
  return {
    descriptors: least('descriptors'),
    threads: least('threads'),
    residentBytes: least('residentBytes'),
  }
}

/** The second half of the time needs no more memory than the first. */
function compare(t: Test, held: readonly Held[]): void {
  const halves = [held.slice(0, held.length >> 1), held.slice(held.length >> 1)]
  const [before = 0, after = 0] = halves.map((half) => median(half.map((one) => one.residentBytes)))
  t.comment(JSON.stringify({ first: held[0], last: held.at(-1), reloads: held.length }))
  t.ok(after - before < ROOM_BYTES, `memory: ${before >> 20} MiB, then ${after >> 20} MiB`)
}
