// A sender as a process of its own: packs its messages into memory first, then sends all of them, as fast as the
// kernel takes them, to each port that it is told.
//
// Arguments: COUNT, and `sip` for messages without HEP around them. Says `ready`, answers each Order with a Sent, and ends with its parent.

import { binding } from '../../lib/binding.js'
import { sharedClockMs } from './measure.js'
import { packedDialogs, plainDialogs } from './messages.js'

export interface Order {
  /** 127.0.0.1 unless named. */
  address?: string
  port: number
  /** Datagrams a second; as many as the kernel takes unless named. */
  rate?: number
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

const dialogs = process.argv[3] === 'sip' ? plainDialogs : packedDialogs
const runs = [...dialogs(Number(process.argv[2]), RUN_BYTES)]

process.on('message', async ({ address = '127.0.0.1', port, rate = 0 }: Order) => {
  const sender = new binding.UdpSender(address, port, rate)
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
