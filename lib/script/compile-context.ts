// What is known while a script is compiled: its dialect, the functions and routes that it can call, and the faults
// found so far. It ends with the compiling: nothing that runs later holds it.

import type { Fault } from '../errors.js'
import type { Execution } from '../route/execution.js'
import type { FunctionTable, ReturnCode } from '../route/registry.js'
import type { Dialect, Format, Position } from './ast.js'
import type { NamedRoute } from './routes.js'
import { scriptFault } from './source.js'
import { parseFormat } from './variable-parser.js'
import type { CompileContext } from './variables.js'

/** A function that a JavaScript module offers; its arguments are texts and numbers, '' for NULL. */
export interface ModuleFunction {
  /** Its result is a promise. */
  readonly awaits: boolean
  run(execution: Execution, args: readonly (string | number)[]): ReturnCode | Promise<ReturnCode>
}

export interface CompileOptions {
  readonly functions: FunctionTable
  /** Found after those of `functions`. */
  readonly jsFunctions?: ReadonlyMap<string, ModuleFunction> | undefined
  /** Compiles in what `services.trace` hears; without it a trace costs nothing and hears nothing. */
  readonly trace?: boolean | undefined
}

const NO_FUNCTIONS: ReadonlyMap<string, ModuleFunction> = new Map()

export class Compiler implements CompileContext {
  readonly dialect: Dialect
  readonly functions: FunctionTable
  readonly jsFunctions: ReadonlyMap<string, ModuleFunction>
  readonly trace: boolean
  /** What `route(name)` can call. */
  readonly routes: ReadonlyMap<string, NamedRoute>
  readonly #found: { at: Position; fault: Fault }[] = []
  readonly #known = new Set<string>()
  /** Statements around this one that `break` could leave, the innermost last. */
  readonly breakable: ('switch' | 'loop')[] = []

  constructor(dialect: Dialect, options: CompileOptions, routes: ReadonlyMap<string, NamedRoute>) {
    this.dialect = dialect
    this.functions = options.functions
    this.jsFunctions = options.jsFunctions ?? NO_FUNCTIONS
    this.trace = options.trace ?? false
    this.routes = routes
  }

  /** Of several faults at one place the first is the cause. */
  fault(at: Position, severity: 'error' | 'warning', what: string, cure: string): void {
    this.#add(at, scriptFault(at, severity, what, cure))
  }

  /** A quoted text with its variables; what is wrong with them is told. */
  parse(text: string, at: Position): Format {
    const faults: Fault[] = []
    const format = parseFormat(text, at, faults)
    for (const fault of faults) this.#add(at, fault)
    return format
  }

  /** By file, in the order of their routes, then by place. */
  sortedFaults(): Fault[] {
    const files = [...new Set(this.#found.map(({ at }) => at.file))]
    const order = (a: Position, b: Position) =>
      files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column
    return this.#found.sort((a, b) => order(a.at, b.at)).map(({ fault }) => fault)
  }

  #add(at: Position, fault: Fault): void {
    const key = `${fault.where} ${fault.severity}`
    if (this.#known.has(key)) return
    this.#known.add(key)
    this.#found.push({ at, fault })
  }
}

/** `FILE:LINE`, for what goes wrong while a route runs. */
export function lineOf({ file, line }: Position): string {
  return `${file}:${line}`
}
