// Names of tables: templates with strftime letters, expanded with each packet's own time.

import type { Batch } from '../message.js'
import { expandUtc } from '../options/strftime.js'

/** Packets dated outside of it are named by their arrival; null: no bound. */
export type TableWindow = { backMs: number; aheadMs: number } | null | undefined

/** The second of the epoch that names a row's table and file: the packet's own, or that of its arrival. */
export function namingSecond(batch: Batch, row: number, window: TableWindow): number {
  const own = batch.microTs(row)
  if (!window) return Math.floor(own / 1e6)
  const arrival = batch.arrivalUs(row)
  const inside = own >= arrival - window.backMs * 1000 && own <= arrival + window.aheadMs * 1000
  return Math.floor((inside ? own : arrival) / 1e6)
}

/** Expands a template once a second of packet time. */
export class TableName {
  readonly #template: string
  readonly #isFixed: boolean
  #second = -1
  #name: string

  constructor(template: string) {
    this.#template = template
    this.#name = template
    this.#isFixed = !template.includes('%')
  }

  of(batch: Batch, row: number, window: TableWindow): string {
    if (this.#isFixed) return this.#name
    const second = namingSecond(batch, row, window)
    if (second !== this.#second) {
      this.#second = second
      this.#name = expandUtc(this.#template, second)
    }
    return this.#name
  }
}
