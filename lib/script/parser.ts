// A script from its text to its tree. Knows the form of a script and nothing of what its names mean; all faults are
// found in one reading.

import type { Fault } from '../errors.js'
import { inheritance } from '../privileges/inheritance.js'
import type { Dialect, Script } from './ast.js'
import { FaultList, ReadingEnds } from './faults.js'
import { type ReadFile, readBounded, unreadable } from './include.js'
import { items } from './parser-items.js'
import { Reader } from './reader.js'
import { Source } from './source.js'
import { TokenStream } from './stream.js'

export interface ParseOptions {
  /** Of the file, when it is known already. */
  text?: string | undefined
  /** Else it is guessed. */
  dialect?: Dialect | undefined
  /** In place of the file system. */
  readFile?: ReadFile | undefined
}

export interface Parsed {
  /** undefined when there is an error. */
  script: Script | undefined
  /** In the order of files, lines and columns. */
  faults: Fault[]
}

/** Throws a RefusedError for a file that cannot be read. */
export function parseScript(file: string, options: ParseOptions = {}): Parsed {
  const { text, dialect, readFile = readOnce } = options
  const faults = new FaultList()
  const source = new Source(file, text ?? readOrRefuse(file, readFile))
  const script = read(source, faults, readFile, dialect)
  return { script: faults.hasErrors ? undefined : script, faults: faults.sorted() }
}

/** A pipe can be read only once, even where the program begins anew. */
function readOnce(path: string): Buffer {
  return inheritance.file(path, readBounded)
}

function readOrRefuse(file: string, readFile: ReadFile): Buffer {
  try {
    return readFile(file)
  } catch (error) {
    throw unreadable(file, error)
  }
}

function read(
  source: Source,
  faults: FaultList,
  readFile: ReadFile,
  given: Dialect | undefined,
): Script | undefined {
  try {
    const reader = new Reader(new TokenStream(source, faults, readFile), faults)
    const declarations = items(reader)
    const guessed = reader.hints.decide(declarations)
    const dialect = given ?? guessed.dialect
    return {
      file: source.file,
      dialect,
      dialectReason: given ? '`--dialect`' : guessed.reason,
      ...declarations,
    }
  } catch (error) {
    if (!(error instanceof ReadingEnds)) throw error
    return undefined
  }
}
