// Claim: of a burst at the full speed of a native sender nothing is lost, and memory stays within bounds.

import { join } from 'node:path'
import { Child } from './support/child.js'
import { type Claim, mustEqual, present } from './support/claim.js'
import { countRows, SqliteDaemon } from './support/daemon.js'
import { inFolder } from './support/folder.js'
import { figure } from './support/measure.js'
import type { Order, Sent } from './support/sender-process.js'

const MESSAGES = 300_000
const PEAK_MIB = 500

await present(() => inFolder(async (folder) => [await burst(join(folder, 'burst.db'))]))

async function burst(path: string): Promise<Claim> {
  const sender = await Child.start<Order, Sent>('sender-process.js', [String(MESSAGES)])
  const store = await SqliteDaemon.start(path)
  const { daemon } = store
  const { beganMs, seconds, sent, octets } = await sender.ask({ port: daemon.port })
  sender.end()
  mustEqual(sent, MESSAGES, 'messages that the kernel took')
  const storedMs = await store.stored(MESSAGES).catch(() => undefined)
  const [peak, socketDrops] = [daemon.peakMib, daemon.socketDrops]
  const ledger = await daemon.stop()
  const rows = countRows(path)
  mustEqual(ledger.stored, rows, 'rows that the ledger says are stored')
  mustEqual(ledger.received, MESSAGES, 'messages that the ledger says came')
  const storing = storedMs === undefined ? 'never' : `${figure((storedMs - beganMs) / 1000)} s`
  return {
    claim: `a burst of ${figure(MESSAGES)} messages is stored without a loss, in less than ${PEAK_MIB} MiB`,
    holds: rows === MESSAGES && ledger.lost === 0 && socketDrops === 0 && peak < PEAK_MIB,
    method:
      'HEP3 over UDP and 127.0.0.1, packed before and sent by another process as fast as the kernel takes it, into ' +
      'the daemon with its defaults. Rows counted in the database, losses in the ledger and by the kernel.',
    figures: [
      ['octets a message', figure(octets / MESSAGES)],
      ['sent', `${figure(MESSAGES / seconds)} messages/s, ${figure(seconds)} s`],
      ['all stored after', storing],
      ['rows', figure(rows)],
      ['dropped, by the ledger', figure(ledger.lost)],
      ['dropped, by the kernel', figure(socketDrops)],
      ['peak resident memory', `${figure(peak)} MiB`],
    ],
  }
}
