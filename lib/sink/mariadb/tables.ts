// The tables that rows go to: made where they are missing, and looked at again now and then.

import type { RowKind } from '../../route/rows.js'
import type { TableShapes } from '../schema.js'
import type { Advise, SlabRows } from '../store.js'
import { CHANGED, OwnFault } from './errors.js'
import { mariadbSchema } from './schema.js'
import type { Session } from './session.js'
import { Table } from './table.js'

/** Names can change every second. */
const KNOWN_TABLES = 64
/** A column that was made wider meanwhile is noticed after that. */
const KNOWN_MS = 60_000

export class Tables {
  readonly #shapes: TableShapes
  readonly #advise: Advise
  readonly #known = new Map<string, { table: Table; since: number }>()
  readonly #advised = new Set<string>()

  constructor(shapes: TableShapes, advise: Advise) {
    this.#shapes = shapes
    this.#advise = advise
  }

  /** Makes the table when it is not there. Never in a transaction: making a table commits it. */
  async get(session: Session, { kind, table: name }: SlabRows): Promise<Table> {
    const known = this.#known.get(`${kind} ${name}`)
    if (known && performance.now() - known.since < KNOWN_MS) return known.table
    const table =
      (await Table.read(session, this.#shapes[kind], name)) ?? (await this.#make(session, kind, name))
    if (known?.table.signature === table.signature) {
      known.since = performance.now()
      return known.table
    }
    if (this.#known.size >= KNOWN_TABLES) this.#known.clear()
    this.#known.set(`${kind} ${name}`, { table, since: performance.now() })
    if (!table.isTransactional) this.#adviseOf(table)
    return table
  }

  /** After a fault: true when one of the tables is not what we knew, so that the rows may not be to blame. */
  async lookAgain(session: Session, rows: SlabRows[]): Promise<boolean> {
    let isChanged = false
    for (const { kind, table: name } of rows) {
      const known = this.#known.get(`${kind} ${name}`)
      const now = await Table.read(session, this.#shapes[kind], name)
      if (known && known.table.signature === now?.signature) continue
      this.#known.delete(`${kind} ${name}`)
      isChanged = true
    }
    return isChanged
  }

  /** Another server may have other tables. */
  forget(): void {
    this.#known.clear()
  }

  async #make(session: Session, kind: RowKind, name: string): Promise<Table> {
    for (const statement of mariadbSchema(kind, name, this.#shapes)) await session.run(statement)
    const table = await Table.read(session, this.#shapes[kind], name)
    if (!table) throw new OwnFault(CHANGED, `${name} was made and is not there`)
    return table
  }

  /** Once for a name and engine; names can change every second. */
  #adviseOf({ name, engine }: Table): void {
    if (this.#advised.has(engine)) return
    this.#advised.add(engine)
    this.#advise(
      `table ${name} has no transactions (${engine}): rows go in one by one, which is slow, and a connection that is ` +
        'lost may double some; convert it: ALTER TABLE ... ENGINE=InnoDB',
    )
  }
}
