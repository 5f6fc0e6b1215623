// Agents that nobody here wrote, on live calls that sipp makes: sngrep reads them from the wire, Kamailio's
// siptrace is the proxy in between. Every message of every call is stored, with the right columns.

import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSqlite } from '../../lib/sqlite.js'
import { RunningDaemon } from '../support/cli.js'
import { Namespace, noNamespaces } from '../support/namespace.js'
import { blocksOf } from '../support/pages.js'
import { missing, until } from '../support/tools.js'

t.setTimeout(240_000)

const CALLS = 5
const UAS = 5070
const UAC = 5071
const PROXY = 5072
const HEP = 9060

type Row = Record<string, string | number>

/** A namespace with a daemon in it. */
async function setUp(t: Test) {
  const namespace = new Namespace()
  t.teardown(() => namespace.delete())
  const folder = t.testdir()
  const path = join(folder, 'calls.db')
  const listen = `hep_udp:127.0.0.1:${HEP}`
  const daemon = await RunningDaemon.start(
    ['--listen', listen, '--db-url', `sqlite:${path}`],
    {},
    namespace.exec,
  )
  const rows = (where: string): Row[] => {
    const db = openSqlite(path, { readonly: true })
    try {
      return db.prepare(`SELECT * FROM sip_capture WHERE ${where} ORDER BY micro_ts, id`).all() as Row[]
    } catch {
      return [] // no table before the first message
    } finally {
      db.close()
    }
  }
  return { folder, namespace, daemon, rows }
}

/** Sends requests that nobody answers until the agent has reported one: from then on it sees everything. */
async function untilAgentSees(
  namespace: Namespace,
  port: number,
  rows: (where: string) => Row[],
): Promise<void> {
  await until(async () => {
    const lines = [
      'OPTIONS sip:probe@127.0.0.1 SIP/2.0',
      'Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKprobe',
      'From: <sip:probe@127.0.0.1>;tag=p',
      'To: <sip:probe@127.0.0.1>',
      'Call-ID: probe',
      'CSeq: 1 OPTIONS',
      'Max-Forwards: 0',
      'Content-Length: 0',
    ]
    await namespace.sendUdp(port, `${lines.join('\r\n')}\r\n\r\n`)
    return rows("callid = 'probe'").length > 0
  })
}

async function makeCalls(namespace: Namespace, to: number): Promise<number | null> {
  const common = ['-i', '127.0.0.1', '-m', String(CALLS), '-nostdin', '-timeout', '30']
  const uas = namespace.spawn('sipp', ['-sn', 'uas', '-p', String(UAS), ...common])
  const ended = once(uas, 'exit')
  // the caller retransmits until the callee is there
  const status = await namespace.run('sipp', [
    '-sn',
    'uac',
    `127.0.0.1:${to}`,
    '-p',
    String(UAC),
    '-r',
    '20',
    ...common,
  ])
  await ended
  return status
}

const CALL = ['INVITE', '180', '200', 'ACK', 'BYE', '200']

function checkColumns(t: Test, row: Row, agentId: number): void {
  const request = row.type === 1
  t.match(row, {
    family: 2,
    proto: 17,
    source_ip: '127.0.0.1',
    destination_ip: '127.0.0.1',
    node: `homer01:${agentId}`,
    from_user: 'sipp',
    from_domain: '127.0.0.1',
    from_tag: /./,
    via_1_branch: /^z9hG4bK/,
    cseq: /^\d+ [A-Z]+$/,
    reply_reason: request ? '' : /./,
    ruri: request ? /^sip:/ : '',
  })
  const seconds = Number(row.micro_ts) / 1e6
  t.ok(Math.abs(seconds - Date.now() / 1000) < 120, 'the agent\u2019s time')
  t.ok(
    String(row.msg).startsWith(request ? `${row.method} ${row.ruri} SIP/2.0\r\n` : `SIP/2.0 ${row.method} `),
  )
  t.ok(String(row.msg).includes(`Call-ID: ${row.callid}\r\n`))
}

