// `explain` of a daemon that runs: packets of every kind, held against what `hepcapd trace` says of them with the same
// script, and against what the daemon does with them when they are sent. It changes nothing.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { trace } from '../../lib/commands/trace.js'
import { RefusedError } from '../../lib/errors.js'
import type { InputLedger } from '../../lib/ledger.js'
import { effective } from '../../lib/options/settings.js'
import { askAt } from '../support/asking.js'
import { RunningDaemon } from '../support/cli.js'
import { sendUdp } from '../support/daemon.js'
import { type Explained, type Rig, startExplaining } from '../support/explaining.js'
import { hep1, hep2, options, packet } from '../support/packets.js'
import { until } from '../support/tools.js'

t.setTimeout(240_000)

const SCRIPT = `modparam("sipcapture", "hep_route", "my_hep")
modparam("sipcapture", "capture_on", 1)
modparam("sipcapture", "hep_capture_on", 1)
route[my_hep] {
  hep_get("11", "uint8", $var(type));
  switch ($var(type)) {
    case "RTCP":
      report_capture("call-1", "rtcp_%Y");
      exit;
    case 100:
      report_capture("call-1", "logs", 100);
      exit;
  }
  hep_resume_sip();
}
route {
  if (is_method("OPTIONS")) exit;
  if (is_method("MESSAGE")) {
    sip_capture("no;$rm");
    exit;
  }
  if (is_method("INFO")) { $var(i) = 0; while (1) $var(i) = $var(i) + 1; }
  if (is_method("REFER")) route(round, 1);
  if (is_method("PUBLISH")) {
    $du = "sip:127.0.0.1:PORT";
    hep_relay();
    exit;
  }
  update_stat("seen", 1);
  cache_add("local", "count", 1, 0, $avp(count));
  sip_capture("calls_%Y", "$avp(count)");
}
route[round] { route(round, 1); }
`

const request = (method: string) =>
  options('c1@example.com', 'From: <sip:alice@example.com>;tag=f1').replaceAll('OPTIONS', method)
const REPLY = 'SIP/2.0 200 OK\r\nCall-ID: c1@example.com\r\nCSeq: 1 INVITE\r\n\r\n'

interface Case {
  what: string
  octets: Buffer
  outcome: string
  reason?: string
  tables: string[]
}

const CASES: Case[] = [
  { what: 'INVITE, v3', octets: packet(request('INVITE')), outcome: 'stored', tables: ['calls_2023'] },
  { what: 'INVITE, v2', octets: hep2(request('INVITE')), outcome: 'stored', tables: ['calls_2023'] },
  {
    what: 'INVITE, v1',
    octets: hep1(request('INVITE')),
    outcome: 'stored',
    tables: [`calls_${new Date().getUTCFullYear()}`],
  },
  {
    what: 'dropped by its route',
    octets: packet(request('OPTIONS')),
    outcome: 'discarded',
    reason: 'route',
    tables: [],
  },
  {
    what: 'dropped by a setting',
    octets: packet(request('REGISTER')),
    outcome: 'discarded',
    reason: 'discard_method',
    tables: [],
  },
  {
    what: 'a reply without a route',
    octets: packet(REPLY),
    outcome: 'discarded',
    reason: 'no_route',
    tables: [],
  },
  {
    what: 'a table that is none',
    octets: packet(request('MESSAGE')),
    outcome: 'discarded',
    reason: 'bad_table',
    tables: [],
  },
  {
    what: 'no SIP',
    octets: packet('?', { type: 1 }),
    outcome: 'discarded',
    reason: 'not_sip',
    tables: [],
  },
  { what: 'RTCP', octets: packet('{"sender":1}', { type: 5 }), outcome: 'stored', tables: ['rtcp_2023'] },
  { what: 'a log', octets: packet('a line', { type: 100 }), outcome: 'stored', tables: ['logs'] },
  {
    what: 'a loop without an end',
    octets: packet(request('INFO')),
    outcome: 'stored',
    tables: ['calls_2023'],
  },
  {
    what: 'a route in itself',
    octets: packet(request('REFER')),
    outcome: 'stored',
    tables: ['sip_capture'],
  },
  { what: 'relayed', octets: packet(request('PUBLISH')), outcome: 'relayed', tables: [] },
  {
    what: 'cut short',
    octets: packet(request('INVITE')).subarray(0, 60),
    outcome: 'dropped',
    reason: 'hep/bad_length',
    tables: [],
  },
]

/** What `hepcapd trace` says, or why it says nothing. */
async function traced(rig: Rig, octets: Buffer): Promise<Explained | RefusedError> {
  const file = join(rig.folder, 'packet')
  writeFileSync(file, octets)
  const argv: Record<string, unknown> & { _: string[] } = { _: [] }
  for (let at = 0; at < rig.args.length; at += 2) argv[rig.args[at]!.slice(2)] = rig.args[at + 1]
  argv['db-url'] = [`sqlite:${join(rig.folder, 'calls.db')}`]
  argv.listen = ['hep_udp:127.0.0.1:9060']
  argv['table-window'] = 'off'
  let out = ''
  const output = {
    out(text: string) {
      out = text
    },
    err() {},
    colours: false,
  }
  try {
    await trace(
      effective({ command: 'trace', argv, env: {}, inputless: true }),
      { file, frame: 0, json: true },
      output,
    )
  } catch (error) {
    if (error instanceof RefusedError) return error
    throw error
  }
  return JSON.parse(out)
}

