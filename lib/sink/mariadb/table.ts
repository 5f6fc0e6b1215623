// A table as the server has it: which of our columns it takes, how, and the statement that puts rows in.

import { binding, type ChangedValues, type RowValues, type ValueColumn } from '../../binding.js'
import { Batch } from '../../message.js'
import type { TableColumn } from '../schema.js'
import type { StoreBlock } from '../store.js'
import { NO_COLUMN, OwnFault, TOO_LARGE } from './errors.js'
import type { Session } from './session.js'
import { type FilledColumn, Statement } from './statement.js'
import { type CatalogueColumn, isGenerated, isNeedy, valueColumn } from './types.js'

/** Of one statement. The client makes room for 16 MiB when a statement has more than one. */
const ROWS_AT_ONCE = 1000
const OCTETS_AT_ONCE = 900_000
/** What a statement has beside its values. */
const STATEMENT_OCTETS = 4096

const READ_ENGINE = `SELECT t.ENGINE AS engine, coalesce(e.TRANSACTIONS, 'YES') AS transactions
  FROM information_schema.TABLES t LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE
  WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_NAME = ?`

const READ_COLUMNS = `SELECT COLUMN_NAME AS name, lower(DATA_TYPE) AS type, lower(COLUMN_TYPE) AS wholeType,
  CHARACTER_MAXIMUM_LENGTH AS characters, CHARACTER_OCTET_LENGTH AS octets, CHARACTER_SET_NAME AS characterSet,
  DATETIME_PRECISION AS fraction, IS_NULLABLE AS isNullable, COLUMN_DEFAULT AS preset, EXTRA AS extra
  FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`

/** What the catalogue says; equal texts mean equal tables. */
interface Description {
  engine: string | null
  transactions: string
  columns: CatalogueColumn[]
}

export class Table {
  readonly name: string
  /** What it is made of, as text. */
  readonly signature: string
  /** A row that was put in can be taken out again. */
  readonly isTransactional: boolean
  readonly engine: string
  readonly #columns: ValueColumn[]
  #statement: Statement

  private constructor(name: string, shape: TableColumn[], description: Description) {
    this.name = name
    this.signature = JSON.stringify(description, (_, value) =>
      typeof value === 'bigint' ? `${value}` : value,
    )
    this.isTransactional = description.transactions === 'YES'
    this.engine = description.engine ?? 'VIEW'
    const { filled, needy } = filledColumns(shape, description.columns)
    this.#columns = filled.map(({ value }) => value)
    this.#statement = new Statement(name, filled, needy)
  }

  /** undefined when there is no such table. */
  static async read(session: Session, shape: TableColumn[], name: string): Promise<Table | undefined> {
    const [found] = await session.rows<Omit<Description, 'columns'>>(READ_ENGINE, [name])
    return found && new Table(name, shape, { ...found, columns: await Table.columns(session, name) })
  }

  /** As the catalogue has them; none when there is no such table. */
  static async columns(session: Session, name: string): Promise<CatalogueColumn[]> {
    return [...(await session.rows<CatalogueColumn>(READ_COLUMNS, [name]))]
  }

  /** All of these rows; without transactions, where one is refused, those before it. */
  async insert(session: Session, block: StoreBlock, rows: Uint32Array): Promise<ChangedValues> {
    const changed = { cut: 0, cleaned: 0, clamped: 0, arrivals: 0 }
    if (this.#columns.length === 0) throw new OwnFault(NO_COLUMN, `${this.name} has no column of ours`)
    const { octets } = new Batch(block.slab)
    for (let at = 0; at < rows.length; ) {
      const values = this.#values(session, block, rows.subarray(at, at + ROWS_AT_ONCE))
      const statement = this.#statement.for(values)
      this.#statement = statement
      await session.batch(statement.text, statement.rows(session, values, octets))
      addChanged(changed, values)
      at += values.rows
    }
    return changed
  }

  #values({ maxPacket }: Session, { slab, node }: StoreBlock, rows: Uint32Array): RowValues {
    const room = Math.min(OCTETS_AT_ONCE, maxPacket / 2)
    const values = binding.rowValues(slab.handle, rows, node, this.#columns, room)
    const octets = values.octets + STATEMENT_OCTETS + this.#statement.text.length
    if (octets <= maxPacket) return values
    throw new OwnFault(TOO_LARGE, `a row of about ${octets} octets, and max_allowed_packet is ${maxPacket}`)
  }
}

export function addChanged(sum: ChangedValues, more: ChangedValues): void {
  sum.cut += more.cut
  sum.cleaned += more.cleaned
  sum.clamped += more.clamped
  sum.arrivals += more.arrivals
}

/** What the table lacks is left out; what must not be NULL and has no default gets an empty value. */
function filledColumns(shape: TableColumn[], columns: CatalogueColumn[]) {
  const ours = new Map(shape.map(({ name, from }) => [name.toLowerCase(), from]))
  const open = columns.filter((column) => !isGenerated(column))
  const filled = open.flatMap((column): FilledColumn | [] => {
    const from = ours.get(column.name.toLowerCase())
    return from ? { column, value: valueColumn(from, column) } : []
  })
  const needy = open.filter((column) => !ours.has(column.name.toLowerCase()) && isNeedy(column))
  return { filled, needy }
}
