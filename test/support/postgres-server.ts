// A PostgreSQL server of its own for a test or a bench: Debian's program in a temporary folder on 127.0.0.x.
//
// It can be paused, killed and started again on the same data. Only its own processes are ever touched.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, type QueryResultRow } from 'pg'
import type { DatabaseTarget } from '../../lib/sink/database-target.js'
import { until } from './tools.js'

const PACKAGE = '/usr/lib/postgresql'
const PROGRAM_USER = 'postgres'
const READY_MS = 60_000
const START_ATTEMPTS = 3
/** Of the user that target() names. */
export const USER = 'hep'
export const PASSWORD = "se:cret/@&'<"

/** The package's folder of programs: which versions there are differs. */
function programs(): string | undefined {
  const versions = existsSync(PACKAGE) ? readdirSync(PACKAGE) : []
  const folders = versions.sort((a, b) => Number(b) - Number(a)).map((one) => join(PACKAGE, one, 'bin'))
  return folders.find((folder) => existsSync(join(folder, 'initdb')))
}

/** false when the server is installed, else the reason to skip. */
export const NO_POSTGRES = programs() === undefined && 'postgresql is not installed'

export interface PostgresOptions {
  /** Its own address, which has to be of the loopback: 127.0.0.2. */
  host?: string
  /** Paths of certificate and key in PEM: it speaks TLS too. */
  tls?: { cert: string; key: string; ca?: string }
  /** Lines for postgresql.conf. */
  settings?: string[]
}

export class PostgresServer {
  readonly host: string
  readonly folder: string
  readonly #tls: PostgresOptions['tls']
  readonly #atExit = () => this.#removeAtOnce()
  #port = 0
  #process: ChildProcess | undefined