/** What became of one packet that was really sent. */
async function sent(rig: Rig, octets: Buffer) {
  const before = await rig.ledger()
  await sendUdp(rig.daemon.port('hep_udp'), [octets])
  const after = await until(async () => {
    const now = await rig.ledger()
    const [input] = Object.values(now.inputs)
    const received = Object.values(before.inputs)[0]!.received
    return input!.received > received && input!.in_flight === 0 ? now : undefined
  })
  const [was, is] = [before, after].map(({ inputs }) => outcomesOf(Object.values(inputs)[0]!))
  const [[outcome, reason]] = Object.keys(is!)
    .filter((key) => is![key] !== was![key])
    .map((key) => key.split(' ')) as [[string, string]]
  return { outcome, reason }
}

function outcomesOf({ stored, relayed, discarded, dropped }: InputLedger): Record<string, number> {
  const reasons = Object.entries({ discarded, dropped }).flatMap(([outcome, counts]) =>
    Object.entries(counts).map(([reason, count]) => [`${outcome} ${reason}`, count] as const),
  )
  return { 'stored ': stored, 'relayed ': relayed, ...Object.fromEntries(reasons) }
}

async function tablesOf(rig: Rig): Promise<Record<string, number>> {
  const { result } = await askAt<{ tables: Record<string, number> }[]>(rig.control, 'sinks')
  return result![0]!.tables
}

/** Everything but what is not the same twice: the time of arrival, and what the script counts in its cache. */
function comparable({ steps, rows, outcome, reason, stores }: Explained) {
  const columns = (all: Record<string, unknown>) => ({ ...all, date: '', micro_ts: 0, custom_field1: '' })
  const counting = (step: Explained['steps'][number]) =>
    String(step.values).includes('$avp(count)') ? { ...step, values: '' } : step
  return {
    steps: steps.map(counting),
    rows: rows.map((row) => ({ ...row, columns: columns(row.columns) })),
    outcome,
    reason,
    stores,
  }
}

/** Of an explanation of many steps there are the first, and the last that are no statements. */
function shortened(told: Explained, found: Explained): Explained {
  const cut = found.steps.findIndex(({ step }) => step === 'left_out')
  if (cut < 0) return told
  const rest = told.steps.slice(cut).filter(({ step }) => step !== 'statement')
  return { ...told, steps: [...told.steps.slice(0, cut), { step: 'left_out' }, ...rest] }
}

t.test('packets of every kind: as trace has it, and as the daemon does it', async (t) => {
  const receiver = await RunningDaemon.start(['--listen', 'hep_udp:127.0.0.1:0', '--db-url', 'none:'])
  t.teardown(() => receiver.child.kill('SIGKILL'))
  const script = SCRIPT.replace('PORT', String(receiver.port('hep_udp')))
  const files = { 's.cfg': script, 'c.toml': '[discard]\nmethods = ["REGISTER"]\n' }
  const rig = await startExplaining(t, files, '--script', 'FOLDER/s.cfg', '--config', 'FOLDER/c.toml')
  let stored = 0
  for (const { what, octets, outcome, reason = '', tables } of CASES) {
    const before = [await rig.ledger(), await tablesOf(rig)]
    const found = await rig.explain(octets)
    await rig.explain(octets)
    t.same([await rig.ledger(), await tablesOf(rig)], before, `${what}: nothing is counted`)
    t.match(found, { outcome, reason, capture: 'on', warnings: [] }, what)
    t.same(
      found.rows.map(({ table }) => table),
      tables,
      what,
    )
    const told = await traced(rig, octets)
    if (told instanceof RefusedError) t.same([told.code, found.steps], [reason, []], what)
    else t.same(comparable(found), comparable(shortened(told, found)), `${what}: as trace says`)
    const tablesBefore = await tablesOf(rig)
    t.same(await sent(rig, octets), { outcome, reason }, `${what}: really sent`)
    const after = await tablesOf(rig)
    const grown = Object.keys(after).filter((table) => after[table] !== (tablesBefore[table] ?? 0))
    t.same(grown, tables, `${what}: its tables`)
    if (tables[0]?.startsWith('calls')) stored++
    const count = found.rows[0]?.columns.custom_field1
    if (count !== undefined) t.equal(count, String(stored), `${what}: what routes keep, as it is now`)
  }
  await rig.daemon.stop()
  t.equal((await receiver.stop()).ledger.inputs[`hep_udp:127.0.0.1:${receiver.port('hep_udp')}`]?.received, 1)
})
