// Loops: `while`, which is bounded, and `for` over all the values of a variable.

import type { Execution } from '../route/execution.js'
import type { For, Statement, While } from './ast.js'
import {
  awaiting,
  BREAK,
  type Code,
  END,
  ENDED,
  type Flow,
  GO_ON,
  type Outcome,
  sync,
  TRUE,
} from './compile-code.js'
import { type Compiler, lineOf } from './compile-context.js'
import { headText } from './compile-text.js'
import { traced } from './compile-trace.js'
import { type Condition, warnOfError } from './conditions.js'
import { compileBlock, compileHead } from './statements.js'
import type { Value } from './value.js'
import { compileReadAll, compileWrite } from './variables.js'

export function compileWhile(node: While, compiler: Compiler): Code<Flow> {
  const condition = compileHead('while', node, compiler)
  const body = loopBody(node.body, compiler)
  const where = lineOf(node.at)
  if (condition.awaits || body.awaits) return awaiting(whileAwaiting(condition, body, where))
  return sync((execution) => {
    for (let turn = 0; ; turn++) {
      const outcome = condition.run(execution)
      if (outcome === ENDED) return END
      if (!goesOn(execution, outcome, turn, where)) return succeed(execution)
      const flow = body.run(execution)
      if (flow === BREAK) return succeed(execution)
      if (flow !== GO_ON) return flow
    }
  })
}

function whileAwaiting(
  condition: Condition,
  body: Code<Flow>,
  where: string,
): (execution: Execution) => Promise<Flow> {
  return async (execution) => {
    for (let turn = 0; ; turn++) {
      const outcome = condition.awaits ? await condition.run(execution) : condition.run(execution)
      if (outcome === ENDED) return END
      if (!goesOn(execution, outcome, turn, where)) return succeed(execution)
      const flow = body.awaits ? await body.run(execution) : body.run(execution)
      if (flow === BREAK) return succeed(execution)
      if (flow !== GO_ON) return flow
    }
  }
}

/** One more turn of a `while`? An endless one ends here, and is told of. */
function goesOn(execution: Execution, outcome: Outcome, turn: number, where: string): boolean {
  warnOfError(outcome, execution, where)
  if (outcome !== TRUE) return false
  execution.step()
  const { whileLoops } = execution.services.limits
  if (turn < whileLoops) return true
  execution.services.log.warn(`while stopped after ${whileLoops} turns`, where)
  return false
}

function succeed(execution: Execution): Flow {
  execution.returnCode = 1
  return GO_ON
}

function loopBody(statements: readonly Statement[], compiler: Compiler): Code<Flow> {
  compiler.breakable.push('loop')
  const body = compileBlock(statements, compiler)
  compiler.breakable.pop()
  return body
}

export function compileFor(node: For, compiler: Compiler): Code<Flow> {
  const readAll = compileReadAll(node.of, compiler)
  const body = loopBody(node.body, compiler)
  const next = tracedTurn(node, compiler)
  if (body.awaits) {
    return awaiting(async (execution) => {
      for (const value of [...readAll(execution)]) {
        next(execution, value)
        const flow = await body.run(execution)
        if (flow === BREAK) break
        if (flow !== GO_ON) return flow
      }
      return succeed(execution)
    })
  }
  return sync((execution) => {
    for (const value of [...readAll(execution)]) {
      next(execution, value)
      const flow = body.run(execution)
      if (flow === BREAK) break
      if (flow !== GO_ON) return flow
    }
    return succeed(execution)
  })
}

/** The next value, before the body sees it. */
function tracedTurn(node: For, compiler: Compiler): (execution: Execution, value: Value) => void {
  const write = compileWrite(node.each, compiler)
  const next = (execution: Execution, value: Value) => {
    execution.step()
    write(execution, value, ':=')
  }
  if (!compiler.trace) return next
  const shown = () => ({ at: node.at, text: headText(node), variables: [node.each] })
  return (execution, value) =>
    traced(
      shown,
      sync((inside) => next(inside, value)),
      () => '',
      compiler,
    ).run(execution)
}
