// Values that say who may send: networks, and keys of HEP. What is said of a bad key never has it in it.

import { LISTEN_PROTOS, type Listen } from '../listen/protocols.js'
import { isSameListen, type SenderSettings } from '../listen/senders.js'
import { listenPoint } from './endpoints.js'
import { parseNetwork } from './rules.js'
import { isOff, ValueFault, type ValueType } from './types.js'

/** CIDR as it was written; '' is none. */
export const network: ValueType<string> = {
  placeholder: 'CIDR',
  parse(text) {
    if (isOff(text)) return ''
    parseNetwork(text)
    if (text.includes('%'))
      throw new ValueFault(`"${text}" has an interface in it`, 'write the network alone')
    return text
  },
  show: (text) => text || 'off',
}

const KEY_CURE = 'write KEY, LISTENER=KEY as in hep_tls:*:9061=KEY, or LISTENER=off'
const LONGEST_KEY = 255
const LISTENER = new RegExp(`^(?:${LISTEN_PROTOS.join('|')}):[^=]*(?==)`, 'i')

/** As it was written; '' is none. */
export const hepKey: ValueType<string> = {
  placeholder: '[LISTENER=]KEY',
  parse(text) {
    if (isOff(text)) return ''
    const { listener, key } = partsOf(text)
    if (listener) listenPoint.parse(listener)
    if (listener && key === '') throw new ValueFault(`there is no key for ${listener}`, KEY_CURE)
    if (Buffer.byteLength(key) > LONGEST_KEY)
      throw new ValueFault(`a key has ${LONGEST_KEY} octets at most`, KEY_CURE)
    return text
  },
  show: (text) => text || 'off',
}

function partsOf(text: string): { listener: string; key: string } {
  const [listener = ''] = LISTENER.exec(text) ?? []
  return { listener, key: listener === '' ? text : text.slice(listener.length + 1) }
}

interface Named {
  hep_key: string[]
  allow: string[]
  rate_limit: number
  hep_port: number
}

/** `report` is told of keys for what is not listened on. */
export function senderSettings(
  values: Named,
  listen: readonly Listen[],
  report: (name: string, what: string, cure: string) => void,
): SenderSettings {
  const keys: string[] = []
  const keysOf: SenderSettings['keysOf'] = []
  for (const text of values.hep_key) {
    const { listener, key } = partsOf(text)
    if (listener === '') keys.push(key)
    else {
      const { port = values.hep_port, ...named } = listenPoint.parse(listener)
      const known = listen.find((one) => isSameListen(one, { ...named, port }))
      if (known) addKey(keysOf, known, key)
      else report('hep_key', `nothing is listened on as ${listener}`, 'name a listener as listen does')
    }
  }
  return { networks: values.allow, ratePerSecond: values.rate_limit, keys, keysOf }
}

/** `off` adds nothing, but makes the keys of all others not its own. */
function addKey(keysOf: SenderSettings['keysOf'], listen: Listen, key: string): void {
  const known = keysOf.find((one) => one.listen === listen)
  const more = key.toLowerCase() === 'off' ? [] : [key]
  if (known) known.keys.push(...more)
  else keysOf.push({ listen, keys: more })
}
