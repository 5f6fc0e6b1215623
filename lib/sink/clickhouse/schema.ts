// The tables in ClickHouse: their columns and the DDL that makes them, for servers from 18.16 on.

import type { RowKind } from '../../route/rows.js'
import { columnsOf, type TableColumn } from '../schema.js'

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

const integerTypes: Record<string, string> = {
  micro_ts: 'Int64',
  source_port: 'UInt16',
  destination_port: 'UInt16',
  contact_port: 'UInt16',
  originator_port: 'UInt16',
}

function typeOf({ from }: TableColumn): string {
  if (from.name === 'date') return "DateTime('UTC')"
  return from.kind === 'integer' ? (integerTypes[from.name] ?? 'UInt8') : 'String'
}

function columnList(kind: RowKind, { hasSkipIndexes }: SchemaFeatures): string {
  const lines = columnsOf(kind).map((column) => `${quotedName(column.name)} ${typeOf(column)}`)
  for (const name of hasSkipIndexes ? namesOf(kind, searchedBy[kind]) : []) {
    lines.push(`INDEX ${quotedName(`by_${name}`)} ${quotedName(name)} TYPE bloom_filter GRANULARITY 4`)
  }
  return `(\n  ${lines.join(',\n  ')}\n)`
}

/** What columns of the slab's rows are called in the table. */
function namesOf(kind: RowKind, from: string[]): string[] {
  return from.flatMap((name) => columnsOf(kind).find((column) => column.from.name === name)?.name ?? [])
}

function engineOf(kind: RowKind, { hasDeduplication }: SchemaFeatures): string {
  const [date] = namesOf(kind, ['date'])
  const key = namesOf(kind, sortedBy[kind]).map(quotedName).join(', ')
  const window = hasDeduplication
    ? `\nSETTINGS non_replicated_deduplication_window = ${DEDUPLICATION_WINDOW}`
    : ''
  return `ENGINE = MergeTree\nPARTITION BY toYYYYMMDD(${quotedName(date as string)})\nORDER BY (${key})${window}`
}

/** The statements for a table that does not exist yet; without features those that every server takes. */
export function clickhouseSchema(kind: RowKind, table: string, features: SchemaFeatures = {}): string[] {
  const columns = columnList(kind, features)
  return [`CREATE TABLE IF NOT EXISTS ${quotedName(table)} ${columns}\n${engineOf(kind, features)}`]
}

/**
 * The statements for a table whose rows are spread over the servers of a cluster, to be run on each of them: messages
 * of one call go to one server. `cluster` is its name in the servers' `remote_servers`.
 */
export function clickhouseDistributedSchema(
  kind: RowKind,
  table: string,
  cluster: string,
  localTable = `${table}_local`,
): string[] {
  const [callId] = namesOf(kind, sortedBy[kind])
  const args = [quotedText(cluster), 'currentDatabase()', quotedText(localTable)]
  const key = `sipHash64(${quotedName(callId as string)})`
  return [
    ...clickhouseSchema(kind, localTable),
    `CREATE TABLE IF NOT EXISTS ${quotedName(table)} ${columnList(kind, {})}\n` +
      `ENGINE = Distributed(${args.join(', ')}, ${key})`,
  ]
}
