// Which versions of OpenSIPS a script was written for: they differ in argument orders and in what a failed
// transformation gives.

import type { Call, Dialect, Position, Script } from './ast.js'

type Declarations = Pick<Script, 'globals' | 'sockets' | 'modules'>

interface Decision {
  dialect: Dialect
  reason: string
}

/** What statements show, the first of each kind. */
export class DialectHints {
  #bareword: { name: string; at: Position } | undefined
  #outVariable: { isQuoted: boolean; at: Position } | undefined

  bareword(name: string, at: Position): void {
    this.#bareword ??= { name, at }
  }

  /** Results went into quoted variables before 3.0. The first argument is never a result. */
  call({ name, arguments: all }: Call): void {
    if (name !== 'hep_get' || this.#outVariable) return
    const out = all
      .slice(1)
      .find((one) => one?.type === 'variable' || (one?.type === 'text' && one.text.startsWith('$')))
    if (out) this.#outVariable = { isQuoted: out.type === 'text', at: out.at }
  }

  decide(declarations: Declarations): Decision {
    const { is3, reason } =
      byDeclaration(declarations) ??
      this.#byBareword() ??
      byOldName(declarations) ??
      this.#byOutVariable() ??
      NOTHING
    if (is3) return { dialect: '3.x', reason }
    if (!this.#bareword) return { dialect: '2.4', reason }
    const { name, at } = this.#bareword
    const bare = `the bare word \`${name}\` (${place(at)})`
    return { dialect: '2.3', reason: reason.includes(bare) ? reason : `${reason} and ${bare}` }
  }

  #byBareword(): Sign | undefined {
    if (!this.#bareword) return undefined
    const { name, at } = this.#bareword
    return { is3: false, reason: `the bare word \`${name}\` (${place(at)})` }
  }

  #byOutVariable(): Sign | undefined {
    if (!this.#outVariable) return undefined
    const { isQuoted, at } = this.#outVariable
    const what = isQuoted ? 'a quoted variable' : 'a variable without quotes'
    return { is3: !isQuoted, reason: `${what} as result of \`hep_get\` (${place(at)})` }
  }
}

interface Sign {
  is3: boolean
  reason: string
}

const NOTHING: Sign = { is3: true, reason: 'nothing in it that speaks for older versions' }
const place = ({ file, line }: Position) => `${file}:${line}`

function sign(is3: boolean, name: string, at: Position | undefined): Sign | undefined {
  return at && { is3, reason: `\`${name}\` (${place(at)})` }
}

function byDeclaration({ globals, sockets }: Declarations): Sign | undefined {
  const global = (name: string) => globals.find((one) => one.name === name)?.at
  const socket = (keyword: string) => sockets.find((one) => one.keyword === keyword)?.at
  return (
    sign(true, 'socket=', socket('socket')) ??
    sign(true, 'udp_workers=', global('udp_workers')) ??
    sign(true, 'stderror_enabled=', global('stderror_enabled')) ??
    (socket('listen') &&
      (sign(false, 'children=', global('children')) ?? sign(false, 'log_stderror=', global('log_stderror'))))
  )
}

function byOldName({ globals, modules }: Declarations): Sign | undefined {
  const module = modules.find(({ path }) => /(?:^|\/)uri(?:\.so)?$/.test(path))
  return (
    sign(false, 'loadmodule "uri.so"', module?.at) ??
    sign(false, 'debug=', globals.find(({ name }) => name === 'debug')?.at)
  )
}
