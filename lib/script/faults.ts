// The faults of one script while it is read: each once, in the order of its files and lines.

import type { Fault } from '../errors.js'
import type { Position } from './ast.js'
import { scriptFault } from './source.js'

/** More than this is no script: reading stops. */
const MAX_ERRORS = 200

/** Ends the reading of a script at once; what it is about is among the faults. */
export class ReadingEnds extends Error {
  override readonly name = 'ReadingEnds'
}

export class FaultList {
  readonly #found: { at: Position; fault: Fault }[] = []
  readonly #places = new Set<string>()
  readonly #files = new Map<string, number>()
  #errors = 0

  get hasErrors(): boolean {
    return this.#errors > 0
  }

  /** Of several errors at one place the first is the cause. */
  error(at: Position, what: string, cure: string): void {
    if (!this.#add(at, scriptFault(at, 'error', what, cure)) || ++this.#errors < MAX_ERRORS) return
    const last = scriptFault(at, 'error', `${MAX_ERRORS} errors, the rest is not read`, 'correct these first')
    this.#found.push({ at, fault: last })
    throw new ReadingEnds()
  }

  warning(at: Position, what: string, cure: string): void {
    this.#add(at, scriptFault(at, 'warning', what, cure))
  }

  /** This one is all that there is to say. */
  only(at: Position, what: string, cure: string): never {
    this.#found.length = 0
    this.#errors = 1
    this.#found.push({ at, fault: scriptFault(at, 'error', what, cure) })
    throw new ReadingEnds()
  }

  sorted(): Fault[] {
    const order = ({ file }: Position) => this.#files.get(file) ?? 0
    const byPlace = (a: Position, b: Position) =>
      order(a) - order(b) || a.line - b.line || a.column - b.column
    return this.#found.sort((a, b) => byPlace(a.at, b.at)).map(({ fault }) => fault)
  }

  /** Faults of files are listed in the order in which the files were begun. */
  begins(file: string): void {
    if (!this.#files.has(file)) this.#files.set(file, this.#files.size)
  }

  #add(at: Position, fault: Fault): boolean {
    const place = `${fault.severity} ${fault.where}`
    if (this.#places.has(place)) return false
    this.#places.add(place)
    this.#found.push({ at, fault })
    return true
  }
}
