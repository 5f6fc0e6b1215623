// The words of a script over all its files: where one file includes another, the other's words follow.

import { resolve } from 'node:path'
import type { FaultList } from './faults.js'
import { candidates, isForbidden, isMissing, type ReadFile, unreadable } from './include.js'
import { Lexer } from './lexer.js'
import { quoted, Source, type SourcePosition } from './source.js'
import { isWord, named, type Token } from './token.js'

const MAX_DEPTH = 50
/** Files that include two others each would never end. */
const MAX_INCLUDES = 1000

export class TokenStream {
  readonly #faults: FaultList
  readonly #readFile: ReadFile
  /** The innermost file is the last. */
  readonly #open: { lexer: Lexer; path: string }[] = []
  readonly #sources = new Map<string, Source>()
  readonly #ahead: Token[] = []
  #includes = 0

  constructor(source: Source, faults: FaultList, readFile: ReadFile) {
    this.#faults = faults
    this.#readFile = readFile
    this.#begin(source, resolve(source.file))
  }

  /** Something that never ends hid the rest of a file. */
  isCutShort = false

  peek(distance = 0): Token {
    while (this.#ahead.length <= distance) this.#ahead.push(this.#read())
    return this.#ahead[distance] as Token
  }

  next(): Token {
    return this.#ahead.shift() ?? this.#read()
  }

  /** What this sticky expression finds behind the last word; words that were looked at already are in the way. */
  match(pattern: RegExp): { found: RegExpExecArray; at: SourcePosition } | undefined {
    return this.#ahead.length > 0 ? undefined : this.#lexer.match(pattern)
  }

  /** Reads on at this place of the file that is being read; false when it is another file's. */
  moveTo(to: SourcePosition): boolean {
    if (to.source !== this.#lexer.source) return false
    this.#ahead.length = 0
    this.#lexer.moveTo(to)
    return true
  }

  get #lexer(): Lexer {
    return (this.#open.at(-1) as { lexer: Lexer }).lexer
  }

  #begin(source: Source, path: string): void {
    this.#faults.begins(source.file)
    this.#open.push({ lexer: new Lexer(source, this.#faults), path })
  }

  #read(): Token {
    for (;;) {
      const token = this.#lexer.next()
      this.isCutShort ||= this.#lexer.isCutShort
      if (isWord(token, 'include_file') || isWord(token, 'import_file')) this.#include(token)
      else if (token.kind === 'end' && this.#open.length > 1) this.#open.pop()
      else return token
    }
  }

  #include(keyword: Token): void {
    const path = this.#lexer.next()
    if (path.kind !== 'text') {
      const what = `expected a file name in quotes after \`${keyword.text}\`, found ${named(path)}`
      this.#faults.error(keyword.at, what, `write \`${keyword.text} "FILE"\``)
      if (path.isFirst) this.#lexer.moveTo(path.at)
      else this.#lexer.match(/[^\n]*/y)
      return
    }
    const source = this.#find(path, keyword.text === 'import_file')
    if (source) this.#begin(source, resolve(source.file))
  }

  #find({ at, text }: Token, mayBeMissing: boolean): Source | undefined {
    for (const path of candidates(text, at.file)) {
      const source = this.#sources.get(path) ?? this.#load(path, at)
      if (source === 'missing') continue
      if (!source || !this.#mayBegin(at, path)) return undefined
      this.#sources.set(path, source)
      return source
    }
    if (!mayBeMissing) {
      const cure = 'correct its name, or write `import_file`, which may be missing'
      this.#faults.error(at, `the file ${quoted(text)} does not exist`, cure)
    }
    return undefined
  }

  #load(path: string, at: SourcePosition): Source | 'missing' | undefined {
    let octets: Buffer
    try {
      octets = this.#readFile(path)
    } catch (error) {
      if (isMissing(error)) return 'missing'
      const refusal = unreadable(path, error)
      if (isForbidden(error)) throw refusal
      this.#faults.error(at, refusal.message, refusal.cure)
      return undefined
    }
    return new Source(path, octets)
  }

  #mayBegin(at: SourcePosition, path: string): boolean {
    if (this.#open.some((other) => other.path === resolve(path))) {
      this.#faults.error(at, `${quoted(path)} includes itself`, 'take one of the two lines out')
    } else if (this.#open.length > MAX_DEPTH) {
      this.#faults.error(
        at,
        `files include each other more than ${MAX_DEPTH} deep`,
        'include them from one file',
      )
    } else if (++this.#includes > MAX_INCLUDES) {
      this.#faults.error(at, `more than ${MAX_INCLUDES} files are included`, 'include each file once')
    } else {
      return true
    }
    return false
  }
}
