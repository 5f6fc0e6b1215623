// The one packet of a trace, out of its file.

import { binding, type FrameOptions, type PacketReading } from '../binding.js'
import { RefusedError } from '../errors.js'
import { addressText } from '../hep/address-text.js'
import { Batch } from '../message.js'

export interface PacketSource extends FrameOptions {
  /** `-` is standard input. */
  file: string
  /** Where it lies, if not under this name. */
  path?: string
  /** 0 is the first that carries a message. */
  frame: number
  /** One of which a HEP packet has to show; none is that no key is wanted. */
  keys: readonly Buffer[]
}

export interface TracedPacket {
  reading: PacketReading
  /** With the one message. */
  batch: Batch
  /** Messages of the frame: the first one is traced. */
  messages: number
  /** Where the packet went to, as far as the file tells. */
  receiver: { address: string; port: number } | undefined
}

const INPUT = 0
/** A slab has room for any one packet. */
const SLABS = 1

/** Where packets are taken apart, one at a time. It has memory of its own, of which a process has room for few. */
export class PacketPlace {
  readonly #engine: InstanceType<typeof binding.Engine>

  constructor() {
    const limits = { slabBytes: binding.layout.smallestSlab, slabs: SLABS, flushMs: 0, maxRows: 10_000 }
    this.#engine = new binding.Engine(limits, () => {})
  }

  /**
   * Calls `use` with the packet, which is valid until that settles; or `without` with the reason. Rejects with a
   * RefusedError for what cannot be read.
   */
  async with<T>(
    source: PacketSource,
    use: (packet: TracedPacket) => Promise<T>,
    without: (reading: PacketReading) => T,
  ): Promise<T> {
    const keys = [...source.keys]
    this.#engine.setSenders(INPUT, { networks: [], ratePerSecond: 0, keys }) // nobody knows who sent it
    const reading = read(this.#engine, source)
    this.#engine.flush(true)
    const [slab] = this.#engine.take()
    if (!slab) return without(reading)
    const batch = new Batch({ ...slab, rows: 1 })
    try {
      return await use({ reading, batch, messages: slab.rows, receiver: receiverOf(reading) })
    } finally {
      batch.release()
    }
  }

  close(): void {
    this.#engine.close()
  }
}

function read(
  engine: InstanceType<typeof binding.Engine>,
  { file, path = file, keys: _, ...options }: PacketSource,
): PacketReading {
  try {
    return engine.readPacket(INPUT, path, options)
  } catch (error) {
    const { code = 'ERROR', message, cure } = error as Error & { code?: string; cure?: string }
    const usual = 'name a file with one packet, or a pcap or pcapng file'
    throw new RefusedError({ code, message: `cannot read ${file}: ${message}`, cure: cure || usual })
  }
}

function receiverOf({ receiver, receiverPort }: PacketReading): TracedPacket['receiver'] {
  const address = addressText(receiver)
  return address === undefined ? undefined : { address, port: receiverPort }
}

/** Of a file without a message. */
export function refusedPacket(file: string, reading: PacketReading): RefusedError {
  const { reason: code } = reading
  const known = ofReason(file, reading)
  return new RefusedError({ code, message: known.what, cure: known.cure })
}

interface Cured {
  what: string
  cure: string
}

const OTHER_FRAME = 'name another frame with --frame'
const CUT: Partial<Record<PacketReading['state'], string>> = {
  truncated: ', and it ends in the middle of a record',
  damaged: ', and then comes a record that cannot be',
}

function ofReason(file: string, { reason, kind, frame, frames, state }: PacketReading): Cured {
  const number = frame === 1 ? '1 frame' : `${frame} frames`
  if (reason === 'no_such_frame')
    return { what: `${file} has ${number}${CUT[state] ?? ''}`, cure: 'name one of them with --frame' }
  if (reason === 'no_message') {
    const what = `of ${number} in ${file} none carries a message${CUT[state] ?? ''}${listed(frames)}`
    return { what, cure: 'see hepcapd trace --help for what can be traced' }
  }
  if (kind === 'capture') {
    const cure = reason === 'port' ? 'leave raw_socket_listen out, or name ports of the frame' : OTHER_FRAME
    return { what: `frame ${frame} of ${file} carries no message: ${reason}`, cure }
  }
  if (kind === 'hep')
    return { what: `a listener would drop the HEP packet in ${file}: ${reason}`, cure: 'see what sends it' }
  const what = `${file} is neither a capture nor one HEP packet or SIP message: ${reason}`
  return { what, cure: 'see hepcapd trace --help for what can be traced' }
}

function listed({ held, ignored }: PacketReading['frames']): string {
  const counts = Object.entries({ ...ignored, ...(held > 0 ? { held } : {}) })
  return counts.length === 0 ? '' : `: ${counts.map(([reason, count]) => `${reason} ${count}`).join(', ')}`
}
