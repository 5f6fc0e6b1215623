// The commands by their names: what every door calls. Arguments are checked here, and nowhere else.

import { nearest } from '../options/suggest.js'
import { CommandError, type ControlCommand, type Json } from './command.js'

/** Takes a command and its arguments in a list, and answers with lines for a person: what `hepcapd ctl` calls. */
export const SHOWN = 'shown'

/** By position, or by name; what is no text is taken as it would be written. */
export type GivenArguments = readonly unknown[] | Readonly<Record<string, unknown>>

export class Registry {
  readonly #commands: readonly ControlCommand[]
  readonly #byName = new Map<string, ControlCommand>()

  constructor(commands: readonly ControlCommand[]) {
    const list = listOf(() => this.#commands)
    this.#commands = [...commands, list]
    for (const command of this.#commands) {
      for (const name of [command.name, ...(command.aliases ?? [])]) this.#byName.set(name, command)
    }
  }

  /** Throws a CommandError. */
  find(name: string): ControlCommand {
    const command = this.#byName.get(name)
    if (command) return command
    const meant = nearest(name, [...this.#byName.keys()])
    throw new CommandError('no_command', `no command is named so${meant ? `, did you mean ${meant}?` : ''}`)
  }

  /** Rejects with a CommandError. */
  async call(name: string, given: GivenArguments = []): Promise<Json> {
    if (name === SHOWN) return this.#shownOf(given)
    const command = this.find(name)
    return command.run(argumentsOf(command, given))
  }

  /** The answer as a person reads it, line by line. Rejects with a CommandError. */
  async shown(name: string, given: GivenArguments = []): Promise<string[]> {
    const command = this.find(name)
    const answer = await command.run(argumentsOf(command, given))
    return command.lines?.(answer) ?? [JSON.stringify(answer)]
  }

  #shownOf(given: GivenArguments): Promise<string[]> {
    const [name, ...args] = isList(given) ? given : []
    if (typeof name !== 'string')
      throw new CommandError('bad_argument', `${SHOWN} takes a command and its arguments`)
    return this.shown(name, args)
  }
}

function argumentsOf({ name, parameters }: ControlCommand, given: GivenArguments): Record<string, string> {
  const named = isList(given) ? byPosition(name, parameters, given) : given
  const args: Record<string, string> = {}
  for (const [key, value] of Object.entries(named)) {
    if (!parameters.some((parameter) => parameter.name === key)) throw unknown(name, key)
    args[key] = textOf(key, value)
  }
  const missing = parameters.find((parameter) => !parameter.isOptional && args[parameter.name] === undefined)
  if (missing) throw new CommandError('bad_argument', `${name} needs ${missing.name}: ${missing.help}`)
  return args
}

function isList(given: GivenArguments): given is readonly unknown[] {
  return Array.isArray(given)
}

function byPosition(
  name: string,
  parameters: ControlCommand['parameters'],
  given: readonly unknown[],
): Record<string, unknown> {
  if (given.length > parameters.length) {
    const most = parameters.length === 0 ? 'no arguments' : `at most ${parameters.length}`
    throw new CommandError('bad_argument', `${name} takes ${most}`)
  }
  return Object.fromEntries(given.map((value, at) => [parameters[at]!.name, value]))
}

function unknown(name: string, key: string): CommandError {
  return new CommandError('bad_argument', `${name} has no parameter ${JSON.stringify(key.slice(0, 64))}`)
}

function textOf(key: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new CommandError('bad_argument', `${key} is neither a text nor a number`)
}

function listOf(commands: () => readonly ControlCommand[]): ControlCommand {
  return {
    name: 'commands',
    aliases: ['which'],
    help: 'the commands that there are',
    parameters: [],
    run: () =>
      commands().map(({ name, aliases = [], help, parameters }) => ({
        name,
        aliases,
        help,
        parameters: parameters.map((one) => ({
          name: one.name,
          help: one.help,
          optional: one.isOptional ?? false,
        })),
      })),
    lines() {
      const shown = commands().map((command) => [usageOf(command), command.help] as const)
      const width = Math.max(...shown.map(([usage]) => usage.length))
      return shown.map(([usage, help]) => `${usage.padEnd(width)}  ${help}`)
    },
  }
}

function usageOf({ name, parameters }: ControlCommand): string {
  return [name, ...parameters.map((one) => (one.isOptional ? `[${one.name}]` : one.name))].join(' ')
}
