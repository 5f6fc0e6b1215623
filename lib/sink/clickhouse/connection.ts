// The way to the servers: one HTTP client for the one in use, and the next one after a loss. What fails is thrown as a
// Refused with a verdict; neither the password nor what is sent ever stands in it.

import { readFileSync } from 'node:fs'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { Readable } from 'node:stream'
import {
  type ClickHouseClient,
  ClickHouseLogLevel,
  type ClickHouseSettings,
  createClient,
} from '@clickhouse/client'
import type { DatabaseTarget, DatabaseTls } from '../database-target.js'
import { type Verdict, verdictOf } from './errors.js'

/** A server that says nothing for so long is away. */
const SILENT_MS = 20_000

export interface ConnectionLimits {
  statementsInFlight: number
  /** In place of the usual time. */
  silentMs?: number
}
/** Less than the 3 s after which servers close idle connections. */
const IDLE_MS = 2000

/** A statement that failed, and what that means. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly verdict: Verdict

  constructor(verdict: Verdict) {
    super(verdict.message)
    this.verdict = verdict
  }
}

export interface Statement {
  query: string
  /** Behind the statement: rows of an INSERT. */
  octets?: Buffer
  queryId?: string | undefined
  settings?: Record<string, string | number>
}

export class Connection {
  readonly #target: DatabaseTarget
  readonly #silentMs: number
  readonly #agent: HttpAgent
  #client: ClickHouseClient | undefined
  #host = 0
  /** Counts up with each change of the server: what is known of one says nothing about another. */
  turn = 0

  constructor(target: DatabaseTarget, { statementsInFlight, silentMs = SILENT_MS }: ConnectionLimits) {
    this.#target = target
    this.#silentMs = silentMs
    this.#agent = agentOf(target.tls, statementsInFlight)
  }

  get hosts(): number {
    return this.#target.hosts.length
  }

  /** The octets of the answer. */
  async run({ query, octets, queryId, settings }: Statement): Promise<Buffer> {
    const turn = this.turn
    const options = {
      query,
      ...(queryId === undefined ? {} : { query_id: queryId }),
      ...(settings === undefined ? {} : { clickhouse_settings: settings as ClickHouseSettings }),
    }
    try {
      this.#client ??= this.#newClient()
      const { stream } = await this.#client.exec(
        octets === undefined ? options : { ...options, values: Readable.from([octets]) },
      )
      const parts: Buffer[] = []
      for await (const part of stream) parts.push(part as Buffer)
      return Buffer.concat(parts)
    } catch (error) {
      throw this.#refused(error, turn)
    }
  }

  async rows<Row>(query: string): Promise<Row[]> {
    const text = (await this.run({ query: `${query} FORMAT JSONEachRow` })).toString().trimEnd()
    return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as Row)
  }

  async close(): Promise<void> {
    await this.#client?.close()
    this.#client = undefined
    this.#agent.destroy()
  }

  #refused(error: unknown, turn: number): Refused {
    const verdict = verdictOf(error)
    if (verdict.isLost && turn === this.turn) this.#next()
    const { password } = this.#target
    const message = password === '' ? verdict.message : verdict.message.replaceAll(password, '***')
    return new Refused({ ...verdict, message })
  }

  /** Statements that are under way on the old client end there. */
  #next(): void {
    this.turn++
    this.#host = (this.#host + 1) % this.hosts
    this.#client = undefined
  }

  #newClient(): ClickHouseClient {
    const { tls, hosts, user, password, database } = this.#target
    const { host, port } = hosts[this.#host]!
    return createClient({
      url: `${tls.mode === 'off' ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
      username: user,
      password,
      database,
      http_agent: this.#agent,
      request_timeout: this.#silentMs,
      keep_alive: { enabled: true, idle_socket_ttl: IDLE_MS },
      log: { level: ClickHouseLogLevel.OFF },
    })
  }
}

/** Our own, for the client's asks for a CA with every TLS. */
function agentOf({ mode, ca, cert, key }: DatabaseTls, maxSockets: number): HttpAgent {
  const options = { keepAlive: true, maxSockets }
  if (mode === 'off') return new HttpAgent(options)
  const octets = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path))
  return new HttpsAgent({
    ...options,
    rejectUnauthorized: mode === 'verify',
    ca: octets(ca),
    cert: octets(cert),
    key: octets(key),
  })
}
