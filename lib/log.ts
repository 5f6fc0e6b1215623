// The log: one line a message on stderr, written at once, so that nothing is lost when the process ends.

import pino from 'pino'

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const
export type LogLevel = (typeof logLevels)[number]
export type LogFormat = 'text' | 'json'

export interface LogSettings {
  logLevel: LogLevel
  logFormat: LogFormat
}

/** Takes whole lines, their end included. */
export interface LineStream {
  write(line: string): unknown
}

const REPEAT_MS = 10_000
/** Different messages that are watched for repetition; further ones wait their turn in `others`. */
const REPEAT_KEYS = 100

export class Log {
  readonly #pino: pino.Logger
  readonly #announcer: pino.Logger
  readonly #repeats: Repeats
  readonly #clock: NodeJS.Timeout

  /** Writes to `stream`, stderr unless told otherwise. */
  constructor({ logLevel, logFormat }: LogSettings, stream: LineStream = stderrStream()) {
    this.#pino = pino(
      { level: logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: named } },
      logFormat === 'json' ? stream : { write: (line) => stream.write(textLine(line)) },
    )
    this.#announcer = this.#pino.child({}, { level: 'info' })
    this.#repeats = new Repeats((level, message) => this.#pino[level](message))
    this.#clock = setInterval(() => this.#repeats.settle(), REPEAT_MS).unref()
  }

  isLogged(level: LogLevel): boolean {
    return this.#pino.isLevelEnabled(level)
  }

  /** The least that is logged. */
  get level(): LogLevel {
    return this.#pino.level as LogLevel
  }

  /** From here on. */
  set level(level: LogLevel) {
    this.#pino.level = level
  }

  fatal(message: string): void {
    this.#pino.fatal(message)
  }

  error(message: string): void {
    this.#pino.error(message)
  }

  warn(message: string): void {
    this.#pino.warn(message)
  }

  info(message: string): void {
    this.#pino.info(message)
  }

  debug(message: string): void {
    this.#pino.debug(message)
  }

  trace(message: string): void {
    this.#pino.trace(message)
  }

  /** Printed whatever the level is. */
  announce(message: string): void {
    this.#announcer.info(message)
  }

  /** For what may come a thousand times a second: the first at once, then one line with a count. */
  repeated(message: string, level: LogLevel = 'warn'): void {
    this.#repeats.say(level, message)
  }

  /** Writes the counts that are still due. */
  close(): void {
    clearInterval(this.#clock)
    this.#repeats.settle()
  }
}

/** Holds back what was said already; `settle()` is called once in a while and tells how often. */
export class Repeats {
  readonly #write: (level: LogLevel, message: string) => void
  readonly #held = new Map<string, { level: LogLevel; message: string; times: number }>()
  #others = 0

  constructor(write: (level: LogLevel, message: string) => void) {
    this.#write = write
  }

  say(level: LogLevel, message: string): void {
    const key = `${level} ${message}`
    const known = this.#held.get(key)
    if (known) {
      known.times++
    } else if (this.#held.size < REPEAT_KEYS) {
      this.#held.set(key, { level, message, times: 0 })
      this.#write(level, message)
    } else {
      this.#others++
    }
  }

  settle(): void {
    for (const [key, { level, message, times }] of this.#held) {
      if (times === 0) this.#held.delete(key)
      else this.#write(level, `${message} (${times} more)`)
    }
    for (const held of this.#held.values()) held.times = 0
    if (this.#others > 0) this.#write('warn', `${this.#others} more messages of other kinds were not logged`)
    this.#others = 0
  }
}

function named(level: string): { level: string } {
  return { level }
}

/** `TIME LEVEL MESSAGE` from pino's line. */
function textLine(line: string): string {
  const { time, level, msg } = JSON.parse(line) as { time: string; level: string; msg: string }
  return `${time} ${level.toUpperCase()} ${escaped(msg)}\n`
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

/** No message breaks its line or drives the terminal. */
function escaped(message: string): string {
  return message.replace(CONTROLS, (character) => {
    if (character === '\n') return '\\n'
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

function stderrStream(): LineStream {
  const stream = pino.destination({ dest: 2, sync: true })
  stream.on('error', () => {}) // nobody reads stderr any more: capturing goes on
  return stream
}
