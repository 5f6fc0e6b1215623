// Statements: blocks, branches, loops, assignments, jumps. One that reaches an awaiting function has an asynchronous
// form and no other; every other one is a plain function.

import type { Execution } from '../route/execution.js'
import type { Arithmetic, Assign, Call, If, Jump, Position, Statement, While } from './ast.js'
import { compileAsync } from './async.js'
import { compileCall } from './calls.js'
import { awaiting, BREAK, type Code, END, ENDED, type Flow, GO_ON, sync, TRUE } from './compile-code.js'
import { type Compiler, lineOf } from './compile-context.js'
import { conditionText, statementText, variablesOf } from './compile-text.js'
import { traced } from './compile-trace.js'
import { arithmeticOf, compileValue, read, type ValueCode } from './compile-values.js'
import { type Condition, compileCondition, warnOfError } from './conditions.js'
import { compileFor, compileWhile } from './loops.js'
import { argumentValue, leave } from './routes.js'
import { compileSwitch } from './switch.js'
import type { Value } from './value.js'
import { FAILED, numberOf } from './values.js'
import { compileRead, compileWrite } from './variables.js'

const SUCCESS = 1
const FAILURE = -1

export function compileBlock(statements: readonly Statement[], compiler: Compiler): Code<Flow> {
  const steps = statements.map((statement) => compileStatement(statement, compiler))
  const plain = steps.filter((step) => !step.awaits)
  if (plain.length < steps.length) return awaiting(blockAwaiting(steps))
  return sync((execution) => {
    for (const step of plain) {
      execution.step()
      const flow = step.run(execution)
      if (flow !== GO_ON) return flow
    }
    return GO_ON
  })
}

function blockAwaiting(steps: readonly Code<Flow>[]): (execution: Execution) => Promise<Flow> {
  return async (execution) => {
    for (const step of steps) {
      execution.step()
      const flow = step.awaits ? await step.run(execution) : step.run(execution)
      if (flow !== GO_ON) return flow
    }
    return GO_ON
  }
}

function compileStatement(statement: Statement, compiler: Compiler): Code<Flow> {
  switch (statement.type) {
    case 'block':
      return compileBlock(statement.body, compiler)
    case 'if':
      return compileIf(statement, compiler)
    case 'while':
      return compileWhile(statement, compiler)
    case 'for':
      return compileFor(statement, compiler)
    case 'switch':
      return compileSwitch(statement, compiler)
    default:
      return tracedStatement(statement, compileSimple(statement, compiler), compiler)
  }
}

function compileSimple(statement: Assign | Call | Jump, compiler: Compiler): Code<Flow> {
  if (statement.type === 'assign') return compileAssign(statement, compiler)
  if (statement.type !== 'call') return compileJump(statement, compiler)
  if (statement.inner) return compileAsync(statement, statement.inner, compiler)
  const call = compileCall(statement, compiler)
  const flow = (execution: Execution, code: number): Flow => {
    execution.returnCode = code
    return code === 0 ? END : GO_ON
  }
  if (call.awaits) return awaiting(async (execution) => flow(execution, await call.run(execution)))
  return sync((execution) => flow(execution, call.run(execution)))
}

function tracedStatement(statement: Assign | Call | Jump, code: Code<Flow>, compiler: Compiler): Code<Flow> {
  const node = () => ({
    at: statement.at,
    text: statementText(statement),
    variables: variablesOf(statement),
  })
  const gives = (_: Flow, execution: Execution) =>
    statement.type === 'call' && !statement.inner ? `gives ${execution.returnCode}` : ''
  return traced(node, code, gives, compiler)
}

