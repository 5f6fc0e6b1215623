// The default path: SIP goes to the SIP table, all else to the report table, each by the packet's own time.

import type { Batch } from '../message.js'
import { expandUtc } from '../options/strftime.js'
import type { RowBlock, RowKind, TableRows } from './rows.js'

export interface RouterSettings {
  /** strftime allowed; expanded in UTC. */
  tableName: string
  rtcpTableName: string
  captureNode: string
  /** false stores nothing. */
  captureOn: boolean
  /** Packets dated outside of it go to the table of their arrival. In milliseconds; null: no bound. */
  tableWindow?: { backMs: number; aheadMs: number } | null
}

/** Why a whole batch has no rows. */
export type Discarded = 'capture_off'

export class Router {
  #settings: RouterSettings
  #sip: TableNames
  #report: TableNames

  constructor(settings: RouterSettings) {
    this.#settings = settings
    this.#sip = new TableNames(settings.tableName)
    this.#report = new TableNames(settings.rtcpTableName)
  }

  /** Every message of the batch becomes one row, or the whole batch is discarded. */
  route(batch: Batch): RowBlock | Discarded {
    if (!this.#settings.captureOn) return 'capture_off'
    const sorter = new Sorter()
    for (let row = 0; row < batch.rows; row++) {
      const sip = batch.isSip(row)
      const names = sip ? this.#sip : this.#report
      const second = names.fixed ? 0 : this.#namingSecond(batch, row)
      sorter.put(sip ? 'sip' : 'report', names.at(second), row)
    }
    return {
      node: this.#settings.captureNode,
      tables: sorter.tables(batch),
      namingSecond: (of, row) => this.#namingSecond(of, row),
    }
  }

  /** The second that names table and file: the packet's own, or that of its arrival. */
  #namingSecond(batch: Batch, row: number): number {
    const own = batch.microTs(row)
    const window = this.#settings.tableWindow
    if (!window) return Math.floor(own / 1e6)
    const arrival = batch.arrivalUs(row)
    const inside = own >= arrival - window.backMs * 1000 && own <= arrival + window.aheadMs * 1000
    return Math.floor((inside ? own : arrival) / 1e6)
  }
}

/** Expands a template once a second of packet time. */
class TableNames {
  readonly fixed: boolean
  readonly #template: string
  #second = -1
  #name: string

  constructor(template: string) {
    this.#template = template
    this.#name = template
    this.fixed = !template.includes('%')
  }

  at(second: number): string {
    if (!this.fixed && second !== this.#second) {
      this.#second = second
      this.#name = expandUtc(this.#template, second)
    }
    return this.#name
  }
}

/** Collects row numbers by table; runs of rows for one table are the common case. */
class Sorter {
  readonly #lists = new Map<string, { kind: RowKind; table: string; rows: number[] }>()
  #kind: RowKind | undefined
  #table: string | undefined
  #rows: number[] = []

  put(kind: RowKind, table: string, row: number): void {
    if (kind !== this.#kind || table !== this.#table) {
      this.#kind = kind
      this.#table = table
      this.#rows = this.#rowsOf(kind, table)
    }
    this.#rows.push(row)
  }

  tables(batch: Batch): TableRows[] {
    return Array.from(this.#lists.values(), ({ kind, table, rows }) => ({
      kind,
      table,
      batch,
      rows: Uint32Array.from(rows),
    }))
  }

  #rowsOf(kind: RowKind, table: string): number[] {
    const key = `${kind} ${table}`
    const known = this.#lists.get(key)
    if (known) return known.rows
    const rows: number[] = []
    this.#lists.set(key, { kind, table, rows })
    return rows
  }
}
