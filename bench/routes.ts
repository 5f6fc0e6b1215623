// Claim: with `route { sip_capture(); }`, and with its twin in JavaScript, 200,000 messages/s or more are read from a
// file and routed. And what each construct of a route costs.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { binding } from '../lib/binding.js'
import type { LedgerSnapshot } from '../lib/ledger.js'
import { Outcomes } from '../lib/ledger.js'
import { Log } from '../lib/log.js'
import { Batch } from '../lib/message.js'
import { BatchRun } from '../lib/route/batch-run.js'
import { DerivedRows } from '../lib/route/derived-rows.js'
import { Fates } from '../lib/route/fates.js'
import { Holds } from '../lib/route/holds.js'
import { soundRoutes } from '../lib/route/load.js'
import { Router } from '../lib/route/router.js'
import { RouteState } from '../lib/route/state.js'
import { parseScript } from '../lib/script/parser.js'
import { hepcapd } from '../test/support/cli.js'
import { ROUTING } from '../test/support/routing.js'
import { writeCapture } from './support/capture.js'
import { type Claim, mustEqual, present } from './support/claim.js'
import { inFolder } from './support/folder.js'
import { cpuTimed, figure, sharedClockMs, spread, spreadText, takeTurns } from './support/measure.js'
import { packedTogether } from './support/messages.js'

const FILE_MESSAGES = 500_000
const FILE_ROUNDS = 5
const LEAST_RATE = 200_000
const MESSAGES = 50_000
const ROUNDS = 7

const SCRIPT = 'route { sip_capture(); }\nonreply_route { sip_capture(); }\n'
const MODULE = `export function request(msg, capture) { capture.sipCapture() }
export function reply(msg, capture) { capture.sipCapture() }\n`

async function wholeProcess(folder: string): Promise<Claim> {
  const [path, empty] = [join(folder, 'calls.pcap'), join(folder, 'empty.pcap')]
  const [script, module] = [join(folder, 'routes.cfg'), join(folder, 'routes.mjs')]
  writeCapture(path, FILE_MESSAGES)
  writeCapture(empty, 0)
  writeFileSync(script, SCRIPT)
  writeFileSync(module, MODULE)
  const inScript = ['--script', script, '--capture-on', '1']
  const measured = await takeTurns(FILE_ROUNDS, {
    script: () => seconds(path, FILE_MESSAGES, inScript),
    module: () => seconds(path, FILE_MESSAGES, ['--routes', module]),
    none: () => seconds(path, FILE_MESSAGES, []),
    start: () => seconds(empty, 0, inScript),
  })
  const starting = spread(measured.start).median
  const rates = (some: number[]) => spread(some.map((one) => FILE_MESSAGES / (one - starting)))
  const [ofScript, ofModule, ofNone] = [rates(measured.script), rates(measured.module), rates(measured.none)]
  return {
    claim: `with route { sip_capture(); } and with its JavaScript twin, ${figure(LEAST_RATE)} messages/s or more are routed`,
    holds: Math.min(ofScript.median, ofModule.median) >= LEAST_RATE,
    method:
      `--read FILE --db-url none: over ${figure(FILE_MESSAGES)} messages, the whole program as a process, less the time that it ` +
      `takes for an empty file; ${FILE_ROUNDS} rounds in turns. With none: sip_capture() finds nowhere to store; what a row ` +
      'costs beyond that is in the table below. Before each figure: the ledger says that every message was received.',
    figures: [
      ['script', spreadText(ofScript, 'messages/s')],
      ['JavaScript', spreadText(ofModule, 'messages/s')],
      ['no routes', spreadText(ofNone, 'messages/s')],
    ],
  }
}

async function seconds(path: string, messages: number, more: string[]): Promise<number> {
  const began = sharedClockMs()
  const { status, out, err } = await hepcapd(['--read', path, '--db-url', 'none:', ...more])
  const took = (sharedClockMs() - began) / 1000
  mustEqual(status, 0, err)
  const ledger = JSON.parse(out.trim().split('\n').at(-1) ?? '') as LedgerSnapshot
  mustEqual(ledger.inputs[`read:${path}`]?.received, messages, 'messages received')
  return took
}

