// Claim: a capture file is read, decoded and parsed at 500,000 messages/s or more on one core.

import { join } from 'node:path'
import type { LedgerSnapshot } from '../lib/ledger.js'
import { hepcapd } from '../test/support/cli.js'
import { DISTINCT, writeCapture } from './support/capture.js'
import { type Claim, mustEqual, present } from './support/claim.js'
import { inFolder } from './support/folder.js'
import { figure, sharedClockMs, spread, spreadText, takeTurns } from './support/measure.js'

const MESSAGES = 1_000_000
const ROUNDS = 5
const LEAST_RATE = 500_000
const ONE_CORE = ['taskset', '-c', '0']

await present(() =>
  inFolder(async (folder) => [await reading(join(folder, 'million.pcap'), join(folder, 'empty.pcap'))]),
)

async function reading(path: string, empty: string): Promise<Claim> {
  const octets = writeCapture(path, MESSAGES)
  writeCapture(empty, 0)
  const { full, start } = await takeTurns(ROUNDS, {
    full: () => seconds(path, MESSAGES),
    start: () => seconds(empty, 0),
  })
  const starting = spread(start).median
  const rates = spread(full.map((one) => MESSAGES / (one - starting)))
  return {
    claim: `--read --db-url none: takes ${figure(LEAST_RATE)} messages/s or more on one core`,
    holds: rates.median >= LEAST_RATE,
    method:
      `A file of ${figure(MESSAGES)} Ethernet frames (${figure(octets / 1e6)} MB, ${figure(DISTINCT)} of them distinct), the whole ` +
      `program as a process on one core, less the time that it takes for a file without frames; ${ROUNDS} rounds in turns. ` +
      'Before each figure: the ledger says that every message was received.',
    figures: [
      ['messages', spreadText(rates, 'messages/s')],
      ['starting and ending', spreadText(spread(start), 's')],
    ],
  }
}

async function seconds(path: string, messages: number): Promise<number> {
  const began = sharedClockMs()
  const { status, out, err } = await hepcapd(['--read', path, '--db-url', 'none:'], {}, ONE_CORE)
  const took = (sharedClockMs() - began) / 1000
  if (status !== 0) throw new Error(err)
  const { inputs } = JSON.parse(out.trim()) as LedgerSnapshot
  mustEqual(inputs[`read:${path}`]?.received, messages, 'messages')
  return took
}

/** Octets of the file. */
