// A management command: the same behind every door. Doors know how to speak, commands what to do.

/** What JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export interface CommandParameter {
  readonly name: string
  /** One line. */
  readonly help: string
  readonly isOptional?: true
}

export interface ControlCommand {
  readonly name: string
  /** Other names of it, such as OpenSIPS has. */
  readonly aliases?: readonly string[]
  /** One line. */
  readonly help: string
  /** In the order in which they are given where they have no names. */
  readonly parameters: readonly CommandParameter[]
  /**
   * Takes arguments by parameter name, checked against `parameters` by the caller. Throws or rejects with a
   * CommandError; any other error is a fault of ours.
   */
  run(args: Readonly<Record<string, string>>): Json | Promise<Json>
  /** The answer for a person, line by line; without it, the JSON. */
  lines?(answer: Json): string[]
}

/** Why a command was not carried out. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly kind: 'no_command' | 'bad_argument' | 'refused'

  constructor(kind: CommandError['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}
