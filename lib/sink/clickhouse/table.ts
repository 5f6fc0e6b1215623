// A table as the server has it: which of our columns it takes, how they are sent, and what it does with rows that
// come twice.

import { binding, type RowBinaryColumn, type RowBinaryRows } from '../../binding.js'
import { Batch } from '../../message.js'
import type { TableWindow } from '../../route/tables.js'
import type { TableColumn } from '../schema.js'
import type { SlabRef } from '../store.js'
import type { Connection } from './connection.js'
import { quotedName, quotedText } from './schema.js'
import { tabSeparated } from './tab-separated.js'
import { encodingOf, type FilledColumn } from './types.js'

/**
 * What becomes of a block whose answer was lost: `server`: it is sent again, and the server drops what it has;
 * `lookup`: the rows that are missing are sent; `none`: it is sent again.
 */
export type Doubling = 'server' | 'lookup' | 'none'

interface Description {
  engine: string
  /** With its arguments and settings. */
  full: string
  /** Materialized views that rows go on to. */
  views: number
}

/** What rows are made of. */
export interface Source {
  slab: SlabRef
  node: string
  bound: NonNullable<TableWindow> | undefined
}

export interface EncodedRows {
  octets: Buffer
  /** The memory that they are in, to be used again. */
  room?: Buffer
  /** Nothing is changed to fit where the server reads texts. */
  counts?: RowBinaryRows
}

/** The columns that a lookup finds rows by. */
export interface LookupKey {
  column: FilledColumn
  /** A column with the seconds of the same rows, to look into few partitions. */
  date: FilledColumn | undefined
}

export class Table {
  readonly name: string
  readonly columns: FilledColumn[]
  readonly engine: string
  /** Of a Distributed table. */
  readonly cluster: string | undefined
  /** Rows go into this table alone: a fault in reading them comes before anything is written. */
  readonly isAlone: boolean
  readonly doubling: Doubling
  readonly key: LookupKey | undefined
  /** All of them, or undefined where one has none. */
  readonly encodings: RowBinaryColumn[] | undefined

  private constructor(name: string, columns: FilledColumn[], { engine, full, views }: Description) {
    this.name = name
    this.columns = columns
    this.engine = engine
    this.isAlone = engine.endsWith('MergeTree') && views === 0
    this.cluster = /^Distributed\(\s*'?([^',\s]+)/.exec(full)?.[1]
    const encodings = columns.flatMap(({ encoding }) => (encoding ? [encoding] : []))
    this.encodings = encodings.length === columns.length ? encodings : undefined
    this.key = this.encodings && lookupKey(columns)
    this.doubling = dropsRepeated(engine, full) ? 'server' : this.key ? 'lookup' : 'none'
  }

  /** undefined when there is no such table. */
  static async read(connection: Connection, shape: TableColumn[], name: string): Promise<Table | undefined> {
    const where = `database = currentDatabase() AND`
    const [found] = await connection.rows<Description>(
      'SELECT engine, engine_full AS full, toUInt32(length(dependencies_table)) AS views ' +
        `FROM system.tables WHERE ${where} name = ${quotedText(name)}`,
    )
    if (!found) return undefined
    const columns = await connection.rows<{ name: string; type: string; default_kind: string }>(
      `SELECT name, type, default_kind FROM system.columns WHERE ${where} table = ${quotedText(name)}`,
    )
    const given = columns.filter(({ default_kind }) => default_kind === '' || default_kind === 'DEFAULT')
    return new Table(name, filledColumns(shape, given), found)
  }

  /** True when the same octets mean the same rows in both. */
  isLike(other: Table): boolean {
    const words = ({ engine, columns }: Table) =>
      JSON.stringify([engine, columns.map(({ name, type }) => [name, type])])
    return words(this) === words(other)
  }

  get insertStatement(): string {
    const format = this.encodings ? 'RowBinary' : 'TabSeparated'
    return `INSERT INTO ${quotedName(this.name)} (${this.columnList}) FORMAT ${format}`
  }

  get columnList(): string {
    return this.columns.map(({ name }) => quotedName(name)).join(', ')
  }

  /** Written into `room` if they fit; dated within the bound. */
  encode(rows: Uint32Array, { slab, node, bound }: Source, room?: Buffer): EncodedRows {
    if (!this.encodings) return { octets: tabSeparated(new Batch(slab), rows, node, this.columns) }
    const counts = binding.rowBinary(slab.handle, rows, node, this.encodings, room, bound)
    const used = counts.room ?? room!
    return { octets: used.subarray(0, counts.size), room: used, counts }
  }
}

/** What the table lacks is left out. */
function filledColumns(shape: TableColumn[], columns: { name: string; type: string }[]): FilledColumn[] {
  const byName = new Map(columns.map((column) => [column.name.toLowerCase(), column]))
  return shape.flatMap(({ name, from }) => {
    const column = byName.get(name.toLowerCase())
    return column ? [{ ...column, from, encoding: encodingOf(from, column.type) }] : []
  })
}

/** Does the server know an insert again that it has had? */
function dropsRepeated(engine: string, full: string): boolean {
  if (/^(Replicated|Shared)\w*MergeTree$/.test(engine)) return true
  return Number(/non_replicated_deduplication_window\s*=\s*(\d+)/.exec(full)?.[1] ?? 0) > 0
}

function lookupKey(columns: FilledColumn[]): LookupKey | undefined {
  const isPlain = ({ encoding }: FilledColumn) => encoding?.isNullable === false
  const find = (name: string) => columns.find((column) => column.from.name === name && isPlain(column))
  const date = find('date')
  const seconds = date?.encoding?.type === 'DateTime' ? date : undefined
  const micros = find('micro_ts')
  if (micros && /^U?Int64$/.test(micros.encoding?.type ?? '')) return { column: micros, date: seconds }
  return seconds && { column: seconds, date: undefined }
}
