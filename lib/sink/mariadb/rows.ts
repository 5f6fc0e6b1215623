// Rows as the client takes them: an array each, which is filled again and again, for a new one costs more than all of
// its values.

import type { RowValues, ValueColumn } from '../../binding.js'
import type { Value } from './session.js'

export class Rows {
  readonly #width: number
  readonly #empty: (string | null)[]
  readonly #texts: number[]
  readonly #int32s: number[]
  readonly #int64s: number[]
  readonly #spans: number[]
  readonly #rows: Value[][] = []

  /** `empty` is what stands for an empty text, of each column. */
  constructor(columns: ValueColumn[], empty: (string | null)[]) {
    const places = (...types: ValueColumn['type'][]) =>
      columns.flatMap(({ type }, index) => (types.includes(type) ? index : []))
    this.#width = columns.length
    this.#empty = empty
    this.#texts = places('text', 'time')
    this.#int32s = places('int32')
    this.#int64s = places('int64')
    this.#spans = places('octets')
  }

  /** Valid until the next call. `slab` is that of the rows. */
  of(values: RowValues, slab: Buffer): Value[][] {
    while (this.#rows.length < values.rows) this.#rows.push(new Array(this.#width).fill(null))
    const rows = this.#rows.slice(0, values.rows)
    this.#fillTexts(rows, values)
    fill(rows, this.#int32s, (at) => values.int32s[at] as number)
    fill(rows, this.#int64s, (at) => values.int64s[at] as bigint)
    fill(rows, this.#spans, (at) => {
      const start = values.spans[at * 2] as number
      return slab.subarray(start, start + (values.spans[at * 2 + 1] as number))
    })
    return rows
  }

  /** Parts of one long string: most of them share its memory. */
  #fillTexts(rows: Value[][], { text, ends }: RowValues): void {
    const columns = this.#texts
    let [at, start] = [0, 0]
    for (const row of rows) {
      for (let i = 0; i < columns.length; i++) {
        const end = ends[at++] as number
        const column = columns[i] as number
        row[column] = start === end ? (this.#empty[column] as string | null) : text.substring(start, end)
        start = end
      }
    }
  }
}

function fill(rows: Value[][], columns: number[], value: (at: number) => Value): void {
  let at = 0
  for (const row of rows) for (const column of columns) row[column] = value(at++)
}
