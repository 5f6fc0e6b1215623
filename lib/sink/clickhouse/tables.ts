// The tables of the server in use, made where they are missing, and what that server can do. What is known of a table
// is looked at again now and then: octets for a column of another type would be read as something else.

import type { RowKind } from '../../route/rows.js'
import type { TableShapes } from '../schema.js'
import { type Connection, Refused } from './connection.js'
import { clickhouseSchema, type SchemaFeatures } from './schema.js'
import { Table } from './table.js'

/** Names can change every second. */
const KNOWN_TABLES = 64
const KNOWN_MS = 10_000
const SKIP_INDEXES_SINCE = 21

/** Settings of an INSERT, where the server has them and its profile does not say otherwise. */
const INSERT_SETTINGS: Record<string, number> = {
  insert_distributed_sync: 1, // the answer is to mean that the rows are in their tables, not on one server's disk
  async_insert: 0, // one INSERT is one block
  input_format_parallel_parsing: 0, // likewise
}

interface Known {
  table: Table
  atMs: number
}

/** A table as it is, and whether it is another one than we knew. */
export interface Look {
  table: Table | undefined
  isChanged: boolean
}

interface Server {
  features: SchemaFeatures
  settings: Record<string, number>
  hasToken: boolean
}

export class Tables {
  readonly #connection: Connection
  readonly #shapes: TableShapes
  readonly #known = new Map<string, Known>()
  #server: Server | undefined
  #turn = -1

  constructor(connection: Connection, shapes: TableShapes) {
    this.#connection = connection
    this.#shapes = shapes
  }

  /** Makes the table when it is not there. */
  async get(kind: RowKind, name: string): Promise<Table> {
    const known = this.#ofThisTurn().get(`${kind} ${name}`)
    if (known && performance.now() - known.atMs < KNOWN_MS) return known.table
    return this.#keep(
      kind,
      name,
      (await Table.read(this.#connection, this.#shapes[kind], name)) ?? (await this.#make(kind, name)),
    )
  }

  async lookAgain(kind: RowKind, name: string): Promise<Look> {
    const before = this.#ofThisTurn().get(`${kind} ${name}`)?.table
    this.#known.delete(`${kind} ${name}`)
    const table = await Table.read(this.#connection, this.#shapes[kind], name)
    if (table) this.#keep(kind, name, table)
    return { table, isChanged: !before || !table?.isLike(before) }
  }

  /** `token` names the rows: a table that drops repeated inserts knows them by it, or by their octets. */
  async insertSettings(token: string): Promise<Record<string, string | number>> {
    const { settings, hasToken } = await this.#features()
    return hasToken ? { ...settings, insert_deduplication_token: token } : settings
  }

  #keep(kind: RowKind, name: string, table: Table): Table {
    if (this.#known.size >= KNOWN_TABLES) this.#known.clear()
    this.#known.set(`${kind} ${name}`, { table, atMs: performance.now() })
    return table
  }

  #ofThisTurn(): Map<string, Known> {
    if (this.#turn !== this.#connection.turn) {
      this.#known.clear()
      this.#server = undefined
      this.#turn = this.#connection.turn
    }
    return this.#known
  }

  async #make(kind: RowKind, name: string): Promise<Table> {
    const { features } = await this.#features()
    for (const query of clickhouseSchema(kind, name, this.#shapes, features)) {
      await this.#connection.run({ query }).catch(unlessThere)
    }
    const table = await Table.read(this.#connection, this.#shapes[kind], name)
    if (!table) throw new Error(`${name} was made and is not there`)
    return table
  }

  async #features(): Promise<Server> {
    this.#ofThisTurn()
    this.#server ??= await this.#readFeatures()
    return this.#server
  }

  async #readFeatures(): Promise<Server> {
    const [{ version } = { version: '' }] = await this.#connection.rows<{ version: string }>(
      'SELECT version() AS version',
    )
    const settings = await this.#connection.rows<{ name: string; changed: number }>(
      'SELECT name, changed FROM system.settings',
    )
    const ofTables = await this.#connection.rows<{ name: string }>(
      'SELECT name FROM system.merge_tree_settings',
    )
    const has = (list: { name: string }[], name: string) => list.some((one) => one.name === name)
    const hasToken = has(settings, 'insert_deduplication_token')
    const ours = settings.filter(({ name, changed }) => name in INSERT_SETTINGS && !changed)
    return {
      features: {
        hasDeduplication: hasToken && has(ofTables, 'non_replicated_deduplication_window'),
        hasSkipIndexes: Number.parseInt(version, 10) >= SKIP_INDEXES_SINCE,
      },
      settings: Object.fromEntries(ours.map(({ name }) => [name, INSERT_SETTINGS[name] as number])),
      hasToken,
    }
  }
}

/** Another daemon was faster. */
function unlessThere(error: unknown): void {
  if (!(error instanceof Refused) || error.verdict.code !== 'CLICKHOUSE_57') throw error
}
