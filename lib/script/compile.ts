// The compiler of scripts: from the tree to routes that are plain functions. It runs once at load and tells every
// fault that it finds; whatever it gives with an error among the faults must not run.

import type { Fault } from '../errors.js'
import type { Route, RouteTable, Timer } from '../route/table.js'
import type { RouteKind, RouteNode, Script } from './ast.js'
import { awaitingRoutes } from './compile-colour.js'
import { type CompileOptions, Compiler } from './compile-context.js'
import { compileBody, DEFAULT, NamedRoute, titleOf } from './routes.js'

export type { CompileOptions, ModuleFunction } from './compile-context.js'

export interface CompiledScript {
  readonly routes: RouteTable
  /** Errors and warnings, in the order of the script. */
  readonly faults: readonly Fault[]
}

/** Kinds that only a SIP server has a use for. */
const NEVER_RUN: ReadonlySet<RouteKind> = new Set([
  'event_route',
  'local_route',
  'failure_route',
  'branch_route',
])

type Compiled = readonly (readonly [node: RouteNode, route: NamedRoute])[]

export function compileScript(script: Script, options: CompileOptions): CompiledScript {
  const callable = new Map(script.routes.filter(isCallable).map((node) => [node.name || DEFAULT, node]))
  const awaits = awaitingRoutes(script.routes, callable, options)
  const compiled: Compiled = script.routes.map((node) => [
    node,
    new NamedRoute(titleOf(node), awaits.has(node)),
  ])
  const named = new Map(
    compiled.filter(([node]) => isCallable(node)).map(([node, route]) => [node.name || DEFAULT, route]),
  )
  const compiler = new Compiler(script.dialect, options, named)
  for (const [node, route] of compiled) {
    checkKind(node, compiler)
    route.body = compileBody(node, compiler)
  }
  return { routes: tableOf(compiled), faults: compiler.sortedFaults() }
}

function isCallable({ kind }: RouteNode): boolean {
  return kind === 'route'
}

function tableOf(compiled: Compiled): RouteTable {
  const of = (kind: RouteKind): Route[] =>
    compiled.flatMap(([node, one]) => (node.kind === kind ? [one] : []))
  const first = (kind: RouteKind): Route | undefined =>
    compiled.find(([node]) => node.kind === kind && node.name === '')?.[1]
  const request = first('route')
  const reply = first('onreply_route')
  const error = first('error_route')
  return {
    ...(request && { request }),
    ...(reply && { reply }),
    ...(error && { error }),
    startup: of('startup_route'),
    timers: compiled.flatMap(([node, route]) => (node.kind === 'timer_route' ? [timer(node, route)] : [])),
    named: new Map(
      compiled.flatMap(([node, route]) => (isCallable(node) && node.name !== '' ? [[node.name, route]] : [])),
    ),
  }
}

function timer(node: RouteNode, route: NamedRoute): Timer {
  return {
    title: route.title,
    awaits: route.awaits,
    everySeconds: Number(node.arguments[0]),
    run: (execution) => route.run(execution),
  }
}

function checkKind(node: RouteNode, compiler: Compiler): void {
  const { kind, name, at } = node
  if (NEVER_RUN.has(kind)) {
    compiler.fault(at, 'warning', `${kind} never runs: hepcapd is no SIP server`, 'remove it')
  } else if (kind === 'onreply_route' && name !== '') {
    const what = `${titleOf(node)} never runs: no transaction asks for it`
    compiler.fault(
      at,
      'warning',
      what,
      'put it into onreply_route without a name, or call a route from there',
    )
  }
}
