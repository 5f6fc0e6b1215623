// Script and module together: every route ready to run, and every fault of either.

import { type Fault, UsageError } from '../errors.js'
import { nearest } from '../options/suggest.js'
import type { Script } from '../script/ast.js'
import { compileScript, type ModuleFunction } from '../script/compile.js'
import type { ScriptFunction } from './api.js'
import { RouteFault } from './execution.js'
import { captureFor, functions } from './functions.js'
import { loadModule, type ModuleCopies } from './module.js'
import type { ReturnCode } from './registry.js'
import type { RouteLimits } from './services.js'
import type { RouteTable } from './table.js'

export interface RouteSources {
  script: Script | undefined
  /** Path of the module, or ''. */
  module: string
  hepRoute: string
  /** Where hep_route was set. */
  hepRouteOrigin: string
  /** Compile for `hepcapd trace`. */
  isTraced?: boolean
}

export interface LoadedRoutes {
  /** undefined: there is neither script nor module. */
  routes: RouteTable | undefined
  limits: RouteLimits
  faults: Fault[]
  /** What moduleVersion() said of the module's file, where there is one. */
  moduleVersion?: string | undefined
}

/** Turns of one `while`, as OpenSIPS bounds them, unless the script says max_while_loops. */
const WHILE_LOOPS = 10_000
/** Statements of one message: a second of them stops nothing for longer. */
const STEPS = 1_000_000

/** Throws a RefusedError for a module that cannot be read. */
export async function loadRoutes(sources: RouteSources, copies?: ModuleCopies): Promise<LoadedRoutes> {
  const faults: Fault[] = []
  const module = sources.module === '' ? undefined : await loadModule(sources.module, faults, copies)
  const own = new Map(Object.entries(module?.functions ?? {}))
  for (const name of own.keys()) if (functions.has(name)) faults.push(taken(sources.module, name))
  const compiled = sources.script
    ? compile(sources.script, own, sources.isTraced ?? false, faults)
    : undefined
  const tables = [compiled, module?.routes].filter((table) => table !== undefined)
  const routes = tables.length > 0 ? merged(tables, sources.module, faults) : undefined
  checkHepRoute(sources, routes, faults)
  const limits = { whileLoops: whileLoops(sources.script), steps: STEPS }
  return { routes, limits, faults, moduleVersion: module?.version }
}

/** Throws a UsageError when a fault is an error; what is left are warnings. */
export async function soundRoutes(sources: RouteSources, copies?: ModuleCopies): Promise<LoadedRoutes> {
  const loaded = await loadRoutes(sources, copies)
  if (loaded.faults.some(({ severity }) => severity === 'error')) throw new UsageError(loaded.faults)
  return loaded
}

function whileLoops(script: Script | undefined): number {
  const given = script?.globals.findLast(({ name }) => name === 'max_while_loops')?.values[0]
  return typeof given === 'number' && given > 0 ? given : WHILE_LOOPS
}

function compile(
  script: Script,
  own: Map<string, ScriptFunction>,
  trace: boolean,
  faults: Fault[],
): RouteTable {
  const jsFunctions = new Map(Array.from(own, ([name, run]) => [name, functionOf(name, run)]))
  const compiled = compileScript(script, { functions, jsFunctions, trace })
  faults.push(...compiled.faults)
  return compiled.routes
}

const AsyncFunction = (async () => {}).constructor

/** A function of the module as the script calls it: it awaits when it was declared so. */
function functionOf(name: string, run: ScriptFunction): ModuleFunction {
  const awaits = run instanceof AsyncFunction
  return {
    awaits,
    run(execution, args) {
      const result = run(execution.message!, captureFor(execution), ...args)
      if (!(result instanceof Promise)) return codeOf(result)
      if (!awaits) throw new RouteFault(`${name}() gave a promise: declare it async`)
      return result.then(codeOf)
    },
  }
}

function codeOf(result: unknown): ReturnCode {
  return result === false ? -1 : 1
}

function taken(where: string, name: string): Fault {
  const what = `functions.${name}: scripts have a function of this name already`
  return { where, severity: 'error', what, cure: 'choose another name' }
}

const SINGLE = ['request', 'reply', 'error'] as const
const SCRIPT_NAMES = { request: 'route', reply: 'onreply_route', error: 'error_route' }

function merged(tables: readonly RouteTable[], module: string, faults: Fault[]): RouteTable {
  const [first, second] = tables
  if (!first || !second) return tables[0]!
  const twice = (name: string, inScript: string) =>
    faults.push({
      where: module,
      severity: 'error',
      what: `${name} is a route of the module, and ${inScript} of the script`,
      cure: 'keep one of them',
    })
  for (const kind of SINGLE) if (first[kind] && second[kind]) twice(kind, SCRIPT_NAMES[kind])
  for (const name of second.named.keys())
    if (first.named.has(name)) twice(`hepRoutes.${name}`, `route[${name}]`)
  return {
    ...first,
    ...second,
    startup: [...first.startup, ...second.startup],
    timers: [...first.timers, ...second.timers],
    named: new Map([...first.named, ...second.named]),
  }
}

function checkHepRoute(
  { hepRoute, hepRouteOrigin }: RouteSources,
  routes: RouteTable | undefined,
  faults: Fault[],
): void {
  const report = (what: string, cure: string, severity: Fault['severity'] = 'error') =>
    faults.push({ where: hepRouteOrigin, severity, what, cure })
  if (hepRoute === 'none') return
  if (!routes) {
    report(
      `hep_route: there is no script and no module with a route ${hepRoute}`,
      'name one with --script or --routes',
    )
  } else if (hepRoute !== 'sip' && !routes.named.has(hepRoute)) {
    const meant = nearest(hepRoute, routes.named.keys())
    report(
      `hep_route: there is no route[${hepRoute}]`,
      meant ? `did you mean ${meant}?` : 'name a route that there is',
    )
  }
}
