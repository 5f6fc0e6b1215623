// Claims: with MariaDB we keep up with at least five times the HEP packets that Kamailio's sipcapture keeps up with, and
// a burst that is too large for memory is stored whole.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { mariadbSchema } from '../lib/sink/mariadb.js'
import { urlOf } from '../test/support/database-url.js'
import { freePort, MariadbServer, NO_MARIADB } from '../test/support/mariadb-server.js'
import { Child } from './support/child.js'
import { type Answer, type Claim, mustEqual, present } from './support/claim.js'
import { allStored, LoadedDaemon } from './support/daemon.js'
import { inFolder } from './support/folder.js'
import { CapturingKamailio, noKamailio } from './support/kamailio.js'
import { figure, sharedClockMs } from './support/measure.js'
import type { Order, Sent } from './support/sender-process.js'

const MESSAGES = 300_000
const BURST = 1_000_000
const LEAST_RATIO = 5
const MOST_MIB = 600
/** Between one rate that is tried and the next. */
const STEP = 1.2
const FIRST_RATE = { kamailio: 4_000, hepcapd: 20_000 }
const MOST_RATE = 500_000
/** Who keeps up has all rows in the table so soon after the last packet. */
const LAG_MS = 2000
const DATABASE = 'calls'
const SETTINGS = [
  '--innodb-buffer-pool-size=2G',
  '--innodb-log-file-size=1G',
  '--innodb-flush-log-at-trx-commit=2',
]
const CONNECTIONS = ['--max-async-queries', '2']
const KEEPING_UP = `with MariaDB we keep up with at least ${LEAST_RATIO} times what Kamailio's sipcapture keeps up with`
const BURST_STORED = `a burst of ${figure(BURST)} messages is stored in MariaDB without a loss, in less than ${MOST_MIB} MB`

type Sender = Child<Order, Sent>

interface Rival {
  port: number
  stop(): Promise<unknown>
}

await present(async () => {
  const missing = NO_MARIADB
  if (missing) return [KEEPING_UP, BURST_STORED].map((claim) => ({ claim, missing }))
  const server = await MariadbServer.start({ settings: SETTINGS })
  try {
    return await inFolder(async (folder) => [await keepingUp(server, folder), await burst(server, folder)])
  } finally {
    await server.remove()
  }
})

async function keepingUp(server: MariadbServer, folder: string): Promise<Answer> {
  const missing = noKamailio()
  if (missing) return { claim: KEEPING_UP, missing }
  const sender: Sender = await Child.start('sender-process.js', [String(MESSAGES)])
  const theirs = await highestRate(sender, server, FIRST_RATE.kamailio, () => kamailio(server, folder))
  const ours = await highestRate(sender, server, FIRST_RATE.hepcapd, () => hepcapd(server, folder))
  sender.end()
  const ratio = ours / theirs
  return {
    claim: KEEPING_UP,
    holds: ratio >= LEAST_RATIO,
    method:
      `HEP3 over UDP at a steady rate, ${figure(MESSAGES)} messages a try, rates ${STEP} times apart until one is not kept ` +
      `up with: all rows have to be there ${LAG_MS / 1000} s after the last packet. Same server (${SETTINGS.join(' ')}), ` +
      'same table (ours, and the column `expires` that Kamailio wants), emptied before each try. We have two connections, ' +
      `Kamailio ${kamailioVersion()} four processes with one each.`,
    figures: [
      ['hepcapd', `${figure(ours)} messages/s`],
      ['Kamailio', `${figure(theirs)} messages/s`],
      ['ratio', `${figure(ratio)} times`],
    ],
  }
}

/** The highest rate that was kept up with, of those that are tried from `first` on, up or down. */
async function highestRate(
  sender: Sender,
  server: MariadbServer,
  first: number,
  start: () => Promise<Rival>,
): Promise<number> {
  const isKept = async (rate: number) => {
    const isIn = await keepsUp(sender, server, rate, start)
    console.log(`  ${figure(rate)} messages/s: ${isIn ? 'kept up with' : 'too fast'}`)
    return isIn
  }
  let rate = first
  if (await isKept(rate)) {
    while (rate * STEP < MOST_RATE && (await isKept(rate * STEP))) rate *= STEP
    return rate
  }
  do rate /= STEP
  while (rate > 1 && !(await isKept(rate)))
  return rate
}

