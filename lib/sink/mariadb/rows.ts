// Rows as the client takes them: an array each, which is filled again and again, for a new one costs more than all of
// its values.

import type { RowValues, ValueColumn } from '../../binding.js'
import type { Value } from './session.js'

const LEFT_OUT = -1

export class Rows {
  readonly #width: number
  readonly #empty: (string | null)[]
  readonly #texts: Int32Array
  readonly #int32s: Int32Array
  readonly #int64s: Int32Array
  readonly #spans: Int32Array
  readonly #rows: Value[][] = []

  /** Columns that are not `bound` are left out; `empty` is what stands for an empty text, of each column. */
  constructor(columns: ValueColumn[], bound: readonly boolean[], empty: (string | null)[]) {
    let width = 0
    const places = bound.map((isBound) => (isBound ? width++ : LEFT_OUT))
    const of = (...types: ValueColumn['type'][]) =>
      Int32Array.from(places.filter((_, index) => types.includes(columns[index]!.type)))
    this.#width = width
    this.#empty = empty.filter((_, index) => bound[index])
    this.#texts = of('text', 'time')
    this.#int32s = of('int32')
    this.#int64s = of('int64')
    this.#spans = of('octets')
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
        const place = columns[i] as number
        if (place !== LEFT_OUT)
          row[place] = start === end ? (this.#empty[place] as string | null) : text.substring(start, end)
        start = end
      }
    }
  }
}

function fill(rows: Value[][], places: Int32Array, value: (at: number) => Value): void {
  let at = 0
  for (const row of rows) {
    for (const place of places) {
      if (place !== LEFT_OUT) row[place] = value(at)
      at++
    }
  }
}
