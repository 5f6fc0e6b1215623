// The configuration file (TOML) as a layer.

import { readFileSync } from 'node:fs'
import { parse, TomlError, type TomlTable, type TomlValue } from 'smol-toml'
import { type Fault, RefusedError } from '../errors.js'
import { inheritance } from '../privileges/inheritance.js'
import type { RuleSettings } from '../route/rules.js'
import type { Layer } from './layer.js'
import { type OptionTable, parameterNames } from './option.js'
import { keyPositions } from './positions.js'
import { isRules, NO_RULES, readRules, ruleTables } from './rules.js'
import { nearest } from './suggest.js'

export interface ConfigurationFile {
  layer: Layer
  rules: RuleSettings
}

/** Throws a RefusedError when the file cannot be read; what is wrong in it goes to `faults`. */
export function fileLayer(table: OptionTable, path: string, faults: Fault[]): ConfigurationFile {
  const text = readText(path)
  const toml = parseToml(path, text, faults)
  return toml ? new FileReader(table, path, text, faults).read(toml) : { layer: new Map(), rules: NO_RULES }
}

function readText(path: string): string {
  try {
    return inheritance.file(path, readFileSync).toString()
  } catch (error) {
    const { code = 'ERROR', syscall } = error as NodeJS.ErrnoException
    const message = `cannot read the configuration file ${path}`
    throw new RefusedError({
      code,
      syscall,
      message,
      cure: 'name a file that this user may read with --config',
    })
  }
}

function parseToml(path: string, text: string, faults: Fault[]): TomlTable | undefined {
  try {
    return parse(text, { integersAsBigInt: 'asNeeded' })
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const reason = error.message.split('\n', 1)[0]!.replace(/^Invalid TOML document: /, '')
    faults.push({
      where: `${path}:${error.line}:${error.column}`,
      severity: 'error',
      what: `this is no TOML: ${reason}`,
      cure: 'see https://toml.io for its grammar',
    })
    return undefined
  }
}

class FileReader {
  readonly #table: OptionTable
  readonly #names: Map<string, string>
  readonly #path: string
  readonly #positions: ReturnType<typeof keyPositions>
  readonly #faults: Fault[]
  readonly #layer: Layer = new Map()

  constructor(table: OptionTable, path: string, text: string, faults: Fault[]) {
    this.#table = table
    this.#names = parameterNames(table)
    this.#path = path
    this.#positions = keyPositions(text)
    this.#faults = faults
  }

  read(toml: TomlTable): ConfigurationFile {
    for (const [key, value] of Object.entries(toml)) {
      const parameter = this.#names.get(key)
      if (parameter !== undefined) this.#take(parameter, key, value)
      else if (!isRules(key)) this.#refuse(key, `no option has the name ${key}`, this.#meant(key))
    }
    const rules = readRules(toml, (key, what, cure) => this.#refuse(key, what, cure))
    return { layer: this.#layer, rules }
  }

  #take(parameter: string, key: string, value: TomlValue): void {
    const { repeatable, notInFile, type } = this.#table[parameter]!
    if (notInFile) {
      this.#refuse(key, `${key} cannot stand in the file itself`, 'give it as flag or in the environment')
      return
    }
    const values = repeatable && Array.isArray(value) ? value : [value]
    const texts = values.map((one) => scalarText(one, type.bare !== undefined))
    if (texts.every((text) => text !== undefined)) {
      this.#layer.set(parameter, { texts, where: this.#where(key) })
    } else {
      const wanted = repeatable
        ? 'an array of texts'
        : type.bare === undefined
          ? 'a text or a number'
          : '0 or 1'
      this.#refuse(key, `the value of ${key} has the wrong kind`, `write ${wanted}`)
    }
  }

  #meant(key: string): string {
    const meant = nearest(key, [...this.#names.keys(), ...ruleTables])
    return meant ? `did you mean ${meant}?` : 'see hepcapd --help'
  }

  #where(key: string): string {
    const position = this.#positions.get(key) ?? this.#positions.get(key.replace(/\[\d+\]/, ''))
    return position ? `${this.#path}:${position.line}:${position.column}` : this.#path
  }

  #refuse(key: string, what: string, cure: string): void {
    this.#faults.push({ where: this.#where(key), severity: 'error', what, cure })
  }
}

function scalarText(value: TomlValue, isSwitch: boolean): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  return typeof value === 'boolean' && isSwitch ? String(value) : undefined
}
