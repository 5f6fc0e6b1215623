// The functions of scripts, by name and argument order. Each says how it is written and which method of Capture does
// it, so that scripts and modules cannot differ.

import { parseChunkId, parseDataType, parseVendor } from '../hep/chunk-id.js'
import type { ChunkDataType, ChunkId, ChunkOptions, ChunkValue } from '../hep/chunk-types.js'
import { tableName, ValueFault } from '../options/types.js'
import type { Value } from '../script/value.js'
import { captureFor } from './capture-for.js'
import type { Execution } from './execution.js'
import type { Arg, FunctionEntry, FunctionTable, Parameter, ReturnCode, Signature } from './registry.js'
import { L_ERR, L_NOTICE, levelOf } from './xlog.js'

export { captureFor } from './capture-for.js'

type Args = readonly Arg[]
type Run = (execution: Execution, args: Args) => ReturnCode
type Out = (value: Value) => void

function codeOf(isDone: boolean): ReturnCode {
  return isDone ? 1 : -1
}

function textArg(arg: Arg): string | undefined {
  return arg === undefined || arg === null ? undefined : String(arg)
}

// Parameters

const text = (name: string): Parameter => ({ name, kind: 'text' })
const integer = (name: string): Parameter => ({ name, kind: 'integer' })
const out = (name: string): Parameter => ({ name, kind: 'out' })
const optional = (parameter: Parameter): Parameter => ({ ...parameter, optional: true })
const lazyText = (name: string): Parameter => ({ name, kind: 'text', lazy: true })

/** Texts that are looked at when the script is loaded, as far as they hold no variables. */
function checked(name: string, check: (text: string) => void): Parameter {
  return { name, kind: 'text', check }
}

const chunkId = checked('chunk', (id) => void parseChunkId(id))
const dataType = checked('type', (type) => void parseDataType(type))
const vendor = checked('vendor', (id) => void parseVendor(id))
const table = checked('table', (name) => {
  try {
    tableName.parse(name)
  } catch (error) {
    throw error instanceof ValueFault ? new Error(`${error.what}; ${error.cure}`) : error
  }
})

const any = (parameters: readonly Parameter[], run: Run, runAsync?: Signature['runAsync']): Signature => ({
  dialect: 'any',
  parameters,
  run,
  ...(runAsync ? { runAsync } : {}),
})

const entries: FunctionEntry[] = []

function define(name: string, ...signatures: Signature[]): void {
  entries.push({ name, signatures })
}

// Rows

const captureOptions = ([name, ...custom]: Args) => ({
  table: textArg(name) || undefined,
  custom: custom.map(textArg),
})

define(
  'sip_capture',
  any(
    [optional(table), optional(text('custom1')), optional(text('custom2')), optional(text('custom3'))],
    (execution, args) => codeOf(captureFor(execution).sipCapture(captureOptions(args))),
    async (execution, args) => codeOf(await captureFor(execution).sipCaptureAsync(captureOptions(args))),
  ),
)

const protocolType = checked('proto_type', (number) => void protocolTypeOf(number))

function protocolTypeOf(number: string): number {
  const type = Number(number)
  if (/^\s*(\d+|0x[\da-f]+)\s*$/i.test(number) && type <= 255) return type
  throw new Error(`"${number}" is no HEP protocol type: write a number from 0 to 255`)
}

function reportOptions(name: Arg, id: Arg, type: Arg) {
  const number = textArg(type)
  return {
    correlationId: textArg(id) ?? '',
    table: textArg(name) || undefined,
    protocolType: number === undefined ? undefined : protocolTypeOf(number),
  }
}

function report(
  dialect: Signature['dialect'],
  parameters: Parameter[],
  order: [number, number, number],
): Signature {
  const options = (args: Args) => reportOptions(...(order.map((at) => args[at]) as [Arg, Arg, Arg]))
  return {
    dialect,
    parameters,
    run: (execution, args) => codeOf(captureFor(execution).reportCapture(options(args))),
    runAsync: async (execution, args) =>
      codeOf(await captureFor(execution).reportCaptureAsync(options(args))),
  }
}

const correlation = text('correlation_id')
const MISSING = 9

define(
  'report_capture',
  report('2.x', [correlation], [MISSING, 0, MISSING]),
  report('2.x', [optional(table), correlation, optional(protocolType)], [0, 1, 2]),
  report('3.x', [correlation, optional(table), optional(protocolType)], [1, 0, 2]),
)

