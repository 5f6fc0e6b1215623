// An address or network on the right of a comparison: 10.0.0.0/8, 10.0.0.0/255.0.0.0, 2001:db8::/32.

import { isIP, isIPv4 } from 'node:net'
import { addressOctets } from '../options/rules.js'
import { isWithin } from '../route/match-rules.js'
import type { Network } from '../route/rules.js'
import type { Value } from './value.js'
import { textOf } from './values.js'

export type ParsedNetwork = Network

/** undefined when the text is none. */
export function parseNetwork(text: string): ParsedNetwork | undefined {
  const [address = '', mask, ...more] = text.split('/')
  if (isIP(address) === 0 || more.length > 0) return undefined
  const octets = addressOctets(address)
  const bits = octets.length * 8
  const prefix = mask === undefined ? bits : prefixOf(mask, octets.length)
  return prefix === undefined || prefix > bits ? undefined : { octets, prefix }
}

/** Of a number of bits, or of a mask that is ones, then zeros. */
function prefixOf(mask: string, length: number): number | undefined {
  if (/^\d{1,3}$/.test(mask)) return Number(mask)
  if (isIP(mask) === 0 || isIPv4(mask) !== (length === 4)) return undefined
  const bits = Array.from(addressOctets(mask), (octet) => octet.toString(2).padStart(8, '0')).join('')
  return /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : undefined
}

/** undefined: what stands on the left is no address. */
export function matchNetwork(left: Value, network: ParsedNetwork): boolean | undefined {
  const text = textOf(left)?.replace(/^\[|\]$/g, '') ?? ''
  return isIP(text) === 0 ? undefined : isWithin(addressOctets(text), [network])
}
