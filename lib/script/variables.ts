// Variables of scripts: what each reads of the message and its execution, and which can be assigned.

import { nearest } from '../options/suggest.js'
import type { Execution } from '../route/execution.js'
import type { Dialect, Format, Position, Transformation, Variable } from './ast.js'
import { type Transform, transformations } from './transformations.js'
import type { Value } from './value.js'
import { FAILED, kept, numberOf, type Reading, textOf } from './values.js'
import { type Instead, insteadOf, readers, type ValueReader, type VariableEntry } from './variable-table.js'

export { FAILED } from './values.js'

/** Never throws for what a message holds. */
export type Read = (execution: Execution) => Reading
export type Write = (execution: Execution, value: Value, operator: '=' | ':=') => void

export interface CompileContext {
  readonly dialect: Dialect
  fault(at: Position, severity: 'error' | 'warning', what: string, cure: string): void
}

const NOTHING: Read = () => null

export function compileRead(variable: Variable, context: CompileContext): Read {
  const values = compileValues(variable, context)
  if (!values) return NOTHING
  const first = firstOf(variable, values, context)
  return variable.transformations.length === 0 ? first : transformed(variable, first, context)
}

/** `[*]`: every value, as `for` takes them. */
export function compileReadAll(
  variable: Variable,
  context: CompileContext,
): (execution: Execution) => readonly Value[] {
  const values = compileValues(variable, context)
  if (!values) return () => []
  if (values.all && (variable.index === '*' || variable.index === undefined)) return values.all
  const read = firstOf(variable, values, context)
  return (execution) => {
    const value = read(execution)
    return value === null || value === FAILED ? [] : [value]
  }
}

/** NULL prints `<null>`. */
export function compileFormat(format: Format, context: CompileContext): (execution: Execution) => string {
  if (format.every((part) => typeof part === 'string')) {
    const text = format.join('')
    return () => text
  }
  const parts = format.map((part) => {
    if (typeof part === 'string') return part
    const read = compileRead(part, context)
    return (execution: Execution) => shown(read(execution))
  })
  return (execution) => {
    let text = ''
    for (const part of parts) text += typeof part === 'string' ? part : part(execution)
    return text
  }
}

function shown(value: Reading): string {
  return value === FAILED ? '<null>' : (textOf(value) ?? '<null>')
}

export function compileWrite(variable: Variable, context: CompileContext): Write {
  const entry = entryOf(variable, context)
  const refuse = (what: string, cure: string): Write => {
    context.fault(variable.at, 'error', what, cure)
    return () => {}
  }
  if (!entry) return () => {}
  if (variable.transformations.length > 0)
    return refuse(
      `${variable.source} has a transformation, so it cannot be assigned`,
      'assign the variable itself',
    )
  if (!entry.write) return refuse(`$${variable.name} cannot be assigned`, 'assign a $var, $avp, $du or $ru')
  if (!isNamed(variable, entry, context)) return () => {}
  const name = compileName(variable, context)
  const { write } = entry
  if (variable.index === '*')
    return (execution, value) => write(execution, name(execution), kept(value), ':=')
  const index = compileIndex(variable.index, context)
  return (execution, value, operator) =>
    write(execution, name(execution), kept(value), operator, index(execution))
}

function compileIndex(
  index: Exclude<Variable['index'], '*'>,
  context: CompileContext,
): (execution: Execution) => number | undefined {
  if (typeof index !== 'object') return () => index
  const read = compileRead(index, context)
  return (execution) => {
    const place = read(execution)
    return place === FAILED ? undefined : numberOf(place)
  }
}

/** Has it a name in parentheses where it takes one, and only there? */
function isNamed({ name, inner, at, source }: Variable, { takes }: VariableEntry, context: CompileContext) {
  if (takes === 'nothing' && inner !== undefined) {
    context.fault(at, 'error', `$${name} takes nothing in parentheses`, `write $${name}`)
    return false
  }
  if (takes === 'name' && (inner === undefined || inner.length === 0)) {
    context.fault(at, 'error', `${source} names nothing`, `write $${name}(name)`)
    return false
  }
  return true
}

function entryOf({ name, at, source }: Variable, context: CompileContext): VariableEntry | undefined {
  const entry = readers.get(name)
  if (entry) return entry
  const instead: Instead | undefined = insteadOf.get(name)
  const meant = nearest(name, readers.keys())
  const cure =
    instead ?? (meant ? `did you mean $${meant}?` : 'see the variables of OpenSIPS that capture scripts use')
  context.fault(at, 'error', `${source}: hepcapd has no variable $${name}`, cure)
  return undefined
}

