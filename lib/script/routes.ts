// Routes: their bodies, how one calls another with `route(name, ...)`, and which of them wait for something.

import { nearest } from '../options/suggest.js'
import type { Execution } from '../route/execution.js'
import type { ReturnCode } from '../route/registry.js'
import type { Route } from '../route/table.js'
import type { Argument, Call, Position, RouteNode } from './ast.js'
import { holdTurn } from './async.js'
import { awaiting, type Code, END, type Flow, RETURN, sync } from './compile-code.js'
import { type Compiler, lineOf } from './compile-context.js'
import { compileBlock } from './statements.js'
import type { Value } from './value.js'
import { FAILED, textOf } from './values.js'
import { compileRead } from './variables.js'

/** The default route under the name that `route(0)` gives it. */
export const DEFAULT = '0'

const NOTHING: readonly Value[] = []
const UNKNOWN_ROUTE = -1

/** A route before its body is compiled: others can call it, and know whether that awaits. */
export class NamedRoute implements Route {
  readonly title: string
  readonly awaits: boolean
  /** Set when every route is known. */
  body: Code<ReturnCode> = sync(() => 1)

  constructor(title: string, awaits: boolean) {
    this.title = title
    this.awaits = awaits
  }

  run(execution: Execution): ReturnCode | Promise<ReturnCode> {
    const { body } = this
    return body.awaits ? holdTurn(execution, body.run(execution)) : body.run(execution)
  }
}

export function titleOf({ kind, name }: RouteNode): string {
  return name === '' ? kind : `${kind}[${name}]`
}

/** Gives the route's return code; 0 has ended the execution. */
export function compileBody({ body }: RouteNode, compiler: Compiler): Code<ReturnCode> {
  const block = compileBlock(body, compiler)
  if (body.length === 0) return sync((execution) => ended(execution, leave(execution, 1)))
  if (block.awaits) return awaiting(async (execution) => ended(execution, await block.run(execution)))
  return sync((execution) => ended(execution, block.run(execution)))
}

/** `route(name, ...)` */
export function compileRouteCall(call: Call, compiler: Compiler): Code<ReturnCode> {
  const [name, ...rest] = call.arguments
  const parameters = parametersOf(rest, compiler)
  if (name?.type === 'variable') return dynamicCall(call, compileName(name, compiler), parameters, compiler)
  const route = routeNamed(name ? nameOf(name) : '', name?.at ?? call.at, compiler)
  if (!route) return sync(() => UNKNOWN_ROUTE)
  if (!route.awaits) return sync((execution) => runSync(execution, route, parameters(execution)))
  return awaiting(async (execution) => runInside(execution, route, parameters(execution)))
}

/** A route that can be called; a fault when there is none of this name. */
export function routeNamed(name: string, at: Position, compiler: Compiler): NamedRoute | undefined {
  const route = compiler.routes.get(name)
  if (route) return route
  const names = [...compiler.routes.keys()].filter((known) => known !== DEFAULT)
  const near = nearest(name, names)
  const cure = near ? `did you mean ${near}` : `add route[${name}] { ... }`
  compiler.fault(at, 'error', name === '' ? 'route() without a name' : `unknown route ${name}`, cure)
  return undefined
}

/** One route inside of another. */
export function runInside(
  execution: Execution,
  route: NamedRoute,
  parameters: readonly Value[],
): ReturnCode | Promise<ReturnCode> {
  return execution.enter(parameters, () => route.body.run(execution))
}

function runSync(execution: Execution, { body }: NamedRoute, parameters: readonly Value[]): ReturnCode {
  return body.awaits ? UNKNOWN_ROUTE : execution.enter(parameters, () => body.run(execution))
}

function dynamicCall(
  { at }: Call,
  name: (execution: Execution) => string | undefined,
  parameters: (execution: Execution) => readonly Value[],
  compiler: Compiler,
): Code<ReturnCode> {
  const { routes } = compiler
  const where = lineOf(at)
  const find = (execution: Execution) => {
    const route = routes.get(name(execution) ?? '')
    if (!route) execution.services.log.warn('route() of an unknown name', where)
    return route
  }
  if (![...routes.values()].some((route) => route.awaits)) {
    return sync((execution) => {
      const route = find(execution)
      return route ? runSync(execution, route, parameters(execution)) : UNKNOWN_ROUTE
    })
  }
  return awaiting(async (execution) => {
    const route = find(execution)
    return route ? runInside(execution, route, parameters(execution)) : UNKNOWN_ROUTE
  })
}

function compileName(
  name: Extract<Argument, { type: 'variable' }>,
  compiler: Compiler,
): (execution: Execution) => string | undefined {
  const read = compileRead(name, compiler)
  return (execution) => {
    const value = read(execution)
    return value === FAILED || value === null ? undefined : textOf(value)
  }
}

function nameOf(name: Exclude<Argument, { type: 'variable' }>): string {
  return name.type === 'text' ? name.text : String(name.value)
}

/** Texts as they stand: parameters of routes have no variables put in. */
function parametersOf(
  given: readonly (Argument | undefined)[],
  compiler: Compiler,
): (execution: Execution) => readonly Value[] {
  if (given.length === 0) return () => NOTHING
  const values = given.map((argument) => argumentValue(argument, compiler))
  return (execution) => values.map((value) => value(execution))
}

/** The value of a variable, a quoted text as it stands, or a number; what cannot be read is NULL. */
export function argumentValue(
  argument: Argument | undefined,
  compiler: Compiler,
): (execution: Execution) => Value {
  if (!argument) return () => null
  if (argument.type === 'text') return () => argument.text
  if (argument.type === 'number') return () => argument.value
  const read = compileRead(argument, compiler)
  return (execution) => {
    const value = read(execution)
    return value === FAILED ? null : value
  }
}

/** What `return` leaves behind. */
export function leave(execution: Execution, code: ReturnCode, values: readonly Value[] = NOTHING): Flow {
  execution.returnCode = code
  execution.returnValues = values
  return code === 0 ? END : RETURN
}

function ended(execution: Execution, flow: Flow): ReturnCode {
  if (flow === END) execution.returnCode = 0
  else if (flow !== RETURN) execution.returnValues = NOTHING
  return execution.returnCode
}
