// Calls between two hosts, as messages that have not been put into packets yet.

import { dialog } from '../../lib/sip/dialog.js'
import { type Ends, ipv6Of } from './frames.js'
import type { Line } from './judge.js'

export const CALLER = { address: '10.0.0.1', port: 5060 }
export const CALLEE = { address: '10.0.0.2', port: 5070 }

export interface MadeMessage extends Ends {
  payload: Buffer
}

/** Two calls, as the calls of `hepcapd send` are, between two hosts of ours. */
export function madeMessages(): MadeMessage[] {
  return [0, 1].flatMap((index) =>
    dialog(index, 7).map(({ source, text }, _, [first]) => {
      const forth = source === first?.source
      const [one, other] = forth ? [CALLER, CALLEE] : [CALLEE, CALLER]
      return {
        source: one.address,
        sourcePort: one.port,
        destination: other.address,
        destinationPort: other.port,
        payload: Buffer.from(text),
      }
    }),
  )
}

/** What stands in the messages themselves. */
export function madeLines(messages: MadeMessage[], ipv6 = false): Line[] {
  const address = (text: string) => (ipv6 ? ipv6Of(text) : text)
  return messages
    .map(({ source, sourcePort, destination, destinationPort, payload }) => {
      const text = payload.toString()
      const part = (pattern: RegExp) => pattern.exec(text)?.[1]
      const what = part(/^SIP\/2.0 (\d+)/) ?? part(/^(\w+) /)
      const ends = `${address(source)}:${sourcePort} > ${address(destination)}:${destinationPort}`
      return `${ends} ${part(/^Call-ID: (.*)\r/m)} ${part(/^CSeq: (.*)\r/m)} ${what}`
    })
    .sort()
}