/** Name, and the statements of a route that every message takes. */
const CONSTRUCTS: [name: string, body: string][] = [
  ['nothing', ';'],
  ['sip_capture()', 'sip_capture();'],
  ['sip_capture("t", "$ci"): a derived row', 'sip_capture("t", "$ci");'],
  ['report_capture("x"): a derived row', 'report_capture("x");'],
  ['if (is_method("REGISTER"))', 'if (is_method("REGISTER")) exit;'],
  ['if ($rm == "REGISTER")', 'if ($rm == "REGISTER") exit;'],
  ['if ($ua =~ "^friendly.*scanner")', 'if ($ua =~ "^friendly.*scanner") exit;'],
  ['if (is_present_hf("X-None"))', 'if (is_present_hf("X-None")) exit;'],
  ['$var(a) = $var(b) + 1', '$var(a) = $var(b) + 1;'],
  ['hep_get("proto_type", , $var(t))', 'hep_get("proto_type", , $var(t));'],
  ['hep_set("captagent_id", "7")', 'hep_set("captagent_id", "7");'],
  ['xlog("L_DBG", "$ci"), filtered', 'xlog("L_DBG", "$ci");'],
  ['cache_add("local", "$rm", 1, 0)', 'cache_add("local", "$rm", 1, 0);'],
  ['update_stat("a", 1)', 'update_stat("a", 1);'],
]

const TWIN = 'capture.sipCapture() in JavaScript'
const STORING = ['sip_capture()', TWIN]
const STORING_NS = 5000

async function constructs(folder: string): Promise<Claim> {
  const runs: Record<string, () => Promise<number>> = {}
  for (const [index, [name, body]] of CONSTRUCTS.entries()) {
    const path = join(folder, `construct-${index}.cfg`)
    writeFileSync(path, `route { ${body} }\nonreply_route { ${body} }\n`)
    const route = await routing(path, '')
    runs[name] = async () => route()
  }
  const module = join(folder, 'twin.mjs')
  writeFileSync(module, MODULE)
  const twin = await routing('', module)
  runs[TWIN] = async () => twin()
  const measured = await takeTurns(ROUNDS, runs)
  const least = spread(measured.nothing!).median
  return {
    claim: 'a route that stores costs under 5 us a message, in either language; what other constructs cost',
    holds: STORING.every((name) => spread(measured[name]!).median < STORING_NS),
    method:
      `${figure(MESSAGES)} distinct HEP messages in batches, processor time of routing alone, ${ROUNDS} rounds in turns: from the ` +
      'batch to rows that a sink would be given. "nothing" is what every message costs; the others include it.',
    figures: Object.entries(measured).map(([name, rounds]) => {
      const ns = spread(rounds)
      return [name, `${spreadText(ns, 'ns a message')}, ${figure(ns.median - least)} more than nothing`]
    }),
  }
}

/** Routes all messages once; resolves with nanoseconds of processor time a message. */
async function routing(path: string, module: string): Promise<() => number> {
  const script = path === '' ? undefined : parseScript(path, {}).script
  const routes = await soundRoutes({ script, module, hepRoute: 'sip', hepRouteOrigin: 'bench' })
  const state = new RouteState(new Log({ logLevel: 'error', logFormat: 'json' }), () => undefined)
  const services = state.services(routes.routes!, routes.limits)
  const derived = new DerivedRows(1 << 30)
  const ports = { relays: { send: () => undefined }, derived, deeds: ['row'] as const }
  const router = new Router({ ...ROUTING, hepRoute: 'sip' }, ports, services)
  return () => {
    const holds = new Holds((batch) => derived.released(batch))
    derived.use(holds)
    const batches = batchesOfAll()
    const ms = cpuTimed(() => {
      for (const batch of batches) routeAll(batch, router, holds, derived)
    })
    for (const batch of batches) holds.letGo(batch)
    return (ms * 1e6) / MESSAGES
  }
}

const engine = new binding.Engine(
  { slabBytes: 8 << 20, slabs: 24, flushMs: 3_600_000, maxRows: 10_000 },
  () => {},
)
const { run: packed } = packedTogether(MESSAGES)

function batchesOfAll(): Batch[] {
  engine.feed(0, packed.octets, packed.ends)
  engine.flush(true)
  return engine.take().map((slab) => new Batch(slab))
}

function routeAll(batch: Batch, router: Router, holds: Holds, derived: DerivedRows): void {
  holds.hold(batch)
  const fates = new Fates(batch.rows, new Outcomes('bench'), () => {})
  const run = new BatchRun(batch, fates, router, { late() {}, over() {} })
  if (!run.go(Number.POSITIVE_INFINITY, () => false)) throw new Error('routing stopped')
  run.take()
  derived.seal()
  for (const kept of run.kept) holds.letGo(kept)
}

await present(() => inFolder(async (folder) => [await wholeProcess(folder), await constructs(folder)]))
engine.close()
