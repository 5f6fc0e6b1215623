// PostgreSQL's client alone with rows made before, in the ways that it has: COPY with text, and prepared INSERTs of
// many rows.

import { Client, type Connection } from 'pg'
import { Batch, type Message } from '../../lib/message.js'
import type { DatabaseTarget } from '../../lib/sink/database-target.js'
import { postgresSchema } from '../../lib/sink/postgres.js'
import { rowValue } from '../../lib/sink/row-values.js'
import { columnsOf, quoted } from '../../lib/sink/schema.js'
import type { SlabRef } from '../../lib/sink/store.js'

export const TABLE = 'sip_capture'
/** Less than 65,535 values. */
const ROWS_A_STATEMENT = 500
const COPY_DONE = Buffer.from('c\0\0\0\x04')

export type Way = 'copy' | 'insert'
type Value = string | Buffer

/** The rows of one transaction. */
export interface MadeBlock {
  copy: Buffer[]
  insert: Value[][]
}

const COLUMNS = columnsOf('sip')
const INTO = `${quoted(TABLE)} (${COLUMNS.map(({ name }) => quoted(name)).join(', ')})`

/** A block each. */
export function madeRows(slabs: SlabRef[], node: string, way: Way): MadeBlock[] {
  return slabs.map((slab) => {
    const rows = Array.from(new Batch(slab), (message) => valuesOf(message, node))
    return way === 'copy' ? { copy: copyMessages(rows), insert: [] } : { copy: [], insert: chunks(rows) }
  })
}

function valuesOf(message: Message, node: string): Value[] {
  return COLUMNS.map(({ from }) => {
    if (from.kind === 'octets') return message.payload
    const value = String(rowValue(message, from, node))
    return from.name === 'date' ? `${value}+00` : value
  })
}

/** CopyData messages of about 64 KiB, as a stream would send them. */
function copyMessages(rows: Value[][]): Buffer[] {
  const lines = rows.map((values) => Buffer.from(`${values.map(copyText).join('\t')}\n`))
  const parts: Buffer[] = []
  for (let at = 0; at < lines.length; ) {
    const from = at
    for (let octets = 0; at < lines.length && octets < 65_536; at++) octets += (lines[at] as Buffer).length
    parts.push(copyData(Buffer.concat(lines.slice(from, at))))
  }
  return parts
}

function copyText(value: Value): string {
  if (Buffer.isBuffer(value)) return `\\\\x${value.toString('hex')}`
  const escapes: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }
  return value.replace(/[\\\t\n\r]/g, (letter) => escapes[letter] as string)
}

function copyData(octets: Buffer): Buffer {
  const head = Buffer.from('d\0\0\0\0')
  head.writeUInt32BE(octets.length + 4, 1)
  return Buffer.concat([head, octets])
}

function chunks(rows: Value[][]): Value[][] {
  const count = Math.ceil(rows.length / ROWS_A_STATEMENT)
  const part = (index: number) => rows.slice(index * ROWS_A_STATEMENT, (index + 1) * ROWS_A_STATEMENT)
  return Array.from({ length: count }, (_, index) => part(index).flat())
}

const texts = new Map<number, string>()

/** Made once: all but the last statement have as many values. */
function insertText(values: number): string {
  const text = texts.get(values) ?? newInsertText(values)
  texts.set(values, text)
  return text
}

function newInsertText(values: number): string {
  const row = (number: number) =>
    `(${COLUMNS.map((_, column) => `$${number * COLUMNS.length + column + 1}`).join(', ')})`
  const rows = Array.from({ length: values / COLUMNS.length }, (_, number) => row(number))
  return `INSERT INTO ${INTO} VALUES ${rows.join(', ')}`
}

export class PostgresDriver {
  readonly #target: DatabaseTarget
  #clients: Client[] = []

  constructor(target: DatabaseTarget) {
    this.#target = target
  }

  async open(lanes: number): Promise<void> {
    const { hosts, user, password, database } = this.#target
    this.#clients = Array.from(
      { length: lanes },
      () => new Client({ ...hosts[0], user, password, database, ssl: false }),
    )
    await Promise.all(this.#clients.map((client) => client.connect()))
  }

  /** The table without rows. */
  async freshTable(): Promise<void> {
    const statements = [`DROP TABLE IF EXISTS ${TABLE}`, ...postgresSchema('sip', TABLE)]
    for (const statement of statements) await this.#first.query(statement)
  }

  /** Seconds that it takes, each lane with a connection of its own. */
  async insertAll(blocks: MadeBlock[], lanes: number): Promise<number> {
    const waiting = [...blocks]
    const began = performance.now()
    const lane = async (client: Client) => {
      for (let block = waiting.shift(); block; block = waiting.shift()) await insertBlock(client, block)
    }
    await Promise.all(this.#clients.slice(0, lanes).map(lane))
    return (performance.now() - began) / 1000
  }

  async rows(): Promise<number> {
    const { rows } = await this.#first.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${TABLE}`)
    return rows[0]!.n
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.end()))
  }

  get #first(): Client {
    return this.#clients[0] as Client
  }
}

async function insertBlock(client: Client, { copy, insert }: MadeBlock): Promise<void> {
  await client.query('BEGIN')
  if (copy.length > 0) {
    const statement = new MadeCopy(copy)
    client.query(statement)
    await statement.done
  }
  for (const values of insert) {
    const text = insertText(values.length)
    await client.query({ name: `rows${values.length}`, text, values })
  }
  await client.query('COMMIT')
}

/** COPY with messages that are there already. */
class MadeCopy {
  readonly done: Promise<void>
  readonly #parts: Buffer[]
  #settle: (error?: Error) => void = () => {}

  constructor(parts: Buffer[]) {
    this.#parts = parts
    this.done = new Promise((resolve, reject) => {
      this.#settle = (error) => (error ? reject(error) : resolve())
    })
  }

  submit(connection: Connection): void {
    connection.query(`COPY ${INTO} FROM STDIN`)
  }

  async handleCopyInResponse({ stream }: Connection): Promise<void> {
    for (const part of this.#parts) {
      if (!stream.write(part)) await new Promise((resolve) => stream.once('drain', resolve))
    }
    stream.write(COPY_DONE)
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#settle()
  }

  handleError(error: Error): void {
    this.#settle(error)
  }
}
