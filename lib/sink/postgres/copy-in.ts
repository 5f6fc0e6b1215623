// One COPY FROM STDIN: a statement for pg's Client, which sends messages as fast as the server takes them.
//
//   Query "COPY ..." -> | <- CopyInResponse | CopyData ... CopyDone -> | <- CommandComplete, ReadyForQuery
//
// Two rooms take turns: one is filled while the other is on its way. Nothing is settled before both are free again.

import type { Connection } from 'pg'

/** What is sent: each call fills the room with one whole CopyData message. */
export interface CopySource {
  /** `size` 0 is the end, unless more room is `wanted`. */
  next(room: Buffer): { size: number; wanted: number }
}

/** 'PGCOPY\n\xff\r\n\0', no flags, no extension; as a CopyData message. */
const HEADER = Buffer.from('d\0\0\0\x17PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
/** The end of the rows as a CopyData message, and CopyDone. */
const TRAILER = Buffer.from('d\0\0\0\x06\xff\xffc\0\0\0\x04', 'latin1')
const ROOM_BYTES = 512 * 1024

export class Rooms {
  readonly #rooms = [Buffer.alloc(0), Buffer.alloc(0)]

  /** One of the two, with as much room at least. */
  take(index: number, bytes: number): Buffer {
    const room = this.#rooms[index % 2] as Buffer
    if (room.length >= bytes) return room
    const larger = Buffer.allocUnsafeSlow(Math.max(bytes, ROOM_BYTES))
    this.#rooms[index % 2] = larger
    return larger
  }
}

export class CopyIn {
  /** Settles when the server has answered, and no room is in use any more. */
  readonly done: Promise<void>
  readonly #text: string
  readonly #source: CopySource
  readonly #rooms: Rooms
  #answered: (error?: Error) => void = () => {}
  #sent: Promise<void> = Promise.resolve()
  #fault: Error | undefined
  #isOver = false

  constructor(text: string, source: CopySource, rooms: Rooms) {
    this.#text = text
    this.#source = source
    this.#rooms = rooms
    this.done = this.#end(
      new Promise((resolve) => {
        this.#answered = resolve
      }),
    )
  }

  submit(connection: Connection): void {
    connection.query(this.#text)
  }

  handleCopyInResponse(connection: Connection & { sendCopyFail(message: string): void }): void {
    this.#sent = this.#send(connection).catch((error: Error) => {
      this.#fault = error
      connection.sendCopyFail('the rows cannot be made')
    })
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#answered()
  }

  handleError(error: Error): void {
    this.#isOver = true
    this.#answered(error)
  }

  async #end(answer: Promise<Error | undefined>): Promise<void> {
    const error = await answer
    await this.#sent
    if (this.#fault ?? error) throw this.#fault ?? error
  }

  async #send({ stream }: Connection): Promise<void> {
    stream.write(HEADER)
    let before: Promise<void> | undefined
    for (let turn = 0; !this.#isOver; turn++) {
      const message = this.#message(turn)
      if (!message) break
      const written = new Promise<void>((resolve) => {
        stream.write(message, () => resolve())
      })
      await before
      before = written
    }
    await before
    if (!this.#isOver) stream.write(TRAILER)
  }

  #message(turn: number): Buffer | undefined {
    for (let bytes = ROOM_BYTES; ; ) {
      const room = this.#rooms.take(turn, bytes)
      const { size, wanted } = this.#source.next(room)
      if (size > 0) return room.subarray(0, size)
      if (wanted <= room.length) return undefined
      bytes = wanted
    }
  }
}
