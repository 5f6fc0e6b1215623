// Octets in a text: how a packet gets through doors that carry texts.

import { CommandError } from './command.js'

/** A packet has 65,535 at most; a capture with it may have more. */
export const MOST_OCTETS = 512 << 10

const HEX = /^(?:[0-9a-f]{2})+$/i
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/

/**
 * Hex digits, base64 or the text itself, whichever it looks like: no HEP packet and no SIP message in base64 is all hex
 * digits, and none is base64 as it is. Throws a CommandError.
 */
export function octetsOf(text: string): Buffer {
  const bare = text.replace(/\s+/g, '')
  const octets = HEX.test(bare)
    ? Buffer.from(bare, 'hex')
    : isBase64(bare)
      ? Buffer.from(bare, 'base64')
      : Buffer.from(text)
  if (octets.length === 0) throw new CommandError('bad_argument', 'the packet is empty')
  if (octets.length <= MOST_OCTETS) return octets
  throw new CommandError('bad_argument', `the packet has more than ${MOST_OCTETS} octets`)
}

function isBase64(text: string): boolean {
  return BASE64.test(text) && text.replace(/=+$/, '').length % 4 !== 1
}
