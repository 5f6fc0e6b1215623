// What an option is. The table of them makes the flags, the environment's names, the keys of the file, the help
// and the answer of `check`.

import type { ValueType } from './types.js'

export interface Option<V = unknown> {
  readonly type: ValueType<V>
  readonly group: string
  /** One line. */
  readonly help: string
  /** As a user would write it; a list for an option that may be repeated. */
  readonly default: string | readonly string[]
  /** The help's words for a default that depends on something. */
  readonly defaultShown?: string
  readonly repeatable?: true
  /** One letter. */
  readonly short?: string
  /** A shorter flag. */
  readonly alias?: string
  /** Another parameter name of the same, in every place. */
  readonly otherName?: string
  /** Never shown. */
  readonly secret?: true
  /** Left out of the help. */
  readonly hidden?: true
  /** Not read from the configuration file. */
  readonly notInFile?: true
  /** Taken and without effect, since OpenSIPS has it: what is done instead. */
  readonly instead?: string
}

/** By parameter name. */
export type OptionTable = Readonly<Record<string, Option>>

/** Values by parameter name, typed by their parsers. */
export type ValuesOf<T extends OptionTable> = {
  [K in keyof T]: T[K] extends { type: ValueType<infer V> }
    ? T[K] extends { repeatable: true }
      ? V[]
      : V
    : never
}

export function flagOf(name: string): string {
  return name.replaceAll('_', '-')
}

export function environmentOf(name: string): string {
  return `HEPCAPD_${name.toUpperCase()}`
}

/** Every name of every option of a table, with the parameter that it means. */
export function parameterNames(table: OptionTable): Map<string, string> {
  const names = new Map<string, string>()
  for (const [name, { otherName }] of Object.entries(table)) {
    names.set(name, name)
    if (otherName) names.set(otherName, name)
  }
  return names
}
