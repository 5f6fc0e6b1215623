// Traffic: distinct messages of SIP dialogs in HEP version 3, packed one behind the other.

import { type Captured, Packer, type PacketRun } from '../../lib/send/packets.js'
import { fromDialogs } from '../../lib/send/source.js'

export const AGENT = 2001
const SEED = 20_261_122
const BATCH = 4096
const FIRST_PORT = 10_007
const PORTS = 50_000

/** Packs runs of `runBytes` or a little more; `seen` gets each message in order. */
export function* packedDialogs(
  count: number,
  runBytes: number,
  seen: (captured: Captured) => void = () => {},
): Generator<PacketRun> {
  const packer = new Packer({ hep: 3, agentId: AGENT, compress: false })
  let number = 0
  for (const batch of fromDialogs(count, SEED, BATCH)) {
    for (const captured of batch) {
      captured.sourcePort = FIRST_PORT + (number++ % PORTS) // tells source from destination, and neighbours apart
      if (!packer.add(captured)) throw new Error('a dialog has no message of that length')
      seen(captured)
    }
    if (packer.octets >= runBytes) yield packer.take()
  }
  if (packer.packets > 0) yield packer.take()
}

/** The same messages as they go over the wire, without HEP. */
export function* plainDialogs(count: number, runBytes: number): Generator<PacketRun> {
  let [parts, ends, size] = [[] as Buffer[], [] as number[], 0]
  const taken = () => ({ octets: Buffer.concat(parts), ends: Uint32Array.from(ends) })
  for (const batch of fromDialogs(count, SEED, BATCH)) {
    for (const { payload } of batch) {
      parts.push(Buffer.from(payload))
      size += payload.length
      ends.push(size)
    }
    if (size < runBytes) continue
    yield taken()
    ;[parts, ends, size] = [[], [], 0]
  }
  if (size > 0) yield taken()
}

/** All of it in one run, and what went into it. */
export function packedTogether(count: number): { run: PacketRun; captured: Captured[] } {
  const captured: Captured[] = []
  const [run] = packedDialogs(count, Number.POSITIVE_INFINITY, (one) => captured.push(one))
  if (run?.ends.length !== count) throw new Error(`packed ${run?.ends.length} of ${count} messages`)
  return { run, captured }
}
