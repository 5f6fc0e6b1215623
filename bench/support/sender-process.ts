// A sender as a process of its own: packs its messages into memory first, then sends all of them, as fast as the
// kernel takes them, to each port that it is told.
//
// Arguments: COUNT. Says `ready`, answers each Order with a Sent, and ends with its parent.

import { binding } from '../../lib/binding.js'
import { sharedClockMs } from './measure.js'
import { packedDialogs } from './messages.js'

export interface Order {
  port: number
}

export interface Sent {
  /** Of sharedClockMs(). */
  beganMs: number
  seconds: number
  /** Datagrams that the kernel took. */
  sent: number
  octets: number
}

/** One call of the addon sends so much. */
const RUN_BYTES = 4 << 20

const runs = [...packedDialogs(Number(process.argv[2]), RUN_BYTES)]

process.on('message', async ({ port }: Order) => {
  const sender = new binding.UdpSender('127.0.0.1', port, 0)
  const beganMs = sharedClockMs()
  let [sent, octets] = [0, 0]
  for (const { octets: packets, ends } of runs) {
    const counters = await sender.send(packets, ends)
    sent += counters.sent
    octets += counters.octets
  }
  const seconds = (sharedClockMs() - beganMs) / 1000
  process.send?.({ beganMs, seconds, sent, octets } satisfies Sent)
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
