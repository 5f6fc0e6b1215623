// Types of the columns of MariaDB and MySQL: how each takes what we fill it with, and what is an empty value of it.

import type { ColumnShape, ValueColumn } from '../../binding.js'

/** A column as the catalogue has it. */
export interface CatalogueColumn {
  name: string
  /** 'varchar', 'int', ... */
  type: string
  /** 'varchar(50)', 'int(10) unsigned', "enum('a','b')". */
  wholeType: string
  /** Most that a text or octets may have; null for other types. */
  characters: number | bigint | null
  octets: number | bigint | null
  /** 'utf8mb4', 'latin1'; null for other types. */
  characterSet: string | null
  /** Places of a second's fraction; null for other types. */
  fraction: number | bigint | null
  isNullable: string
  preset: string | null
  /** 'auto_increment', 'VIRTUAL GENERATED', ... */
  extra: string
}

const TEXTS = /^(char|varchar|enum|set)$/
const LONG_TEXTS = /^(tinytext|text|mediumtext|longtext|json)$/
const OCTETS = /^(binary|varbinary|tinyblob|blob|mediumblob|longblob)$/
const TIMES = /^(datetime|timestamp|date)$/
const FRACTIONS = /^(decimal|float|double)$/

/** Octets of an integer. */
const INTEGERS: Record<string, number> = { tinyint: 1, smallint: 2, mediumint: 3, int: 4, bigint: 8 }
/** What is exact in a number, and never reached by any of ours. */
const WIDE = 6

/** In seconds: what the manuals promise of `datetime` and `date`, and what every version holds in a `timestamp`. */
const YEARS = { least: second('1000-01-01T00:00:00Z'), most: second('9999-12-31T23:59:59Z') }
const SECONDS = { least: 1, most: 2 ** 31 - 1 }

/** The last character of a character set; of sets that are not named only ASCII is sure to be in them. */
const LAST_CODE_POINTS: Record<string, number> = {
  utf8mb4: 0x10ffff,
  utf16: 0x10ffff,
  utf16le: 0x10ffff,
  utf32: 0x10ffff,
  utf8: 0xffff,
  utf8mb3: 0xffff,
  ucs2: 0xffff,
  latin1: 0xff,
}
const ASCII = 0x7f
const NO_UUID = '00000000-0000-0000-0000-000000000000'

/** `from` as this column takes it. A type that is not known here gets a text, and the server has the last word. */
export function valueColumn(from: ColumnShape, column: CatalogueColumn): ValueColumn {
  const { type } = column
  const isTime = from.name === 'date' || from.name === 'micro_ts'
  if (TIMES.test(type) && isTime) return timeOf(from, column)
  if (OCTETS.test(type)) return octetsOf(from, column)
  if (from.kind === 'integer' || from.name === 'date') {
    if (type in INTEGERS) return integerOf(from, column)
    if (FRACTIONS.test(type)) return { from: from.name, type: integerType(from) }
  }
  return textOf(from, column)
}

function textOf({ name }: ColumnShape, { type, characters, octets, characterSet }: CatalogueColumn) {
  const lastCodePoint = characterSet === null ? undefined : (LAST_CODE_POINTS[characterSet] ?? ASCII)
  const text: ValueColumn = { from: name, type: 'text', lastCodePoint }
  if (TEXTS.test(type)) return { ...text, characters: bound(characters) }
  if (LONG_TEXTS.test(type)) return { ...text, octets: bound(octets) }
  return text
}

function octetsOf({ name, kind }: ColumnShape, { octets }: CatalogueColumn): ValueColumn {
  return { from: name, type: kind === 'octets' ? 'octets' : 'text', octets: bound(octets) }
}

function integerOf(from: ColumnShape, { type, wholeType }: CatalogueColumn): ValueColumn {
  const size = INTEGERS[type] as number
  const isUnsigned = wholeType.includes('unsigned')
  const bits = isUnsigned ? size * 8 : size * 8 - 1
  const least = isUnsigned ? 0 : -(2 ** bits)
  const ends = size > WIDE ? { least } : { least, most: 2 ** bits - 1 }
  return { from: from.name, type: integerType(from), ...ends }
}

/** One type for all values of a column: a statement of many rows has one type a column. */
function integerType({ width, kind }: ColumnShape): ValueColumn['type'] {
  return kind === 'integer' && width <= 2 ? 'int32' : 'int64'
}

function timeOf({ name }: ColumnShape, { type, fraction }: CatalogueColumn): ValueColumn {
  const hasMicros = name === 'micro_ts' && Number(fraction ?? 0) > 0
  return { from: name, type: 'time', hasMicros, ...(type === 'timestamp' ? SECONDS : YEARS) }
}

/** Beyond 32 bits is as much as anything has. */
function bound(most: number | bigint | null): number {
  const number = Number(most ?? 0)
  return number > 0xffff_ffff ? 0 : number
}

function second(iso: string): number {
  return Date.parse(iso) / 1000
}

/** It has no value when we give it none. */
export function isNeedy({ isNullable, preset, extra }: CatalogueColumn): boolean {
  return isNullable === 'NO' && preset === null && !/auto_increment|DEFAULT_GENERATED/i.test(extra)
}

/** It takes no value from us. */
export function isGenerated({ extra }: CatalogueColumn): boolean {
  return /(VIRTUAL|STORED|PERSISTENT) GENERATED|^(VIRTUAL|PERSISTENT)/i.test(extra)
}

/** As text; the server makes of it what the type needs. */
export function emptyOf({ type }: CatalogueColumn): string {
  if (type in INTEGERS || FRACTIONS.test(type) || /^(bit|year)$/.test(type)) return '0'
  if (TIMES.test(type)) return type === 'date' ? '1970-01-01' : '1970-01-01 00:00:01'
  return { time: '00:00:00', inet4: '0.0.0.0', inet6: '::', uuid: NO_UUID }[type] ?? ''
}

/** What stands for an empty text: what is no text has a value only where it must. */
export function emptyText(column: CatalogueColumn): string | null {
  if (TEXTS.test(column.type) || LONG_TEXTS.test(column.type) || OCTETS.test(column.type)) return ''
  return column.isNullable === 'YES' ? null : emptyOf(column)
}

/** For a statement: of an enumeration the first of its values. */
export function emptyLiteral(column: CatalogueColumn): string {
  if (column.type === 'enum') return '1'
  const empty = emptyOf(column)
  return empty === '0' ? empty : `'${empty}'`
}
