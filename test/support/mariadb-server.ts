// A MariaDB server of its own for a test or a bench: Debian's program in a temporary folder on 127.0.0.x.
//
// It can be paused, killed and started again on the same data. Only its own process is ever touched.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Connection, createConnection } from 'mariadb'
import type { DatabaseTarget } from '../../lib/sink/database-target.js'
import { until } from './tools.js'

const PROGRAM = '/usr/sbin/mariadbd'
const INSTALLER = '/usr/bin/mariadb-install-db'
const PROGRAM_USER = 'mysql'
const READY_MS = 90_000
const START_ATTEMPTS = 3
/** Of the user that target() names. */
export const USER = 'hep'
export const PASSWORD = "se:cret/@&'<"

/** false when the server is installed, else the reason to skip. */
export const NO_MARIADB = !(existsSync(PROGRAM) && existsSync(INSTALLER)) && 'mariadb-server is not installed'

export interface MariadbOptions {
  /** Its own address, which has to be of the loopback: 127.0.0.2. */
  host?: string
  /** Paths of certificate and key in PEM: it speaks TLS too. */
  tls?: { cert: string; key: string; ca?: string }
  /** More options of the program. */
  settings?: string[]
}

/** What no store may lean on: another time zone, lax about values, and texts of another character set. */
const UNKIND = [
  '--default-time-zone=+05:30',
  '--sql-mode=',
  '--character-set-server=latin1',
  '--collation-server=latin1_swedish_ci',
]
/** What a crash of the host costs is not what we test. */
const QUICK = ['--innodb-flush-log-at-trx-commit=2', '--innodb-buffer-pool-size=64M']

export class MariadbServer {
  readonly host: string
  readonly folder: string
  readonly #settings: string[]
  readonly #hasTls: boolean
  readonly #atExit = () => this.#removeAtOnce()
  #port = 0
  #process: ChildProcess | undefined

  private constructor({ host = '127.0.0.1', tls, settings = [] }: MariadbOptions) {
    this.host = host
    this.#hasTls = tls !== undefined
    this.folder = mkdtempSync(join(tmpdir(), 'hepcapd-mariadb-'))
    chmodSync(this.folder, 0o755)
    process.once('exit', this.#atExit)
    this.#settings = [...UNKIND, ...QUICK, ...(tls ? this.#tlsSettings(tls) : []), ...settings]
    execFileSync('cp', ['-a', emptyStore(), join(this.folder, 'store')])
    ownedByProgram(this.folder)
  }

  static async start(options: MariadbOptions = {}): Promise<MariadbServer> {
    const server = await MariadbServer.startEmpty(options)
    await server.createOurs()
    return server
  }

  /** Without our user and a database. */
  static async startEmpty(options: MariadbOptions): Promise<MariadbServer> {
    const server = new MariadbServer(options)
    for (let attempt = 1; ; attempt++) {
      server.#port = await freePort(server.host)
      try {
        await server.start()
        return server
      } catch (error) {
        if (attempt < START_ATTEMPTS) continue
        await server.remove()
        throw error
      }
    }
  }

  get port(): number {
    return this.#port
  }

  /** Starts it, again too, on the same data and port. */
  async start(more: string[] = []): Promise<void> {
    const [program, args] = asProgramUser(PROGRAM, [...this.#args(), ...more])
    const child = spawn('nice', ['-n', '10', program, ...args], { stdio: 'ignore', cwd: this.folder })
    child.unref() // a test that is through ends without waiting for it, and then removes it
    this.#process = child
    const ended = () => child.exitCode !== null || child.signalCode !== null
    await until(async () => {
      if (ended()) throw new Error(`mariadbd ended: ${this.log().slice(-2000)}`)
      return this.query('SELECT 1').catch(() => false)
    }, READY_MS)
  }

  pause(): void {
    this.#process?.kill('SIGSTOP')
  }

  resume(): void {
    this.#process?.kill('SIGCONT')
  }

  /** In good order. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }

  /** Nothing is ended in good order; it recovers when it is started again. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Ends it and removes its folder. */
  async remove(): Promise<void> {
    process.off('exit', this.#atExit)
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }

  log(): string {
    try {
      return readFileSync(join(this.folder, 'store', 'server.log'), 'utf8')
    } catch {
      return ''
    }
  }

  target(more: Partial<DatabaseTarget> = {}): DatabaseTarget {
    return {
      engine: 'mariadb',
      hosts: [{ host: this.host, port: this.#port }],
      user: USER,
      password: PASSWORD,
      database: 'calls',
      tls: { mode: this.#hasTls ? 'on' : 'off' },
      ...more,
    }
  }

  /** As its root, in UTC. */
  async connect(database?: string): Promise<Connection> {
    const connection = await createConnection({
      socketPath: this.socketPath,
      user: 'root',
      ...(database === undefined ? {} : { database }),
      connectTimeout: 5000,
      bigIntAsNumber: true,
      dateStrings: true,
      charset: 'utf8mb4',
    })
    connection.on('error', () => {})
    await connection.query("SET time_zone = '+00:00'")
    return connection
  }

  /** The statements one after the other, as its root, in UTC; what the last one gives. */
  async query<Row>(sql: string | string[], database?: string): Promise<Row[]> {
    const connection = await this.connect(database)
    try {
      let rows: Row[] = []
      for (const one of [sql].flat()) rows = await connection.query(one)
      return rows
    } finally {
      await connection.end()
    }
  }

  get socketPath(): string {
    return join(this.folder, 'store', 's')
  }

  /** In which our user may do everything. */
  async createDatabase(name: string, more = ''): Promise<void> {
    await this.query([`CREATE DATABASE ${name} ${more}`, `GRANT ALL ON ${name}.* TO ${USER}@'%'`])
  }

  /** Our user and its database. */
  async createOurs(): Promise<void> {
    await this.query(`CREATE USER ${USER}@'%' IDENTIFIED BY '${PASSWORD.replaceAll("'", "''")}'`)
    await this.createDatabase('calls')
  }

  #args(): string[] {
    const store = join(this.folder, 'store')
    return [
      '--no-defaults',
      `--datadir=${store}`,
      `--bind-address=${this.host}`,
      `--port=${this.#port}`,
      `--socket=${this.socketPath}`,
      `--pid-file=${join(store, 'pid')}`,
      `--log-error=${join(store, 'server.log')}`,
      `--tmpdir=${store}`,
      '--skip-name-resolve',
      ...this.#settings,
    ]
  }

  #tlsSettings(files: Record<string, string>): string[] {
    return Object.entries(files).map(([name, path]) => {
      const own = join(this.folder, `${name}.pem`)
      copyFileSync(path, own)
      chmodSync(own, 0o600)
      return `--ssl-${name}=${own}`
    })
  }

  /** A test that ran out of its time leaves nothing behind. */
  #removeAtOnce(): void {
    this.#process?.kill('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
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
}

let empty: string | undefined

/** What the installer makes, once for a process: that takes longer than to copy it. */
function emptyStore(): string {
  if (empty !== undefined) return empty
  const folder = mkdtempSync(join(tmpdir(), 'hepcapd-mariadb-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  chmodSync(folder, 0o755)
  ownedByProgram(folder)
  const store = join(folder, 'store')
  const options = [
    '--no-defaults',
    `--datadir=${store}`,
    '--skip-test-db',
    '--auth-root-authentication-method=normal',
  ]
  const [program, args] = asProgramUser(INSTALLER, options)
  execFileSync('nice', ['-n', '10', program, ...args], { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder })
  empty = store
  return store
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

export async function freePort(host: string): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
