// A variable of a script as it is read or written once, without a script around it.

import type { Fault } from '../../lib/errors.js'
import { renderFault } from '../../lib/errors.js'
import type { Execution } from '../../lib/route/execution.js'
import type { Position, Variable } from '../../lib/script/ast.js'
import type { Value } from '../../lib/script/value.js'
import type { Reading } from '../../lib/script/values.js'
import { parseVariable } from '../../lib/script/variable-parser.js'
import { type CompileContext, compileRead, compileWrite } from '../../lib/script/variables.js'
import { Rig, type ScriptOptions } from './script.js'

const AT: Position = { file: 't.cfg', line: 1, column: 1 }

export interface ReadingOptions extends ScriptOptions {
  vars?: Record<string, Value>
}

export function executionOf({ vars = {}, ...options }: ReadingOptions = {}): Execution {
  const { execution } = new Rig('route { }', options)
  for (const [name, value] of Object.entries(vars)) execution.vars.set(name, value)
  return execution
}

/** Throws when the variable has a fault. */
export function reading(
  text: string,
  options: ReadingOptions = {},
  execution = executionOf(options),
): Reading {
  const { variable, context, faults } = parsed(text, options)
  const read = compileRead(variable, context)
  if (faults.length > 0) throw new Error(faults.join('\n'))
  return read(execution)
}

export function written(text: string, value: Value, operator: '=' | ':=', execution: Execution): void {
  const { variable, context, faults } = parsed(text, {})
  const write = compileWrite(variable, context)
  if (faults.length > 0) throw new Error(faults.join('\n'))
  write(execution, value, operator)
}

/** What is wrong with reading it, as it would be printed. */
export function faultsOfReading(text: string, options: ReadingOptions = {}): string[] {
  const { variable, context, faults } = parsed(text, options)
  compileRead(variable, context)
  return faults
}

export function faultsOfWriting(text: string): string[] {
  const { variable, context, faults } = parsed(text, {})
  compileWrite(variable, context)
  return faults
}

function parsed(
  text: string,
  { dialect = '3.x' }: ReadingOptions,
): { variable: Variable; context: CompileContext; faults: string[] } {
  const wrong: Fault[] = []
  const variable = parseVariable(text, AT, wrong)
  if (!variable) throw new Error([`${text} is no variable`, ...wrong.map(renderFault)].join('\n'))
  const faults: string[] = []
  const fault: CompileContext['fault'] = (_, severity, what, cure) => {
    faults.push(`${severity}: ${what}; ${cure}`)
  }
  return { variable, context: { dialect, fault }, faults }
}
