// The tables of the server in use, made where they are missing. What is known of a table is compared with what it is
// in every transaction that wrote to it: octets for a column of another type would be read as something else.

import type { RowKind } from '../../route/rows.js'
import type { TableShapes } from '../schema.js'
import type { SlabRows } from '../store.js'
import { CHANGED, OwnFault, verdictOf } from './errors.js'
import { BLOCKS_SCHEMA, postgresSchema } from './schema.js'
import type { Session } from './session.js'
import { Table } from './table.js'

/** Names can change every second. */
const KNOWN_TABLES = 64

export class Tables {
  readonly #shapes: TableShapes
  readonly #known = new Map<string, Table>()

  constructor(shapes: TableShapes) {
    this.#shapes = shapes
  }

  /** Makes the table when it is not there. */
  async get(session: Session, { kind, table: name }: SlabRows): Promise<Table> {
    const known = this.#known.get(`${kind} ${name}`)
    if (known) return known
    const table =
      (await Table.read(session, this.#shapes[kind], name)) ?? (await this.#make(session, kind, name))
    if (this.#known.size >= KNOWN_TABLES) this.#known.clear()
    this.#known.set(`${kind} ${name}`, table)
    return table
  }

  /** In the transaction that wrote to them: no one else can change them before it ends. */
  async check(session: Session, tables: Table[]): Promise<void> {
    if (!(await areSame(session, tables))) throw new OwnFault(CHANGED, 'the table was changed meanwhile')
  }

  /** After a fault: true when one of the tables is not what we knew, so that the rows may not be to blame. */
  async lookAgain(session: Session, rows: SlabRows[]): Promise<boolean> {
    const tables = rows.flatMap(({ kind, table }) => this.#known.get(`${kind} ${table}`) ?? [])
    if (tables.length === rows.length && (await areSame(session, tables))) return false
    for (const { kind, table } of rows) this.#known.delete(`${kind} ${table}`)
    return true
  }

  /** Another server may have other tables. */
  forget(): void {
    this.#known.clear()
  }

  async #make(session: Session, kind: RowKind, name: string): Promise<Table> {
    await make(session, postgresSchema(kind, name, this.#shapes))
    const table = await Table.read(session, this.#shapes[kind], name)
    if (!table) throw new OwnFault(CHANGED, `${name} was made and is not there`)
    return table
  }
}

async function areSame(session: Session, tables: Table[]): Promise<boolean> {
  const names = [...new Set(tables.map(({ name }) => name))]
  const now = await Table.signatures(session, names)
  return tables.every(({ name, signature }) => now.get(name) === signature)
}

export function makeBlocks(session: Session): Promise<void> {
  return make(session, [BLOCKS_SCHEMA])
}

/** All statements as one transaction. Another daemon may be faster: then its table is used. */
async function make(session: Session, statements: string[]): Promise<void> {
  try {
    await session.run(statements.join(';\n'))
  } catch (error) {
    if (!/^POSTGRES_(23505|42P07|42710)$/.test(verdictOf(error).code)) throw error
  }
}
