// The statement that puts rows in. What nothing has come for yet is written into its text: a value for each row costs both
// ends much, and about a third of the columns is empty in the traffic of most networks. So it grows as rows come, a few
// times in the life of a table.

import type { RowValues, ValueColumn } from '../../binding.js'
import { Rows } from './rows.js'
import { quoted } from './schema.js'
import type { Session, Value } from './session.js'
import { type CatalogueColumn, emptyLiteral, emptyText } from './types.js'

/** A column, and how it takes what we have for it. */
export interface FilledColumn {
  column: CatalogueColumn
  value: ValueColumn
}

export class Statement {
  readonly text: string
  readonly #table: string
  readonly #columns: FilledColumn[]
  readonly #needy: CatalogueColumn[]
  readonly #bound: boolean[]
  /** Of each connection, for they are at work at the same time. */
  readonly #rows = new WeakMap<Session, Rows>()

  /** `needy` columns are none of ours, and want a value all the same; `bound` of ours take one of each row. */
  constructor(
    table: string,
    columns: FilledColumn[],
    needy: CatalogueColumn[],
    bound: boolean[] = columns.map((_, index) => index === 0),
  ) {
    this.#table = table
    this.#columns = columns
    this.#needy = needy
    this.#bound = bound
    const into = [...columns.map(({ column }) => column), ...needy].map(({ name }) => quoted(name))
    const values = [
      ...columns.map((column, index) => (bound[index] ? '?' : nothing(column))),
      ...needy.map(emptyLiteral),
    ]
    this.text = `INSERT INTO ${quoted(table)} (${into.join(', ')}) VALUES (${values.join(', ')})`
  }

  /** This one, or another that takes what these rows have too. */
  for({ filled }: RowValues): Statement {
    const bound = this.#bound.map((isBound, index) => isBound || filled[index] !== 0)
    if (bound.every((isBound, index) => isBound === this.#bound[index])) return this
    return new Statement(this.#table, this.#columns, this.#needy, bound)
  }

  /** Valid until the next call for the same connection. `slab` is that of the rows. */
  rows(session: Session, values: RowValues, slab: Buffer): Value[][] {
    const made = this.#rows.get(session) ?? this.#newRows()
    this.#rows.set(session, made)
    return made.of(values, slab)
  }

  #newRows(): Rows {
    const values = this.#columns.map(({ value }) => value)
    return new Rows(
      values,
      this.#bound,
      this.#columns.map(({ column }) => emptyText(column)),
    )
  }
}

/** What an empty text, or 0, is for a column. */
function nothing({ column, value }: FilledColumn): string {
  if (value.type !== 'text') return '0'
  const text = emptyText(column)
  return text === null ? 'NULL' : `'${text}'`
}
