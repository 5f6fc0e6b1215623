// Follows the frames of one WebSocket (RFC 6455 5.2), so that it is known when a message is not complete. It
// looks at headers only; the library reads the messages.
//
//      0       1       2                        payload
//     +-------+-------+- - - - - - -+- - - - -+- - - - -
//     |F...op |M length| 0, 2 or 8   | mask    |
//     +-------+-------+- - - - - - -+- - - - -+- - - - -

const FINAL = 0x80
const MASKED = 0x80
const OPCODE = 0x0f
const FIRST_CONTROL = 8

export class FrameBoundary {
  readonly #header = Buffer.alloc(14)
  #headerOctets = 0
  /** Of the payload of the frame at hand. */
  #left = 0
  /** A message has frames to come. */
  #fragmented = false

  /** No frame and no message is under way. */
  get isBetween(): boolean {
    return this.#headerOctets === 0 && !this.#fragmented
  }

  /** A message, or a part of one, is under way. */
  get inMessage(): boolean {
    return this.#fragmented || (this.#headerOctets > 0 && !this.#isControl)
  }

  /** True when something ended in these octets: a message, or a frame between messages. */
  follow(octets: Uint8Array): boolean {
    let ended = false
    for (let at = 0; at < octets.length; ) {
      if (this.#left === 0) {
        this.#header[this.#headerOctets++] = octets[at++]!
        if (this.#headerOctets !== this.#headerLength()) continue
        this.#left = this.#payloadLength()
      } else {
        const step = Math.min(this.#left, octets.length - at)
        this.#left -= step
        at += step
      }
      if (this.#left === 0) ended = this.#endFrame() || ended
    }
    return ended
  }

  get #isControl(): boolean {
    return (this.#header[0]! & OPCODE) >= FIRST_CONTROL
  }

  /** -1 while the octets that say so are missing. */
  #headerLength(): number {
    if (this.#headerOctets < 2) return -1
    const second = this.#header[1]!
    const length = second & ~MASKED
    return 2 + (length < 126 ? 0 : length === 126 ? 2 : 8) + (second & MASKED ? 4 : 0)
  }

  #payloadLength(): number {
    const length = this.#header[1]! & ~MASKED
    if (length < 126) return length
    return length === 126 ? this.#header.readUInt16BE(2) : Number(this.#header.readBigUInt64BE(2))
  }

  #endFrame(): boolean {
    if (!this.#isControl) this.#fragmented = (this.#header[0]! & FINAL) === 0
    this.#headerOctets = 0
    return !this.#fragmented
  }
}
