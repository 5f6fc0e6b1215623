// What of a slab goes to the disk with some of its rows: all of it as it lies, or, when they are few, what they need.

import { binding } from '../binding.js'
import type { Batch } from '../message.js'

const { record: at } = binding.layout

export interface SlabParts {
  octets: Buffer
  /** The first record last, as in the slab. */
  records: Buffer
  /** Number of records. */
  count: number
  /** The number that each row has among them; undefined: its own. */
  rowOf: ReadonlyMap<number, number> | undefined
}

/** Copying pays when less than this part of the rows is wanted. */
const FEW = 0.5

export function slabPartsOf(batch: Batch, tables: readonly { rows: Uint32Array }[]): SlabParts {
  const wanted = new Set<number>()
  for (const { rows } of tables) for (const row of rows) wanted.add(row)
  if (wanted.size < batch.rows * FEW)
    return copied(
      batch,
      [...wanted].sort((a, b) => a - b),
    )
  return {
    octets: batch.octets.subarray(0, binding.filledOctets(batch.handle)),
    records: batch.octets.subarray(batch.recordAt(batch.rows - 1)),
    count: batch.rows,
    rowOf: undefined,
  }
}

function copied(batch: Batch, wanted: number[]): SlabParts {
  const records = Buffer.alloc(wanted.length * at.bytes)
  const octets = new Octets()
  for (const [place, row] of wanted.entries()) {
    const from = batch.recordAt(row)
    const record = records.subarray(records.length - (place + 1) * at.bytes).subarray(0, at.bytes)
    batch.octets.copy(record, 0, from, from + at.bytes)
    moveSpans(batch.octets, record, octets)
  }
  return {
    octets: octets.joined(),
    records,
    count: wanted.length,
    rowOf: new Map(wanted.map((row, place) => [row, place])),
  }
}

/** Spans that overlap another one stay where they are in it: a payload lies in its packet, mostly. */
function moveSpans(slab: Buffer, record: Buffer, to: Octets): void {
  const moved: { start: number; end: number; at: number }[] = []
  for (const field of [at.packet, at.payload, at.correlation, at.custom]) {
    const start = record.readUInt32LE(field)
    const end = start + record.readUInt32LE(field + 4)
    const around = moved.find((one) => one.start <= start && end <= one.end)
    const place = around ? around.at + start - around.start : to.add(slab.subarray(start, end))
    if (!around) moved.push({ start, end, at: place })
    record.writeUInt32LE(place, field)
  }
}

class Octets {
  readonly #parts: Buffer[] = []
  #size = 0

  /** Where they stand. */
  add(part: Buffer): number {
    const place = this.#size
    this.#parts.push(part)
    this.#size += part.length
    return place
  }

  joined(): Buffer {
    return Buffer.concat(this.#parts, this.#size)
  }
}
