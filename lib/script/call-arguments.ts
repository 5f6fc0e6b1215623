// Arguments of calls: what was written, whether a parameter takes it, and how it is made for each message. A
// quoted text with exactly one variable in it is that variable, as OpenSIPS 2 wrote them.

import type { Execution } from '../route/execution.js'
import type { Arg, Parameter, Signature } from '../route/registry.js'
import type { Argument, Format, Position, Variable } from './ast.js'
import type { Compiler } from './compile-context.js'
import { compileRegex, regexFor } from './regex.js'
import type { Value } from './value.js'
import { FAILED, NUMERAL, numberOf, numeralOf, textOf } from './values.js'
import { parseVariable } from './variable-parser.js'
import { compileFormat, compileRead, compileWrite } from './variables.js'

/** What a variable holds is not what the parameter takes: the call is not made. */
export const NOT_GIVEN = Symbol('not given')

export type Maker =
  | { readonly constant: true; readonly value: Arg }
  | { readonly constant: false; make(execution: Execution): Arg | typeof NOT_GIVEN }

/** One argument as it was written; `node` is undefined when it was left empty. */
export interface Given {
  readonly node: Argument | undefined
  /** Bare, or alone in quotes. */
  readonly variable: Variable | undefined
  /** Of a quoted text: with its variables; bad ones are faults. */
  format(compiler: Compiler): Format
}

export type Shape = string | number | { variable: string } | undefined

/** The parameter of a function, and where the call stands. */
export interface Target {
  parameter: Parameter
  name: string
  at: Position
}

export function givenOf(node: Argument | undefined): Given {
  return { node, variable: variableIn(node), format: (compiler) => formatOf(node, compiler) }
}

/** As Signature.fits() sees it. */
export function shapeOf({ node }: Given): Shape {
  if (!node) return undefined
  if (node.type === 'variable') return { variable: node.source }
  return node.type === 'text' ? node.text : node.value
}

export interface Misfit {
  what: string
  /** The argument that it is about; undefined for one that is missing. */
  at: Position | undefined
}

/** Why these arguments are not written like this; undefined when they are. */
export function misfit({ parameters }: Signature, given: readonly Given[]): Misfit | undefined {
  if (given.length > parameters.length) {
    const at = given[parameters.length]?.node?.at
    return { what: `argument ${parameters.length + 1} is one too many`, at }
  }
  for (const [i, parameter] of parameters.entries()) {
    const problem = misfitOf(parameter, given[i])
    const at = given[i]?.node?.at
    if (problem) return { what: `argument ${i + 1}, \`${parameter.name}\`, ${problem}`, at }
  }
  return undefined
}

function misfitOf({ kind, optional }: Parameter, given: Given | undefined): string | undefined {
  const node = given?.node
  if (!node) return optional ? undefined : 'is missing'
  if (kind === 'out') return given.variable ? undefined : 'must be a variable'
  if (kind === 'literal') return given.variable ? 'must be known at load, not a variable' : undefined
  if (kind !== 'integer' || node.type !== 'text' || given.variable) return undefined
  if (numeralOf(node.text) !== undefined) return undefined
  return NUMERAL.test(node.text) ? 'is too large for a number' : 'must be a number'
}

/** How run() is given this argument; the shapes were found to fit before. */
export function bind(target: Target, given: Given | undefined, compiler: Compiler): Maker {
  const node = given?.node
  if (!given || !node) return constant(undefined)
  switch (target.parameter.kind) {
    case 'text':
      return text(target, given, compiler)
    case 'literal':
      return literal(target, node, compiler)
    case 'value':
      return given.variable ? valueMaker(given.variable, compiler) : constant(plain(node))
    case 'integer':
      return given.variable ? integerOf(given.variable, compiler) : constant(integerIn(plain(node)))
    case 'regex':
      return given.variable ? regexOf(given.variable, compiler) : regexMaker(target, node, compiler)
    case 'out':
      return out(given.variable, compiler)
  }
}

