// Scripts that are nearly right: pieces of good ones, cut, doubled, swapped and mixed with words of the language. What
// the parser, the compiler and the lint make of them is checked, and any seed makes the same ones again.

import { readdirSync, readFileSync } from 'node:fs'
import type { Fault } from '../../lib/errors.js'
import { functions } from '../../lib/route/functions.js'
import type { Script } from '../../lib/script/ast.js'
import { compileScript } from '../../lib/script/compile.js'
import { lint } from '../../lib/script/lint.js'
import { parseScript } from '../../lib/script/parser.js'
import { Source } from '../../lib/script/source.js'
import { parseFormat } from '../../lib/script/variable-parser.js'
import { filesOf } from './parse.js'
import { Random } from './random.js'
import { printScript, scriptTree } from './script-tree.js'

const FOLDER = new URL('../../../test/fixtures/scripts/', import.meta.url)

const WORDS = [
  ...[
    '{',
    '}',
    '(',
    ')',
    '[',
    ']',
    ';',
    ',',
    ':',
    '"',
    "'",
    '\\',
    '\n',
    '\r\n',
    '\t',
    '#',
    '/*',
    '*/',
    '//',
    '$',
    '$$',
    '@',
    '.',
    '\0',
  ],
  ...[
    '=',
    ':=',
    '+=',
    '==',
    '!=',
    '=~',
    '!~',
    '<',
    '>=',
    '<>',
    '&&',
    '||',
    '!',
    '&',
    '|',
    '^',
    '<<',
    '~',
    '+',
    '-',
    '*',
    '/',
    '%',
  ],
  ...[
    'if',
    'else',
    'elseif',
    'while',
    'for',
    'in',
    'switch',
    'case',
    'default',
    'exit',
    'drop',
    'return',
    'break',
    'and',
    'or',
    'not',
  ],
  ...[
    'route',
    'route[x]',
    'onreply_route',
    'timer_route[a, 5]',
    'event_route',
    'async(',
    'launch(',
    'xlog(',
    'NULL',
    'status',
    'IF',
  ],
  ...[
    '$var(x)',
    '$(avp(y)[*])',
    '$(x{s.select,1,:})',
    '$avp($var(z))',
    '$hdr(',
    '$(',
    '{s.len}',
    '[0]',
    '<reply>',
  ],
  ...[
    '0',
    '-1',
    '0x1F',
    '0777',
    '089',
    '9'.repeat(30),
    '9'.repeat(400),
    '65536',
    '9007199254740991',
    '-9007199254740992',
    '1.5',
    '10.0.0.1',
    '10.0.0.0/8',
    '::1',
    '2001:db8::/32',
  ],
  ...[
    'children=',
    'listen=',
    'socket = udp:*:5060',
    ':70000',
    'as "a:1"',
    'modparam(',
    'loadmodule ',
    'include_file "a.cfg"',
    'import_file "b.cfg"',
  ],
  ...[
    '"text"',
    "'text'",
    '"\\x41\\101\\n"',
    '"$rm"',
    'é',
    '😀',
    '“',
    '\uFEFF',
    '\uDC80',
    '\u2028',
    'x'.repeat(200),
  ],
]

/** What the scripts include. `b.cfg` is missing. */
const FILES = { 'a.cfg': 'exit; include_file "c.cfg"\n', 'c.cfg': '} route[from_c] { $x = "' }
/** Longer scripts say nothing that shorter ones do not. */
const MAX_LENGTH = 10_000
/** Errors that are listed, and the sentence that there are more. */
const MAX_ERRORS = 201

export class ScriptFuzzer {
  readonly #random: Random
  readonly #corpus: string[]

  constructor(seed: number) {
    this.#random = new Random(seed)
    const files = readdirSync(FOLDER).sort()
    this.#corpus = files.map((file) => readFileSync(new URL(file, FOLDER), 'utf8'))
  }

