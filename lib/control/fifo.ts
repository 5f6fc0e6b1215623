// The FIFO door, for scripts that were made for OpenSIPS: commands come through one named pipe, and each answer goes to a
// pipe that the caller has made beside it. Nothing but a pipe in the same folder is ever written to.

import { closeSync, constants, fstatSync, lstatSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { binding } from '../binding.js'
import { CommandError } from './command.js'
import { type FifoRequest, FifoText } from './fifo-text.js'
import type { JsonRpc } from './json-rpc.js'
import type { Registry } from './registry.js'

const MODE = 0o660
/** Callers open their pipe after they have asked. */
const REPLY_WAIT_MS = 3_000
const RETRY_MS = 20
const MOST_REPLIES = 64
/** A command that is not whole by then never will be. */
const WHOLE_MS = 2_000

export interface FifoParts {
  registry: Registry
  rpc: JsonRpc
  fault(error: Error): void
}

export class FifoDoor {
  readonly #path: string
  readonly #parts: FifoParts
  readonly #text = new FifoText(
    (request) => void this.#answer(request),
    () => this.#count('malformed'),
  )
  #pipe: Socket | undefined
  #whole: NodeJS.Timeout | undefined
  #replies = 0
  #isClosed = false
  /** What was not answered, by reason. */
  readonly refused: Record<string, number> = {}

  constructor(path: string, parts: FifoParts) {
    this.#path = path
    this.#parts = parts
  }

  /** Takes the place of a pipe that is there; throws a SystemError, for what is no pipe too. */
  open(): void {
    if (lstatSync(this.#path, { throwIfNoEntry: false })?.isFIFO()) unlinkSync(this.#path)
    binding.makeFifo(this.#path, MODE)
    // For writing too: it never ends when a writer goes away.
    const fd = openSync(this.#path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW)
    const pipe = new Socket({ fd, readable: true, writable: false })
    pipe.setEncoding('utf8')
    pipe.on('error', () => {})
    pipe.on('data', (text: string) => this.#add(text))
    this.#pipe = pipe
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#whole)
    this.#pipe?.destroy()
    if (this.#pipe) unlinkSync(this.#path)
    this.#pipe = undefined
  }

  #add(text: string): void {
    this.#text.add(text)
    clearTimeout(this.#whole)
    if (this.#text.isOpen) this.#whole = setTimeout(() => this.#text.giveUp(), WHOLE_MS).unref()
  }

  async #answer(request: FifoRequest): Promise<void> {
    if (this.#replies >= MOST_REPLIES) return this.#count('too_many')
    this.#replies++
    try {
      const answer = await this.#answerTo(request)
      if (answer !== undefined && request.reply !== '') await this.#reply(request.reply, answer)
    } catch (error) {
      this.#parts.fault(error as Error)
    } finally {
      this.#replies--
    }
  }

  async #answerTo(request: FifoRequest): Promise<string | undefined> {
    const { registry, rpc, fault } = this.#parts
    if (request.form === 'json') {
      const answer = await rpc.answer(request.json)
      return answer === undefined ? undefined : `${answer}\n`
    }
    try {
      const lines = await registry.shown(request.command, request.args)
      return lines.length === 1 ? `200 ${lines[0]}\n` : `200 OK\n${lines.map((line) => `${line}\n`).join('')}`
    } catch (error) {
      if (error instanceof CommandError) return `400 ${error.message.replaceAll('\n', ' ')}\n`
      fault(error as Error)
      return '400 a fault of this program, see its log\n'
    }
  }

  async #reply(name: string, answer: string): Promise<void> {
    if (!/^[A-Za-z0-9_.-]{1,255}$/.test(name) || name === '.' || name === '..')
      return this.#count('reply_name')
    const path = join(dirname(this.#path), name)
    const until = performance.now() + REPLY_WAIT_MS
    const fd = await this.#openReply(path, until)
    if (fd === undefined) return
    try {
      await this.#write(fd, Buffer.from(answer), until)
    } finally {
      closeSync(fd)
    }
  }

  /** undefined when there is no such pipe that anybody reads. */
  async #openReply(path: string, until: number): Promise<number | undefined> {
    for (;;) {
      try {
        const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
        if (fstatSync(fd).isFIFO()) return fd
        closeSync(fd)
        this.#count('reply_no_fifo')
        return undefined
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        const mayCome = code === 'ENXIO' && !this.#isClosed && performance.now() < until
        if (!mayCome) {
          this.#count(code === 'ENXIO' ? 'reply_nobody' : 'reply_refused')
          return undefined
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  }

  async #write(fd: number, answer: Buffer, until: number): Promise<void> {
    let at = 0
    while (at < answer.length) {
      try {
        at += writeSync(fd, answer, at)
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code !== 'EAGAIN' || this.#isClosed || performance.now() >= until)
          return this.#count('reply_nobody')
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  }

  #count(reason: string): void {
    this.refused[reason] = (this.refused[reason] ?? 0) + 1
  }
}
