// From what people write after a listener's protocol to addresses that can be bound.

import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { RefusedError } from '../errors.js'

/**
 * Numeric addresses to bind: `*` is [''] (every address of both families), an interface is all of its
 * addresses, a host name all that it resolves to. Rejects with a RefusedError for a name that is neither.
 */
export async function bindAddresses(host: string): Promise<string[]> {
  if (host === '*' || host === '') return ['']
  if (isIP(host)) return [host]
  const own = networkInterfaces()[host]
  if (own) return own.map(({ address, scopeid, family }) => scoped(address, family, scopeid, host))
  try {
    const found = await lookup(host, { all: true })
    return [...new Set(found.map(({ address }) => address))]
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'ENOTFOUND'
    const cure = 'write an address or a name of this host: see `ip address`'
    throw new RefusedError({ code, message: `no interface or host is called ${host}`, cure })
  }
}

/** A link-local address is bound with its interface; the others as they are. */
function scoped(address: string, family: string, scopeid: number | undefined, name: string): string {
  return family === 'IPv6' && scopeid ? `${address}%${name}` : address
}
