// Is a destination one of our own listeners? What goes there would come back, for ever.

import { BlockList, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { BoundListen } from '../listen/protocols.js'
import type { RelayProto } from './target.js'

/** What listens where packets of these protocols arrive. */
const TAKERS: Record<RelayProto, readonly BoundListen['proto'][]> = {
  hep_udp: ['hep_udp', 'udp'],
  hep_tcp: ['hep_tcp'],
  hep_tls: ['hep_tls'],
}
const UNSPECIFIED = ['0.0.0.0', '::']

export class OwnListeners {
  #listeners: readonly BoundListen[] = []

  replace(listeners: readonly BoundListen[]): void {
    this.#listeners = listeners
  }

  /** Of a numeric address. */
  has(proto: RelayProto, address: string, port: number): boolean {
    return this.#listeners.some(
      (one) => one.port === port && TAKERS[proto].includes(one.proto) && reaches(address, one.address),
    )
  }
}

/** Whoever sends to the unspecified address sends to this host. */
function reaches(address: string, listener: string): boolean {
  if (contains(listOf(UNSPECIFIED), address)) return true
  const isEverywhere = listener === '' || contains(listOf(UNSPECIFIED), listener)
  return contains(isEverywhere ? thisHost() : listOf([listener]), address)
}

function thisHost(): BlockList {
  const found = Object.values(networkInterfaces()).flatMap((some) => some ?? [])
  const list = listOf(['::1', ...found.map(({ address }) => address)])
  list.addSubnet('127.0.0.0', 8)
  return list
}

function listOf(addresses: readonly string[]): BlockList {
  const list = new BlockList()
  for (const one of addresses) list.addAddress(bare(one), familyOf(one))
  return list
}

/** Whatever way it is written: a mapped address is the one that it maps. */
function contains(list: BlockList, address: string): boolean {
  return list.check(bare(address), familyOf(address))
}

/** Without its zone. */
function bare(address: string): string {
  return address.replace(/%.*$/s, '')
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(bare(address)) ? 'ipv6' : 'ipv4'
}