  /** Makes one script and checks what becomes of it: had it no error? Throws an Error that shows the script. */
  run(): boolean {
    return checkScript(this.#make())
  }

  #make(): string {
    if (this.#random.below(2) === 0) return this.#nearlyWhole()
    let text = this.#random.below(8) === 0 ? '' : this.#piece(this.#random.pick(this.#corpus), 2000)
    for (let changes = this.#random.below(12); changes >= 0; changes--) text = this.#change(text)
    return text.slice(0, MAX_LENGTH)
  }

  /** Statements that moved, went or came twice, and words in the place of others: often still without an error. */
  #nearlyWhole(): string {
    const lines = this.#random.pick(this.#corpus).split('\n')
    for (let changes = this.#random.below(4); changes > 0; changes--) {
      const [from, to] = [this.#random.below(lines.length), this.#random.below(lines.length)]
      const [line = ''] = lines.splice(from, this.#random.below(2))
      if (this.#random.below(2) === 0 && /;$/.test(line)) lines.splice(to, 0, line)
      const at = this.#random.below(lines.length)
      const changed = () => this.#random.pick(WORDS)
      const pattern = this.#random.pick([/\$[a-z]+(?:\([a-z]*\))?/, /"[^"]*"/, /\b[0-9]+\b/, /[=!<>+*&|-]+/])
      lines[at] = lines[at]?.replace(pattern, changed) ?? ''
    }
    return lines.join('\n')
  }

  #change(text: string): string {
    const at = this.#random.below(text.length + 1)
    const rest = text.slice(at)
    switch (this.#random.below(7)) {
      case 0:
        return text.slice(0, at) + text.slice(at + 1 + this.#random.below(20))
      case 1:
        return text.slice(0, at) + this.#piece(text, 300) + rest
      case 2:
        return text.slice(0, at) + this.#piece(this.#random.pick(this.#corpus), 300) + rest
      case 3:
        return text.slice(0, at) + this.#random.pick(WORDS).repeat(1 + this.#random.below(250)) + rest
      case 4:
        return (
          text.slice(0, at) +
          String.fromCharCode(this.#random.below(this.#random.below(3) ? 128 : 65_536)) +
          rest.slice(1)
        )
      case 5:
        return text.slice(0, at)
      default:
        return text.slice(0, at) + this.#random.pick(WORDS) + rest
    }
  }

  #piece(text: string, most: number): string {
    const from = this.#random.below(text.length + 1)
    return text.slice(from, from + this.#random.below(most))
  }
}

/** Had it no error? Throws an Error that says what is handled wrong, and how to see that again. */
export function checkScript(text: string, judge = check): boolean {
  try {
    return judge(text)
  } catch (error) {
    const again = `node dist/test/fuzz/script-fuzz.js --script '${literal(text)}'`
    throw new Error(`${(error as Error).stack}\nagain: ${again}`)
  }
}

/** JSON that can stand between the single quotes of a shell, and that no terminal or log changes. */
function literal(text: string): string {
  return JSON.stringify(text).replace(
    /['\x7f-\uffff]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function check(text: string): boolean {
  const { script, faults } = parseScript('fuzz.cfg', { text, readFile: filesOf(FILES) })
  const files = { ...FILES, 'fuzz.cfg': text }
  checkNumbers(faults, files)
  checkFaults(faults, files)
  const hasErrors = faults.some(({ severity }) => severity === 'error')
  if (hasErrors === (script !== undefined)) throw new Error('a script and errors, or none of both')
  checkFormat(text)
  if (!script) return false
  checkFaults(compileScript(script, { functions }).faults, files)
  checkFaults(lint(script, 'sip'), files)
  checkPrinted(script)
  return true
}

/** Printed and parsed again, it is the same tree. */
function checkPrinted(script: Script): void {
  const again = parseScript('again.cfg', { text: printScript(script), dialect: script.dialect })
  if (!again.script)
    throw new Error(`printed, it has errors: ${JSON.stringify(again.faults)}\n${printScript(script)}`)
  const [before, after] = [scriptTree(script), scriptTree(again.script)]
  if (before !== after) throw new Error(`printed, it is another tree:\n${before}\n${after}`)
}

/** While it is parsed, a file warns at most once. */
function checkNumbers(faults: readonly Fault[], files: Record<string, string>): void {
  const errors = faults.filter(({ severity }) => severity === 'error').length
  const isFlood = errors > MAX_ERRORS || faults.length - errors > Object.keys(files).length
  if (isFlood) throw new Error(`${errors} errors, ${faults.length - errors} warnings`)
}

/** Each is where a character or an end is, and no other is there. */
function checkFaults(faults: readonly Fault[], files: Record<string, string>): void {
  const known = new Set<string>()
  for (const { where, severity, what, cure, excerpt } of faults) {
    const key = `${where} ${severity} ${what}`
    if (known.has(key)) throw new Error(`twice: ${key}`)
    known.add(key)
    const [, file = '', line, column] = /^(.*):(\d+):(\d+)$/.exec(where) ?? []
    const source = files[file]
    if (source === undefined) throw new Error(`no place: ${where}`)
    const found = new Source(file, source).text.split('\n')[Number(line) - 1]
    const isInside = found !== undefined && Number(column) >= 1 && Number(column) <= [...found].length + 1
    if (!isInside) throw new Error(`outside of its file: ${where} ${what}`)
    if (excerpt?.split('\n').length !== 2) throw new Error(`no excerpt: ${where}`)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    if (what === '' || cure === '' || /[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]/.test(what + cure))
      throw new Error(`a bad message: ${what}; ${cure}`)
  }
}

function checkFormat(text: string): void {
  const faults: Fault[] = []
  const format = parseFormat(text, { file: 'fuzz.cfg', line: 1, column: 1 }, faults)
  const dollars = format.reduce((sum, part) => sum + (typeof part === 'string' ? 0 : part.source.length), 0)
  if (dollars > text.length) throw new Error('variables that are longer than the text')
}