function compileIf(node: If, compiler: Compiler): Code<Flow> {
  const condition = compileHead('if', node, compiler)
  const then = branch(node.then, compiler)
  const otherwise = branch(node.otherwise, compiler)
  const where = lineOf(node.at)
  if (condition.awaits || then.awaits || otherwise.awaits) {
    return awaiting(async (execution) => {
      const outcome = condition.awaits ? await condition.run(execution) : condition.run(execution)
      if (outcome === ENDED) return END
      warnOfError(outcome, execution, where)
      return (outcome === TRUE ? then : otherwise).run(execution)
    })
  }
  return sync((execution) => {
    const outcome = condition.run(execution)
    if (outcome === ENDED) return END
    warnOfError(outcome, execution, where)
    return outcome === TRUE ? then.run(execution) : otherwise.run(execution)
  })
}

/** A branch without statements counts as a success. */
function branch(statements: readonly Statement[], compiler: Compiler): Code<Flow> {
  if (statements.length > 0) return compileBlock(statements, compiler)
  return sync((execution) => {
    execution.returnCode = SUCCESS
    return GO_ON
  })
}

/** The condition of an `if` or a `while`: all that the trace shows of these. */
export function compileHead(
  keyword: 'if' | 'while',
  { condition, at }: If | While,
  compiler: Compiler,
): Condition {
  const node = () => ({
    at,
    text: conditionText(keyword, condition),
    variables: variablesOf(condition),
  })
  return traced(node, compileCondition(condition, compiler), (outcome) => `is ${outcome}`, compiler)
}

function compileAssign(node: Assign, compiler: Compiler): Code<Flow> {
  const { to, operator, at } = node
  const write = compileWrite(to, compiler)
  const value = assigned(node, compiler)
  const how = operator === ':=' ? ':=' : '='
  const where = lineOf(at)
  return sync((execution) => {
    const result = read(value, execution)
    if (result === FAILED) {
      execution.services.log.warn('no value in right expression', where)
      execution.returnCode = FAILURE
    } else {
      write(execution, result, how)
      execution.returnCode = SUCCESS
    }
    return GO_ON
  })
}

/** Of `+=` and its like the sum with what the variable holds. */
function assigned({ to, operator, value, at }: Assign, compiler: Compiler): ValueCode {
  const right = compileValue(value, compiler)
  if (operator === '=' || operator === ':=') return right
  if (value.type === 'null') {
    compiler.fault(at, 'error', `\`${operator}\` takes no NULL`, `write ${to.source} = NULL to unset it`)
  }
  const left: ValueCode = { constant: false, read: compileRead(to, compiler) }
  const sign = operator.slice(0, -1) as Arithmetic['operator']
  return arithmeticOf({ operator: sign, right: value, at }, left, right, compiler)
}

function compileJump(jump: Jump, compiler: Compiler): Code<Flow> {
  switch (jump.type) {
    case 'return':
      return compileReturn(jump, compiler)
    case 'break':
      checkBreak(jump.at, compiler)
      return sync(() => BREAK)
    default:
      return sync(() => END)
  }
}

function compileReturn({ code, values }: Extract<Jump, { type: 'return' }>, compiler: Compiler): Code<Flow> {
  const codeOf = argumentValue(code, compiler)
  const given = values.map((value) => argumentValue(value, compiler))
  return sync((execution) => {
    const left = given.map((value) => value(execution))
    return leave(execution, code ? returnCode(codeOf(execution)) : SUCCESS, left)
  })
}

/** NULL is false, a text true. */
function returnCode(value: Value): number {
  return value === null ? FAILURE : (numberOf(value) ?? SUCCESS)
}

function checkBreak(at: Position, compiler: Compiler): void {
  const around = compiler.breakable.at(-1)
  if (around === undefined) {
    compiler.fault(at, 'error', '`break` outside of switch, while and for', 'use `return` to leave the route')
  } else if (around === 'loop' && compiler.dialect !== '3.x') {
    const what = '`break` leaves only a `switch` in OpenSIPS 2; here it leaves the loop'
    compiler.fault(at, 'warning', what, 'put the end of the loop into its condition')
  }
}
