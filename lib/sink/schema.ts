// The tables: their columns in order, their indexes, and the DDL that makes them.

import { binding, type ColumnShape } from '../binding.js'
import type { RowKind } from '../route/rows.js'

/** A column of a table and the column of the slab's rows (native/batch/columns.h) that fills it. */
export interface TableColumn {
  name: string
  from: ColumnShape
}

const shapes = new Map(binding.columns.map((shape) => [shape.name, shape]))

function shape(name: string): ColumnShape {
  const found = shapes.get(name)
  if (!found) throw new Error(`no column ${name}`)
  return found
}

const REPORT_COLUMNS = [
  'date',
  'micro_ts',
  'correlation_id',
  'source_ip',
  'source_port',
  'destination_ip',
  'destination_port',
  'proto',
  'family',
  'type',
  'node',
  'msg',
]

/** In a report, `type` is the HEP protocol type. */
const tableColumns: Record<RowKind, TableColumn[]> = {
  sip: binding.columns
    .filter((column) => column.name !== 'protocol_type')
    .map((from) => ({ name: from.name, from })),
  report: REPORT_COLUMNS.map((name) => ({ name, from: shape(name === 'type' ? 'protocol_type' : name) })),
}

const indexedColumns: Record<RowKind, string[]> = {
  sip: ['date', 'callid', 'from_user', 'to_user', 'correlation_id'],
  report: ['date', 'correlation_id'],
}

/** The columns of a table in order, without the automatic `id`. */
export function columnsOf(kind: RowKind): TableColumn[] {
  return tableColumns[kind]
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** SQLite's statements for a table that does not exist yet, its indexes included. */
export function sqliteSchema(kind: RowKind, table: string): string[] {
  const columns = columnsOf(kind).map(({ name, from }) =>
    from.kind === 'integer'
      ? `${quoted(name)} INTEGER NOT NULL DEFAULT 0`
      : `${quoted(name)} TEXT NOT NULL DEFAULT ''`,
  )
  return [
    `CREATE TABLE IF NOT EXISTS ${quoted(table)} (\n  "id" INTEGER PRIMARY KEY,\n  ${columns.join(',\n  ')}\n)`,
    ...indexedColumns[kind].map(
      (name) =>
        `CREATE INDEX IF NOT EXISTS ${quoted(`${table}_${name}`)} ON ${quoted(table)} (${quoted(name)})`,
    ),
  ]
}
