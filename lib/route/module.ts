// Routes written in JavaScript: loads the module, checks what it exports, and makes routes of it.

import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Fault, RefusedError } from '../errors.js'
import { nearest } from '../options/suggest.js'
import type { Capture, RouteFunction, RouteModule, TimerCapture } from './api.js'
import type { Execution } from './execution.js'
import { captureFor } from './functions.js'
import { heardCapture } from './heard-capture.js'
import { MAX_TIMER_SECONDS, type Route, type RouteTable, type Timer } from './table.js'

const EXPORTS = ['request', 'reply', 'error', 'startup', 'hepRoutes', 'timers', 'functions']

export interface LoadedModule {
  routes: RouteTable
  functions: NonNullable<RouteModule['functions']>
  /** What moduleVersion() said of the file. */
  version: string
}

/** By path and content: Node never forgets a module, so that one which comes back is not loaded a second time. */
export type ModuleCopies = Map<string, RouteModule>

/** Those that messages go through. */
const inUse: ModuleCopies = new Map()
/** Copies with variables of their own: what they are asked changes nothing for messages. */
export const twins: ModuleCopies = new Map()
/** Counts loads, each under an address of its own: what could not be loaded may be sound by the next time. */
let loads = 0

/**
 * Faults of what it exports go to `faults`. Throws a RefusedError for a file that cannot be read. A module as it was
 * before goes on with what it has in memory; what it imports is loaded once in the life of the process.
 */
export async function loadModule(
  path: string,
  faults: Fault[],
  copies: ModuleCopies = inUse,
): Promise<LoadedModule | undefined> {
  const file = resolve(path)
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    const cure = 'name an ES module that exports routes'
    throw new RefusedError({ code: 'ENOENT', message: `cannot read the routes ${path}`, cure })
  }
  const report = (what: string, cure: string, severity: Fault['severity'] = 'error') =>
    faults.push({ where: path, severity, what, cure })
  const found = await imported(file, copies, report)
  if (!found) return undefined
  const { module, version } = found
  checkExports(module, report)
  return { routes: tableOf(module), functions: module.functions ?? {}, version }
}

/** Changes with the file's content. Throws Node's system error. */
export function moduleVersion(path: string): string {
  const file = resolve(path)
  return `${file} ${createHash('sha256').update(readFileSync(file)).digest('hex')}`
}

type Report = (what: string, cure: string, severity?: Fault['severity']) => void

async function imported(
  file: string,
  copies: ModuleCopies,
  report: Report,
): Promise<{ module: RouteModule; version: string } | undefined> {
  const url = pathToFileURL(file)
  url.searchParams.set('load', String(++loads))
  try {
    const version = moduleVersion(file)
    const module = copies.get(version) ?? ((await import(url.href)) as RouteModule)
    copies.set(version, module)
    return { module, version }
  } catch (error) {
    const { name, message } = error as Error
    report(`the module cannot be loaded: ${name}: ${message}`, 'try it alone: node FILE')
    return undefined
  }
}

function checkExports(module: RouteModule, report: Report): void {
  for (const name of Object.keys(module)) {
    if (EXPORTS.includes(name) || name === 'default') continue
    const meant = nearest(name, EXPORTS)
    report(
      `nothing runs the export ${name}`,
      meant ? `did you mean ${meant}?` : `exports that run: ${EXPORTS.join(', ')}`,
      'warning',
    )
  }
  for (const name of ['request', 'reply', 'error', 'startup'] as const)
    checkFunction(name, module[name], report)
  for (const group of ['hepRoutes', 'functions'] as const) checkFunctions(group, module[group], report)
  const { timers } = module
  if (timers !== undefined && !Array.isArray(timers))
    report('timers is no array', 'write timers = [{ everySeconds, run }]')
  else for (const [index, timer] of (timers ?? []).entries()) checkTimer(index, timer, report)
}

function checkFunction(name: string, value: unknown, report: Report): void {
  if (value === undefined || typeof value === 'function') return
  report(`${name} is no function`, `write export function ${name}(...) { ... }`)
}

function checkFunctions(group: string, value: unknown, report: Report): void {
  if (value === undefined) return
  if (typeof value !== 'object' || value === null)
    report(`${group} is no object`, `write ${group} = { name() { ... } }`)
  else for (const [name, one] of Object.entries(value)) checkFunction(`${group}.${name}`, one ?? null, report)
}

function checkTimer(index: number, timer: unknown, report: Report): void {
  const { everySeconds, run } = (timer ?? {}) as { everySeconds?: unknown; run?: unknown }
  const isSound = typeof everySeconds === 'number' && everySeconds > 0 && everySeconds <= MAX_TIMER_SECONDS
  if (!isSound)
    report(
      `timers[${index}].everySeconds is no time`,
      `write a number of seconds over 0, at most ${MAX_TIMER_SECONDS}`,
    )
  checkFunction(`timers[${index}].run`, run ?? null, report)
}

function tableOf(module: RouteModule): RouteTable {
  const { request, reply, error, startup, hepRoutes = {}, timers = [] } = module
  return {
    ...(request ? { request: routeOf('request', request) } : {}),
    ...(reply ? { reply: routeOf('reply', reply) } : {}),
    ...(error ? { error: routeOf('error', error) } : {}),
    startup: startup ? [timerRoute('startup', startup)] : [],
    timers: timers.map(
      ({ everySeconds, run }, index): Timer => ({ ...timerRoute(`timers[${index}]`, run), everySeconds }),
    ),
    named: new Map(Object.entries(hepRoutes).map(([name, run]) => [name, routeOf(`hepRoutes.${name}`, run)])),
  }
}

/** A module's function may return a promise whenever it likes; one that does not costs none. */
function routeOf(title: string, run: RouteFunction): Route {
  return {
    title,
    awaits: true,
    run(execution: Execution) {
      const result = run(execution.message!, captureOf(execution, title))
      return isPromise(result) ? result.then(() => 1) : 1
    },
  }
}

function timerRoute(title: string, run: (capture: TimerCapture) => unknown): Route {
  return {
    title,
    awaits: true,
    run(execution: Execution) {
      const result = run(captureOf(execution, title))
      return isPromise(result) ? result.then(() => 1) : 1
    },
  }
}

function captureOf(execution: Execution, title: string): Capture {
  const capture = captureFor(execution)
  const { trace } = execution.services
  return trace ? heardCapture(capture, trace, title) : capture
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as Promise<unknown> | undefined)?.then === 'function'
}