/** The reader of a variable, its name in parentheses worked out at load where it can be. */
function compileValues(variable: Variable, context: CompileContext): ValueReader | undefined {
  const entry = entryOf(variable, context)
  if (!entry) return undefined
  if (!isNamed(variable, entry, context)) return undefined
  const { inner, at, source } = variable
  const fixed = fixedText(inner)
  const wrong = fixed === undefined ? undefined : entry.check?.(fixed)
  if (wrong) {
    context.fault(at, 'error', `${source}: ${wrong}`, 'write one that there is')
    return undefined
  }
  if (fixed !== undefined || inner === undefined) return entry.reader(fixed ?? '')
  return dynamic(entry, compileName(variable, context))
}

/** Names that a message makes: a reader for each, the last ones kept. */
const READERS_KEPT = 256

function dynamic(entry: VariableEntry, name: (execution: Execution) => string): ValueReader {
  const made = new Map<string, ValueReader>()
  const readerFor = (execution: Execution): ValueReader => {
    const wanted = name(execution)
    let reader = made.get(wanted)
    if (!reader) {
      reader = entry.reader(wanted)
      if (made.size >= READERS_KEPT) made.clear()
      made.set(wanted, reader)
    }
    return reader
  }
  return {
    one: (execution, index) => readerFor(execution).one(execution, index),
    all: (execution) => readerFor(execution).all?.(execution) ?? [],
  }
}

function compileName({ inner }: Variable, context: CompileContext): (execution: Execution) => string {
  const fixed = fixedText(inner)
  if (fixed !== undefined || inner === undefined) return () => fixed ?? ''
  const text = compileFormat(inner, context)
  return (execution) => text(execution).trim()
}

function fixedText(inner: Format | undefined): string | undefined {
  if (inner === undefined || inner.some((part) => typeof part !== 'string')) return undefined
  return inner.join('').trim()
}

function firstOf({ index, name, at }: Variable, reader: ValueReader, context: CompileContext): Read {
  const { one } = reader
  if (index === undefined) return (execution) => one(execution, 0)
  if (typeof index === 'number') return (execution) => one(execution, index)
  if (index === '*') {
    if (!reader.all)
      context.fault(at, 'error', `$${name} has one value, so [*] means nothing`, `write $${name}`)
    return (execution) => joined(reader.all?.(execution) ?? [])
  }
  const place = compileIndex(index, context)
  return (execution) => {
    const number = place(execution)
    return number === undefined ? null : one(execution, number)
  }
}

function joined(values: readonly Value[]): Value {
  return values.length === 0 ? null : values.map((value) => textOf(value) ?? '').join(',')
}

// Transformations

interface Step {
  transform: Transform
  args: (execution: Execution) => readonly string[]
}

function transformed(variable: Variable, read: Read, context: CompileContext): Read {
  const steps = variable.transformations.flatMap((one) => compileStep(one, context) ?? [])
  const isOld = context.dialect === '2.3'
  return (execution) => {
    let value: Reading = read(execution)
    for (const { transform, args } of steps) {
      if (value === FAILED) return FAILED
      if (value === null) return isOld ? FAILED : null
      value = outcome(transform(value, args(execution)), isOld)
    }
    return value
  }
}

/** A part that is not there: the empty text up to 2.3. What fails: no value there. Both are NULL from 2.4 on. */
function outcome(made: Reading | undefined, isOld: boolean): Reading {
  if (made === undefined) return isOld ? '' : null
  return made === FAILED && !isOld ? null : made
}

function compileStep(one: Transformation, context: CompileContext): Step | undefined {
  const { at, class: group, name } = one
  const full = `${group}.${name}`
  const entry = transformations.get(full)
  if (!entry) {
    const meant = nearest(full, transformations.keys())
    const cure = meant ? `did you mean {${meant}}?` : 'see the transformations that capture scripts use'
    context.fault(at, 'error', `hepcapd has no transformation {${full}}`, cure)
    return undefined
  }
  const given = one.arguments
  if (given.length < entry.least || given.length > entry.most) {
    const wanted = entry.least === entry.most ? `${entry.least}` : `${entry.least} to ${entry.most}`
    context.fault(at, 'error', `{${full}} has ${given.length} arguments`, `it takes ${wanted}`)
    return undefined
  }
  checkArguments(one, entry.check, context)
  const args = given.map((arg) => compileFormat(arg, context))
  return { transform: entry.transform, args: (execution) => args.map((arg) => arg(execution)) }
}

function checkArguments(
  { at, arguments: given, class: group, name }: Transformation,
  check: ((args: readonly string[]) => void) | undefined,
  context: CompileContext,
): void {
  if (!check || given.some((arg) => fixedText(arg) === undefined)) return
  try {
    check(given.map((arg) => arg.join('')))
  } catch (error) {
    context.fault(at, 'error', `{${group}.${name}}: ${(error as Error).message}`, 'put it right')
  }
}
