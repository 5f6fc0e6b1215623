// Routes in a running daemon: what is committed, what awaits, what goes wrong and costs no message, what a reload
// changes.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Daemon } from '../../lib/daemon.js'
import type { InputLedger } from '../../lib/ledger.js'
import type { Listen } from '../../lib/listen/protocols.js'
import { soundRoutes } from '../../lib/route/load.js'
import { parseScript } from '../../lib/script/parser.js'
import { openSqlite } from '../../lib/sqlite.js'
import { query, RecordingLog, SETTINGS, sendUdp } from '../support/daemon.js'
import { hep1, hep2, options, packet } from '../support/packets.js'
import { until } from '../support/tools.js'

t.setTimeout(120_000)

interface Routed {
  daemon: Daemon
  log: RecordingLog
  path: string
  send(packets: Buffer[]): Promise<void>
  /** Stops it; the ledger of its one input. */
  end(): Promise<InputLedger>
  reload(text: string): Promise<void>
}

interface Sources {
  script?: string
  /** Text of the module; its path for loaded(). */
  module?: string
  hepRoute?: string
  listen?: Listen[]
}

async function loaded({ script: text, module = '', hepRoute = 'sip' }: Sources) {
  const { script, faults } =
    text === undefined ? { script: undefined, faults: [] } : parseScript('t.cfg', { text })
  if (faults.length > 0) throw new Error(JSON.stringify(faults))
  return soundRoutes({ script, module, hepRoute, hepRouteOrigin: 'test' })
}

async function routed(t: Test, sources: Sources): Promise<Routed> {
  const folder = t.testdir()
  const path = join(folder, 'rows.db')
  const module = sources.module === undefined ? '' : join(folder, 'routes.mjs')
  if (sources.module !== undefined) writeFileSync(module, sources.module)
  const log = new RecordingLog()
  const hepRoute = sources.hepRoute ?? 'sip'
  const { listen = SETTINGS.listen } = sources
  const settings = { ...SETTINGS, hepRoute, listen, targets: [{ kind: 'sqlite' as const, path }] }
  const daemon = new Daemon(settings, log, await loaded({ ...sources, module }))
  await daemon.start()
  const port = Number(/\d+$/.exec(daemon.bound[0]!)![0])
  let hasEnded = false
  const end = async () => {
    if (!hasEnded) await daemon.stop()
    hasEnded = true
    return Object.values(daemon.ledger().inputs)[0]!
  }
  t.teardown(end)
  return {
    daemon,
    log,
    path,
    send: (packets) => sendUdp(port, packets),
    end,
    reload: async (script) => daemon.reload(settings, await loaded({ script })),
  }
}

const requests = (count: number) => Array.from({ length: count }, (_, i) => packet(options(`call-${i}`)))
const settledOf = (ledger: InputLedger) =>
  [
    ledger.stored,
    ledger.relayed,
    ...Object.values(ledger.discarded),
    ...Object.values(ledger.dropped),
  ].reduce((sum, count) => sum + count, 0)

t.test('1.23 async sip_capture goes on when the row is committed', async (t) => {
  const script = `
route { async(sip_capture(), capture_resume); xlog("never"); }
route[capture_resume] { xlog("L_INFO", "insert executed $ci\\n"); }`
  const { send, end, log, path } = await routed(t, { script })
  await send(requests(20))
  await until(() => log.said(/insert executed/).length === 20)
  t.same(query(path, 'select count(*) from sip_capture'), [20], 'it is there already')
  t.same(log.said(/never/), [])
  const { stored, received } = await end()
  t.same([received, stored], [20, 20])
})

