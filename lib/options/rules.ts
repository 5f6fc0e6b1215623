// The tables of the configuration file that decide without a route: [discard], [tables], [[relay]].

import { isIP, isIPv4, isIPv6 } from 'node:net'
import type { TomlTable, TomlValue } from 'smol-toml'
import { parseRelayUri } from '../relay/target.js'
import type { Network, RelayRule, RuleSettings } from '../route/rules.js'
import { tableName, ValueFault } from './types.js'

/** `key` is the path in the file: `discard.methods`. */
export type RefuseKey = (key: string, what: string, cure: string) => void

export const NO_RULES: RuleSettings = {
  discard: { methods: [], sources: [], agents: [], types: [] },
  tables: new Map(),
  relay: [],
}

/** Keys of the file that are tables. */
export const ruleTables = ['discard', 'tables', 'relay']

export function isRules(key: string): boolean {
  return ruleTables.includes(key)
}

/** Reads the three tables; what is wrong in them goes to `refuse`. */
export function readRules(toml: TomlTable, refuse: RefuseKey): RuleSettings {
  return {
    discard: readDiscard(toml.discard, refuse),
    tables: readTables(toml.tables, refuse),
    relay: readRelay(toml.relay, refuse),
  }
}

function readDiscard(value: TomlValue | undefined, refuse: RefuseKey): RuleSettings['discard'] {
  const known = ['methods', 'sources', 'agents', 'types']
  const table = tableOf('discard', value, known, '[discard]', refuse)
  const list = <T>(key: string, parse: (one: TomlValue) => T) =>
    listOf(`discard.${key}`, table[key], parse, refuse)
  return {
    methods: list('methods', parseMethod),
    sources: list('sources', parseNetwork),
    agents: list('agents', parseNetwork),
    types: list('types', parseType),
  }
}

function readTables(value: TomlValue | undefined, refuse: RefuseKey): Map<string, string> {
  const tables = new Map<string, string>()
  for (const [key, name] of Object.entries(tableOf('tables', value, undefined, '[tables]', refuse))) {
    const path = `tables.${key}`
    attempt(path, refuse, () => {
      const method = key === 'default' ? key : parseMethod(key)
      if (typeof name !== 'string')
        throw new ValueFault(`the table of ${key} is no text`, 'write METHOD = "table"')
      tables.set(method, tableName.parse(name))
    })
  }
  return tables
}

function readRelay(value: TomlValue | undefined, refuse: RefuseKey): RelayRule[] {
  if (value === undefined) return []
  const entries = Array.isArray(value) ? value : [value]
  return entries.flatMap((entry, index) => {
    const refuseHere: RefuseKey = (key, what, cure) =>
      refuse(key.replace(/^relay/, `relay[${index}]`), what, cure)
    const table = tableOf('relay', entry, ['to', 'sticky'], '[[relay]]', refuseHere)
    const rule = attempt('relay', refuseHere, () => parseRelay(table))
    return rule ? [rule] : []
  })
}

function parseRelay({ to, sticky }: TomlTable): RelayRule {
  const target = typeof to === 'string' ? parseRelayUri(to) : undefined
  if (!target) {
    const shown = to === undefined ? 'relay has no to' : `relay.to: "${to}" is no destination`
    throw new ValueFault(shown, 'write it like to = "sip:192.0.2.1:9060;transport=tcp"')
  }
  if (sticky !== undefined && sticky !== 'call-id') {
    throw new ValueFault(
      `relay.sticky: "${sticky}" is nothing to stick to`,
      'write sticky = "call-id", or leave it out',
    )
  }
  return { to: target, sticky }
}

function tableOf(
  key: string,
  value: TomlValue | undefined,
  known: readonly string[] | undefined,
  shape: string,
  refuse: RefuseKey,
): TomlTable {
  if (value === undefined) return {}
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Date) {
    refuse(key, `${key} is a table`, `write ${shape}`)
    return {}
  }
  const table = value as TomlTable
  for (const name of Object.keys(table)) {
    if (known && !known.includes(name))
      refuse(`${key}.${name}`, `${key} has no ${name}`, `it has ${known.join(', ')}`)
  }
  return table
}

function listOf<T>(
  key: string,
  value: TomlValue | undefined,
  parse: (one: TomlValue) => T,
  refuse: RefuseKey,
): T[] {
  if (value === undefined) return []
  const all = Array.isArray(value) ? value : [value]
  return all.flatMap((one) => {
    const parsed = attempt(key, refuse, () => parse(one))
    return parsed === undefined ? [] : [parsed]
  })
}

function attempt<T>(key: string, refuse: RefuseKey, parse: () => T): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof ValueFault)) throw error
    refuse(key, error.what, error.cure)
    return undefined
  }
}

/** A token of RFC 3261, in upper case: methods are compared without looking at their case. */
function parseMethod(value: TomlValue): string {
  if (typeof value !== 'string' || !/^[A-Za-z0-9.!%*_+`'~-]{1,64}$/.test(value)) {
    throw new ValueFault(`"${value}" is no SIP method`, 'write it like "OPTIONS"')
  }
  return value.toUpperCase()
}

function parseType(value: TomlValue): number {
  const type = Number(value)
  if (typeof value === 'boolean' || value === '' || !Number.isInteger(type) || type < 0 || type > 255) {
    throw new ValueFault(`"${value}" is no HEP protocol type`, 'write a number from 0 to 255')
  }
  return type
}

/** An address, or a network in CIDR. */
export function parseNetwork(value: TomlValue): Network {
  const [address = '', bits, ...more] = String(value).split('/')
  const width = isIPv4(address) ? 32 : 128
  const prefix = bits === undefined ? width : Number(bits)
  const isSound = isIP(address) > 0 && more.length === 0 && (bits === undefined || /^\d{1,3}$/.test(bits))
  if (!isSound || prefix > width) {
    throw new ValueFault(
      `"${value}" is neither an address nor a network`,
      'write it like 192.0.2.0/24 or 2001:db8::/32',
    )
  }
  return { octets: addressOctets(address), prefix }
}

/** 4 or 16 octets in network order; the text is a valid address. */
export function addressOctets(address: string): Uint8Array {
  if (isIPv4(address)) return Uint8Array.from(address.split('.'), Number)
  if (!isIPv6(address)) throw new Error(`${address} is no address`)
  const plain = address.split('%')[0]!.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => {
    const hex = (high: string, low: string) => ((Number(high) << 8) | Number(low)).toString(16)
    return `${hex(a, b)}:${hex(c, d)}`
  })
  const [head = '', tail] = plain.split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':'))
  const front = groups(head)
  const back = tail === undefined ? [] : groups(tail)
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => '0')
  const words = [...front, ...zeros, ...back].map((word) => Number.parseInt(word, 16))
  return Uint8Array.from(words.flatMap((word) => [word >>> 8, word & 0xff]))
}
