// The configuration part of an OpenSIPS script as a layer: module parameters, sockets, globals. It ranks under the
// configuration file.

import { availableParallelism } from 'node:os'
import type { Fault } from '../errors.js'
import type { Global, ModuleParameter, Position, Script, Socket } from '../script/ast.js'
import { harmless } from '../script/source.js'
import type { Layer } from './layer.js'
import { type OptionTable, parameterNames } from './option.js'
import { globalKind, LOG_LEVELS } from './script-globals.js'
import { nearest } from './suggest.js'

export interface ScriptLayer {
  layer: Layer
  /** The manual's defaults, which take the place of ours. */
  defaults: Layer
  /** What means nothing here, for the debug log. */
  ignored: string[]
}

/** Modules whose parameters are ours. */
const OUR_MODULES = ['sipcapture', 'proto_hep', 'hepcapd']

const MANUAL_DEFAULTS = { capture_on: '0', hep_capture_on: '0', raw_moni_bpf_on: '0', hep_route: 'sip' }

/** Protocols of `socket=` that we serve. */
const SERVED = ['hep_udp', 'hep_tcp', 'hep_tls', 'hep_ws', 'hep_wss', 'udp']

export function scriptLayer(script: Script, table: OptionTable, faults: Fault[]): ScriptLayer {
  const reader = new ScriptReader(table, faults)
  for (const global of script.globals) reader.global(global)
  for (const parameter of script.parameters) reader.parameter(parameter)
  for (const socket of script.sockets) reader.socket(socket)
  const defaults: Layer = new Map(
    Object.entries(MANUAL_DEFAULTS).map(([name, text]) => [
      name,
      { texts: [text], where: `default of scripts (${script.file})` },
    ]),
  )
  return { layer: reader.layer, defaults, ignored: reader.ignored }
}

export function whereOf({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`
}

class ScriptReader {
  readonly layer: Layer = new Map()
  readonly ignored: string[] = []
  readonly #table: OptionTable
  readonly #names: Map<string, string>
  readonly #faults: Fault[]

  constructor(table: OptionTable, faults: Fault[]) {
    this.#table = table
    this.#names = parameterNames(table)
    this.#faults = faults
  }

  parameter({ at, module, name, value }: ModuleParameter): void {
    if (!OUR_MODULES.includes(module)) {
      this.ignored.push(`${whereOf(at)}: modparam ${module}.${name} means nothing here`)
      return
    }
    const parameter = this.#names.get(name)
    if (parameter === undefined) {
      const meant = nearest(name, this.#names.keys())
      const cure = meant ? `did you mean ${meant}?` : 'remove it'
      this.#report(at, 'error', `${module} has no parameter ${name}`, cure)
    } else {
      this.#give(parameter, String(value), at)
    }
  }

  socket({ at, keyword, proto, host, port }: Socket): void {
    if (keyword === 'alias') {
      this.ignored.push(`${whereOf(at)}: alias means nothing here`)
    } else if (!SERVED.includes(proto.toLowerCase())) {
      const what = `${keyword}: hepcapd does not serve ${proto}, so this is not opened`
      this.#report(at, 'warning', what, `it serves ${SERVED.join(', ')}`)
    } else if (typeof port === 'string') {
      this.#report(at, 'error', `"${port}" is no port`, 'put a number in its place, as your preprocessor did')
    } else {
      const shown = host.includes(':') ? `[${host}]` : host
      this.#add('listen', `${proto.toLowerCase()}:${shown}${port === undefined ? '' : `:${port}`}`, at)
    }
  }

  global(global: Global): void {
    const { at, name, values } = global
    const kind = globalKind(name)
    if (kind === 'unknown') {
      this.#report(at, 'error', `OpenSIPS has no global ${name}`, 'remove it')
    } else if (kind === 'removed') {
      const what = `${name} is no global of current OpenSIPS versions; it means nothing here either`
      this.#report(at, 'warning', what, 'remove it')
    } else if (kind === 'ignored') {
      this.ignored.push(`${whereOf(at)}: ${name} means nothing here`)
    } else {
      this.#ours(global, values[0] ?? '')
    }
  }

  #ours({ at, name }: Global, value: string | number): void {
    switch (name) {
      case 'db_default_url':
        if (!this.layer.has('db_url')) this.#give('db_url', String(value), at)
        break
      case 'log_level':
        this.#give('log_level', LOG_LEVELS.get(Number(value)) ?? 'info', at)
        break
      case 'max_while_loops': // of the routes, not of the daemon
        break
      default: // children, udp_workers: a hint, since more threads than cores help nobody
        this.#give(
          'udp_workers',
          String(Math.min(Math.max(Number(value) || 1, 1), availableParallelism())),
          at,
        )
    }
  }

  /** What is given last counts, but for parameters that may be repeated. */
  #give(parameter: string, text: string, at: Position): void {
    const before = this.layer.get(parameter)
    const isFurther =
      this.#table[parameter]?.repeatable && before?.where !== undefined && parameter !== 'db_url'
    if (isFurther) before.texts.push(text)
    else this.layer.set(parameter, { texts: [text], where: whereOf(at) })
  }

  #add(parameter: string, text: string, at: Position): void {
    const before = this.layer.get(parameter)
    if (before) before.texts.push(text)
    else this.layer.set(parameter, { texts: [text], where: whereOf(at) })
  }

  #report(at: Position, severity: Fault['severity'], what: string, cure: string): void {
    this.#faults.push({ where: whereOf(at), severity, what: harmless(what), cure })
  }
}
