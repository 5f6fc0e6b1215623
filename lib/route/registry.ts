// The functions of scripts: names, arguments in either order, and what they call. One table serves the script
// compiler, the linter and the trace; the work is done by the methods of Execution.

import type { Value } from '../script/value.js'
import type { Execution } from './execution.js'

/** Positive is true, negative false, 0 ends the script. */
export type ReturnCode = number

/**
 * What a parameter is given as:
 * - `text`: a string with its variables put in;
 * - `literal`: a string as it stands, known at load (a bad one is a fault there);
 * - `value`: a Value, for functions that tell numbers from texts;
 * - `integer`: a number, also from a numeral in quotes or a variable;
 * - `regex`: a compiled expression, `(text) => boolean`;
 * - `out`: a function that assigns a Value to the variable that was named, quoted or bare.
 */
export type ParameterKind = 'text' | 'literal' | 'value' | 'integer' | 'regex' | 'out'

export interface Parameter {
  name: string
  kind: ParameterKind
  optional?: true
  /** Of `text`: run() is given a function that makes the text, so that one that nobody reads costs nothing. */
  lazy?: true
  /** Of `literal`, and of a `text` without variables: throws an Error whose message says what is expected. */
  check?(text: string): void
}

/** What run() is given for each parameter, `undefined` for one that was left out. */
export type Arg =
  | string
  | number
  | null
  | Value
  | (() => string)
  | ((text: string) => boolean)
  | ((value: Value) => void)
  | undefined

/** One way to write the arguments; a call takes the first whose shape fits, of its dialect's list before others. */
export interface Signature {
  dialect: '2.x' | '3.x' | 'any'
  parameters: readonly Parameter[]
  /**
   * For functions whose orders differ: is this call written in this order? It sees the literal texts of the
   * arguments: a text, a number, a variable as `{ variable }`, or undefined for an empty one.
   */
  fits?(args: readonly (string | number | { variable: string } | undefined)[]): boolean
  run(execution: Execution, args: readonly Arg[]): ReturnCode
  /** For `async(f(), route)` and awaiting functions. */
  runAsync?(execution: Execution, args: readonly Arg[]): Promise<ReturnCode>
}

export interface FunctionEntry {
  /** As scripts write it. */
  name: string
  /** In scripts it is waited for: runAsync() is what is called. A route that reaches it gives a promise. */
  awaits?: boolean
  signatures: readonly Signature[]
}

export type FunctionTable = ReadonlyMap<string, FunctionEntry>
