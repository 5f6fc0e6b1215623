// A table as the server has it: which of our columns it takes, and the way that rows go in.
//
// COPY with binary rows made in C++ is the fast way. Views, rules, row-level security, and types that only the server
// can read want an INSERT.

import { binding, type ChangedValues } from '../../binding.js'
import { Batch } from '../../message.js'
import { quoted, type TableColumn } from '../schema.js'
import type { StoreBlock } from '../store.js'
import type { Session } from './session.js'
import { textValues } from './text-values.js'
import { type CatalogueColumn, type FilledColumn, filledColumn } from './types.js'

/** Of a statement with text values. */
const ROWS_AT_ONCE = 100

interface Description {
  name: string
  signature: string
  relkind: string
  /** It has rules, or hides rows from us. */
  isSpecial: boolean
  columns: CatalogueColumn[] | null
}

/** All that octets depend on, as text: it is asked for in every transaction. */
const SIGNATURE = `concat_ws(' ', c.oid, c.relkind, c.relhasrules, row_security_active(c.oid),
    (SELECT string_agg(concat_ws(' ', quote_ident(a.attname), a.atttypid, a.atttypmod, a.attnotnull, a.atthasdef), ', '
      ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))`
const NAMED = 'FROM unnest($1::text[]) AS n(name) JOIN pg_class c ON c.oid = to_regclass(quote_ident(n.name))'

/** Columns that were added to the catalogue later are read by way of JSON: older servers have none of them. */
const READ = `SELECT n.name, ${SIGNATURE} AS signature, c.relkind::text AS relkind,
  c.relhasrules OR row_security_active(c.oid) AS "isSpecial",
  (SELECT json_agg(json_build_object(
      'name', a.attname, 'type', b.typname,
      'isKnown', b.typnamespace = 'pg_catalog'::regnamespace, 'isEnum', b.typtype = 'e',
      'size', CASE WHEN t.typbasetype <> 0 THEN t.typtypmod ELSE a.atttypmod END,
      'notNull', a.attnotnull OR t.typnotnull,
      'hasDefault', a.atthasdef OR t.typdefault IS NOT NULL OR coalesce(to_json(a)->>'attidentity', '') <> '',
      'isGenerated', coalesce(to_json(a)->>'attgenerated', '') <> '') ORDER BY a.attnum)
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
      JOIN pg_type b ON b.oid = CASE WHEN t.typbasetype <> 0 THEN t.typbasetype ELSE t.oid END
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
  ${NAMED}`

export class Table {
  readonly name: string
  /** What it is made of; equal texts mean equal tables. */
  readonly signature: string
  readonly #columns: FilledColumn[]
  readonly #isCopied: boolean
  readonly #into: string

  private constructor(shape: TableColumn[], description: Description) {
    this.name = description.name
    this.signature = description.signature
    this.#columns = filledColumns(shape, description.columns ?? [])
    const isPlain = /^[rp]$/.test(description.relkind) && !description.isSpecial
    this.#isCopied = isPlain && this.#columns.every(({ encoding }) => encoding)
    this.#into = `${quoted(this.name)} (${this.#columns.map(({ column }) => quoted(column.name)).join(', ')})`
  }

  /** undefined when there is no such table. */
  static async read(session: Session, shape: TableColumn[], name: string): Promise<Table | undefined> {
    const found = await describe(session, name)
    return found && new Table(shape, found)
  }

  /** As the catalogue has them; undefined when there is no such table. */
  static async columns(session: Session, name: string): Promise<CatalogueColumn[] | undefined> {
    const found = await describe(session, name)
    return found && (found.columns ?? [])
  }

  /** What these tables are made of now, by name. */
  static async signatures(session: Session, names: string[]): Promise<Map<string, string>> {
    const text = `SELECT n.name, ${SIGNATURE} AS signature ${NAMED}`
    const found = await session.rows<Pick<Description, 'name' | 'signature'>>(text, [names])
    return new Map(found.map(({ name, signature }) => [name, signature]))
  }

  /** All of these rows, or none and an error. */
  async insert(session: Session, block: StoreBlock, rows: Uint32Array): Promise<ChangedValues> {
    const changed = { cut: 0, cleaned: 0, clamped: 0, arrivals: 0 }
    if (this.#isCopied) await this.#copy(session, block, rows, changed)
    else await this.#insert(session, block, rows, changed)
    return changed
  }

  #copy(
    session: Session,
    { slab, node }: StoreBlock,
    rows: Uint32Array,
    changed: ChangedValues,
  ): Promise<void> {
    const columns = this.#columns.flatMap(({ encoding }) => encoding ?? [])
    let rest = rows
    return session.copy(`COPY ${this.#into} FROM STDIN (FORMAT binary)`, {
      next: (room) => {
        const message = binding.copyRows(slab.handle, rest, node, columns, room)
        rest = rest.subarray(message.rows)
        addChanged(changed, message)
        return message
      },
    })
  }

  async #insert(
    session: Session,
    { slab, node }: StoreBlock,
    rows: Uint32Array,
    changed: ChangedValues,
  ): Promise<void> {
    const batch = new Batch(slab)
    for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
      const some = Array.from(rows.subarray(at, at + ROWS_AT_ONCE))
      const values = some.flatMap((row) => textValues(batch.message(row), this.#columns, node, changed))
      await session.rows(`INSERT INTO ${this.#into} VALUES ${this.#places(some.length)}`, values)
    }
  }

  /** `($1, $2), ($3, $4)` */
  #places(rows: number): string {
    const width = this.#columns.length
    const row = (number: number) =>
      this.#columns.map((_, index) => `$${number * width + index + 1}`).join(', ')
    return Array.from({ length: rows }, (_, number) => `(${row(number)})`).join(', ')
  }
}

async function describe(session: Session, name: string): Promise<Description | undefined> {
  return (await session.rows<Description>(READ, [[name]]))[0]
}

export function addChanged(sum: ChangedValues, more: ChangedValues): void {
  sum.cut += more.cut
  sum.cleaned += more.cleaned
  sum.clamped += more.clamped
  sum.arrivals += more.arrivals
}

/** What the table lacks is left out; what must not be NULL and has no default gets an empty value. */
function filledColumns(shape: TableColumn[], columns: CatalogueColumn[]): FilledColumn[] {
  const ours = new Map(shape.map(({ name, from }) => [name.toLowerCase(), from]))
  return columns.flatMap((column) => {
    const from = ours.get(column.name.toLowerCase())
    if (column.isGenerated || (!from && (!column.notNull || column.hasDefault))) return []
    return [filledColumn(column, from)]
  })
}
