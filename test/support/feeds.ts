// A store and a spool in memory, for feeds: what happens, and when, is the test's to say.

import type { Engine } from '../../lib/binding.js'
import type { Batch } from '../../lib/message.js'
import type { RowBlock } from '../../lib/route/rows.js'
import type { StorePort } from '../../lib/sink/parcel.js'
import type { QuarantinedRow } from '../../lib/sink/quarantine.js'
import { defaultShapes } from '../../lib/sink/schema.js'
import type { GaveUp, SpoolPort } from '../../lib/sink/spool-port.js'
import type { BlockId, BlockRefusal, StoreBlock } from '../../lib/sink/store.js'
import { batchOf } from './engine.js'
import { options, packet } from './packets.js'

/** A block as one word: its number, and `s` behind it when it is in the spool too. */
export function wordOf({ id, isSpooled }: StoreBlock): string {
  return `${id.number}${isSpooled ? 's' : ''}`
}

export class FakeStore implements StorePort {
  readonly name = 'fake:'
  readonly shapes = defaultShapes
  readonly odd = {}
  readonly share = 0
  lanes = 1
  isAway = false
  turned: () => void = () => {}
  /** In the order that they came in. */
  readonly blocks: StoreBlock[] = []
  readonly #answers: ((refused: BlockRefusal[]) => void)[] = []

  async open(): Promise<void> {}

  async close(): Promise<void> {}

  write(block: StoreBlock): Promise<BlockRefusal[]> {
    this.blocks.push({ ...block })
    return new Promise((resolve) => this.#answers.push(resolve))
  }

  get words(): string[] {
    return this.blocks.map(wordOf)
  }

  /** Answers the oldest blocks. */
  async answer(count = 1, refused: BlockRefusal[] = []): Promise<void> {
    for (const resolve of this.#answers.splice(0, count)) resolve(refused)
    await calm()
  }

  turn(isAway: boolean): void {
    this.isAway = isAway
    this.turned()
  }
}

export class FakeSpool implements SpoolPort {
  readonly kept: StoreBlock[] = []
  readonly #takenOut = new Set<string>()
  readonly finished: string[] = []
  readonly quarantined: QuarantinedRow[] = []
  readonly #engine: Engine
  verdict: 'kept' | 'full' | Error = 'kept'
  isClosed = false
  gaveUp: GaveUp = () => {}
  readonly odd = {}
  readonly share = 0

  constructor(engine: Engine) {
    this.#engine = engine
  }

  async open(): Promise<void> {}

  get rows(): number {
    return this.kept.reduce(
      (sum, { tables }) => sum + tables.reduce((rows, one) => rows + one.rows.length, 0),
      0,
    )
  }

  async append(block: StoreBlock, isTaken: boolean): Promise<'kept' | 'full'> {
    await settled()
    if (this.verdict instanceof Error) throw this.verdict
    if (this.verdict === 'kept') {
      this.kept.push({ ...block })
      if (isTaken) this.#takenOut.add(keyOf(block.id))
    }
    return this.verdict
  }

  async next(): Promise<StoreBlock | undefined> {
    await settled()
    const block = this.kept.find(({ id }) => !this.#takenOut.has(keyOf(id)))
    if (!block) return undefined
    this.#takenOut.add(keyOf(block.id))
    const { handle, input, rows } = batchOf(this.#engine, packetsOf(block))
    return { ...block, isSpooled: true, slab: { handle, input, rows } }
  }

  done(id: BlockId): void {
    this.finished.push(`${id.number}`)
    const at = this.kept.findIndex((block) => keyOf(block.id) === keyOf(id))
    if (at < 0) throw new Error(`block ${id.number} is not in the spool`)
    this.kept.splice(at, 1)
  }

  quarantine(rows: readonly QuarantinedRow[]): void {
    this.quarantined.push(...rows)
  }

  onGivenUp(gaveUp: GaveUp): void {
    this.gaveUp = gaveUp
  }

  async close(): Promise<void> {
    this.isClosed = true
  }
}

function packetsOf({ tables }: StoreBlock): Buffer[] {
  const rows = Math.max(...tables.map((one) => Math.max(...one.rows) + 1))
  return Array.from({ length: rows }, (_, row) => packet(options(`replayed-${row}`)))
}

function keyOf({ origin, number }: BlockId): string {
  return `${origin} ${number}`
}

/** Every promise that could go on has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Enough turns that nothing is left which could go on. */
export async function calm(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await settled()
}

/** All rows of a batch for one table. */
export function rowBlock(...batches: Batch[]): RowBlock {
  return {
    node: 'n',
    window: null,
    tables: batches.map((batch) => ({
      kind: 'sip',
      table: 'sip_capture',
      batch,
      rows: Uint32Array.from({ length: batch.rows }, (_, row) => row),
    })),
  }
}
