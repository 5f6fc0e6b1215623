// Claim: a capture file is read, decoded and parsed at 500,000 messages/s or more on one core.

import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { LedgerSnapshot } from '../lib/ledger.js'
import type { Captured } from '../lib/send/packets.js'
import { fromDialogs } from '../lib/send/source.js'
import { hepcapd } from '../test/support/cli.js'
import { type Claim, mustEqual, present } from './support/claim.js'
import { inFolder } from './support/folder.js'
import { figure, sharedClockMs, spread, spreadText, takeTurns } from './support/measure.js'

const MESSAGES = 1_000_000
const DISTINCT = 100_000
const ROUNDS = 5
const LEAST_RATE = 500_000
const ONE_CORE = ['taskset', '-c', '0']
const SEED = 20_261_123
const BATCH = 4096
const HEADERS = 14 + 20 + 8

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
function writeCapture(path: string, messages: number): number {
  const file = openSync(path, 'w')
  let size = writeSync(file, fileHeader())
  const distinct: Buffer[] = []
  for (const batch of fromDialogs(Math.min(messages, DISTINCT), SEED, BATCH)) {
    distinct.push(Buffer.concat(batch.map(record)))
  }
  for (let written = 0; written < messages; written += DISTINCT) {
    for (const part of distinct) size += writeSync(file, part)
  }
  closeSync(file)
  return size
}

/** Classic pcap, microseconds, Ethernet. */
function fileHeader(): Buffer {
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(65535, 16)
  header.writeUInt32LE(1, 20)
  return header
}

function record({ source, destination, sourcePort, destinationPort, timeUs, payload }: Captured): Buffer {
  const out = Buffer.alloc(16 + HEADERS + payload.length)
  const length = HEADERS + payload.length
  out.writeUInt32LE(Math.floor(timeUs / 1e6), 0)
  out.writeUInt32LE(timeUs % 1e6, 4)
  out.writeUInt32LE(length, 8)
  out.writeUInt32LE(length, 12)
  const ip = 16 + 14
  out.writeUInt16BE(0x0800, ip - 2)
  out[ip] = 0x45
  out.writeUInt16BE(length - 14, ip + 2)
  out[ip + 8] = 64
  out[ip + 9] = 17
  out.set(source.subarray(0, 4), ip + 12)
  out.set(destination.subarray(0, 4), ip + 16)
  out.writeUInt16BE(sourcePort, ip + 20)
  out.writeUInt16BE(destinationPort, ip + 22)
  out.writeUInt16BE(8 + payload.length, ip + 24)
  out.set(payload, ip + 28)
  return out
}
