// Calls of functions: which order of arguments is meant, what each argument becomes, and what is told when none
// fits. What can be known at load is bound at load; constant arguments are one array for all messages.

import { nearest } from '../options/suggest.js'
import type { Execution } from '../route/execution.js'
import type { Arg, FunctionEntry, Parameter, ReturnCode, Signature } from '../route/registry.js'
import type { Argument, Call } from './ast.js'
import { bind, type Given, givenOf, type Maker, misfit, NOT_GIVEN, shapeOf } from './call-arguments.js'
import { awaiting, type Code, sync } from './compile-code.js'
import { type Compiler, lineOf, type ModuleFunction } from './compile-context.js'
import { unavailable } from './compile-unavailable.js'
import { compileRouteCall } from './routes.js'
import { FAILED, textOf } from './values.js'
import { compileFormat, compileRead } from './variables.js'

/** Starts a function; a promise only when it has a form that waits. */
export type Start = (execution: Execution) => ReturnCode | Promise<ReturnCode>

const FALSE_CODE = -1

/** A call as a statement or in a condition. */
export function compileCall(call: Call, compiler: Compiler): Code<ReturnCode> {
  if (call.name === 'route') return compileRouteCall(call, compiler)
  if (call.inner) {
    const what = `${call.name}() is a statement of its own`
    compiler.fault(call.at, 'error', what, 'take it out of the condition')
    return sync(() => FALSE_CODE)
  }
  const entry = compiler.functions.get(call.name)
  if (entry) return compileEntry(call, entry, compiler)
  const offered = compiler.jsFunctions.get(call.name)
  if (offered) return compileModuleFunction(call, offered, compiler)
  unknownFunction(call, compiler)
  return sync(() => FALSE_CODE)
}

/** The call inside of `async(...)` and `launch(...)`: the form that waits, where there is one. */
export function compileStart(call: Call, compiler: Compiler): Start {
  const entry = compiler.functions.get(call.name)
  if (!entry) return compileCall(call, compiler).run
  const bound = bindCall(call, entry, compiler)
  if (!bound) return () => FALSE_CODE
  const { signature, make } = bound
  return (execution) => {
    const args = make(execution)
    return args ? started(signature, execution, args) : FALSE_CODE
  }
}

function compileEntry(call: Call, entry: FunctionEntry, compiler: Compiler): Code<ReturnCode> {
  const bound = bindCall(call, entry, compiler)
  if (!bound) return sync(() => FALSE_CODE)
  const { signature, make } = bound
  if (entry.awaits) {
    return awaiting(async (execution) => {
      const args = make(execution)
      return args ? started(signature, execution, args) : FALSE_CODE
    })
  }
  return sync((execution) => {
    const args = make(execution)
    return args ? signature.run(execution, args) : FALSE_CODE
  })
}

function started(signature: Signature, execution: Execution, args: readonly Arg[]) {
  return signature.runAsync ? signature.runAsync(execution, args) : signature.run(execution, args)
}

interface Bound {
  signature: Signature
  /** undefined when a variable did not hold what the function takes. */
  make(execution: Execution): readonly Arg[] | undefined
}

function bindCall(call: Call, entry: FunctionEntry, compiler: Compiler): Bound | undefined {
  const given = call.arguments.map((argument) => givenOf(argument))
  const signature = choose(entry, given, compiler)
  if (!signature) {
    noneFits(call, entry, given, compiler)
    return undefined
  }
  if (!isOfDialect(signature, compiler)) {
    const other = signature.dialect === '2.x' ? '2.x' : '3.x'
    const what = `${call.name}() has its arguments in the order of OpenSIPS ${other}, and the script is of ${compiler.dialect}`
    compiler.fault(
      call.at,
      'warning',
      what,
      'it is taken as it is written; --dialect tells which one is meant',
    )
  }
  const makers = signature.parameters.map((parameter, i) =>
    bind({ parameter, name: call.name, at: call.at }, given[i], compiler),
  )
  return { signature, make: argumentsMaker(makers, call) }
}