t.test('async goes on no sooner: not while the database is held by somebody else', async (t) => {
  const script = `
route { async(sip_capture("calls", $ci), sip_done); }
onreply_route { async(report_capture("told", "reports"), report_done); }
route[sip_done] { xlog("L_INFO", "committed $ci\\n"); }
route[report_done] { xlog("L_INFO", "committed report\\n"); }`
  const { send, end, log, path } = await routed(t, { script })
  const holder = openSqlite(path)
  t.teardown(() => holder.close())
  holder.exec('BEGIN IMMEDIATE')
  await send([...requests(5), packet('SIP/2.0 200 OK\r\nCall-ID: r\r\n\r\n')])
  await until(() => log.said(/SQLITE_BUSY/).length > 0)
  t.same(log.said(/committed/), [], 'nothing is there yet')
  holder.exec('ROLLBACK')
  await until(() => log.said(/committed/).length === 6)
  t.equal(holder.prepare('SELECT count(*) FROM calls WHERE custom_field1 = callid').pluck().get(), 5)
  t.same(holder.prepare('SELECT correlation_id, type FROM reports').all(), [
    { correlation_id: 'told', type: 1 },
  ])
  const { stored, received } = await end()
  t.same([received, stored], [6, 6])
})

t.test('a row that is refused is answered with false, and dropped', async (t) => {
  const module = `
     export async function request(msg, capture) {
       const isStored = await capture.sipCaptureAsync({ table: 'picky' })
       const isReported = await capture.reportCaptureAsync({ table: 'reports', correlationId: msg.callId })
       capture.xlog('L_INFO', msg.callId + ' stored ' + isStored + ' reported ' + isReported)
     }`
  const { send, end, log, path } = await routed(t, { module })
  const db = openSqlite(path)
  db.exec("CREATE TABLE picky (callid TEXT CHECK (callid <> 'call-1'))")
  db.close()
  await send(requests(3))
  await until(() => log.said(/ stored /).length === 3)
  t.equal(log.said(/call-[02] stored true reported true/).length, 2)
  t.equal(log.said(/call-1 stored false reported true/).length, 1)
  const { stored, dropped } = await end()
  t.same({ stored, dropped }, { stored: 2, dropped: { 'sink/sqlite_constraint_check': 1 } })
  t.same(query(path, 'select callid from picky order by callid'), ['call-0', 'call-2'])
})

t.test('report_capture: any HEP payload, under an id that is told', async (t) => {
  const script = `
route {
	if (report_capture("")) xlog("L_ERR", "empty id\\n");
	if ($HEPVERSION == 1) report_capture("one", , 34);
	else if ($HEPVERSION == 2) report_capture("two", "others_%Y");
	else report_capture($ci);
}`
  const { send, end, path, log } = await routed(t, { script })
  await send([packet(options('three')), hep1(options('x')), hep2(options('y'))])
  const { stored } = await end()
  t.equal(stored, 3)
  t.same(log.said(/empty id/), [])
  t.same(query(path, 'select correlation_id, type, node from rtcp_capture order by correlation_id'), [
    { correlation_id: 'one', type: 34, node: 'homer01' },
    { correlation_id: 'three', type: 1, node: 'homer01:7' },
  ])
  t.same(query(path, 'select correlation_id from others_2023'), ['two'])
})

t.test('report_capture of a message off the wire is false', async (t) => {
  const script = `
route { if (!report_capture("id")) xlog("L_INFO", "no HEP\\n"); }
onreply_route { if (report_capture("id")) xlog("L_INFO", "HEP\\n"); else sip_capture(); }`
  const listen = [{ proto: 'udp' as const, host: '127.0.0.1', port: 0 }]
  const { send, end, log, path } = await routed(t, { script, listen })
  await send([Buffer.from(options('a')), Buffer.from('SIP/2.0 200 OK\r\nCall-ID: r\r\n\r\n')])
  const { stored, discarded } = await end()
  t.same({ stored, discarded }, { stored: 1, discarded: { not_hep: 1 } })
  t.equal(log.said(/no HEP/).length, 1)
  t.same(log.said(/ HEP$/).length, 1)
  t.same(query(path, 'select callid from sip_capture'), ['r'])
})

