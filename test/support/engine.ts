// An engine that tests feed by hand.

import { binding, type Engine } from '../../lib/binding.js'
import { Batch } from '../../lib/message.js'
import { joined } from './packets.js'

/** `slabs` of 2 MiB; slabs are sealed by flush() or when they are full. */
export function newEngine(slabs = 4, wake: () => void = () => {}): Engine {
  return new binding.Engine({ slabBytes: 2 << 20, slabs, flushMs: 3_600_000, maxRows: 10_000 }, wake)
}

/** Feeds the packets to input 0 and takes what comes out. */
export function batchesOf(engine: Engine, packets: Buffer[]): Batch[] {
  const { octets, ends } = joined(packets)
  engine.feed(0, octets, ends)
  engine.flush(true)
  return engine.take().map((slab) => new Batch(slab))
}

/** The one batch that these packets make. */
export function batchOf(engine: Engine, packets: Buffer[]): Batch {
  const [batch, ...more] = batchesOf(engine, packets)
  if (!batch || more.length > 0) throw new Error('expected one batch')
  return batch
}
