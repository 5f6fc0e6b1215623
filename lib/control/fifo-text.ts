// What comes through the FIFO, as text: commands of OpenSIPS 2.x, `:COMMAND:REPLY_FIFO`, an argument a line, an empty line;
// and of later releases, `:REPLY_FIFO:{json-rpc}`, which is one line.

export type FifoRequest =
  | { form: 'lines'; command: string; reply: string; args: string[] }
  | { form: 'json'; reply: string; json: string }

const LONGEST_LINE = 64 << 10
const MOST_ARGUMENTS = 64
/** What no argument looks like. */
const HEAD = /^:[^:\s]+:[\w.-]+:?$/

export class FifoText {
  readonly #take: (request: FifoRequest) => void
  readonly #drop: () => void
  #rest = ''
  #open: Extract<FifoRequest, { form: 'lines' }> | undefined
  /** What is left of a line that was too long is none of the next one. */
  #isSkipping = false

  /** `drop` hears of what is no command. */
  constructor(take: (request: FifoRequest) => void, drop: () => void) {
    this.#take = take
    this.#drop = drop
  }

  /** Something has come, and its end has not. */
  get isOpen(): boolean {
    return this.#open !== undefined || this.#rest !== '' || this.#isSkipping
  }

  add(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop()!
    for (const line of lines) {
      if (this.#isSkipping) this.#isSkipping = false
      else this.#line(line.replace(/\r$/, ''))
    }
    if (this.#rest.length <= LONGEST_LINE) return
    if (!this.#isSkipping) this.#drop()
    this.#isSkipping = true
    this.#rest = ''
  }

  /** Whoever began has gone, or takes too long. */
  giveUp(): void {
    if (!this.isOpen) return
    this.#rest = ''
    this.#open = undefined
    this.#isSkipping = false
    this.#drop()
  }

  #line(line: string): void {
    if (this.#open && HEAD.test(line)) this.giveUp() // whoever began went away: this is another caller
    if (this.#open) this.#argument(this.#open, line)
    else if (line !== '') this.#head(line)
  }

  #argument(open: Extract<FifoRequest, { form: 'lines' }>, line: string): void {
    if (line !== '') {
      open.args.push(line)
      if (open.args.length <= MOST_ARGUMENTS) return
      this.#open = undefined
      this.#drop()
      return
    }
    this.#open = undefined
    this.#take(open)
  }

  #head(line: string): void {
    const [, first, rest] = /^:([^:]*):(.*)$/s.exec(line) ?? []
    if (first === undefined || rest === undefined) this.#drop()
    else if (/^\s*[[{]/.test(rest)) this.#take({ form: 'json', reply: first, json: rest })
    else if (first === '') this.#drop()
    else this.#open = { form: 'lines', command: first, reply: rest.replace(/:$/, ''), args: [] }
  }
}
