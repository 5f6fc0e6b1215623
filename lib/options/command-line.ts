// The command line as a layer: what yargs needs to know about the options, and what it then found.

import type { Options } from 'yargs'
import type { Fault } from '../errors.js'
import type { Layer } from './layer.js'
import { flagOf, type Option, type OptionTable, parameterNames } from './option.js'
import { nearest } from './suggest.js'
import { ValueFault } from './types.js'

/** Values stay texts: our own parsers give them types and faults. */
export function yargsOptions(table: OptionTable): Record<string, Options> {
  return Object.fromEntries(
    Object.entries(table).map(([name, option]) => [flagOf(name), yargsOption(option)]),
  )
}

const WITHOUT_EFFECT = 'Parameters of OpenSIPS that are taken and have no effect:'

function yargsOption(option: Option): Options {
  const { type, group, hidden = false, short, alias, instead, default: plain } = option
  const shown = option.defaultShown ?? (typeof plain === 'string' ? plain : plain.join(', '))
  return {
    group: instead ? WITHOUT_EFFECT : group,
    hidden,
    describe: description(option),
    alias: [short, alias].filter((name) => name !== undefined),
    ...(shown === '' || shown === 'off' ? {} : { defaultDescription: shown }),
    ...(type.bare === undefined ? { nargs: 1 } : {}),
  }
}

function description({ type, help, instead }: Option): string {
  if (instead) return `${type.placeholder}: ${instead}`
  const limit = type.limit ? ` (${type.limit})` : ''
  return `${type.placeholder}: ${help}${limit}`
}

/**
 * Arguments as yargs has to see them: `--table_name` is `--table-name`, `-ieth0` is `-i eth0`, and the other
 * name of a parameter is its name.
 */
export function plainArguments(tables: OptionTable[], args: readonly string[]): string[] {
  const shorts = new Set(tables.flatMap((table) => Object.values(table).map(({ short }) => short)))
  const others = new Map(tables.flatMap((table) => [...parameterNames(table)]))
  const end = args.indexOf('--')
  const flags = end < 0 ? args : args.slice(0, end)
  const plain = flags.flatMap((arg) => {
    if (/^-[A-Za-z][^=]/.test(arg) && shorts.has(arg[1])) return [arg.slice(0, 2), arg.slice(2)]
    return arg.replace(/^--([\w-]+)/, (_, flag: string) => {
      const name = flag.replaceAll('-', '_')
      return `--${flagOf(others.get(name) ?? name)}`
    })
  })
  return [...plain, ...args.slice(flags.length)]
}

/**
 * For a command that takes a word behind its options: a flag that may stand alone does so before a word that is no
 * value of it.
 */
export function aloneBeforeWords(table: OptionTable, args: readonly string[]): string[] {
  const types = new Map<string, Option['type']>(
    Object.entries(table).flatMap(([name, { type, short, alias }]) => [
      [`--${flagOf(name)}`, type] as const,
      ...(alias ? [[`--${alias}`, type] as const] : []),
      ...(short ? [[`-${short}`, type] as const] : []),
    ]),
  )
  return args.map((arg, at) => {
    const type = types.get(arg)
    const next = args[at + 1]
    if (type?.bare === undefined || next === undefined || /^-./.test(next)) return arg
    return isValue(type, next) ? arg : `${arg}=${type.bare}`
  })
}

function isValue(type: Option['type'], text: string): boolean {
  try {
    type.parse(text)
    return true
  } catch (error) {
    if (error instanceof ValueFault) return false
    throw error
  }
}

/** What yargs gives to a handler. */
export type Arguments = Record<string, unknown> & { _: (string | number)[] }

/** `command` is what stands before the options; further words are faults, as are unknown flags. */
export function commandLineLayer(
  table: OptionTable,
  argv: Arguments,
  command: string,
  faults: Fault[],
): Layer {
  const byFlag = new Map(Object.keys(table).map((name) => [flagOf(name), name]))
  const layer: Layer = new Map()
  for (const [flag, value] of Object.entries(argv)) {
    if (flag === '_' || flag === '$0') continue
    const name = byFlag.get(flag)
    if (name === undefined) faults.push(unknownFlag(flag, table))
    else layer.set(name, { texts: textsOf(value, table[name]!), where: `--${flag}` })
  }
  const words = argv._[0] === command ? argv._.slice(1) : argv._
  for (const word of words) faults.push(strayWord(String(word)))
  return layer
}

function textsOf(value: unknown, { type }: Option): string[] {
  const values = Array.isArray(value) ? value : [value]
  return values.map((one) => (one === true ? (type.bare ?? '') : String(one)))
}

function unknownFlag(flag: string, table: OptionTable): Fault {
  const known = Object.entries(table).flatMap(([name, { alias }]) =>
    alias ? [flagOf(name), alias] : [flagOf(name)],
  )
  const meant = flag.length > 1 ? nearest(flag, known) : undefined
  return {
    where: flag.length > 1 ? `--${flag}` : `-${flag}`,
    severity: 'error',
    what: 'no option has this name',
    cure: meant ? `did you mean --${meant}?` : 'see hepcapd --help',
  }
}

function strayWord(word: string): Fault {
  const cure = 'remove it, or name the option that it belongs to'
  return { where: word, severity: 'error', what: 'this word belongs to no option', cure }
}
