// `switch`: a text is compared ignoring case, a number as a number. What follows the case that was found runs too,
// until a `break`; the default is the last.

import type { Execution } from '../route/execution.js'
import type { Position, Statement, Switch } from './ast.js'
import { compare } from './compare.js'
import { awaiting, BREAK, type Code, type Flow, GO_ON, sync } from './compile-code.js'
import { type Compiler, lineOf } from './compile-context.js'
import { headText } from './compile-text.js'
import { traced } from './compile-trace.js'
import { compileBlock } from './statements.js'
import type { Value } from './value.js'
import { FAILED, numberOf } from './values.js'
import { compileRead } from './variables.js'

export function compileSwitch(node: Switch, compiler: Compiler): Code<Flow> {
  const bodies = bodiesOf(node).map((body) => caseBody(body, compiler))
  checkLabels(node, compiler)
  const find = traced(
    () => ({ at: node.at, text: headText(node), variables: [node.subject] }),
    sync(finder(node, compiler)),
    (found) => caseText(node, found),
    compiler,
  )
  if (find.awaits || bodies.some((body) => body.awaits)) {
    return awaiting(async (execution) => {
      execution.returnCode = 1
      const found = await find.run(execution)
      for (const body of bodies.slice(found)) {
        const flow = await body.run(execution)
        if (flow !== GO_ON) return leaving(flow)
      }
      return GO_ON
    })
  }
  const plain = bodies.filter((body) => !body.awaits)
  return sync((execution) => {
    execution.returnCode = 1
    for (let i = find.run(execution); i < plain.length; i++) {
      const flow = plain[i]?.run(execution) ?? GO_ON
      if (flow !== GO_ON) return leaving(flow)
    }
    return GO_ON
  })
}

function bodiesOf({ cases, otherwise }: Switch): (readonly Statement[])[] {
  return [...cases.map(({ body }) => body), otherwise ?? []]
}

function caseBody(statements: readonly Statement[], compiler: Compiler): Code<Flow> {
  compiler.breakable.push('switch')
  const body = compileBlock(statements, compiler)
  compiler.breakable.pop()
  return body
}

function leaving(flow: Flow): Flow {
  return flow === BREAK ? GO_ON : flow
}

/** Gives the number of the case to begin with; the default comes after the last. */
function finder({ subject, cases, at }: Switch, compiler: Compiler): (execution: Execution) => number {
  const read = compileRead(subject, compiler)
  const labels = cases.map(({ label }) => label)
  const where = lineOf(at)
  return (execution) => {
    const value = read(execution)
    if (value === FAILED) {
      execution.services.log.warn('error in expression', where)
      return labels.length
    }
    const found = labels.findIndex((label) => isCase(label, value))
    return found === -1 ? labels.length : found
  }
}

function isCase(label: string | number, value: Value): boolean {
  if (value === null) return false
  if (typeof label === 'number') return numberOf(value) === label
  return compare('==', value, label, 'constant') === true
}

function caseText({ cases }: Switch, found: number): string {
  const label = cases[found]?.label
  return label === undefined ? 'default' : `case ${JSON.stringify(label)}`
}

function checkLabels({ cases }: Switch, compiler: Compiler): void {
  const known = new Map<string | number, Position>()
  for (const { label, at } of cases) {
    const key = typeof label === 'string' ? label.toLowerCase() : label
    const first = known.get(key)
    if (first) {
      const what = `\`case ${JSON.stringify(label)}\` is there already, in line ${first.line}`
      compiler.fault(at, 'warning', what, 'remove it: it is never found')
    } else {
      known.set(key, at)
    }
  }
}
