// Conditions: three outcomes, true, false and error, and a fourth for a function that ended the execution. `&&` and
// `||` have one precedence and stop at the first outcome that decides.

import type { Execution } from '../route/execution.js'
import { matchNetwork, type ParsedNetwork, parseNetwork } from './address-match.js'
import type { Compare, Expression, Logical, Network, Not, Text } from './ast.js'
import { compileCall } from './calls.js'
import { compare } from './compare.js'
import {
  awaiting,
  type Code,
  ENDED,
  ERROR,
  FALSE,
  type Outcome,
  outcomeOf,
  type SyncCode,
  sync,
  TRUE,
} from './compile-code.js'
import type { Compiler } from './compile-context.js'
import { compileValue, read, type ValueCode } from './compile-values.js'
import { compileRegex } from './regex.js'
import { FAILED, isTrue, textOf } from './values.js'

export type Condition = Code<Outcome>

export function compileCondition(expression: Expression, compiler: Compiler): Condition {
  switch (expression.type) {
    case 'logical':
      return compileLogical(expression, compiler)
    case 'not':
      return compileNot(expression, compiler)
    case 'compare':
      return compileCompare(expression, compiler)
    case 'call':
      return callCondition(compileCall(expression, compiler))
    default:
      return truth(compileValue(expression, compiler))
  }
}

interface Step<C> {
  /** What the outcome so far must be for this operand to matter. */
  readonly after: Outcome
  readonly operand: C
}

/** `a && b || c` as a, then b if true, then c if false: a chain of any length is one loop. */
function compileLogical(node: Logical, compiler: Compiler): Condition {
  const steps: Step<Condition>[] = []
  let left: Expression = node
  while (left.type === 'logical') {
    const after = left.operator === 'and' ? TRUE : FALSE
    steps.unshift({ after, operand: compileCondition(left.right, compiler) })
    left = left.left
  }
  const first = compileCondition(left, compiler)
  return first.awaits || !areSync(steps) ? awaiting(chainAwaiting(first, steps)) : sync(chain(first, steps))
}

function areSync(steps: readonly Step<Condition>[]): steps is readonly Step<SyncCode<Outcome>>[] {
  return steps.every(({ operand }) => !operand.awaits)
}

function chain(first: SyncCode<Outcome>, steps: readonly Step<SyncCode<Outcome>>[]) {
  return (execution: Execution): Outcome => {
    let outcome = first.run(execution)
    for (const { after, operand } of steps) if (outcome === after) outcome = operand.run(execution)
    return outcome
  }
}

function chainAwaiting(first: Condition, steps: readonly Step<Condition>[]) {
  return async (execution: Execution): Promise<Outcome> => {
    let outcome = first.awaits ? await first.run(execution) : first.run(execution)
    for (const { after, operand } of steps) {
      if (outcome !== after) continue
      outcome = operand.awaits ? await operand.run(execution) : operand.run(execution)
    }
    return outcome
  }
}

function compileNot({ operand }: Not, compiler: Compiler): Condition {
  const condition = compileCondition(operand, compiler)
  if (condition.awaits) return awaiting(async (execution) => negated(await condition.run(execution)))
  return sync((execution) => negated(condition.run(execution)))
}

function negated(outcome: Outcome): Outcome {
  if (outcome === TRUE) return FALSE
  return outcome === FALSE ? TRUE : outcome
}

function callCondition(call: Code<number>): Condition {
  const outcome = (execution: Execution, code: number): Outcome => {
    execution.returnCode = code
    if (code === 0) return ENDED
    return code > 0 ? TRUE : FALSE
  }
  if (call.awaits) return awaiting(async (execution) => outcome(execution, await call.run(execution)))
  return sync((execution) => outcome(execution, call.run(execution)))
}

function truth(code: ValueCode): Condition {
  if (code.constant) {
    const outcome = outcomeOf(isTrue(code.value))
    return sync(() => outcome)
  }
  return sync((execution) => {
    const value = code.read(execution)
    return value === FAILED ? ERROR : outcomeOf(isTrue(value))
  })
}

function compileCompare(node: Compare, compiler: Compiler): Condition {
  const left = compileValue(node.left, compiler)
  const { right } = node
  if (right.type === 'network') return networkCondition(node, left, right, compiler)
  if (isMatch(node) && right.type === 'text') return matchCondition(node, left, right, compiler)
  return valueCondition(node, left, compileValue(right, compiler))
}

function isMatch({ operator }: Compare): boolean {
  return operator === '=~' || operator === '!~'
}

function valueCondition({ operator, right: node }: Compare, left: ValueCode, right: ValueCode): Condition {
  const rightIs = kindOf(node)
  return sync((execution) => {
    const a = read(left, execution)
    const b = read(right, execution)
    if (a === FAILED || b === FAILED) return ERROR
    return outcomeOf(compare(operator, a, b, rightIs))
  })
}

/** `$null` is another spelling of NULL. */
function kindOf(right: Expression): 'variable' | 'constant' | 'NULL' {
  if (right.type === 'null') return 'NULL'
  if (right.type === 'bareword') return 'variable'
  if (right.type !== 'variable') return 'constant'
  return right.name === 'null' ? 'NULL' : 'variable'
}

function matchCondition({ operator }: Compare, left: ValueCode, right: Text, compiler: Compiler): Condition {
  const matches = literalRegex(right, compiler)
  const isNegated = operator === '!~'
  return sync((execution) => {
    const value = read(left, execution)
    if (value === FAILED) return ERROR
    if (value === null) return outcomeOf(isNegated)
    const text = textOf(value)
    return text === undefined ? ERROR : outcomeOf(matches(text) !== isNegated)
  })
}

/** A bad one is a fault at load. */
function literalRegex({ at, text }: Text, compiler: Compiler): (subject: string) => boolean {
  try {
    return compileRegex(text)
  } catch (error) {
    compiler.fault(at, 'error', (error as Error).message, 'write it as a POSIX extended expression')
    return () => false
  }
}

function networkCondition(node: Compare, left: ValueCode, right: Network, compiler: Compiler): Condition {
  const network = networkOf(node, right, compiler)
  if (!network) return sync(() => ERROR)
  const isNegated = node.operator === '!='
  return sync((execution) => {
    const value = read(left, execution)
    if (value === FAILED) return ERROR
    if (value === null) return outcomeOf(isNegated)
    const isInside = matchNetwork(value, network)
    return outcomeOf(isInside === undefined ? undefined : isInside !== isNegated)
  })
}

function networkOf(node: Compare, { at, text }: Network, compiler: Compiler): ParsedNetwork | undefined {
  if (node.operator !== '==' && node.operator !== '!=') {
    compiler.fault(
      node.at,
      'error',
      `an address cannot be compared with \`${node.operator}\``,
      'use == or !=, or put the address in quotes to compare its text',
    )
    return undefined
  }
  const network = parseNetwork(text)
  if (!network)
    compiler.fault(at, 'error', `${text} is no address or network`, 'write 10.0.0.1 or 10.0.0.0/8')
  return network
}

/** Whoever asked goes on as if it were false. */
export function warnOfError(outcome: Outcome, execution: Execution, where: string): void {
  if (outcome === ERROR) execution.services.log.warn('error in expression', where)
}