/** The order that says of itself that it is meant, then that of the dialect, then any that fits. */
function choose(
  { signatures }: FunctionEntry,
  given: readonly Given[],
  compiler: Compiler,
): Signature | undefined {
  const shapes = given.map(shapeOf)
  const rank = (signature: Signature) => (signature.fits ? 0 : 2) + (isOfDialect(signature, compiler) ? 0 : 1)
  return signatures
    .filter((one) => misfit(one, given) === undefined && (one.fits?.(shapes) ?? true))
    .sort((a, b) => rank(a) - rank(b))[0]
}

function isOfDialect({ dialect }: Signature, compiler: Compiler): boolean {
  return dialect === 'any' || dialect === (compiler.dialect === '3.x' ? '3.x' : '2.x')
}

function argumentsMaker(makers: readonly Maker[], { name, at }: Call): Bound['make'] {
  if (makers.every((maker) => maker.constant)) {
    const args = makers.map((maker) => (maker.constant ? maker.value : undefined))
    return () => args
  }
  const where = lineOf(at)
  return (execution) => {
    const args: Arg[] = []
    for (const maker of makers) {
      const arg = maker.constant ? maker.value : maker.make(execution)
      if (arg === NOT_GIVEN) {
        execution.services.log.warn(`bad argument of ${name}()`, where)
        return undefined
      }
      args.push(arg)
    }
    return args
  }
}

function compileModuleFunction(call: Call, offered: ModuleFunction, compiler: Compiler): Code<ReturnCode> {
  const makers = call.arguments.map((argument) => plainValue(argument, compiler))
  const run = (execution: Execution) =>
    offered.run(
      execution,
      makers.map((make) => make(execution)),
    )
  if (offered.awaits) return awaiting(async (execution) => run(execution))
  return sync((execution) => {
    const code = run(execution)
    if (typeof code === 'number') return code
    code.catch(() => {})
    throw new Error(`${call.name}() gave a promise; make it an async function, so that scripts wait for it`)
  })
}

/** What a JavaScript function is given: texts with their variables put in, and numbers. */
function plainValue(
  argument: Argument | undefined,
  compiler: Compiler,
): (execution: Execution) => string | number {
  if (!argument) return () => ''
  if (argument.type === 'number') return () => argument.value
  if (argument.type === 'text') return compileFormat(givenOf(argument).format(compiler), compiler)
  const read = compileRead(argument, compiler)
  return (execution) => {
    const value = read(execution)
    if (value === FAILED || value === null) return ''
    if (typeof value !== 'object') return value
    return value.prefersNumber ? value.number : (textOf(value) ?? '')
  }
}

function unknownFunction({ at, name }: Call, compiler: Compiler): void {
  const known = unavailable(name)
  if (known) {
    compiler.fault(at, 'error', known.what, known.cure)
    return
  }
  const near = nearest(name, [...compiler.functions.keys(), ...compiler.jsFunctions.keys(), 'route'])
  const cure = near
    ? `did you mean ${near}()`
    : 'remove it, or offer a function of this name in the module of --routes'
  compiler.fault(at, 'error', `unknown function ${name}()`, cure)
}

function noneFits(
  { at, name }: Call,
  entry: FunctionEntry,
  given: readonly Given[],
  compiler: Compiler,
): void {
  const forms = entry.signatures.map((signature) => form(name, signature))
  const cure = `write ${[...new Set(forms)].join(' or ')}`
  const misfits = entry.signatures.map((signature) => misfit(signature, given))
  const [only] = misfits
  if (misfits.length === 1 && only) {
    compiler.fault(only.at ?? at, 'error', `${name}(): ${only.what}`, cure)
  } else {
    compiler.fault(at, 'error', `${name}() does not take these arguments`, cure)
  }
}

/** `name(first[, second])` */
function form(name: string, { parameters }: Signature): string {
  const written = parameters.map((parameter, i) => formOf(parameter, i === 0))
  return `${name}(${written.join('')})`
}

function formOf({ name, kind, optional }: Parameter, isFirst: boolean): string {
  const text = `${isFirst ? '' : ', '}${kind === 'out' ? `$var(${name})` : name}`
  return optional ? `[${text}]` : text
}
