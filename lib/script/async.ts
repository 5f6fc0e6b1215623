// `async(...)` and `launch(...)`: functions that are waited for while the script has ended or goes on, and the routes
// that run when they are done. Scripts of one message never run at the same time: each takes its turn.

import type { Execution } from '../route/execution.js'
import type { ReturnCode } from '../route/registry.js'
import { MAX_TIMER_SECONDS } from '../route/table.js'
import type { Argument, Call } from './ast.js'
import { compileStart, type Start } from './calls.js'
import { type Code, END, type Flow, GO_ON, sync } from './compile-code.js'
import type { Compiler } from './compile-context.js'
import { type NamedRoute, routeNamed, runInside } from './routes.js'
import { FAILED, numberOf } from './values.js'
import { compileRead } from './variables.js'

type Inner = NonNullable<Call['inner']>

/** `$rc` of the route that goes on when the function was not done in time. */
const LATE = -2
/** Seconds; undefined for no bound. */
type Seconds = (execution: Execution) => number | undefined

export function compileAsync(call: Call, inner: Inner, compiler: Compiler): Code<Flow> {
  const start = startOf(inner.call, call.name, compiler)
  const route = inner.resume === undefined ? undefined : routeNamed(inner.resume, call.at, compiler)
  const seconds = secondsOf(inner.timeout, call.name, compiler)
  if (call.name === 'launch') return sync(launching(start, route, seconds))
  if (inner.resume === undefined) {
    compiler.fault(call.at, 'error', 'async() without a route to go on in', 'write async(function(), route)')
  }
  return sync((execution) => {
    suspend(execution, start, route, seconds)
    return END
  })
}

/** What an awaiting route does: continuations of its message come after it. */
export function holdTurn<T>(execution: Execution, running: Promise<T>): Promise<T> {
  const before = turns.get(execution)
  turns.set(execution, before ? Promise.allSettled([before, running]) : running.catch(() => {}))
  return running
}

function launching(start: Start, route: NamedRoute | undefined, seconds: Seconds) {
  return (execution: Execution): Flow => {
    suspend(execution, start, route, seconds)
    execution.returnCode = 1
    return GO_ON
  }
}

function startOf(call: Call, outer: string, compiler: Compiler): Start {
  if (call.name !== 'route' && !call.inner) return compileStart(call, compiler)
  compiler.fault(
    call.at,
    'error',
    `${outer}() takes a function, not ${call.name}()`,
    `call ${call.name}() itself`,
  )
  return () => 1
}

function secondsOf(timeout: Argument | undefined, outer: string, compiler: Compiler): Seconds {
  if (!timeout) return () => undefined
  if (timeout.type === 'variable') {
    const read = compileRead(timeout, compiler)
    return (execution) => {
      const value = read(execution)
      return value === FAILED || value === null ? undefined : numberOf(value)
    }
  }
  const seconds = Number(timeout.type === 'text' ? timeout.text : timeout.value)
  if (!(seconds > 0)) {
    compiler.fault(timeout.at, 'error', `the time of ${outer}() is no number above 0`, 'write it in seconds')
  } else if (seconds > MAX_TIMER_SECONDS) {
    const what = `the time of ${outer}() is more than a timer holds`
    compiler.fault(timeout.at, 'error', what, `write at most ${MAX_TIMER_SECONDS} seconds`)
  }
  return () => seconds
}

/** The function starts at once; the message stays until it has ended, and so has the route after it. */
function suspend(execution: Execution, start: Start, route: NamedRoute | undefined, seconds: Seconds): void {
  const limit = seconds(execution)
  const started = Promise.resolve(start(execution))
  const inTime = limit === undefined ? started : within(limit, started)
  execution.suspend(goOn(execution, inTime, route))
  if (limit !== undefined) execution.suspend(started)
}

async function goOn(
  execution: Execution,
  started: Promise<ReturnCode>,
  route: NamedRoute | undefined,
): Promise<void> {
  const code = await started
  if (!route) return
  await takeTurn(execution, () => {
    execution.returnCode = code
    return runInside(execution, route, [])
  })
}

async function within(seconds: number, started: Promise<ReturnCode>): Promise<ReturnCode> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<ReturnCode>((resolve) => {
    timer = setTimeout(resolve, Math.min(seconds, MAX_TIMER_SECONDS) * 1000, LATE)
  })
  try {
    return await Promise.race([started, late])
  } finally {
    clearTimeout(timer)
  }
}

const turns = new WeakMap<Execution, Promise<unknown>>()

function takeTurn<T>(execution: Execution, run: () => T | Promise<T>): Promise<T> {
  const before = turns.get(execution) ?? Promise.resolve()
  const mine = before.then(run)
  turns.set(
    execution,
    mine.catch(() => {}),
  )
  return mine
}