t.test('sngrep on the wire', { skip: noNamespaces() || missing('sngrep') || missing('sipp') }, async (t) => {
  const { namespace, daemon, rows } = await setUp(t)
  const sngrep = namespace.spawn('sngrep', [
    '-N',
    '-q',
    '-d',
    'lo',
    '-H',
    `udp:127.0.0.1:${HEP}`,
    'port',
    String(UAS),
  ])
  await untilAgentSees(namespace, UAS, rows)
  t.equal(await makeCalls(namespace, UAS), 0)
  const seen = await until(() => {
    const all = rows("callid <> 'probe'")
    return all.length >= CALLS * CALL.length && all
  })
  sngrep.kill('SIGTERM')
  const { ledger } = await daemon.stop()
  t.match(Object.values(ledger.inputs), [{ dropped: {}, in_flight: 0 }])
  const calls = groupByCall(seen)
  t.equal(calls.size, CALLS)
  for (const call of calls.values())
    t.same(
      call.map((row) => row.method),
      CALL,
    )
  // sngrep writes its 16-bit id into the upper half of the chunk
  for (const row of seen) checkColumns(t, row, 131203072)
})

t.test(
  'Kamailio\u2019s siptrace',
  { skip: noNamespaces() || missing('kamailio') || missing('sipp') },
  async (t) => {
    const { folder, namespace, daemon, rows } = await setUp(t)
    const config = join(folder, 'kamailio.cfg')
    writeFileSync(config, kamailioConfig())
    const kamailio = namespace.spawn('kamailio', [
      '-f',
      config,
      '-DD',
      '-E',
      '-m',
      '64',
      '-M',
      '8',
      '-Y',
      folder,
    ])
    const ended = once(kamailio, 'exit')
    await untilAgentSees(namespace, PROXY, rows)
    t.equal(await makeCalls(namespace, PROXY), 0)
    const legs = CALL.length * 2 + 1 // both sides of the proxy, and its 100 Trying
    const seen = await until(() => {
      const all = rows("callid <> 'probe'")
      return all.length >= CALLS * legs && all
    })
    kamailio.kill('SIGTERM')
    await ended
    const { ledger } = await daemon.stop()
    t.match(Object.values(ledger.inputs), [{ dropped: {}, in_flight: 0 }])
    const calls = groupByCall(seen)
    t.equal(calls.size, CALLS)
    const methods = [...CALL, ...CALL, '100'].sort()
    for (const call of calls.values()) t.same(call.map((row) => String(row.method)).sort(), methods)
    for (const row of seen) checkColumns(t, row, 3301)
  },
)

function groupByCall(rows: Row[]): Map<string | number | undefined, Row[]> {
  const calls = new Map<string | number | undefined, Row[]>()
  for (const row of rows) calls.set(row.callid, [...(calls.get(row.callid) ?? []), row])
  return calls
}

function kamailioConfig(): string {
  return `#!KAMAILIO
debug=1
log_stderror=yes
children=1
auto_aliases=no
disable_tcp=yes
listen=udp:127.0.0.1:${PROXY}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "textops.so"
${siptraceLines()}request_route {
  if (is_method("OPTIONS")) exit;
  if (is_method("INVITE")) record_route();
  $du = "sip:127.0.0.1:${UAS}";
  t_relay();
}
`
}

/** As docs/hep-agents.md has them, with the daemon of this test. */
function siptraceLines(): string {
  const lines = blocksOf('docs/hep-agents.md').find(({ text }) => text.startsWith('loadmodule "siptrace.so"'))
  if (lines === undefined) throw new Error('docs/hep-agents.md has no lines for Kamailio')
  return lines.text.replace('sip:192.0.2.9:9060', `sip:127.0.0.1:${HEP}`)
}
