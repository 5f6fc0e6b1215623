// Plain settings at work: looks at octets of the slab, and makes no text of a message that no rule is about.

import type { Message } from '../message.js'
import type { Network, RelayTarget, RuleSettings } from './rules.js'

/** Why a message is discarded. */
export type DiscardReason = 'discard_method' | 'discard_source' | 'discard_agent' | 'discard_type'

export class Rules {
  readonly #settings: RuleSettings
  readonly #always: RelayTarget[]
  readonly #sticky: RelayTarget[]
  readonly #methods: ReadonlySet<string>
  readonly #types: ReadonlySet<number>

  constructor(settings: RuleSettings) {
    this.#settings = settings
    this.#always = settings.relay.filter(({ sticky }) => !sticky).map(({ to }) => to)
    this.#sticky = settings.relay.filter(({ sticky }) => sticky).map(({ to }) => to)
    this.#methods = new Set(settings.discard.methods)
    this.#types = new Set(settings.discard.types)
  }

  /** undefined: it is kept. */
  discards(message: Message): DiscardReason | undefined {
    const { sources, agents } = this.#settings.discard
    if (this.#types.has(message.protocolType)) return 'discard_type'
    if (sources.length > 0 && isWithin(message.sourceOctets, sources)) return 'discard_source'
    if (agents.length > 0 && message.hepVersion > 0 && isWithin(message.senderOctets, agents))
      return 'discard_agent'
    if (this.#methods.size > 0 && message.isSip && this.#methods.has(methodOf(message)))
      return 'discard_method'
    return undefined
  }

  /** The table of the message's method; undefined: the default one. */
  tableOf(message: Message): string | undefined {
    const { tables } = this.#settings
    if (tables.size === 0) return undefined
    return tables.get(methodOf(message)) ?? tables.get('default')
  }

  /** Where every message goes on to. */
  relaysOf(message: Message): readonly RelayTarget[] {
    if (this.#sticky.length === 0) return this.#always
    return [...this.#always, this.#sticky[hashOf(stickyKey(message)) % this.#sticky.length]!]
  }
}

/** A reply has the method of its request: that of CSeq. */
export function methodOf(message: Message): string {
  return (message.sipKind === 2 ? message.sip('cseqMethod') : message.sip('method')).toUpperCase()
}

/** What is not SIP sticks to the id of the call that it belongs to. */
function stickyKey(message: Message): string {
  return message.callId || message.correlationId || `${message.sourceIp}:${message.sourcePort}`
}

/** FNV-1a, 32 bits: the same in every process, so that several collectors choose alike. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** An IPv4 address that came as IPv6 is not looked through. */
export function isWithin(octets: Uint8Array, networks: readonly Network[]): boolean {
  return networks.some((network) => network.octets.length === octets.length && hasPrefix(octets, network))
}

function hasPrefix(octets: Uint8Array, { octets: wanted, prefix }: Network): boolean {
  const whole = prefix >>> 3
  for (let i = 0; i < whole; i++) if (octets[i] !== wanted[i]) return false
  const bits = prefix & 7
  return bits === 0 || (octets[whole]! ^ wanted[whole]!) >>> (8 - bits) === 0
}
