// Looks into a database for whoever wants to know whether a daemon can store there. It makes and changes no table; the
// only rows that it ever touches are those that it is given the Call-IDs of.

import type { ColumnShape } from '../binding.js'
import type { WantedTable } from './engines.js'
import type { TableColumn } from './schema.js'

/** A column that is there, and holds less than we may store. */
export interface NarrowColumn {
  name: string
  /** As the database has it. */
  type: string
  /** Octets or characters that we may store. */
  wanted: number
}

export interface TableReport extends WantedTable {
  exists: boolean
  /** Columns of ours that it does not have. */
  missing: string[]
  narrow: NarrowColumn[]
  /** undefined: the database does not tell. */
  mayInsert: boolean | undefined
}

export interface DatabaseReport {
  /** Name and version. */
  server: string
  /** undefined: the database does not tell. */
  mayCreate: boolean | undefined
  tables: TableReport[]
}

/** Rows of the SIP table with one of these Call-IDs. */
export interface MarkedRows {
  table: string
  /** Name of the column of Call-IDs. */
  column: string
  /** None of them has a quote or a backslash. */
  callIds: readonly string[]
}

export interface Inspector {
  /** Throws an AwayError or a RefusedError when the database cannot be asked. */
  inspect(tables: readonly WantedTable[]): Promise<DatabaseReport>
  count(rows: MarkedRows): Promise<number>
  /** False where rows are not removed. */
  remove(rows: MarkedRows): Promise<boolean>
  close(): Promise<void>
}

/** What a column holds; absent or 0 is no bound. */
export interface Room {
  /** Octets or characters of a text. */
  length?: number | undefined
  /** The largest number. */
  most?: number | undefined
}

/** A column of the database. */
export interface FoundColumn {
  name: string
  type: string
}

/** Of a message: UDP carries no more. */
const LONGEST_MESSAGE = 65535

/** What of the shape the columns lack, and where they are too narrow; names are compared as engines do. */
export function compared<C extends FoundColumn>(
  shape: readonly TableColumn[],
  columns: readonly C[],
  roomOf: (from: ColumnShape, column: C) => Room,
): Pick<TableReport, 'missing' | 'narrow'> {
  const found = new Map(columns.map((column) => [column.name.toLowerCase(), column]))
  const missing: string[] = []
  const narrow: NarrowColumn[] = []
  for (const { name, from } of shape) {
    const column = found.get(name.toLowerCase())
    if (!column) missing.push(name)
    else if (isNarrow(from, roomOf(from, column)))
      narrow.push({ name, type: column.type, wanted: wantedOf(from) })
  }
  return { missing, narrow }
}

function isNarrow(from: ColumnShape, { length = 0, most }: Room): boolean {
  if (from.kind === 'integer') return most !== undefined && most < largest(from)
  return from.name !== 'date' && length > 0 && length < wantedOf(from)
}

function wantedOf(from: ColumnShape): number {
  return from.kind === 'octets' ? LONGEST_MESSAGE : from.width
}

/** Times in microseconds have 53 bits. */
function largest({ width }: ColumnShape): number {
  return Math.min(2 ** (width * 8) - 1, 2 ** 53 - 1)
}

/** Does a line of SHOW GRANTS, of MariaDB, MySQL or ClickHouse, give this right to a table, or to all of a database? */
export function grants(line: string, right: string, database: string, table: string): boolean {
  const [, rights = '', scope = ''] = /^GRANT (.*?) ON (\S+)(?: TO |$)/i.exec(line) ?? []
  const given = rights.replaceAll(/\([^)]*\)/g, '').split(',')
  const has = given.some((one) => new RegExp(`^\\s*(ALL( PRIVILEGES)?|${right})\\s*$`, 'i').test(one))
  const [ofDatabase = '', ofTable = ''] = scope.replaceAll('`', '').split('.')
  return has && isLike(ofDatabase, database) && (ofTable === '*' || ofTable === table)
}

/** Of MariaDB, `%` and `_` are wildcards unless a backslash stands before them. */
function isLike(pattern: string, name: string): boolean {
  if (pattern === '*') return true
  const source = pattern.replace(
    /\\([%_])|([%_])|[.*+?^${}()|[\]\\]/g,
    (all, kept?: string, wild?: string) => {
      if (kept !== undefined) return kept
      return wild === undefined ? `\\${all}` : wild === '%' ? '.*' : '.'
    },
  )
  return new RegExp(`^${source}$`, 's').test(name)
}

/** What a table that is not there comes to. */
export function noTable(wanted: WantedTable): TableReport {
  return { ...wanted, exists: false, missing: [], narrow: [], mayInsert: undefined }
}

/** As texts of SQL. */
export function quotedTexts(texts: readonly string[]): string {
  const unfit = texts.find((text) => !/^[\w.@-]+$/.test(text))
  if (unfit !== undefined) throw new Error(`no Call-ID of ours: ${unfit}`)
  return texts.map((text) => `'${text}'`).join(', ')
}
