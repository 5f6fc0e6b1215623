// One connection to one server. It is closed when the server says nothing for too long: then nobody knows what became
// of the last statement, and the id of the block decides.

import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { Client, type QueryResult, type QueryResultRow } from 'pg'
import type { DatabaseTarget, DatabaseTls } from '../database-target.js'
import { CopyIn, type CopySource, Rooms } from './copy-in.js'
import { NO_FILE, OwnFault, SILENT } from './errors.js'

const CONNECT_MS = 10_000
/** A connection that is to be closed may hang in its server. */
const GOODBYE_MS = 500
const KEEPALIVE_MS = 10_000

/** A transaction that we cannot end any more ends soon, so that its block can be sent again. */
const SETTINGS = [
  'client_min_messages = warning',
  'statement_timeout = 0',
  'lock_timeout = 10000',
  'idle_in_transaction_session_timeout = 60000',
  'tcp_keepalives_idle = 10',
  'tcp_keepalives_interval = 5',
  'tcp_keepalives_count = 6',
].map((setting) => `SET ${setting}`)

export interface Address {
  host: string
  port: number
}

export class Session {
  readonly #client: Client
  readonly #silentMs: number
  readonly #rooms = new Rooms()
  #isLost = false

  /** Not connected yet. Throws an OwnFault for a file that cannot be read. */
  constructor(target: DatabaseTarget, address: Address, silentMs: number) {
    this.#client = newClient(target, address, silentMs)
    this.#silentMs = silentMs
    for (const end of ['error', 'end'] as const) {
      this.#client.on(end, () => {
        this.#isLost = true
      })
    }
  }

  async connect(): Promise<void> {
    await this.#client.connect()
    await this.run(SETTINGS.join('; '))
  }

  get isLost(): boolean {
    return this.#isLost
  }

  /** Statements without values, one answer each. */
  async run(text: string): Promise<QueryResult[]> {
    const answer: unknown = await this.#watched(this.#client.query(text))
    return Array.isArray(answer) ? answer : [answer as QueryResult]
  }

  async rows<Row extends QueryResultRow>(text: string, values: unknown[]): Promise<Row[]> {
    return (await this.#watched(this.#client.query<Row>(text, values))).rows
  }

  copy(text: string, source: CopySource): Promise<void> {
    const statement = new CopyIn(text, source, this.#rooms)
    this.#client.query(statement)
    return this.#watched(statement.done)
  }

  /** Says goodbye, and does not wait long for it. */
  async end(): Promise<void> {
    const late = setTimeout(() => this.destroy(), GOODBYE_MS)
    await this.#client.end().catch(() => {})
    clearTimeout(late)
  }

  destroy(reason?: Error): void {
    this.#isLost = true
    this.#client.connection.stream.destroy(reason)
  }

  /** As long as octets come or go the server is there. */
  async #watched<T>(work: Promise<T>): Promise<T> {
    const socket = this.#client.connection.stream as Socket
    let [octets, since] = [-1, 0]
    const timer = setInterval(() => {
      const now = socket.bytesRead + socket.bytesWritten
      if (now !== octets) [octets, since] = [now, performance.now()]
      else if (performance.now() - since >= this.#silentMs) this.destroy(silence(this.#silentMs))
    }, this.#silentMs / 8)
    try {
      return await work
    } finally {
      clearInterval(timer)
    }
  }
}

function silence(ms: number): OwnFault {
  return new OwnFault(SILENT, `the server has said nothing for ${ms / 1000} s`)
}

/** Everything is given, so that no variable of the environment decides. */
function newClient(target: DatabaseTarget, { host, port }: Address, silentMs: number): Client {
  const { user, password, database, socketPath, tls } = target
  return new Client({
    host: socketPath === undefined ? host : socketPath.replace(/\/\.s\.PGSQL\.\d+$/, ''),
    port: Number(/\.s\.PGSQL\.(\d+)$/.exec(socketPath ?? '')?.[1] ?? port),
    user,
    password: () => password,
    database,
    ssl: socketPath === undefined && tlsOptions(tls),
    sslnegotiation: 'postgres',
    application_name: 'hepcapd',
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_MS,
    connectionTimeoutMillis: Math.min(CONNECT_MS, silentMs),
  })
}

function tlsOptions({ mode, ca, cert, key }: DatabaseTls): ConnectionOptions | false {
  if (mode === 'off') return false
  const given = Object.entries({ ca, cert, key }).filter(([, path]) => path !== undefined)
  const files = given.map(([name, path]) => [name, octetsOf(path as string)])
  return { rejectUnauthorized: mode === 'verify', ...Object.fromEntries(files) }
}

function octetsOf(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new OwnFault(NO_FILE, (error as Error).message)
  }
}