  private constructor({ host = '127.0.0.1', tls, settings = [] }: PostgresOptions) {
    this.host = host
    this.#tls = tls
    this.folder = mkdtempSync(join(tmpdir(), 'hepcapd-postgres-'))
    chmodSync(this.folder, 0o755)
    process.once('exit', this.#atExit)
    this.#init(settings)
  }

  static async start(options: PostgresOptions = {}): Promise<PostgresServer> {
    const server = new PostgresServer(options)
    for (let attempt = 1; ; attempt++) {
      server.#port = await freePort(server.host)
      try {
        await server.start()
        break
      } catch (error) {
        if (attempt < START_ATTEMPTS) continue
        await server.remove()
        throw error
      }
    }
    await server.query(`CREATE ROLE ${USER} LOGIN PASSWORD '${PASSWORD.replaceAll("'", "''")}'`)
    await server.createDatabase('calls')
    return server
  }

  get port(): number {
    return this.#port
  }

  /** Starts it, again too, on the same data and port. */
  async start(): Promise<void> {
    const args = ['-D', this.#data, '-p', `${this.#port}`]
    const [program, all] = asProgramUser(join(programs() as string, 'postgres'), args)
    const child = spawn('nice', ['-n', '10', program, ...all], { stdio: 'ignore', cwd: this.folder })
    child.unref() // a test that is through ends without waiting for it, and then removes it
    this.#process = child
    const ended = () => child.exitCode !== null || child.signalCode !== null
    await until(async () => {
      if (ended()) throw new Error(`postgres ended: ${this.log().slice(-2000)}`)
      return this.query('SELECT 1').catch(() => false)
    }, READY_MS)
  }

  /** The server with all of its processes. */
  pause(): void {
    this.#signal('SIGSTOP')
    this.#signal('SIGSTOP') // those that were made meanwhile
  }

  resume(): void {
    this.#signal('SIGCONT')
  }

  /** Sessions are ended, what is committed is kept. */
  async stop(): Promise<void> {
    await this.#end('SIGINT')
  }

  /** Nothing is ended in good order; it recovers when it is started again. */
  async kill(): Promise<void> {
    await this.#end('SIGQUIT')
  }

  /** Ends it and removes its folder. */
  async remove(): Promise<void> {
    process.off('exit', this.#atExit)
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }

  log(): string {
    try {
      return readFileSync(join(this.#data, 'server.log'), 'utf8')
    } catch {
      return ''
    }
  }

  target(more: Partial<DatabaseTarget> = {}): DatabaseTarget {
    return {
      engine: 'postgres',
      hosts: [{ host: this.host, port: this.#port }],
      user: USER,
      password: PASSWORD,
      database: 'calls',
      tls: { mode: this.#tls ? 'on' : 'off' },
      ...more,
    }
  }

  /** As its superuser. */
  async query<Row extends QueryResultRow>(sql: string, database = 'postgres'): Promise<Row[]> {
    const client = await this.connect(database)
    try {
      return (await client.query<Row>(sql)).rows
    } finally {
      await client.end()
    }
  }

  /** As its superuser. */
  async connect(database: string): Promise<Client> {
    const { host, port } = this
    const client = new Client({ host, port, user: 'postgres', database, connectionTimeoutMillis: 5000 })
    client.on('error', () => {})
    try {
      await client.connect()
    } catch (error) {
      await client.end()
      throw error
    }
    return client
  }

  /** In which our user may make tables. */
  async createDatabase(name: string, more = ''): Promise<void> {
    await this.query(`CREATE DATABASE ${name} OWNER ${USER} ${more}`)
  }

  get #data(): string {
    return join(this.folder, 'store')
  }

  #init(settings: string[]): void {
    ownedByProgram(this.folder)
    execFileSync('cp', ['-a', emptyStore(), this.#data])
    appendFileSync(join(this.#data, 'postgresql.conf'), `${[...this.#settings(), ...settings].join('\n')}\n`)
    writeFileSync(
      join(this.#data, 'pg_hba.conf'),
      'host all postgres 127.0.0.0/8 trust\nhost all md5 127.0.0.0/8 md5\nhost all all 127.0.0.0/8 scram-sha-256\nlocal all all scram-sha-256\n',
    )
    if (this.#tls) {
      copyFileSync(this.#tls.cert, join(this.#data, 'cert.pem'))
      copyFileSync(this.#tls.key, join(this.#data, 'key.pem'))
      chmodSync(join(this.#data, 'key.pem'), 0o600)
    }
    ownedByProgram(this.folder)
  }

  /** A time zone that is not UTC is on purpose. What a crash of the host costs is not what we test. */
  #settings(): string[] {
    const tls = this.#tls ? ['ssl = on', "ssl_cert_file = 'cert.pem'", "ssl_key_file = 'key.pem'"] : []
    return [
      `listen_addresses = '${this.host}'`,
      `unix_socket_directories = '${this.folder}'`,
      'fsync = off',
      "timezone = 'Asia/Kolkata'",
      'logging_collector = on',
      "log_directory = '.'",
      "log_filename = 'server.log'",
      ...tls,
    ]
  }

  /** A test that ran out of its time leaves nothing behind. */
  #removeAtOnce(): void {
    this.#signal('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.ref()
    this.resume()
    child.kill(signal)
    await ended
    this.#process = undefined
  }

  /** `nice` and `setpriv` have become the server; the others are its children, which come and go. */
  #signal(signal: NodeJS.Signals): void {
    const child = this.#process
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return
    const children = childrenOf(child.pid)
    child.kill(signal)
    for (const pid of children) {
      try {
        process.kill(pid, signal)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
      }
    }
  }
}

let empty: string | undefined

/** What initdb makes, once for a process: that takes longer than to copy it. */
function emptyStore(): string {
  if (empty !== undefined) return empty
  const folder = mkdtempSync(join(tmpdir(), 'hepcapd-postgres-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  ownedByProgram(folder)
  const store = join(folder, 'store')
  const options = ['-D', store, '-U', 'postgres', '-E', 'UTF8', '--locale=C', '--auth=trust', '--no-sync']
  const [program, args] = asProgramUser(join(programs() as string, 'initdb'), options)
  execFileSync('nice', ['-n', '10', program, ...args], { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder })
  empty = store
  return store
}

function childrenOf(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  return text.split(' ').flatMap((one) => (one === '' ? [] : [Number(one)]))
}

/** The server refuses to run as root. */
function asProgramUser(program: string, args: string[]): [string, string[]] {
  if (process.getuid?.() !== 0) return [program, args]
  return [
    'setpriv',
    [`--reuid=${PROGRAM_USER}`, `--regid=${PROGRAM_USER}`, '--clear-groups', program, ...args],
  ]
}

function ownedByProgram(folder: string): void {
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', `${PROGRAM_USER}:${PROGRAM_USER}`, folder])
}

async function freePort(host: string): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
