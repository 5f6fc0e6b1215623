// One connection to one server. It is closed when the server says nothing for too long: then nobody knows what became
// of the last statement, and the id of the block decides.

import { readFileSync } from 'node:fs'
import { connect, isIP, type Socket } from 'node:net'
import { rootCertificates } from 'node:tls'
import { type Connection, type ConnectionConfig, createConnection, type UpsertResult } from 'mariadb'
import type { DatabaseTarget, DatabaseTls } from '../database-target.js'
import { NO_FILE, OwnFault, SILENT } from './errors.js'

const CONNECT_MS = 10_000
/** A connection that is to be closed may hang in its server. */
const GOODBYE_MS = 500
const KEEPALIVE_MS = 10_000

/**
 * Nothing is truncated in silence; nobody is waited for longer than we are silent ourselves; and a transaction that we
 * cannot end any more ends soon, so that its block can be sent again.
 */
const SETTINGS = `SET SESSION ${[
  "sql_mode = 'STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
  "time_zone = '+00:00'",
  'autocommit = 1',
  'innodb_lock_wait_timeout = 10',
  'lock_wait_timeout = 10',
  'wait_timeout = 600 /*M!100301 , idle_transaction_timeout = 60 */',
].join(', ')}`

export interface Address {
  host: string
  port: number
}

export type Value = string | number | bigint | Buffer | null

export class Session {
  /** Octets that the server takes of one statement. */
  maxPacket = 0
  readonly #config: ConnectionConfig
  readonly #silentMs: number
  #socket: Socket | undefined
  #connection: Connection | undefined
  #isLost = false

  /** Not connected yet. Throws an OwnFault for a file that cannot be read. */
  constructor(target: DatabaseTarget, address: Address, silentMs: number) {
    this.#silentMs = silentMs
    this.#config = {
      ...configOf(target, address),
      connectTimeout: Math.min(CONNECT_MS, silentMs),
      stream: (callback) => callback(undefined, this.#reach(target, address)),
    }
  }

  async connect(): Promise<void> {
    const connection = await createConnection(this.#config)
    this.#connection = connection
    for (const end of ['error', 'end'] as const) connection.on(end, () => this.#lose())
    await this.run(SETTINGS)
    const [found] = await this.rows<{ most: number | bigint }>('SELECT @@max_allowed_packet AS most')
    this.maxPacket = Number(found?.most)
  }

  get isLost(): boolean {
    return this.#isLost
  }

  async run(sql: string): Promise<UpsertResult> {
    return this.#watched(this.#open().query(sql))
  }

  async rows<Row>(sql: string, values: Value[] = []): Promise<Row[]> {
    return this.#watched(this.#open().query(sql, values))
  }

  /** Prepared once for a connection. */
  async execute(sql: string, values: Value[]): Promise<void> {
    await this.#watched(this.#open().execute(sql, values))
  }

  /** The rows of one statement, by the bulk protocol where the server has it. */
  async batch(sql: string, rows: Value[][]): Promise<void> {
    await this.#watched(this.#open().batch(sql, rows))
  }

  /** Says goodbye, and does not wait long for it. */
  async end(): Promise<void> {
    const late = setTimeout(() => this.destroy(), GOODBYE_MS)
    await this.#connection?.end().catch(() => {})
    clearTimeout(late)
    this.destroy()
  }

  /** The client's own way would open another connection first. */
  destroy(reason: Error = new OwnFault('ECONNRESET', 'the connection was closed')): void {
    this.#lose()
    this.#socket?.destroy(reason)
  }

  #lose(): void {
    this.#isLost = true
  }

  #open(): Connection {
    if (!this.#connection || this.#isLost) throw new OwnFault('ECONNRESET', 'the connection is lost')
    return this.#connection
  }

  #reach({ socketPath }: DatabaseTarget, { host, port }: Address): Socket {
    const socket = socketPath === undefined ? connect({ host, port, noDelay: true }) : connect(socketPath)
    this.#socket = socket
    socket.on('close', () => this.#lose())
    return socket
  }

  /** As long as octets come or go the server is there. */
  async #watched<T>(work: Promise<T>): Promise<T> {
    const socket = this.#socket as Socket
    let [octets, since] = [-1, 0]
    let lost: (error: Error) => void = () => {}
    const closed = new Promise<never>((_, reject) => {
      lost = reject
    })
    const timer = setInterval(() => {
      const now = socket.bytesRead + socket.bytesWritten
      if (now !== octets) [octets, since] = [now, performance.now()]
      else if (performance.now() - since >= this.#silentMs) {
        const silence = new OwnFault(SILENT, `the server has said nothing for ${this.#silentMs / 1000} s`)
        this.destroy(silence)
        lost(silence)
      }
      if (socket.destroyed) lost(new OwnFault('ECONNRESET', 'the connection was closed'))
    }, this.#silentMs / 8)
    try {
      return await Promise.race([work, closed])
    } finally {
      clearInterval(timer)
    }
  }
}

/** Everything is given, so that no variable of the environment decides. */
function configOf({ user, password, database, socketPath, tls }: DatabaseTarget, { host, port }: Address) {
  const config: ConnectionConfig = {
    host,
    port,
    user,
    password,
    database,
    charset: 'utf8mb4',
    keepAliveDelay: KEEPALIVE_MS,
    ...({ permitRedirect: false } as object), // the types do not know it yet
    permitLocalInfile: false,
    logParam: false,
    logger: { warning: () => {} },
  }
  return socketPath === undefined && tls.mode !== 'off' ? { ...config, ssl: tlsOptions(tls, host) } : config
}

/** Without `ca` the client would trust a certificate that the server has signed itself. */
function tlsOptions({ mode, ca, cert, key }: DatabaseTls, host: string) {
  const given = Object.entries({ ca, cert, key }).filter(([, path]) => path !== undefined)
  const files = given.map(([name, path]) => [name, octetsOf(path as string)])
  return {
    ca: [...rootCertificates],
    rejectUnauthorized: mode === 'verify',
    host, // whose name the certificate must have
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...Object.fromEntries(files),
  }
}

function octetsOf(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new OwnFault(NO_FILE, (error as Error).message)
  }
}