function constant(value: Arg): Maker {
  return { constant: true, value }
}

function made(make: (execution: Execution) => Arg | typeof NOT_GIVEN): Maker {
  return { constant: false, make }
}

function plain(node: Argument): string | number {
  if (node.type === 'variable') return node.source
  return node.type === 'text' ? node.text : node.value
}

function text(target: Target, given: Given, compiler: Compiler): Maker {
  const { parameter } = target
  if (given.node?.type === 'variable' && !parameter.lazy)
    return textOfVariable(parameter, given.node, compiler)
  const format = given.format(compiler)
  if (format.every((part) => typeof part === 'string')) {
    const whole = format.join('')
    check(target, whole, given.node, compiler)
    return constant(parameter.lazy ? () => whole : whole)
  }
  const write = compileFormat(format, compiler)
  return made(parameter.lazy ? (execution) => () => write(execution) : write)
}

/** A bare variable that is NULL is an argument that was left out. */
function textOfVariable({ optional }: Parameter, variable: Variable, compiler: Compiler): Maker {
  const read = compileRead(variable, compiler)
  const missing = optional ? undefined : NOT_GIVEN
  return made((execution) => {
    const value = read(execution)
    return value === FAILED || value === null ? missing : (textOf(value) ?? missing)
  })
}

function literal(target: Target, node: Argument, compiler: Compiler): Maker {
  const value = String(plain(node))
  check(target, value, node, compiler)
  return constant(value)
}

/** What is known at load is looked at there. */
function check(
  { parameter, name, at }: Target,
  value: string,
  node: Argument | undefined,
  compiler: Compiler,
): void {
  try {
    parameter.check?.(value)
  } catch (error) {
    const what = `bad ${parameter.name} "${value}" of ${name}()`
    compiler.fault(node?.at ?? at, 'error', what, (error as Error).message)
  }
}

function valueMaker(variable: Variable, compiler: Compiler): Maker {
  const read = compileRead(variable, compiler)
  return made((execution) => {
    const value = read(execution)
    return value === FAILED ? NOT_GIVEN : value
  })
}

function integerOf(variable: Variable, compiler: Compiler): Maker {
  const read = compileRead(variable, compiler)
  return made((execution) => {
    const value = read(execution)
    return value === FAILED ? NOT_GIVEN : (integerIn(value) ?? NOT_GIVEN)
  })
}

function integerIn(value: Value): number | undefined {
  const number = value === null ? undefined : numberOf(value)
  if (number !== undefined) return number
  return typeof value === 'string' ? numeralOf(value) : undefined
}

function regexOf(variable: Variable, compiler: Compiler): Maker {
  const read = compileRead(variable, compiler)
  return made((execution) => {
    const value = read(execution)
    const pattern = value === FAILED || value === null ? undefined : textOf(value)
    try {
      return pattern === undefined ? NOT_GIVEN : regexFor(pattern)
    } catch {
      return NOT_GIVEN
    }
  })
}

function regexMaker({ name }: Target, node: Argument, compiler: Compiler): Maker {
  const pattern = String(plain(node))
  try {
    return constant(compileRegex(pattern))
  } catch (error) {
    const what = `${name}(): ${(error as Error).message}`
    compiler.fault(node.at, 'error', what, 'write it as a POSIX extended expression')
    return constant(() => false)
  }
}

function out(variable: Variable | undefined, compiler: Compiler): Maker {
  if (!variable) return constant(undefined)
  const write = compileWrite(variable, compiler)
  return made((execution) => (value: Value) => write(execution, value, '='))
}

function variableIn(node: Argument | undefined): Variable | undefined {
  if (node?.type === 'variable') return node
  return node?.type === 'text' ? parseVariable(node.text, node.at) : undefined
}

function formatOf(node: Argument | undefined, compiler: Compiler): Format {
  if (!node) return []
  if (node.type === 'variable') return [node]
  return node.type === 'number' ? [String(node.value)] : compiler.parse(node.text, node.at)
}
