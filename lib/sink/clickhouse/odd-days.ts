// Dates far from the present. A table has a partition for each day, with files of its own: packets that name any day
// that they like must not make thousands of them.

import type { Batch } from '../../message.js'
import type { TableWindow } from '../../route/tables.js'

/** Days outside of the window that rows are dated by: a replay of old captures has some, a hostile sender all. */
const MOST_ODD_DAYS = 100
const DAY_US = 86_400e6

export class OddDays {
  readonly #days = new Set<number>()

  /** The window that rows are to be dated within; undefined: by their own time, all of them. */
  bound(batch: Batch, rows: Uint32Array, window: TableWindow): NonNullable<TableWindow> | undefined {
    if (!window) return undefined
    for (const row of rows) {
      const own = batch.microTs(row)
      if (isInside(own, batch.arrivalUs(row), window)) continue
      const day = Math.floor(own / DAY_US)
      if (this.#days.has(day)) continue
      if (this.#days.size >= MOST_ODD_DAYS) return window
      this.#days.add(day)
    }
    return undefined
  }
}

export function isInside(own: number, arrival: number, window: NonNullable<TableWindow>): boolean {
  return own >= arrival - window.backMs * 1000 && own <= arrival + window.aheadMs * 1000
}