async function keepsUp(
  sender: Sender,
  server: MariadbServer,
  rate: number,
  start: () => Promise<Rival>,
): Promise<boolean> {
  await emptyTable(server)
  const rival = await start()
  try {
    const { sent } = await sender.ask({ port: rival.port, rate: Math.round(rate) })
    mustEqual(sent, MESSAGES, 'messages that the kernel took')
    await sleep(LAG_MS)
    return (await rowsOf(server)) === MESSAGES
  } finally {
    await rival.stop()
  }
}

async function emptyTable(server: MariadbServer): Promise<void> {
  const [create, ...indexes] = mariadbSchema('sip', 'sip_capture')
  await server.query(
    [
      'DROP TABLE IF EXISTS sip_capture',
      ...[create!, ...indexes],
      'ALTER TABLE sip_capture ADD COLUMN expires int NOT NULL DEFAULT 0',
    ],
    DATABASE,
  )
}

async function rowsOf(server: MariadbServer): Promise<number> {
  const [row] = await server.query<{ rows: number }>('SELECT count(*) AS `rows` FROM sip_capture', DATABASE)
  return row!.rows
}

async function kamailio(server: MariadbServer, folder: string): Promise<Rival> {
  await server.query(`GRANT ALL ON ${DATABASE}.* TO kamailio@'%' IDENTIFIED BY 'kamailio'`)
  const url = `mysql://kamailio:kamailio@${server.host}:${server.port}/${DATABASE}`
  return CapturingKamailio.start(folder, await freePort('127.0.0.1'), url)
}

function hepcapd(server: MariadbServer, folder: string): Promise<LoadedDaemon> {
  return LoadedDaemon.start(urlOf(server.target()), join(folder, 'spool'), CONNECTIONS)
}

function kamailioVersion(): string {
  return /kamailio (\S+)/.exec(execFileSync('kamailio', ['-v'], { encoding: 'utf8' }))?.[1] ?? ''
}

async function burst(server: MariadbServer, folder: string): Promise<Claim> {
  await emptyTable(server)
  const sender: Sender = await Child.start(
    'sender-process.js',
    [String(BURST)],
    ['--max-old-space-size=8192'],
  )
  const daemon = await hepcapd(server, folder)
  const { beganMs, seconds, sent } = await sender.ask({ port: daemon.port })
  sender.end()
  mustEqual(sent, BURST, 'messages that the kernel took')
  const storedMs = await allStored(BURST, () => rowsOf(server)).catch(() => sharedClockMs())
  const [peak, socketDrops] = [daemon.peakMib, daemon.socketDrops]
  const ledger = await daemon.stop()
  const rows = await rowsOf(server)
  mustEqual(ledger.received, BURST, 'messages that the ledger says came')
  return {
    claim: BURST_STORED,
    holds: rows === BURST && ledger.lost === 0 && socketDrops === 0 && (peak * 2 ** 20) / 1e6 < MOST_MIB,
    method:
      'HEP3 over UDP and 127.0.0.1, packed before and sent by another process as fast as the kernel takes it; the spool ' +
      'takes what memory may not. Rows counted in the database, losses in the ledger and by the kernel.',
    figures: [
      ['sent', `${figure(BURST / seconds)} messages/s, ${figure(seconds)} s`],
      ['all stored after', `${figure((storedMs - beganMs) / 1000)} s`],
      ['rows', figure(rows)],
      ['dropped, by the ledger', figure(ledger.lost)],
      ['dropped, by the kernel', figure(socketDrops)],
      ['peak resident memory', `${figure((peak * 2 ** 20) / 1e6)} MB`],
    ],
  }
}
