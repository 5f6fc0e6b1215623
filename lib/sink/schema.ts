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

/** The tables as they are made and filled: plain data, for it travels to worker threads. */
export interface TableShapes {
  /** The columns in order, without the automatic `id`. */
  sip: TableColumn[]
  report: TableColumn[]
  /** Names of the columns with an index of their own. */
  indexes: Record<RowKind, string[]>
  /** Names of the automatic columns. */
  id: Record<RowKind, string>
}

export interface TableLayout {
  /** Names of columns that are not called by their default name, by that. */
  renamed: Readonly<Record<string, string>>
}

export function tableShapes({ renamed }: TableLayout): TableShapes {
  const named = (name: string) => renamed[name] ?? name
  const sip = binding.columns.filter(({ name }) => name !== 'protocol_type')
  return {
    sip: sip.map((from) => ({ name: named(from.name), from })),
    report: REPORT_COLUMNS.map((name) => ({
      name: named(name),
      from: shape(name === 'type' ? 'protocol_type' : name), // in a report it is the HEP protocol type
    })),
    indexes: {
      sip: ['date', 'callid', 'from_user', 'to_user', 'correlation_id'].map(named),
      report: ['date', 'correlation_id'].map(named),
    },
    id: { sip: named('id'), report: named('id') },
  }
}

export const defaultShapes: TableShapes = tableShapes({ renamed: {} })

export const indexedColumns: Record<RowKind, string[]> = defaultShapes.indexes

/** The columns of a table in order, without the automatic `id`, under their default names. */
export function columnsOf(kind: RowKind): TableColumn[] {
  return defaultShapes[kind]
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** SQLite's statements for a table that does not exist yet, its indexes included. */
export function sqliteSchema(kind: RowKind, table: string, shapes = defaultShapes): string[] {
  const columns = shapes[kind].map(({ name, from }) =>
    from.kind === 'integer'
      ? `${quoted(name)} INTEGER NOT NULL DEFAULT 0`
      : `${quoted(name)} TEXT NOT NULL DEFAULT ''`,
  )
  return [
    `CREATE TABLE IF NOT EXISTS ${quoted(table)} (\n  ${quoted(shapes.id[kind])} INTEGER PRIMARY KEY,\n  ${columns.join(',\n  ')}\n)`,
    ...shapes.indexes[kind].map(
      (name) =>
        `CREATE INDEX IF NOT EXISTS ${quoted(`${table}_${name}`)} ON ${quoted(table)} (${quoted(name)})`,
    ),
  ]
}
