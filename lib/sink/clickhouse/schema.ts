// The tables in ClickHouse: their columns and the DDL that makes them, for servers from 18.16 on.

import type { RowKind } from '../../route/rows.js'
import { defaultShapes, type TableColumn, type TableShapes } from '../schema.js'

/** What a newer server can do for our tables. */
export interface SchemaFeatures {
  /** Inserts that come again are known by their token, without replication too. */
  hasDeduplication?: boolean
  /** Indexes that let a search by other columns than those of the sorting key skip most of the table. */
  hasSkipIndexes?: boolean
}

/** Repeated blocks that a table of ours remembers. */
const DEDUPLICATION_WINDOW = 1000

const sortedBy: Record<RowKind, string[]> = {
  sip: ['callid', 'date', 'micro_ts'],
  report: ['correlation_id', 'date', 'micro_ts'],
}

const searchedBy: Record<RowKind, string[]> = {
  sip: ['from_user', 'to_user', 'correlation_id'],
  report: [],
}

export function quotedName(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
}

export function quotedText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

/** By the octets that a number needs. */
const integerTypes: Record<number, string> = { 1: 'UInt8', 2: 'UInt16', 4: 'UInt32', 8: 'Int64' }

function typeOf({ from }: TableColumn): string {
  if (from.name === 'date') return "DateTime('UTC')"
  return from.kind === 'integer' ? (integerTypes[from.width] as string) : 'String'
}

function columnList(kind: RowKind, shapes: TableShapes, { hasSkipIndexes }: SchemaFeatures): string {
  const lines = shapes[kind].map((column) => `${quotedName(column.name)} ${typeOf(column)}`)
  for (const name of hasSkipIndexes ? namesOf(shapes[kind], searchedBy[kind]) : []) {
    lines.push(`INDEX ${quotedName(`by_${name}`)} ${quotedName(name)} TYPE bloom_filter GRANULARITY 4`)
  }
  return `(\n  ${lines.join(',\n  ')}\n)`
}

/** What columns of the slab's rows are called in the table, as far as it has them. */
function namesOf(columns: TableColumn[], from: string[]): string[] {
  return from.flatMap((name) => columns.find((column) => column.from.name === name)?.name ?? [])
}

function engineOf(kind: RowKind, shapes: TableShapes, { hasDeduplication }: SchemaFeatures): string {
  const [date] = namesOf(shapes[kind], ['date'])
  const key = namesOf(shapes[kind], sortedBy[kind]).map(quotedName).join(', ')
  const lines = ['ENGINE = MergeTree']
  if (date !== undefined) lines.push(`PARTITION BY toYYYYMMDD(${quotedName(date)})`)
  lines.push(`ORDER BY (${key})`)
  if (hasDeduplication) lines.push(`SETTINGS non_replicated_deduplication_window = ${DEDUPLICATION_WINDOW}`)
  return lines.join('\n')
}

/** The statements for a table that does not exist yet; without features those that every server takes. */
export function clickhouseSchema(
  kind: RowKind,
  table: string,
  shapes: TableShapes = defaultShapes,
  features: SchemaFeatures = {},
): string[] {
  const columns = columnList(kind, shapes, features)
  return [`CREATE TABLE IF NOT EXISTS ${quotedName(table)} ${columns}\n${engineOf(kind, shapes, features)}`]
}

/**
 * The statements for a table whose rows are spread over the servers of a cluster, to be run on each of them: messages
 * of one call go to one server. `cluster` is its name in the servers' `remote_servers`.
 */
export function clickhouseDistributedSchema(
  kind: RowKind,
  table: string,
  cluster: string,
  shapes: TableShapes = defaultShapes,
): string[] {
  const local = `${table}_local`
  const [spreadBy] = namesOf(shapes[kind], sortedBy[kind])
  const args = [quotedText(cluster), 'currentDatabase()', quotedText(local)]
  const key = spreadBy === undefined ? 'rand()' : `sipHash64(${quotedName(spreadBy)})`
  return [
    ...clickhouseSchema(kind, local, shapes),
    `CREATE TABLE IF NOT EXISTS ${quotedName(table)} ${columnList(kind, shapes, {})}\n` +
      `ENGINE = Distributed(${args.join(', ')}, ${key})`,
  ]
}
