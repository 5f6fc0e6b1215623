// Real SIP messages as HEP packets: those of a capture that the environment names.

import { encodeHep } from '../../lib/hep/writer.js'
import { type FileOutcome, fromFile, openFile } from '../../lib/send/source.js'

/** Every SIP datagram of a capture file as a version 3 packet. */
export async function hepPacketsOf(path: string): Promise<Buffer[]> {
  const packets: Buffer[] = []
  const outcome: FileOutcome = { frames: 0, skipped: new Map(), state: 'more' }
  for await (const some of fromFile(openFile(path), outcome)) {
    for (const one of some) packets.push(encodeHep(3, { ...one, agentId: 7 }))
  }
  return packets
}
