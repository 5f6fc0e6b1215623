// A script over messages, without a daemon: what it stored, sent, logged, and what became of the messages.

import type { Test } from 'tap'
import { type Fault, renderFault } from '../../lib/errors.js'
import type { InputLedger } from '../../lib/ledger.js'
import { Batch, type Message } from '../../lib/message.js'
import type { RouteModule } from '../../lib/route/api.js'
import type { CollectedRows } from '../../lib/route/collector.js'
import { loadRoutes } from '../../lib/route/load.js'
import type { RouterSettings } from '../../lib/route/router.js'
import { RouteState } from '../../lib/route/state.js'
import type { Dialect } from '../../lib/script/ast.js'
import { parseScript } from '../../lib/script/parser.js'
import { RecordingLog } from './daemon.js'
import { newEngine } from './engine.js'
import { joined } from './packets.js'
import { collected, ledgerOf, type RecordingRelays } from './routing.js'

export interface ScriptRun {
  rows: CollectedRows[]
  /** Rows as `table` and message, in the order of the tables. */
  stored: { table: string; kind: string; message: Message }[]
  relays: RecordingRelays
  /** Lines of xlog and of faults. */
  log: string[]
  ledger: Pick<InputLedger, 'stored' | 'relayed' | 'discarded' | 'dropped'>
  state: RouteState
}

export interface ScriptOptions extends Partial<RouterSettings> {
  dialect?: Dialect
  /** Path of a module beside the script. */
  module?: string
  /** Milliseconds since the epoch. */
  nowMs?: number
}

/** Faults of a script, as they would be printed. */
export async function faultsOf(text: string, options: ScriptOptions = {}): Promise<string[]> {
  const { script, faults } = parseScript('t.cfg', { text, ...dialectOf(options) })
  const { hepRoute = 'sip', module = '' } = options
  const loaded = script ? (await loadRoutes({ script, module, hepRoute, hepRouteOrigin: 'test' })).faults : []
  return [...faults, ...loaded].map(renderFault)
}

function dialectOf({ dialect }: ScriptOptions): { dialect?: Dialect } {
  return dialect ? { dialect } : {}
}

/** Feeds the packets to input 0 and takes their batch through the script. Fails the test when it has faults. */
export function runScript(
  t: Test,
  text: string,
  packets: Buffer[],
  options: ScriptOptions = {},
): Promise<ScriptRun> {
  return runRoutes(t, { text, ...(options.module ? { module: options.module } : {}) }, packets, options)
}

/** Likewise of a script, a module, or both. */
export async function runRoutes(
  t: Test,
  { text, module = '' }: { text?: string; module?: string },
  packets: Buffer[],
  options: ScriptOptions = {},
): Promise<ScriptRun> {
  const { dialect: _, module: __, hepRoute = 'sip', nowMs, ...settings } = options
  const parsed = text === undefined ? undefined : parseScript('t.cfg', { text, ...dialectOf(options) })
  t.same((parsed?.faults ?? []).filter(isError).map(renderFault), [])
  const sources = { script: parsed?.script, module, hepRoute, hepRouteOrigin: 'test' }
  const loaded = await loadRoutes(sources)
  t.same(loaded.faults.filter(isError).map(renderFault), [])
  const log = new RecordingLog()
  const listener = { proto: 'HEP_UDP', address: '192.168.2.5', port: 6060 }
  const state = new RouteState(
    log,
    () => listener,
    () => nowMs ?? Date.now(),
  )
  const services = state.services(loaded.routes!, loaded.limits)
  const engine = newEngine(32)
  t.teardown(() => engine.close())
  const { octets, ends } = joined(packets)
  engine.feed(0, octets, ends)
  engine.flush(true)
  const [slab] = engine.take()
  const done = collected(new Batch(slab!), { ...settings, hepRoute }, services)
  for (const { batch, rows } of done.rows)
    for (const row of rows) settle(done.run.fates, batch, row, done.rows)
  return {
    rows: done.rows,
    stored: done.rows.flatMap(({ kind, table, batch, rows }) =>
      rows.map((row) => ({ table, kind, message: batch.message(row) })),
    ),
    relays: done.relays,
    log: log.lines,
    ledger: ledgerOf(done.outcomes),
    state,
  }
}

function isError({ severity }: Fault): boolean {
  return severity === 'error'
}

/** As a sink does that takes every row. */
function settle(
  fates: { done(row: number, deed: 'row'): void },
  batch: Batch,
  row: number,
  lists: readonly CollectedRows[],
): void {
  const list = lists.find((one) => one.batch === batch && one.rows.includes(row))
  fates.done(list?.origins?.[list.rows.indexOf(row)] ?? row, 'row')
}

export type { RouteModule }