// Chunks: a type is none of the names or numbers of chunks, so calls can be told apart.

type Written = Parameters<NonNullable<Signature['fits']>>[0]

function isType(arg: Written[number]): boolean {
  try {
    return typeof arg === 'string' && parseDataType(arg) !== undefined
  } catch {
    return false
  }
}

/** Scripts of 2.x name variables in quotes. */
function isVariable(arg: Written[number]): boolean {
  return typeof arg === 'object' || (typeof arg === 'string' && arg.startsWith('$'))
}

function chunkOptions(type: Arg, of: Arg): ChunkOptions {
  const word = textArg(type)
  const id = textArg(of)
  return {
    type: word === undefined ? undefined : (word.trim().toLowerCase() as ChunkDataType),
    vendor: id === undefined ? undefined : parseVendor(id),
  }
}

function set(execution: Execution, id: Arg, value: Arg, type?: Arg, of?: Arg): ReturnCode {
  return codeOf(captureFor(execution).hepSet(idOf(id), textArg(value) ?? '', chunkOptions(type, of)))
}

function idOf(arg: Arg): ChunkId {
  return textArg(arg) ?? ''
}

define(
  'hep_set',
  {
    dialect: '2.x',
    parameters: [dataType, chunkId, optional(vendor), text('data')],
    fits: (args) => args.length === 4 && isType(args[0]),
    run: (execution, [type, id, of, value]) => set(execution, id, value, type, of),
  },
  {
    dialect: 'any',
    parameters: [chunkId, text('data')],
    fits: (args) => args.length === 2 && !isType(args[0]),
    run: (execution, [id, value]) => set(execution, id, value, undefined, undefined),
  },
  {
    dialect: '3.x',
    parameters: [chunkId, text('data'), optional(dataType), optional(vendor)],
    fits: (args) => args.length > 2 && !isType(args[0]) && (args[2] === undefined || isType(args[2])),
    run: (execution, [id, value, type, of]) => set(execution, id, value, type, of),
  },
)

/** Absent chunks are NULL in version 3; in versions 1 and 2, which have none, nothing is touched. */
function get(execution: Execution, id: Arg, type: Arg, data: Arg, of: Arg): ReturnCode {
  const capture = captureFor(execution)
  const [putData, putVendor] = [data as Out | undefined, of as Out | undefined]
  if (capture.hepVersion !== 3 || (!putData && !putVendor)) return -1
  const found: ChunkValue | undefined = capture.hepGet(idOf(id), chunkOptions(type, undefined))
  putData?.(found ? found.value : null)
  putVendor?.(found ? found.vendor : null)
  return codeOf(found !== undefined)
}

define(
  'hep_get',
  {
    dialect: '2.x',
    parameters: [dataType, chunkId, optional(out('vendor')), optional(out('data'))],
    fits: (args) => args.length === 4 && isType(args[0]),
    run: (execution, [type, id, of, data]) => get(execution, id, type, data, of),
  },
  {
    dialect: '2.x',
    parameters: [dataType, chunkId, out('data')],
    fits: (args) => args.length === 3 && isType(args[0]),
    run: (execution, [type, id, data]) => get(execution, id, type, data, undefined),
  },
  {
    dialect: '2.x',
    parameters: [chunkId, optional(out('vendor')), optional(out('data'))],
    fits: (args) => args.length <= 3 && !isType(args[0]) && isVariable(args[1]),
    run: (execution, [id, of, data]) => get(execution, id, undefined, data, of),
  },
  {
    dialect: '3.x',
    parameters: [chunkId, optional(dataType), optional(out('data')), optional(out('vendor'))],
    fits: (args) => !isType(args[0]) && !isVariable(args[1]),
    run: (execution, [id, type, data, of]) => get(execution, id, type, data, of),
  },
)

define(
  'hep_del',
  any([chunkId], (execution, [id]) => codeOf(captureFor(execution).hepDel(idOf(id)))),
)

// Where the message goes on to

define(
  'hep_relay',
  any([], (execution) => codeOf(captureFor(execution).hepRelay())),
)
define(
  'hep_resume_sip', // true ends the route: the message goes on elsewhere
  any([], (execution) => (captureFor(execution).hepResumeSip() ? 0 : -1)),
)
define(
  'correlate',
  any(['hep_id', 'type1', 'correlation1', 'type2', 'correlation2'].map(text), (execution, args) => {
    const [hepId, ...pairs] = args.map((arg) => textArg(arg) ?? '') as [
      string,
      string,
      string,
      string,
      string,
    ]
    return codeOf(captureFor(execution).correlate(hepId, ...pairs))
  }),
)