t.test('await in JavaScript: the message stays readable until the promise settles', async (t) => {
  const module = `
     export async function request(msg, capture) {
       const isStored = await capture.sipCaptureAsync()
       await new Promise((resolve) => setTimeout(resolve, 20))
       capture.xlog('L_INFO', 'stored ' + isStored + ' ' + msg.callId)
       capture.sipCapture({ table: 'second', custom: [msg.callId] })
     }`
  const { send, end, log, path } = await routed(t, { module })
  await send(requests(10))
  await until(() => log.said(/stored true call-\d/).length === 10)
  const { stored, discarded, dropped } = await end()
  t.same({ stored, discarded, dropped }, { stored: 10, discarded: {}, dropped: {} })
  const rows = query(path, 'select callid, custom_field1 from second order by callid') as Record<
    string,
    string
  >[]
  t.equal(rows.length, 10)
  for (const { callid, custom_field1 } of rows) t.equal(callid, custom_field1)
})

t.test('a route that throws loses no message: it takes the default path, counted', async (t) => {
  const module = `
     export function request(msg, capture) {
       if (msg.callId === 'call-1') { capture.sipCapture({ table: 'before' }); throw new Error('after the row') }
       throw new TypeError('always')
     }
     export async function reply() { throw new Error('later') }`
  const { send, end, log, path, daemon } = await routed(t, { module })
  await send([...requests(3), packet('SIP/2.0 200 OK\r\nCall-ID: r\r\n\r\n')])
  const { stored, received } = await end()
  t.same([received, stored], [4, 4])
  t.same(query(path, 'select callid from sip_capture order by callid'), ['call-0', 'call-2', 'r'])
  t.same(query(path, 'select callid from before'), ['call-1'], 'it had a row already')
  t.ok(log.said(/route_fault: .*TypeError: always/).length > 0)
  t.equal(daemon.ledger().odd?.routes?.route_fault, 4)
})

t.test('an endless while is stopped, and capture goes on', async (t) => {
  const script = `
route {
	$var(n) = 0;
	while (1) { $var(n) = $var(n) + 1; }
	sip_capture();
}`
  const { send, end, log, daemon } = await routed(t, { script })
  await send(requests(50))
  const { stored, received } = await end()
  t.same([received, stored], [50, 50])
  t.ok(log.said(/while/).length > 0, 'it is told')
  t.ok(
    Object.values(daemon.ledger().odd?.routes ?? {}).some((count) => count >= 50),
    'and counted',
  )
})

t.test('endless loops inside of each other are stopped too', async (t) => {
  const script = `
route {
	while (1) { while (1) { $var(n) = 1; } }
	sip_capture("never");
}`
  const { send, end, log, path } = await routed(t, { script })
  await send(requests(3))
  const { stored } = await end()
  t.equal(stored, 3, 'by the default path')
  t.same(query(path, 'select count(*) from sip_capture'), [3])
  t.ok(log.said(/route_fault: .*steps/).length > 0)
})

t.test('a hostile expression against a hostile header', async (t) => {
  const script = `
route {
	if ($hdr(X-Long) =~ "(a|aa)*(a|aa)*(a|aa)*(b)$") sip_capture("matched");
	else if (search("((a+)+)+!")) sip_capture("searched");
	else sip_capture();
}`
  const { send, end } = await routed(t, { script })
  const hostile = packet(options('h', `X-Long: ${'a'.repeat(20_000)}c`))
  await send([hostile, ...requests(10), hostile])
  const { stored, received } = await end()
  t.same([received, stored], [12, 12])
})

t.test('a reload changes the routes; bad ones stay away', async (t) => {
  const { send, end, path, reload } = await routed(t, { script: 'route { sip_capture("one"); }' })
  await send(requests(5))
  await until(() => tables(path).includes('one'))
  await t.rejects(reload('route { route(nowhere); }'), { name: 'UsageError' })
  await reload('route { sip_capture("two"); }')
  await send(requests(7))
  const { stored } = await end()
  t.equal(stored, 12)
  t.same(query(path, 'select (select count(*) from one) one, (select count(*) from two) two'), [
    { one: 5, two: 7 },
  ])
})

