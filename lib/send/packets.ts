// Packs HEP packets one behind the other, so that many are sent by one call.

import { gzipSync } from 'node:zlib'
import { type HepMessage, type HepVersion, hepSize, LARGEST_HEP3, writeHep } from '../hep/writer.js'

/** The i-th packet ends at `ends[i]` of `octets`. */
export interface PacketRun {
  octets: Buffer
  ends: Uint32Array
}

/** A captured message, before it is known how it is sent. */
export type Captured = Omit<HepMessage, 'agentId' | 'authKey' | 'compressed'>

export interface Packing {
  hep: HepVersion
  agentId: number
  authKey?: string | undefined
  compress: boolean
}

const FIRST_BYTES = 1 << 16

export class Packer {
  readonly #packing: Packing
  #octets = Buffer.allocUnsafe(FIRST_BYTES)
  #ends: number[] = []
  #at = 0

  constructor(packing: Packing) {
    this.#packing = packing
  }

  get packets(): number {
    return this.#ends.length
  }

  get octets(): number {
    return this.#at
  }

  /** Takes the message over. False when the packet would be longer than its length field can say. */
  add(captured: Captured): boolean {
    const { hep } = this.#packing
    const message = this.#complete(captured)
    const size = hepSize(hep, message)
    if (hep === 3 && size > LARGEST_HEP3) return false
    this.#makeRoom(size)
    this.#at = writeHep(hep, message, this.#octets, this.#at)
    this.#ends.push(this.#at)
    return true
  }

  #complete(captured: Captured): HepMessage {
    const { agentId, authKey, compress } = this.#packing
    const message = captured as HepMessage // it is ours: a copy of each would cost as much as packing it
    message.agentId = agentId
    if (authKey) message.authKey = authKey
    if (compress) {
      message.payload = gzipSync(message.payload)
      message.compressed = true
    }
    return message
  }

  /** What was packed since the last call. */
  take(): PacketRun {
    const run = { octets: this.#octets.subarray(0, this.#at), ends: Uint32Array.from(this.#ends) }
    this.#octets = Buffer.allocUnsafe(Math.max(this.#at, FIRST_BYTES))
    this.#ends = []
    this.#at = 0
    return run
  }

  #makeRoom(size: number): void {
    if (this.#at + size <= this.#octets.length) return
    const larger = Buffer.allocUnsafe((this.#at + size) * 2)
    this.#octets.copy(larger, 0, 0, this.#at)
    this.#octets = larger
  }
}
