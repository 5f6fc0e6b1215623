// Types of ClickHouse's columns: which of ours they can take, and how long a value is in RowBinary.

import type { ColumnShape, RowBinaryColumn } from '../../binding.js'

/** A column of a table, what fills it, and how: without an encoding it goes as text. */
export interface FilledColumn {
  /** As the table has it. */
  name: string
  /** As the table has it. */
  type: string
  from: ColumnShape
  encoding: RowBinaryColumn | undefined
}

type Encoding = Pick<RowBinaryColumn, 'type' | 'size'>

/** Seconds that a DateTime holds on every server; other times become those of the arrival. */
const LAST_DATE_TIME = 0xffff_ffff - 86_400

export function secondHeld(microTs: number, arrivalUs: number): number {
  const seconds = [microTs, arrivalUs].map((us) => Math.floor(us / 1e6))
  return seconds.find((second) => second >= 0 && second <= LAST_DATE_TIME) ?? 0
}

/** Octets of a value, of types that have always as many. */
const fixedSizes: Partial<Record<RowBinaryColumn['type'], number>> = {
  UInt8: 1,
  UInt16: 2,
  UInt32: 4,
  UInt64: 8,
  Int8: 1,
  Int16: 2,
  Int32: 4,
  Int64: 8,
  Date: 2,
  DateTime: 4,
  DateTime64: 8,
}

const INTEGER = /^U?Int(8|16|32|64)$/

/** How the C++ side writes what `from` gives into a column of this type; undefined: it cannot. */
export function encodingOf(from: ColumnShape, type: string): RowBinaryColumn | undefined {
  const plain = unwrapped(unwrapped(type, 'LowCardinality'), 'Nullable')
  const encoding = plainEncoding(plain)
  if (!encoding || !fits(from, encoding)) return undefined
  return { from: from.name, ...encoding, isNullable: /^(LowCardinality\()?Nullable\(/.test(type) }
}

/** `X` of `Wrapper(X)`, else the type as it is. */
function unwrapped(type: string, wrapper: string): string {
  return type.startsWith(`${wrapper}(`) ? type.slice(wrapper.length + 1, -1) : type
}

function plainEncoding(type: string): Encoding | undefined {
  if (type === 'String' || type === 'Date' || INTEGER.test(type)) {
    return { type: type as RowBinaryColumn['type'], size: 0 }
  }
  if (/^DateTime(\(|$)/.test(type)) return { type: 'DateTime', size: 0 }
  const sized = /^(FixedString|DateTime64)\((\d+)/.exec(type)
  return sized ? { type: sized[1] as RowBinaryColumn['type'], size: Number(sized[2]) } : undefined
}

/** Texts into numbers, and numbers into times, are the server's to read. */
function fits({ name, kind }: ColumnShape, { type }: Encoding): boolean {
  if (type === 'String' || type === 'FixedString') return true
  if (type === 'DateTime64') return name === 'date' || name === 'micro_ts'
  if (type === 'Date' || type === 'DateTime') return name === 'date'
  return kind === 'integer' || name === 'date'
}

/** Where each row of RowBinary ends. */
export function rowEnds(octets: Buffer, columns: RowBinaryColumn[]): number[] {
  const ends: number[] = []
  let at = 0
  while (at < octets.length) {
    for (const column of columns) at = valueEnd(octets, at, column)
    ends.push(at)
  }
  return ends
}

function valueEnd(octets: Buffer, start: number, { type, size, isNullable }: RowBinaryColumn): number {
  let at = start
  if (isNullable && octets[at++] === 1) return at
  if (type === 'FixedString') return at + size
  if (type !== 'String') return at + (fixedSizes[type] as number)
  let length = 0
  for (let shift = 0; ; shift += 7) {
    const octet = octets[at++] as number
    length += (octet & 0x7f) * 2 ** shift
    if (octet < 0x80) return at + length
  }
}
