// Where the messages of `hepcapd send` come from: a capture file, or dialogs that we make.

import { binding, type CapturedSip, type CaptureFile } from '../binding.js'
import { dialog } from '../sip/dialog.js'
import type { Captured } from './packets.js'

const UDP = 17
const SIP = 1

/** Frames of a file that hold nothing to send, by reason; `state` is how the file ended. */
export interface FileOutcome {
  frames: number
  skipped: Map<string, number>
  state: CapturedSip['state']
}

/** A file that cannot be opened or read on; `cause` is the SystemError. */
export class UnreadableFile extends Error {}

/** Throws an UnreadableFile. `-` is standard input. */
export function openFile(path: string): CaptureFile {
  try {
    return new binding.CaptureFile(path)
  } catch (cause) {
    throw new UnreadableFile(path, { cause })
  }
}

/** The SIP datagrams of a file in batches; `outcome` is kept up to date. Throws an UnreadableFile. */
export async function* fromFile(file: CaptureFile, outcome: FileOutcome): AsyncGenerator<Captured[]> {
  while (outcome.state === 'more') {
    const batch = await file.read().catch((cause: unknown) => {
      throw new UnreadableFile('', { cause })
    })
    outcome.frames += batch.frames
    outcome.state = batch.state
    for (const [reason, frames] of Object.entries(batch.skipped)) {
      outcome.skipped.set(reason, (outcome.skipped.get(reason) ?? 0) + frames)
    }
    yield Array.from(batch.ends, (_, row) => capturedAt(batch, row))
  }
}

function capturedAt(batch: CapturedSip, row: number): Captured {
  const size = batch.families[row] === 2 ? 4 : 16
  const address = (at: number) => batch.addresses.subarray(at, at + size)
  return {
    protocol: batch.protocols[row] as number,
    source: address(row * 32),
    destination: address(row * 32 + 16),
    sourcePort: batch.ports[row * 2] as number,
    destinationPort: batch.ports[row * 2 + 1] as number,
    timeUs: batch.timesUs[row] || nowUs(),
    type: SIP,
    payload: batch.octets.subarray(row === 0 ? 0 : batch.ends[row - 1], batch.ends[row]),
  }
}

/** `count` messages of dialogs one after the other, in batches; each has the time at which it was made. */
export function* fromDialogs(count: number, seed: number, batchSize: number): Generator<Captured[]> {
  let batch: Captured[] = []
  let made = 0
  for (let index = 0; made < count; index++) {
    for (const { source, destination, text } of dialog(index, seed).slice(0, count - made)) {
      made++
      batch.push({
        protocol: UDP,
        source: source.address,
        destination: destination.address,
        sourcePort: source.port,
        destinationPort: destination.port,
        timeUs: nowUs(),
        type: SIP,
        payload: Buffer.from(text, 'latin1'),
      })
      if (batch.length < batchSize) continue
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}

let lastUs = 0

/** Microseconds since the epoch, never the same twice: messages of one moment keep their order. */
function nowUs(): number {
  lastUs = Math.max(lastUs + 1, Math.floor((performance.timeOrigin + performance.now()) * 1000))
  return lastUs
}
