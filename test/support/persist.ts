// Blocks into a store as the worker of a sink does it: again and again, as long as the store is away.

import { AwayError, type BlockRefusal, type Store, type StoreBlock } from '../../lib/sink/store.js'

const ATTEMPTS = 300
const PAUSE_MS = 100

export async function persist(
  store: Store,
  block: StoreBlock,
  away: (error: AwayError) => void = () => {},
): Promise<BlockRefusal[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await store.write(block)
    } catch (error) {
      if (!(error instanceof AwayError) || attempt >= ATTEMPTS) throw error
      away(error)
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
}

/** As many blocks at once as the store has lanes. */
export async function persistAll(store: Store, blocks: StoreBlock[]): Promise<BlockRefusal[]> {
  const [waiting, refused] = [[...blocks], [] as BlockRefusal[]]
  const lane = async () => {
    for (let block = waiting.shift(); block; block = waiting.shift()) {
      refused.push(...(await persist(store, block)))
    }
  }
  await Promise.all(Array.from({ length: store.lanes }, lane))
  return refused
}
