// Expressions that have a value: what stands right of an assignment and on either side of a comparison. Constants
// are worked out at load. A value never awaits: calls have no place in it.

import type { Execution } from '../route/execution.js'
import { arithmetic, complement } from './arithmetic.js'
import type { Arithmetic, Bareword, Expression, Variable } from './ast.js'
import { type Compiler, lineOf } from './compile-context.js'
import type { Value } from './value.js'
import { FAILED, numberOf } from './values.js'
import { compileRead } from './variables.js'

export type Result = Value | typeof FAILED

export type ValueCode =
  | { readonly constant: true; readonly value: Value }
  | { readonly constant: false; read(execution: Execution): Result }

const NULL: ValueCode = { constant: true, value: null }

/** The barewords of OpenSIPS up to 2.3 as the variables that replaced them. */
const VARIABLE_OF: Record<Bareword['name'], string> = {
  status: 'rs',
  method: 'rm',
  uri: 'ru',
  src_ip: 'si',
  dst_ip: 'Ri',
  src_port: 'sp',
  dst_port: 'Rp',
}

export function compileValue(expression: Expression, compiler: Compiler): ValueCode {
  switch (expression.type) {
    case 'text':
      return { constant: true, value: expression.text }
    case 'number':
      return { constant: true, value: expression.value }
    case 'null':
      return NULL
    case 'variable':
      return { constant: false, read: compileRead(expression, compiler) }
    case 'bareword':
      return { constant: false, read: compileRead(variableOf(expression), compiler) }
    case 'bracketed':
      return compileValue(expression.operand, compiler)
    case 'complement':
      return complementOf(compileValue(expression.operand, compiler))
    case 'arithmetic':
      return compileArithmetic(expression, compiler)
    default:
      return refused(expression, compiler)
  }
}

export function read(code: ValueCode, execution: Execution): Result {
  return code.constant ? code.value : code.read(execution)
}

/** `a OPERATOR b` over two values that were compiled before; `+=` and its like are this too. */
export function arithmeticOf(
  { operator, right: rightNode, at }: Pick<Arithmetic, 'operator' | 'right' | 'at'>,
  left: ValueCode,
  right: ValueCode,
  compiler: Compiler,
): ValueCode {
  const calculate = calculation(operator, rightNode)
  const code: ValueCode = { constant: false, read: calculated(operator, left, right, calculate, lineOf(at)) }
  if (!left.constant || !right.constant) return code
  const value = calculate(left.value, right.value)
  if (value !== FAILED && !dividesByZero(operator, right.value)) return { constant: true, value }
  warnOfConstants(value, { operator, at }, compiler)
  return code
}

function warnOfConstants(
  value: Result,
  { operator, at }: Pick<Arithmetic, 'operator' | 'at'>,
  compiler: Compiler,
): void {
  if (value !== FAILED) {
    compiler.fault(at, 'warning', 'division by zero', 'it gives 0, and a warning each time')
    return
  }
  const what = `\`${operator}\` cannot be worked out for these operands`
  const cure = 'only `+` joins texts; a number needs quotes there, all else needs numbers'
  compiler.fault(at, 'warning', what, cure)
}

export function variableOf({ name, at }: Bareword): Variable {
  const variable = VARIABLE_OF[name]
  return {
    type: 'variable',
    at,
    name: variable,
    inner: undefined,
    index: undefined,
    transformations: [],
    source: `$${variable}`,
  }
}

function compileArithmetic(node: Arithmetic, compiler: Compiler): ValueCode {
  return arithmeticOf(node, compileValue(node.left, compiler), compileValue(node.right, compiler), compiler)
}

function calculated(
  operator: Arithmetic['operator'],
  left: ValueCode,
  right: ValueCode,
  calculate: (a: Value, b: Value) => Result,
  where: string,
): (execution: Execution) => Result {
  return (execution) => {
    const a = read(left, execution)
    const b = read(right, execution)
    if (a === FAILED || b === FAILED) return FAILED
    const result = calculate(a, b)
    if (result !== FAILED && dividesByZero(operator, b))
      execution.services.log.warn('division by zero', where)
    return result
  }
}

function calculation(operator: Arithmetic['operator'], right: Expression): (a: Value, b: Value) => Result {
  const plain = (a: Value, b: Value): Result => {
    const result = arithmetic(operator, a, b)
    return result === undefined ? FAILED : result
  }
  if (operator !== '+' || right.type === 'variable' || right.type === 'text') return plain
  // A number that was written or calculated has no text to join, unlike one that a variable holds.
  return (a, b) => (isText(a) && typeof b === 'number' ? FAILED : plain(a, b))
}

function isText(value: Value): boolean {
  return typeof value === 'string' || (typeof value === 'object' && value !== null && !value.prefersNumber)
}

function dividesByZero(operator: Arithmetic['operator'], right: Value): boolean {
  return (operator === '/' || operator === '%') && (right === null || numberOf(right) === 0)
}

function complementOf(operand: ValueCode): ValueCode {
  const calculate = (value: Result): Result => {
    const result = value === FAILED ? undefined : complement(value)
    return result === undefined ? FAILED : result
  }
  return { constant: false, read: (execution) => calculate(read(operand, execution)) }
}

function refused(expression: Expression, compiler: Compiler): ValueCode {
  const [what, cure] = refusal(expression)
  compiler.fault(expression.at, 'error', what, cure)
  return NULL
}

function refusal(expression: Expression): [what: string, cure: string] {
  if (expression.type === 'call') {
    const call = `${expression.name}()`
    return [`${call} gives no value here`, `write ${call} as a statement before this one, then use $rc`]
  }
  if (expression.type === 'network') {
    return [`the address ${expression.text} needs quotes here`, `write "${expression.text}"`]
  }
  return ['a condition gives no value', 'write it as an `if`, and assign in both branches']
}
