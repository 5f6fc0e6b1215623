// Packets over one TCP or TLS connection. Reads nothing that comes back, and never sends one packet between the
// octets of another.
//
// A run is settled when the receiver's kernel has confirmed its octets, not when ours has taken them: what a broken
// connection had not confirmed goes back to the queue and is sent again whole, so the receiver may get it twice
// but what it never got is not counted as relayed. A receiver that confirms nothing for too long is cut off.

import type { Socket } from 'node:net'
import { binding } from '../binding.js'
import { type Failure, type Line, type LineOwner, wordsOf } from './line.js'
import type { Run } from './run.js'

/** What the kernel is asked so often, while anything is under way. */
const LOOK_MS = 20
/** The receiver has this long to close its side after we closed ours. */
const FAREWELL_MS = 1000

/** Of Node's socket: it has no other way to its descriptor. */
interface Handle {
  readonly fd: number
  /** Octets that were given to libuv, and those of them that the kernel has no room for yet. */
  readonly bytesWritten: number
  readonly writeQueueSize: number
}

export interface Connection {
  /** What is written to. */
  socket: Socket
  /** The TCP connection: the same, or beneath TLS. */
  tcp: Socket
}

export class StreamLine implements Line {
  readonly #owner: LineOwner
  readonly #socket: Socket
  readonly #tcp: Socket
  readonly #timeoutMs: number
  #writing: Run | undefined
  /** Written, each with the octet of the connection that it ends at. */
  #unconfirmed: { run: Run; end: number }[] = []
  #confirmed = 0
  #progressAt = 0
  #clock: NodeJS.Timeout | undefined
  #error: Error | undefined
  #sawEnd = false
  #wasUseful = false
  #isOver = false

  constructor({ socket, tcp }: Connection, timeoutMs: number, owner: LineOwner) {
    this.#socket = socket
    this.#tcp = tcp
    this.#timeoutMs = timeoutMs
    this.#owner = owner
    socket.on('error', (error) => {
      this.#error ??= error
    })
    socket.on('close', () => this.#break(lost(this.#error)))
    socket.on('end', () => {
      this.#sawEnd = true
      this.#leaveIfDone()
    })
    socket.resume()
  }

  pump(): void {
    if (this.#writing || this.#isOver || this.#sawEnd) return
    const run = this.#owner.queue.take()
    if (!run) return
    if (!this.#isBusy) this.#progressAt = Date.now()
    this.#writing = run
    this.#socket.write(run.octets, (error) => this.#written(run, error))
    this.#watch()
  }

  async close(): Promise<void> {
    if (this.#isOver) return
    this.#over()
    const socket = this.#socket
    if (socket.destroyed) return
    await new Promise<void>((resolve) => {
      const late = setTimeout(() => socket.destroy(), FAREWELL_MS)
      socket.once('close', () => {
        clearTimeout(late)
        resolve()
      })
      if (this.#sawEnd) socket.destroy()
      else socket.once('end', () => socket.destroy()).end()
    })
  }

  get #isBusy(): boolean {
    return this.#writing !== undefined || this.#unconfirmed.length > 0
  }

  #written(run: Run, error: Error | null | undefined): void {
    if (this.#isOver || error) return // 'close' follows an error
    this.#writing = undefined
    this.#unconfirmed.push({ run, end: this.#handle?.bytesWritten ?? Number.POSITIVE_INFINITY })
    this.#look()
    this.pump()
  }

  get #handle(): Handle | undefined {
    return (this.#tcp as unknown as { _handle: Handle | null })._handle ?? undefined
  }

  #watch(): void {
    this.#clock ??= setTimeout(() => {
      this.#clock = undefined
      this.#look()
      if (this.#isOver) return
      if (this.#isBusy) this.#watch()
      if (this.#isBusy && Date.now() - this.#progressAt > this.#timeoutMs) this.#cut()
    }, LOOK_MS)
  }

  /** Settles what the receiver has confirmed. */
  #look(): void {
    const handle = this.#handle
    if (!handle || this.#isOver) return
    const confirmed = handle.bytesWritten - handle.writeQueueSize - binding.unacknowledged(handle.fd)
    if (confirmed <= this.#confirmed) return
    this.#confirmed = confirmed
    this.#progressAt = Date.now()
    while (this.#unconfirmed[0] && this.#unconfirmed[0].end <= confirmed) {
      this.#wasUseful = true
      this.#owner.settle(this.#unconfirmed.shift()!.run, () => undefined)
    }
    this.#leaveIfDone()
  }

  /** The receiver has closed its side: nothing new is sent here. */
  #leaveIfDone(): void {
    if (this.#sawEnd && !this.#isBusy) this.#break(this.#wasUseful ? undefined : lost(undefined))
  }

  #cut(): void {
    this.#break({ reason: 'timeout', what: `nothing was taken for ${this.#timeoutMs} ms` })
  }

  #break(failure: Failure | undefined): void {
    if (this.#isOver) return
    this.#over()
    this.#socket.destroy()
    this.#tcp.destroy()
    this.#owner.broke(failure)
  }

  #over(): void {
    this.#isOver = true
    clearTimeout(this.#clock)
    const left = this.#unconfirmed.map(({ run }) => run)
    this.#owner.queue.putBack(this.#writing ? [...left, this.#writing] : left)
    this.#unconfirmed = []
    this.#writing = undefined
  }
}

function lost(error: Error | undefined): Failure {
  const what = error ? wordsOf(error) : 'the receiver closed the connection'
  return { reason: 'connection_lost', what }
}
