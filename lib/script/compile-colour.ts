// Which routes wait for something: those that reach an awaiting function through any path of `route()` calls. What
// `async(...)` and `launch(...)` start is not waited for by the route that says so.

import type { Call, Expression, RouteNode, Statement } from './ast.js'
import type { CompileOptions } from './compile-context.js'

/** The nodes that await; `callable` has the routes that `route(name)` reaches. */
export function awaitingRoutes(
  routes: readonly RouteNode[],
  callable: ReadonlyMap<string, RouteNode>,
  options: CompileOptions,
): ReadonlySet<RouteNode> {
  const found = new Set<RouteNode>()
  const calls = new Map(routes.map((route) => [route, [...callsOf(route.body)]]))
  const reaches = (call: Call) =>
    call.name === 'route'
      ? targets(call, callable).some((target) => found.has(target))
      : awaitsItself(call.name, options)
  for (let before = -1; before !== found.size; ) {
    before = found.size
    for (const [route, own] of calls) if (own.some(reaches)) found.add(route)
  }
  return found
}

function awaitsItself(name: string, { functions, jsFunctions }: CompileOptions): boolean {
  return (functions.get(name)?.awaits ?? jsFunctions?.get(name)?.awaits) === true
}

/** A name that is known only at run time may be any. */
function targets({ arguments: [name] }: Call, callable: ReadonlyMap<string, RouteNode>): RouteNode[] {
  if (name?.type === 'variable') return [...callable.values()]
  const target = callable.get(String(name?.type === 'text' ? name.text : name?.value))
  return target ? [target] : []
}

function* callsOf(statements: readonly Statement[]): Generator<Call> {
  for (const statement of statements) {
    switch (statement.type) {
      case 'call':
        if (!statement.inner) yield statement
        break
      case 'if':
        yield* callsIn(statement.condition)
        yield* callsOf(statement.then)
        yield* callsOf(statement.otherwise)
        break
      case 'while':
        yield* callsIn(statement.condition)
        yield* callsOf(statement.body)
        break
      case 'for':
      case 'block':
        yield* callsOf(statement.body)
        break
      case 'switch':
        for (const { body } of statement.cases) yield* callsOf(body)
        yield* callsOf(statement.otherwise ?? [])
    }
  }
}

/** Values have no calls; only conditions do. */
function* callsIn(condition: Expression): Generator<Call> {
  if (condition.type === 'call' && !condition.inner) yield condition
  if (condition.type === 'not') yield* callsIn(condition.operand)
  if (condition.type !== 'logical') return
  yield* callsIn(condition.left)
  yield* callsIn(condition.right)
}
