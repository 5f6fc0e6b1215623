// Records that a version with another layout wrote, as this version has them: field by field, by their names.

import { binding } from '../binding.js'
import type { RecordLayout } from './segment.js'

const own: RecordLayout = { record: binding.layout.record, sip: binding.layout.sip }

interface Move {
  from: number
  to: number
  bytes: number
}

/** Where each field starts, and how much room it has until the next one starts. */
function fieldsOf({ record, sip }: RecordLayout): Map<string, { at: number; bytes: number }> {
  const { bytes, ...offsets } = record
  const named = [
    ...Object.entries(offsets),
    ...Object.entries(sip).map(([name, offset]) => [`sip.${name}`, offset] as const),
  ].sort(([, a], [, b]) => a - b)
  return new Map(
    named.map(([name, offset], index) => [
      name,
      { at: offset, bytes: (named[index + 1]?.[1] ?? bytes) - offset },
    ]),
  )
}

/** Of records as they were written to records as they are; fields that were not there yet are 0. */
export function translated(records: Buffer, written: RecordLayout): Buffer {
  if (JSON.stringify(written) === JSON.stringify(own)) return records
  const [old, now] = [fieldsOf(written), fieldsOf(own)]
  const moves: Move[] = []
  for (const [name, { at: to, bytes }] of now) {
    const field = old.get(name)
    if (field) moves.push({ from: field.at, to, bytes: Math.min(bytes, field.bytes) })
  }
  const count = Math.floor(records.length / written.record.bytes)
  const out = Buffer.alloc(count * own.record.bytes)
  for (let row = 0; row < count; row++) {
    const source = row * written.record.bytes
    for (const { from, to, bytes } of moves) {
      records.copy(out, row * own.record.bytes + to, source + from, source + from + bytes)
    }
  }
  return out
}
