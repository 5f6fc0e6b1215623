// Derived rows for tests.

import type { Test } from 'tap'
import { binding } from '../../lib/binding.js'
import { Derivation } from '../../lib/derivation.js'
import type { Batch, Message } from '../../lib/message.js'
import { batchOf, newEngine } from './engine.js'

/** A request with a fold in it. */
export const INVITE =
  'INVITE sip:bob@example.org SIP/2.0\r\nCall-ID: new\r\nReason: a\r\n b\r\nCSeq: 2 INVITE\r\n\r\nbody'
export const SLAB_BYTES = binding.layout.smallestSlab

export function received(t: Test, packets: Buffer[]): Batch {
  const engine = newEngine()
  t.teardown(() => engine.close())
  return batchOf(engine, packets)
}

export function derivation(slabs = 2): Derivation {
  return new Derivation({ slabBytes: SLAB_BYTES, slabs })
}

export function derived(result: Message | string): Message {
  if (typeof result === 'string') throw new Error(result)
  return result
}

export function onlyOne(batches: Batch[]): Batch {
  const [batch, ...more] = batches
  if (!batch || more.length > 0) throw new Error('expected one batch')
  return batch
}
