// A capture file of any length, from the dialogs that `send` makes.

import { closeSync, openSync, writeSync } from 'node:fs'
import type { Captured } from '../../lib/send/packets.js'
import { fromDialogs } from '../../lib/send/source.js'

/** Messages that are different; then they come again. */
export const DISTINCT = 100_000
const SEED = 20_261_123
const BATCH = 4096
const HEADERS = 14 + 20 + 8

/** Ethernet frames with SIP of dialogs over UDP; returns the octets of the file. */
export function writeCapture(path: string, messages: number): number {
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
