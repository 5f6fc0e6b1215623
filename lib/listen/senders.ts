// Who may send to which listener: what the options say, as the engine takes it.

import type { SenderRules } from '../binding.js'
import type { Listen } from './protocols.js'

export interface SenderSettings {
  /** CIDR; none is everybody. */
  networks: string[]
  /** Packets of one address, over all listeners; 0 is no limit. */
  ratePerSecond: number
  /** Of HEP; none is that no key is wanted. */
  keys: string[]
  /** Of one listener, in place of those. */
  keysOf: { listen: Listen; keys: string[] }[]
}

export const ANYBODY: SenderSettings = { networks: [], ratePerSecond: 0, keys: [], keysOf: [] }

export function senderRules(settings: SenderSettings, listen: Listen): SenderRules {
  const { networks, ratePerSecond } = settings
  const own = settings.keysOf.find((one) => isSameListen(one.listen, listen))
  const keys = (own?.keys ?? settings.keys).map((key) => Buffer.from(key))
  return { networks, ratePerSecond, keys }
}

export function isSameListen(one: Listen, other: Listen): boolean {
  return one.proto === other.proto && one.host === other.host && one.port === other.port
}
