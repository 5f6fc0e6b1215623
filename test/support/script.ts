// Scripts compiled and run, with functions that tests make up and that note what they were given.

import t from 'tap'
import { renderFault } from '../../lib/errors.js'
import { Execution, type MessageActions } from '../../lib/route/execution.js'
import type { FunctionEntry, FunctionTable } from '../../lib/route/registry.js'
import type { RouteServices } from '../../lib/route/services.js'
import type { Route, RouteTable } from '../../lib/route/table.js'
import type { Dialect } from '../../lib/script/ast.js'
import { type CompileOptions, compileScript } from '../../lib/script/compile.js'
import { parseScript } from '../../lib/script/parser.js'
import type { Value } from '../../lib/script/value.js'
import { batchOf, newEngine } from './engine.js'
import { packet } from './packets.js'

export interface ScriptOptions extends Partial<CompileOptions> {
  dialect?: Dialect
  whileLoops?: number
  steps?: number
  /** A SIP message that came as a HEP packet; without it there is none, as in timers. */
  sip?: string
}

export interface Script {
  routes: RouteTable
  /** Faults as they are printed, without their excerpts. */
  faults: string[]
}

/** Throws when the text cannot even be parsed. */
export function compiled(text: string, options: ScriptOptions = {}): Script {
  const { dialect = '3.x', functions = TABLE, jsFunctions, trace } = options
  const { script, faults } = parseScript('t.cfg', { text, dialect })
  if (!script) throw new Error(faults.map(renderFault).join('\n'))
  const result = compileScript(script, { functions, jsFunctions, trace })
  return {
    routes: result.routes,
    faults: result.faults.map(({ excerpt: _, ...fault }) => renderFault(fault)),
  }
}

/** One message's execution and what it said. */
export class Rig {
  readonly script: Script
  readonly execution: Execution
  /** What the functions noted, in order. */
  readonly notes: string[] = []
  /** `WHAT at WHERE` */
  readonly warnings: string[] = []
  readonly traced: string[] = []
  readonly #doors = new Map<string, (code: number) => void>()

  constructor(text: string, options: ScriptOptions = {}) {
    this.script = compiled(text, options)
    const actions = options.sip === undefined ? undefined : actionsOf(options.sip)
    this.execution = new Execution(this.#services(options), actions)
    rigs.set(this.execution, this)
  }

  get request(): Route {
    const { request } = this.script.routes
    if (!request) throw new Error('no route')
    return request
  }

  run(): number | Promise<number> {
    return this.request.run(this.execution)
  }

  /** Waits for all that the execution left to wait for. */
  async settled(): Promise<void> {
    for (;;) {
      const suspension = this.execution.takeSuspension()
      if (!suspension) return
      await suspension
    }
  }

  var(name: string): Value | undefined {
    return this.execution.vars.get(name)
  }

  /** What `later("name")` waits for. */
  wait(name: string): Promise<number> {
    return new Promise((resolve) => this.#doors.set(name, resolve))
  }

  /** Lets `later("name")` end, with what has to run behind it. */
  async open(name: string, code = 1): Promise<void> {
    const resolve = this.#doors.get(name)
    if (!resolve) throw new Error(`nobody waits for ${name}`)
    this.#doors.delete(name)
    resolve(code)
    await new Promise((done) => setImmediate(done))
  }

  #services({ whileLoops = 10_000, steps = 1_000_000 }: ScriptOptions): RouteServices {
    const nothing = () => undefined
    return {
      log: {
        isLogged: () => true,
        xlog: (_, line) => this.notes.push(line),
        warn: (what, where) => this.warnings.push(`${what} at ${where}`),
      },
      stats: { add: nothing, get: nothing, set: nothing },
      cache: { store: nothing, fetch: nothing, remove: nothing, add: nothing },
      routes: this.script.routes,
      limits: { whileLoops, steps },
      inputOf: nothing,
      now: () => 0,
      trace: { statement: (...line) => this.traced.push(line.join(' | ')) },
    }
  }
}

/** Runs the script's `route`, which must give no promise, and tells what it noted. */
export function ran(text: string, options: ScriptOptions = {}): Rig & { code: number } {
  const rig = new Rig(text, options)
  if (rig.script.faults.length > 0) throw new Error(rig.script.faults.join('\n'))
  const code = rig.run()
  if (typeof code !== 'number') throw new Error('a promise')
  return Object.assign(rig, { code })
}

/** A message that nothing can be done with but to read it. */
function actionsOf(sip: string): MessageActions {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const message = batchOf(engine, [packet(sip)]).message(0)
  const no = () => false
  const noAsync = async () => false
  return {
    message,
    sipCapture: no,
    sipCaptureAsync: noAsync,
    reportCapture: no,
    reportCaptureAsync: noAsync,
    hepGet: () => undefined,
    hepSet: no,
    hepDel: no,
    hepRelay: no,
    hepResumeSip: no,
    correlate: no,
  }
}

const rigs = new WeakMap<Execution, Rig>()

function rigOf(execution: Execution): Rig {
  const rig = rigs.get(execution)
  if (!rig) throw new Error('an execution without its rig')
  return rig
}

export function table(...entries: FunctionEntry[]): FunctionTable {
  return new Map(entries.map((entry) => [entry.name, entry]))
}

/** note(text): true, and notes the text. */
const note: FunctionEntry = {
  name: 'note',
  signatures: [
    {
      dialect: 'any',
      parameters: [{ name: 'text', kind: 'text' }],
      run(execution, [text]) {
        rigOf(execution).notes.push(String(text))
        return 1
      },
    },
  ],
}

/** code(n): notes that it ran, and gives n. */
const code: FunctionEntry = {
  name: 'code',
  signatures: [
    {
      dialect: 'any',
      parameters: [{ name: 'n', kind: 'integer' }],
      run(execution, [n]) {
        rigOf(execution).notes.push(`code ${n}`)
        return Number(n)
      },
    },
  ],
}

/** fetch($out, value): assigns a value. */
const fetch: FunctionEntry = {
  name: 'fetch',
  signatures: [
    {
      dialect: 'any',
      parameters: [
        { name: 'result', kind: 'out' },
        { name: 'value', kind: 'value', optional: true },
      ],
      run(_, [result, value]) {
        if (typeof result === 'function') (result as (value: Value) => void)((value ?? null) as Value)
        return 1
      },
    },
  ],
}

/** later("name") waits until the test opens the door of that name. */
const later: FunctionEntry = {
  name: 'later',
  awaits: true,
  signatures: [
    {
      dialect: 'any',
      parameters: [{ name: 'name', kind: 'text' }],
      run: () => 1,
      runAsync(execution, [name]) {
        rigOf(execution).notes.push(`wait ${name}`)
        return rigOf(execution).wait(String(name))
      },
    },
  ],
}

/** store("name") is done at once, and `async(store("name"), route)` when the test opens the door. */
const store: FunctionEntry = {
  name: 'store',
  signatures: [
    {
      dialect: 'any',
      parameters: [{ name: 'name', kind: 'text' }],
      run(execution, [name]) {
        rigOf(execution).notes.push(`store ${name}`)
        return 1
      },
      runAsync(execution, [name]) {
        rigOf(execution).notes.push(`wait ${name}`)
        return rigOf(execution).wait(String(name))
      },
    },
  ],
}

export const TABLE: FunctionTable = table(note, code, fetch, later, store)
