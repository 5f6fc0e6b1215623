// The page on `/`: its files, what it shows (`/page.json`) and the last calls (`/page-calls.json`). It only ever reads.

import type { Json } from '../../control/command.js'
import type { LedgerSnapshot } from '../../ledger.js'
import type { HttpAnswer, HttpHandler, HttpRequest } from '../handler.js'
import type { CallsReader } from './calls.js'
import { fileHandlers } from './files.js'

/** What the page is told of the daemon; asked for at each request, in one turn of the event loop. */
export interface PageSource {
  readonly version: string
  /** The name of this capture node. */
  node(): string
  ledger(): LedgerSnapshot
  /** Names of sinks that cannot be reached for now. */
  away(): readonly string[]
  /** Who sent what; absent where nobody counts it. */
  agents?(): Json
  /** As /healthz says it. */
  health?(): PageHealth
  readonly calls: CallsReader
  /** Are the last calls for callers without the token too? */
  callsAreOpen(): boolean
}

export interface PageHealth {
  readonly status: string
  readonly reasons?: readonly { readonly reason: string; readonly detail: string }[]
}

/** May whoever asks see the last calls? `none`: there is no database that could be asked. */
type Access = 'open' | 'token' | 'none'

const JSON_TYPE = 'application/json; charset=utf-8'
const FRESH = { 'Cache-Control': 'no-store' }
const CLOSED = 'the last calls are for callers with the token (--http-token), or for all with --http-calls 1'

export function pageHandlers(source: PageSource): HttpHandler[] {
  const startedMs = Date.now()
  const started = performance.now()
  const state: HttpHandler = {
    method: 'GET',
    path: '/page.json',
    answer: (request) => json(200, { ...stateOf(source, request), ...clock(startedMs, started) }),
  }
  const calls: HttpHandler = {
    method: 'GET',
    path: '/page-calls.json',
    answer: (request) => answerCalls(source, request),
  }
  return [...fileHandlers(), state, calls]
}

/** `uptime_ms` goes on evenly whatever is done to the clock: rates are made of it. */
function clock(startedMs: number, started: number): { started_ms: number; uptime_ms: number } {
  return { started_ms: startedMs, uptime_ms: Math.round(performance.now() - started) }
}

function stateOf(source: PageSource, request: HttpRequest) {
  return {
    version: source.version,
    node: source.node(),
    ledger: source.ledger(),
    away: source.away(),
    health: source.health?.(),
    agents: source.agents?.(),
    calls: accessOf(source, request),
  }
}

function accessOf(source: PageSource, { hasToken }: HttpRequest): Access {
  if (!source.calls.canRead) return 'none'
  return hasToken || source.callsAreOpen() ? 'open' : 'token'
}

async function answerCalls(source: PageSource, request: HttpRequest): Promise<HttpAnswer> {
  if (accessOf(source, request) === 'token') return json(401, { error: CLOSED })
  return json(200, await source.calls.newest())
}

function json(status: number, body: object): HttpAnswer {
  return { status, type: JSON_TYPE, body: JSON.stringify(body), headers: FRESH }
}
