// Types of PostgreSQL's columns: which of ours they can take, how, and what is an empty value of each.

import type { ColumnShape, CopyColumn } from '../../binding.js'

/** A column as the catalogue has it; of a domain its base type. */
export interface CatalogueColumn {
  name: string
  /** 'int4', 'varchar', ... */
  type: string
  /** Of the server's own, or an enumeration: not of an extension. */
  isKnown: boolean
  isEnum: boolean
  /** Its modifier, -1 for none. */
  size: number
  notNull: boolean
  /** Has a value when we give it none. */
  hasDefault: boolean
  /** Takes no value from us. */
  isGenerated: boolean
}

/** A column that we fill. */
export interface FilledColumn {
  column: CatalogueColumn
  /** What fills it; undefined: an empty value. */
  from: ColumnShape | undefined
  /** For COPY; undefined: it goes as text in an INSERT. */
  encoding: CopyColumn | undefined
  /** Characters that its text may have; 0: as many as it has. */
  characters: number
}

const TEXTS = new Set(['text', 'varchar', 'bpchar'])
const NUMBERS = new Set(['int2', 'int4', 'int8', 'float4', 'float8'])
const TIMES = new Set(['timestamp', 'timestamptz', 'date'])
/** The length stands in the modifier behind so many octets. */
const MODIFIER_HEAD = 4

export function isTextual({ type, isKnown, isEnum }: CatalogueColumn): boolean {
  return isEnum || (isKnown && TEXTS.has(type)) || type === 'citext'
}

export function charactersOf({ type, size, isKnown }: CatalogueColumn): number {
  const isBounded = isKnown && (type === 'varchar' || type === 'bpchar')
  return isBounded && size > MODIFIER_HEAD ? size - MODIFIER_HEAD : 0
}

export function filledColumn(column: CatalogueColumn, from: ColumnShape | undefined): FilledColumn {
  const encoding = from ? encodingOf(from, column) : emptyOf(column)
  return { column, from, encoding, characters: charactersOf(column) }
}

/** How the C++ side writes what `from` gives into this column; undefined: it cannot. */
function encodingOf(from: ColumnShape, column: CatalogueColumn): CopyColumn | undefined {
  const type = copyType(from, column)
  return type && { from: from.name, type, size: charactersOf(column) }
}

/** Texts into numbers, and into types of other kinds, are the server's to read. */
function copyType(
  { name, kind }: ColumnShape,
  { type, isKnown, isEnum }: CatalogueColumn,
): CopyColumn['type'] | undefined {
  if (isEnum) return 'text'
  if (!isKnown) return undefined
  if (TEXTS.has(type)) return 'text'
  if (type === 'bytea' || type === 'json' || type === 'jsonb') return type
  const isTime = name === 'date' || name === 'micro_ts'
  if (NUMBERS.has(type)) return kind === 'integer' || isTime ? (type as CopyColumn['type']) : undefined
  if (TIMES.has(type) && isTime) return type === 'date' ? 'date' : 'timestamp'
  return undefined
}

/** Octets and text of an empty value, by type; of a time the first second of 1970. */
const EMPTY: Record<string, [octets: string, text: string]> = {
  text: ['', ''],
  varchar: ['', ''],
  bpchar: ['', ''],
  name: ['', ''],
  bytea: ['', ''],
  bool: ['00', 'false'],
  int2: ['0000', '0'],
  int4: ['00000000', '0'],
  int8: ['0000000000000000', '0'],
  float4: ['00000000', '0'],
  float8: ['0000000000000000', '0'],
  numeric: ['0000000000000000', '0'],
  json: ['7b7d', '{}'],
  jsonb: ['017b7d', '{}'],
  uuid: ['00000000000000000000000000000000', '00000000-0000-0000-0000-000000000000'],
  inet: ['0220000400000000', '0.0.0.0'],
  cidr: ['0220010400000000', '0.0.0.0/32'],
  time: ['0000000000000000', '00:00:00'],
  interval: ['00000000000000000000000000000000', '0'],
  timestamp: ['fffca2fec4c82000', '1970-01-01 00:00:00'],
  timestamptz: ['fffca2fec4c82000', '1970-01-01 00:00:00+00'],
  date: ['ffffd533', '1970-01-01'],
}
function emptyOf({ type, isKnown }: CatalogueColumn): CopyColumn | undefined {
  const octets = isKnown ? EMPTY[type]?.[0] : undefined
  if (octets === undefined) return undefined
  return { from: '', type: 'constant', size: 0, octets: Buffer.from(octets, 'hex') }
}

export function emptyText({ type }: CatalogueColumn): string {
  return EMPTY[type]?.[1] ?? ''
}