function tables(path: string): string[] {
  const sql = "select name from sqlite_master where type = 'table'"
  return query(path, sql) as string[]
}

t.test('startup before the first message, timers again and again, never two of one at a time', async (t) => {
  const module = `
     let running = 0
     export function startup(capture) { capture.updateStat('started', 1) }
     export const timers = [{ everySeconds: 0.01, async run(capture) {
       running++
       capture.updateStat(running > 1 ? 'overlaps' : 'runs', 1)
       await new Promise((resolve) => setTimeout(resolve, 15))
       running--
       capture.xlog('L_INFO', 'ran')
     } }]
     export function request(msg, capture) { capture.sipCapture({ custom: [capture.stat('started'), capture.stat('overlaps') ?? 0].map(String) }) }`
  const { send, end, log, path } = await routed(t, { module })
  await until(() => log.said(/ran/).length >= 3)
  await send(requests(1))
  await end()
  t.same(query(path, 'select custom_field1 a, custom_field2 b from sip_capture'), [{ a: '1', b: '0' }])
})

t.test('edits are stored, payload included, beside rows that nobody changed', async (t) => {
  const script = `
route[hep] {
	sip_capture("before");
	hep_set("payload", "BYE sip:new@example.com SIP/2.0\\r\\nCall-ID: edited\\r\\n\\r\\n");
	hep_set("src_ip", "2001:db8::7");
	hep_set("captagent_id", "4000000000");
	sip_capture("after", "cf 1", "", "cf 3");
	hep_resume_sip();
}
route { sip_capture("resumed"); }`
  const { send, end, path } = await routed(t, { script, hepRoute: 'hep' })
  await send(requests(100))
  const { stored } = await end()
  t.equal(stored, 100)
  const edited = {
    method: 'BYE',
    callid: 'edited',
    ruri_user: 'new',
    source_ip: '2001:db8::7',
    node: 'homer01:4000000000',
  }
  const of = (table: string) =>
    query(path, `select distinct method, callid, ruri_user, source_ip, node from ${table}`)
  t.same(of('after'), [edited])
  t.same(of('resumed'), [edited])
  t.equal((query(path, 'select distinct callid from before') as unknown[]).length, 100)
  t.same(query(path, 'select distinct custom_field1 a, custom_field2 b, custom_field3 c from after'), [
    { a: 'cf 1', b: '', c: 'cf 3' },
  ])
})

t.test('more edited messages than the queue has room for: all of them are stored', async (t) => {
  const script = 'route { hep_set("17", "changed"); sip_capture("t", "$ci"); }'
  const { send, end, path } = await routed(t, { script })
  const long = 'x'.repeat(1300)
  const count = 6000
  for (let sent = 0; sent < count; sent += 500) {
    await send(Array.from({ length: 500 }, (_, i) => packet(options(`c${sent + i}`, `X-Long: ${long}`))))
  }
  const ledger = await end()
  t.equal(ledger.received, settledOf(ledger))
  t.equal(ledger.stored, count)
  t.same(query(path, 'select count(*) n, min(correlation_id) c from t where custom_field1 = callid'), [
    { n: count, c: 'changed' },
  ])
})

t.test('what no route takes is discarded by name, and capture off is told as such', async (t) => {
  const { send, end } = await routed(t, { script: 'route { if (is_method("INVITE")) sip_capture(); }' })
  await send([
    ...requests(2),
    packet('SIP/2.0 200 OK\r\n\r\n'),
    packet('{}', { type: 5 }),
    hep1(options('x')),
  ])
  const { discarded } = await end()
  t.same(discarded, { route: 3, no_route: 1, not_sip: 1 })
})
