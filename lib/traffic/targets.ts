// The hosts whose traffic is told apart, by their addresses. Their number is what somebody has configured.

import { binding } from '../binding.js'
import { addressOctets } from '../hep/address-text.js'
import type { Batch } from '../message.js'

export interface NamedHost {
  address: string
  name: string
}

const { record: at } = binding.layout
const IPV4 = 2
const IPV6 = 10

/** 0 is no target, else one more than its place in `names`. */
export class Targets {
  readonly names: string[]
  readonly #ipv4 = new Map<number, number>()
  readonly #ipv6 = new Map<string, number>()

  /** Several addresses may have one name. */
  constructor(hosts: readonly NamedHost[]) {
    this.names = [...new Set(hosts.map(({ name }) => name))]
    for (const { address, name } of hosts) {
      const octets = Buffer.from(addressOctets(address) ?? [])
      const number = this.names.indexOf(name) + 1
      if (octets.length === 4) this.#ipv4.set(wordOf(octets), number)
      else this.#ipv6.set(octets.toString('latin1'), number)
    }
  }

  get isEmpty(): boolean {
    return this.names.length === 0
  }

  /** Of the record at this offset of the batch. */
  source(batch: Batch, record: number): number {
    return this.#of(batch, record + at.source, batch.u8(record + at.sourceFamily))
  }

  destination(batch: Batch, record: number): number {
    return this.#of(batch, record + at.destination, batch.u8(record + at.destinationFamily))
  }

  #of(batch: Batch, start: number, family: number): number {
    if (family === IPV4) return this.#ipv4.get(batch.u32(start)) ?? 0
    if (family !== IPV6 || this.#ipv6.size === 0) return 0
    return this.#ipv6.get(batch.octets.toString('latin1', start, start + 16)) ?? 0
  }
}

/** As a record's octets are read as a number. */
function wordOf(octets: Uint8Array): number {
  return new Uint32Array(Uint8Array.from(octets).buffer)[0] as number
}
