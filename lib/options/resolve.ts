// From layers of texts to one typed value for each option, with where it came from.

import type { Fault } from '../errors.js'
import type { RuleSettings } from '../route/rules.js'
import type { Dialect, Script } from '../script/ast.js'
import { parseScript } from '../script/parser.js'
import { type Arguments, commandLineLayer } from './command-line.js'
import { environmentLayer } from './environment.js'
import { fileLayer } from './file.js'
import type { Layer } from './layer.js'
import { environmentOf, flagOf, type Option, type OptionTable, type ValuesOf } from './option.js'
import { NO_RULES } from './rules.js'
import { scriptLayer } from './script-layer.js'
import { daemonOptions } from './table.js'
import { ValueFault } from './types.js'

type Report = (what: string, cure: string, severity?: Fault['severity']) => void

/** Where values may come from; kept, so that all can be read again. */
export interface Sources {
  /** The command as it was called, and what yargs found after it. */
  command: string
  argv: Arguments
  /** undefined: the command takes flags only, neither environment nor file. */
  env: NodeJS.ProcessEnv | undefined
  /** Nothing is captured from: whether there is something does not matter. */
  inputless?: boolean
}

export interface Resolved<T extends OptionTable> {
  values: ValuesOf<T>
  /** Where each value came from. */
  origins: Map<string, string>
  faults: Fault[]
  /** Of the configuration file. */
  rules: RuleSettings
  script: Script | undefined
  /** What of the script means nothing here, for the debug log. */
  ignored: string[]
}

/** What was read for a layer, beside the values. */
type ReadBeside = Pick<Resolved<OptionTable>, 'rules' | 'script' | 'ignored'>

/** Throws a RefusedError when the configuration file or the script cannot be read. */
export function resolve<T extends OptionTable>(table: T, sources: Sources): Resolved<T> {
  const faults: Fault[] = []
  const beside: ReadBeside = { rules: NO_RULES, script: undefined, ignored: [] }
  const layers = layersOf(table, sources, faults, beside)
  const origins = new Map<string, string>()
  const values: Record<string, unknown> = {}
  for (const [name, option] of Object.entries(table)) {
    const plain = typeof option.default === 'string' ? [option.default] : option.default
    const given = layers.find((layer) => layer.has(name))?.get(name) ?? { texts: plain, where: 'default' }
    origins.set(name, given.where)
    values[name] = parsed(name, option, given.texts, (what, cure, severity = 'error') => {
      faults.push({ where: given.where, severity, what: named(name, given.where, what), cure })
    })
  }
  return { values: values as ValuesOf<T>, origins, faults, ...beside }
}

const DIALECTS: readonly Dialect[] = ['2.3', '2.4', '3.x']

/** Highest rank first. Environment and file may name every option of the daemon, whatever the command takes. */
function layersOf(
  table: OptionTable,
  { command, argv, env }: Sources,
  faults: Fault[],
  beside: ReadBeside,
): Layer[] {
  const flags = commandLineLayer(table, argv, command, faults)
  if (!env) return [flags]
  const layers = [flags, environmentLayer(daemonOptions, env, faults)]
  const path = fileNamed('config', layers)
  if (path) {
    const file = fileLayer(daemonOptions, path, faults)
    beside.rules = file.rules
    layers.push(file.layer)
  }
  const script = fileNamed('script', layers)
  return script ? [...layers, ...layersOfScript(script, layers, faults, beside)] : layers
}

function fileNamed(option: string, layers: readonly Layer[]): string | undefined {
  const path = layers
    .find((layer) => layer.has(option))
    ?.get(option)
    ?.texts.at(-1)
  return path && path !== 'off' ? path : undefined
}

function layersOfScript(
  path: string,
  layers: readonly Layer[],
  faults: Fault[],
  beside: ReadBeside,
): Layer[] {
  const dialect = layers
    .find((layer) => layer.has('dialect'))
    ?.get('dialect')
    ?.texts.at(-1)
  const given = DIALECTS.find((known) => known === dialect)
  const { script, faults: wrong } = parseScript(path, given ? { dialect: given } : {})
  faults.push(...wrong)
  if (!script) return []
  const { layer, defaults, ignored } = scriptLayer(script, daemonOptions, faults)
  beside.script = script
  beside.ignored = ignored
  return [layer, defaults]
}

/** A position in the file does not say which option it is; a flag and a variable do. */
function named(name: string, where: string, what: string): string {
  const says = [flagOf(name), environmentOf(name)].some((spelling) => where.endsWith(spelling))
  return says || new RegExp(`\\b${name}\\b`).test(what) ? what : `${name}: ${what}`
}

function parsed(name: string, option: Option, texts: readonly string[], report: Report): unknown {
  const wanted = option.repeatable ? texts : texts.slice(-1)
  const values = wanted.flatMap((text) => {
    try {
      const value = option.type.parse(text)
      if (option.instead !== undefined && !isUsual(option, value))
        report(`${name} has no effect: ${option.instead}`, 'leave it out', 'warning')
      return [value]
    } catch (error) {
      if (!(error instanceof ValueFault)) throw error
      report(error.what, error.cure)
      return []
    }
  })
  return option.repeatable ? values.filter((value) => value !== '') : values[0] // off adds nothing
}

function isUsual({ type, default: plain }: Option, value: unknown): boolean {
  return type.show(value) === type.show(type.parse(String(plain)))
}
