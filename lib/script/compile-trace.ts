// What `hepcapd trace` hears of statements. Compiled in only when a trace was asked for: without one, statements
// are what they are and nothing here is called.

import type { Execution } from '../route/execution.js'
import type { Position, Variable } from './ast.js'
import { awaiting, type Code, sync } from './compile-code.js'
import { type Compiler, lineOf } from './compile-context.js'
import type { Result } from './compile-values.js'
import { FAILED } from './values.js'
import { compileRead, type Read } from './variables.js'

export interface Traced {
  at: Position
  /** As in the script. */
  text: string
  /** Shown as they were before, and after where they changed. */
  variables: readonly Variable[]
}

/** The same code; when it is traced, it reports the values around it and what it gave. */
export function traced<T>(
  node: () => Traced,
  code: Code<T>,
  gives: (result: T, execution: Execution) => string,
  compiler: Compiler,
): Code<T> {
  if (!compiler.trace) return code
  const { at, text, variables } = node()
  const watch = watched(variables, compiler)
  const tell = (execution: Execution, before: readonly string[], result: T) => {
    const values = [...changes(watch, before, execution), gives(result, execution)].filter(Boolean)
    execution.services.trace?.statement(lineOf(at), text, values.join(', '))
    return result
  }
  if (code.awaits) {
    return awaiting(async (execution) =>
      execution.services.trace
        ? tell(execution, shown(watch, execution), await code.run(execution))
        : code.run(execution),
    )
  }
  return sync((execution) =>
    execution.services.trace
      ? tell(execution, shown(watch, execution), code.run(execution))
      : code.run(execution),
  )
}

interface Watched {
  source: string
  read: Read
}

function watched(variables: readonly Variable[], { dialect }: Compiler): Watched[] {
  // The faults of these variables are told where the statement itself is compiled.
  const context = { dialect, fault: () => {} }
  return variables.map((variable) => ({ source: variable.source, read: compileRead(variable, context) }))
}

function shown(watch: readonly Watched[], execution: Execution): string[] {
  return watch.map(({ read }) => valueText(read(execution)))
}

function changes(watch: readonly Watched[], before: readonly string[], execution: Execution): string[] {
  return watch.map(({ source, read }, i) => {
    const after = valueText(read(execution))
    return before[i] === after ? `${source} ${after}` : `${source} ${before[i]} -> ${after}`
  })
}

function valueText(value: Result): string {
  if (value === FAILED) return 'failed'
  if (value === null) return 'NULL'
  if (typeof value === 'object') return `${JSON.stringify(value.text)} (${value.number})`
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}
