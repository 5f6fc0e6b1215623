// Names of IP protocols and HEP protocol types, as scripts read and write them.

import { binding } from '../binding.js'

/** TLS and WebSocket have no number of their own: agents say IDP and ESP. */
const PROTOCOLS: Record<string, number> = {
  UDP: 17,
  TCP: 6,
  TLS: 22,
  SCTP: 132,
  WS: 50,
  WSS: 50,
  BIN: 6,
  HEP: 17,
}
const protocolNumbers = new Map(Object.entries(PROTOCOLS))
// The first name of a number is the one that is read.
const protocolNames = new Map(
  Object.entries(PROTOCOLS)
    .reverse()
    .map(([name, number]) => [number, name]),
)

/** Types above are read as numbers: scripts compare them so. */
const LAST_LABEL = 13
const typeLabels = new Map(binding.protocolTypes.map(({ number, name }) => [number, name]))
const typeNumbers = new Map(
  binding.protocolTypes.flatMap(({ number, name }) => {
    const label = name.toUpperCase()
    const beforeBracket = label.split('(')[0] as string
    return [[label, number] as const, [beforeBracket, number] as const]
  }),
)

/** Upper case; the number itself when it has no name. */
export function protocolName(number: number): string | number {
  return protocolNames.get(number) ?? number
}

/** A name in any case, or what is no name as it stands. */
export function protocolNumber(value: string | number): string | number {
  return protocolNumbers.get(String(value).toUpperCase()) ?? value
}

export function protocolTypeName(number: number): string | number {
  return number > LAST_LABEL ? number : (typeLabels.get(number) ?? number)
}

/** A label in any case, with or without what it has in brackets, or what is no label as it stands. */
export function protocolTypeNumber(value: string | number): string | number {
  return typeNumbers.get(String(value).toUpperCase()) ?? value
}
