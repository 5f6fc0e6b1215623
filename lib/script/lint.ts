// What a script may well not mean: it runs, and `check` warns. Nothing here knows what functions do, but for those
// that end a script or send a message on.

import type { Fault } from '../errors.js'
import type { Call, Expression, Logical, Position, RouteNode, Script, Statement } from './ast.js'
import { scriptFault } from './source.js'

/** `hepRoute` is `none`, `sip` or the name of a route. */
export function lint(script: Script, hepRoute: string): Fault[] {
  const linter = new Linter()
  for (const route of script.routes) linter.statements(route.body)
  linter.neverReached(script, hepRoute)
  linter.forgottenReplies(script)
  return linter.faults
}

/** Statements after which nothing of the same block runs. */
const ENDS = new Set(['exit', 'drop', 'return'])
const CALLABLE = 'route'

class Linter {
  readonly faults: Fault[] = []
  /** Names of routes that something goes on in. */
  readonly #reached = new Set<string>()
  /** Some route is named by a variable: any may be meant. */
  #isDynamic = false
  #sendsOn = false

  statements(body: readonly Statement[]): void {
    const end = body.findIndex(isEnd)
    const after = end < 0 ? undefined : body[end + 1]
    if (after) {
      this.#warn(
        after.at,
        'nothing reaches this statement: the one before it ends here',
        'remove one of them',
      )
    }
    for (const statement of body) this.#statement(statement)
  }

  /** Whoever reads only the routes that run would look in vain for what these do. */
  neverReached({ routes }: Script, hepRoute: string): void {
    if (this.#isDynamic) return
    for (const { kind, name, at } of routes) {
      if (kind !== CALLABLE || name === '' || name === hepRoute || this.#reached.has(name)) continue
      this.#warn(
        at,
        `nothing reaches route[${name}]`,
        'call it with route(), name it in hep_route, or remove it',
      )
    }
  }

  /** Requests are sent on and replies go nowhere: hardly ever what was meant. */
  forgottenReplies({ routes }: Script): void {
    const has = (kind: RouteNode['kind']) => routes.find((route) => route.kind === kind && route.name === '')
    const request = has('route')
    if (!request || has('onreply_route')) return
    const what = this.#sendsOn ? 'requests are relayed, and replies go nowhere' : 'replies are discarded'
    this.#warn(request.at, `${what}: there is no onreply_route`, 'add onreply_route { ... }')
  }

  #statement(statement: Statement): void {
    switch (statement.type) {
      case 'block':
        this.statements(statement.body)
        break
      case 'if':
        this.#expression(statement.condition)
        this.statements(statement.then)
        this.statements(statement.otherwise)
        break
      case 'while':
        this.#expression(statement.condition)
        this.statements(statement.body)
        break
      case 'for':
        this.statements(statement.body)
        break
      case 'switch':
        for (const { body } of statement.cases) this.statements(body)
        this.statements(statement.otherwise ?? [])
        break
      case 'call':
        this.#call(statement)
        break
      default:
        break
    }
  }

  #expression(expression: Expression): void {
    switch (expression.type) {
      case 'logical':
        this.#logical(expression)
        break
      case 'not':
      case 'bracketed':
        this.#expression(expression.operand)
        break
      case 'call':
        this.#call(expression)
        break
      default:
        break
    }
  }

  #logical(node: Logical): void {
    const { left, right, operator } = node
    if (left.type === 'logical' && !left.parenthesized && left.operator !== operator) {
      const what = '`&&` and `||` have one precedence here and bind from left to right'
      this.#warn(
        node.at,
        what,
        `write (... ${sign(left.operator)} ...) ${sign(operator)} ... with its parentheses`,
      )
    }
    this.#expression(left)
    this.#expression(right)
  }

  #call({ name, arguments: given, inner }: Call): void {
    if (name === 'hep_relay') this.#sendsOn = true
    if (inner) {
      this.#call(inner.call)
      if (inner.resume !== undefined) this.#reached.add(inner.resume)
    }
    if (name !== 'route') return
    const [route] = given
    if (route?.type === 'variable') this.#isDynamic = true
    else if (route) this.#reached.add(String(route.type === 'text' ? route.text : route.value))
  }

  #warn(at: Position, what: string, cure: string): void {
    this.faults.push(scriptFault(at, 'warning', what, cure))
  }
}

function isEnd(statement: Statement): boolean {
  if (ENDS.has(statement.type)) return true
  return statement.type === 'call' && statement.name === 'hep_resume_sip'
}

function sign(operator: Logical['operator']): string {
  return operator === 'and' ? '&&' : '||'
}