// What the message is

define(
  'is_method',
  any([checked('methods', checkMethods)], (execution, [methods]) =>
    codeOf(captureFor(execution).isMethod(textArg(methods) ?? '')),
  ),
)
define(
  'has_totag',
  any([], (execution) => codeOf(captureFor(execution).hasTotag())),
)
define(
  'has_body',
  any([optional(text('type'))], (execution, [type]) =>
    codeOf(captureFor(execution).hasBody(textArg(type) || undefined)),
  ),
)
define(
  'is_present_hf',
  any([checked('name', checkHeaderName)], (execution, [name]) =>
    codeOf(captureFor(execution).isPresentHf(textArg(name) ?? '')),
  ),
)
define(
  'search',
  any([{ name: 'expression', kind: 'regex' }], (execution, [matches]) => {
    const payload = execution.message?.payload.toString('utf8') ?? ''
    return codeOf((matches as (text: string) => boolean)(payload))
  }),
)

function checkMethods(methods: string): void {
  if (!/^\s*[A-Za-z0-9.!%*_+`'~-]+(\s*\|\s*[A-Za-z0-9.!%*_+`'~-]+)*\s*$/.test(methods))
    throw new Error(`"${methods}" names no methods: write them like "INVITE|BYE"`)
}

function checkHeaderName(name: string): void {
  if (!/^\s*[A-Za-z0-9.!%*_+`'~-]+\s*$/.test(name))
    throw new Error(`"${name}" is no header name: write one like "Subject"`)
}

// The log

const level = checked('level', (name) => {
  if (levelOf(name) === undefined) throw new Error(`"${name}" is no level: write one like L_INFO`)
})

function write(execution: Execution, at: number, line: Arg): ReturnCode {
  const { log } = execution.services
  if (log.isLogged(at)) log.xlog(at, (line as () => string)())
  return 1
}

for (const name of ['xlog', 'log']) {
  define(
    name,
    { ...any([lazyText('text')], (execution, [line]) => write(execution, L_ERR, line)), dialect: '2.x' },
    { ...any([lazyText('text')], (execution, [line]) => write(execution, L_NOTICE, line)), dialect: '3.x' },
    any([level, lazyText('text')], (execution, [at, line]) =>
      write(execution, levelOf(textArg(at) ?? '') ?? L_ERR, line),
    ),
  )
}

// Caches and counters

const key = [text('system'), text('key')]

define(
  'cache_store',
  any([...key, text('value'), optional(integer('expires'))], (execution, [system, name, value, expires]) =>
    codeOf(
      captureFor(execution).cacheStore(
        textArg(system) ?? '',
        textArg(name) ?? '',
        textArg(value) ?? '',
        Number(expires ?? 0),
      ),
    ),
  ),
)
define(
  'cache_fetch',
  any([...key, out('value')], (execution, [system, name, put]) => {
    const found = captureFor(execution).cacheFetch(textArg(system) ?? '', textArg(name) ?? '')
    if (found !== undefined) (put as Out)(found)
    return found === undefined ? -2 : 1
  }),
)
define(
  'cache_remove',
  any(key, (execution, [system, name]) =>
    codeOf(captureFor(execution).cacheRemove(textArg(system) ?? '', textArg(name) ?? '')),
  ),
)
for (const [name, sign] of [
  ['cache_add', 1],
  ['cache_sub', -1],
] as const) {
  define(
    name,
    any(
      [...key, integer('by'), integer('expires'), optional(out('sum'))],
      (execution, [system, of, by, expires, put]) => {
        const sum = captureFor(execution).cacheAdd(
          textArg(system) ?? '',
          textArg(of) ?? '',
          sign * Number(by),
          Number(expires ?? 0),
        )
        if (sum !== undefined) (put as Out | undefined)?.(sum)
        return codeOf(sum !== undefined)
      },
    ),
  )
}
define(
  'update_stat',
  any([text('name'), integer('by')], (execution, [name, by]) =>
    codeOf(captureFor(execution).updateStat(textArg(name) ?? '', Number(by))),
  ),
)
define(
  'reset_stat',
  any([text('name')], (execution, [name]) =>
    codeOf(captureFor(execution).updateStat(textArg(name) ?? '', 0)),
  ),
)

export const functions: FunctionTable = new Map(entries.map((entry) => [entry.name, entry]))
