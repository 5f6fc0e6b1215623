// A listener for streams on an engine of its own, in the event loop of its test.

import type { Test } from 'tap'
import type { Engine, IntakeCounters } from '../../lib/binding.js'
import type { StreamListener } from '../../lib/listen/stream-listener.js'
import { Batch } from '../../lib/message.js'
import { newEngine } from './engine.js'

export interface Rig<L extends StreamListener> {
  engine: Engine
  listener: L
  port: number
  counters(): IntakeCounters
  /** Call-IDs of all that was sealed since the last call; the slabs go back. */
  callIds(): string[]
}

export async function streamRig<L extends StreamListener>(
  t: Test,
  make: (engine: Engine) => L,
  slabs = 8,
): Promise<Rig<L>> {
  const engine = newEngine(slabs)
  const listener = make(engine)
  const port = await listener.listen('127.0.0.1', 0)
  t.teardown(async () => {
    await listener.close(0)
    engine.close()
  })
  return {
    engine,
    listener,
    port,
    counters: () => engine.counters(0),
    callIds() {
      engine.flush(true)
      return taken(engine)
    },
  }
}

export function taken(engine: Engine): string[] {
  return engine.take().flatMap((slab) => {
    const batch = new Batch(slab)
    const ids = Array.from(batch, (message) => message.callId)
    batch.release()
    return ids
  })
}
