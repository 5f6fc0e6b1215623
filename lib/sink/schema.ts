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

/** `homer5`: the report table of the manual; `homer6`: that of Homer 6, `ops_report_capture`. */
export type ReportLayout = 'homer5' | 'homer6'

/** Behind these come columns of report tables alone. */
const LAST_SIP_COLUMN = 'custom_field3'

const HOMER5_REPORT = [
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

/** By their names, which no parameter changes; some are filled by a column of another name. */
const HOMER6_REPORT: Record<string, string> = {
  gid: 'gid',
  tss: 'date',
  tsu: 'tsu',
  transaction_id: 'correlation_id',
  correlation_id: 'extra_correlation',
  source_ip: 'source_ip',
  source_port: 'source_port',
  destination_ip: 'destination_ip',
  destination_port: 'destination_port',
  capture_ip: 'capture_ip',
  proto: 'proto',
  family: 'family',
  type: 'protocol_type',
  capt_id: 'capt_id',
  node: 'capture_node',
  event: 'event',
  payload_len: 'payload_len',
  data: 'payload_text',
}

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
  reportLayout: ReportLayout
}

type KindShape = { columns: TableColumn[]; indexes: string[]; id: string }

export function tableShapes({ renamed, reportLayout }: TableLayout): TableShapes {
  const named = (name: string) => renamed[name] ?? name
  const sip = sipShape(named)
  const report = reportLayout === 'homer6' ? homer6Report() : homer5Report(named)
  return {
    sip: sip.columns,
    report: report.columns,
    indexes: { sip: sip.indexes, report: report.indexes },
    id: { sip: sip.id, report: report.id },
  }
}

function sipShape(named: (name: string) => string): KindShape {
  const count = binding.columns.indexOf(shape(LAST_SIP_COLUMN)) + 1
  return {
    columns: binding.columns.slice(0, count).map((from) => ({ name: named(from.name), from })),
    indexes: ['date', 'callid', 'from_user', 'to_user', 'correlation_id'].map(named),
    id: named('id'),
  }
}

function homer5Report(named: (name: string) => string): KindShape {
  return {
    columns: HOMER5_REPORT.map((name) => ({
      name: named(name),
      from: shape(name === 'type' ? 'protocol_type' : name), // in a report it is the HEP protocol type
    })),
    indexes: ['date', 'correlation_id'].map(named),
    id: named('id'),
  }
}

function homer6Report(): KindShape {
  return {
    columns: Object.entries(HOMER6_REPORT).map(([name, from]) => ({ name, from: shape(from) })),
    indexes: ['tss', 'transaction_id'],
    id: 'id',
  }
}

export const defaultLayout: TableLayout = { renamed: {}, reportLayout: 'homer5' }
export const defaultShapes: TableShapes = tableShapes(defaultLayout)

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
