// A ClickHouse server of its own for a test or a bench: Debian's program in a temporary folder on 127.0.0.x.
//
// It can be paused, killed and started again on the same data. Only its own process is ever ended.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseTarget } from '../../lib/sink/database-target.js'
import { missing, until } from './tools.js'

export const NO_CLICKHOUSE = missing('clickhouse-server')

const PROGRAM_USER = 'clickhouse'
const READY_MS = 60_000
const START_ATTEMPTS = 3
/** Of the user that target() names. */
export const USER = 'hep'
export const PASSWORD = 'se:cret/@&"<'
/** One that may only read, without a password. */
export const READER = 'reader'

export interface ClickHouseOptions {
  /** Its own address, which has to be of the loopback: 127.0.0.2. */
  host?: string
  /** Paths of certificate and key in PEM: it speaks TLS too. */
  tls?: { cert: string; key: string }
}

interface Ports {
  http: number
  https: number
  tcp: number
  interserver: number
}

export class ClickHouseServer {
  readonly host: string
  readonly ports: Ports
  readonly folder: string
  readonly #tls: ClickHouseOptions['tls']
  #cluster: ClickHouseServer[] = []
  #process: ChildProcess | undefined

  private constructor(options: ClickHouseOptions, ports: Ports) {
    this.host = options.host ?? '127.0.0.1'
    this.ports = ports
    this.#tls = options.tls
    this.folder = mkdtempSync(join(tmpdir(), 'hepcapd-clickhouse-'))
    chmodSync(this.folder, 0o755)
    mkdirSync(join(this.folder, 'store'))
  }

  /** Servers that know each other as the cluster `pair`, ready for queries. */
  static async startAll(all: ClickHouseOptions[]): Promise<ClickHouseServer[]> {
    for (let attempt = 1; ; attempt++) {
      const servers: ClickHouseServer[] = []
      for (const options of all) {
        servers.push(new ClickHouseServer(options, await freePorts(options.host ?? '127.0.0.1')))
      }
      for (const server of servers) server.#cluster = servers
      try {
        await Promise.all(servers.map((server) => server.start()))
        return servers
      } catch (error) {
        for (const server of servers) await server.remove()
        if (attempt >= START_ATTEMPTS) throw error
      }
    }
  }

  static async start(options: ClickHouseOptions = {}): Promise<ClickHouseServer> {
    const [server] = await ClickHouseServer.startAll([options])
    return server as ClickHouseServer
  }

  /** Starts it, again too, on the same data and ports. */
  async start(): Promise<void> {
    this.#writeSettings()
    const [program, args] = asProgramUser('clickhouse-server', [
      `--config-file=${join(this.folder, 'config.xml')}`,
    ])
    const child = spawn('nice', ['-n', '10', program, ...args], {
      cwd: this.folder,
      stdio: ['ignore', 'ignore', 'ignore'],
    })
    child.unref() // a test that is through ends without waiting for it, and then removes it
    this.#process = child
    const ended = () => child.exitCode !== null || child.signalCode !== null
    await until(async () => {
      if (ended()) throw new Error(`clickhouse-server ended: ${this.log().slice(-2000)}`)
      return this.query('SELECT 1').catch(() => false)
    }, READY_MS)
  }

  /** The signal goes to the server itself: `nice` and `setpriv` have become it. */
  pause(): void {
    this.#process?.kill('SIGSTOP')
  }

  resume(): void {
    this.#process?.kill('SIGCONT')
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Ends it and removes its folder. */
  async remove(): Promise<void> {
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
      engine: 'clickhouse',
      hosts: [{ host: this.host, port: this.#tls ? this.ports.https : this.ports.http }],
      user: USER,
      password: PASSWORD,
      database: 'default',
      tls: { mode: this.#tls ? 'on' : 'off' },
      ...more,
    }
  }

  /** The answer's octets as they are; throws what the server said. */
  async octets(sql: string): Promise<Buffer> {
    const response = await fetch(`http://${this.host}:${this.ports.http}/`, {
      method: 'POST',
      body: sql,
      headers: { connection: 'close', 'x-clickhouse-user': 'default' },
      signal: AbortSignal.timeout(30_000),
    })
    const answer = Buffer.from(await response.arrayBuffer())
    if (!response.ok) throw new Error(answer.toString())
    return answer
  }

  async query(sql: string): Promise<string> {
    return (await this.octets(sql)).toString().trimEnd()
  }

  /** Rows as objects, 64-bit integers as texts. */
  async rows(sql: string): Promise<Record<string, unknown>[]> {
    const text = await this.query(`${sql} FORMAT JSONEachRow`)
    return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.ref()
    child.kill('SIGCONT')
    child.kill(signal)
    await ended
  }

  #writeSettings(): void {
    writeFileSync(join(this.folder, 'config.xml'), this.#config())
    writeFileSync(join(this.folder, 'users.xml'), USERS)
    if (this.#tls) {
      copyFileSync(this.#tls.cert, join(this.folder, 'cert.pem'))
      copyFileSync(this.#tls.key, join(this.folder, 'key.pem'))
    }
    ownedByProgram(this.folder)
  }

  #config(): string {
    const store = join(this.folder, 'store')
    return `<?xml version="1.0"?>
<yandex>
  <logger><level>warning</level><log>${store}/server.log</log><errorlog>${store}/error.log</errorlog></logger>
  <http_port>${this.ports.http}</http_port>
  <tcp_port>${this.ports.tcp}</tcp_port>
  <interserver_http_port>${this.ports.interserver}</interserver_http_port>
  <interserver_http_host>${this.host}</interserver_http_host>
  <listen_host>${this.host}</listen_host>
  <path>${store}/</path>
  <tmp_path>${store}/tmp/</tmp_path>
  <user_files_path>${store}/user_files/</user_files_path>
  <users_config>users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <timezone>Europe/Berlin</timezone>
  <mark_cache_size>67108864</mark_cache_size>
  <max_concurrent_queries>50</max_concurrent_queries>
  <remote_servers><pair>${this.#cluster.map(shardXml).join('')}</pair></remote_servers>
  ${this.#tls ? tlsXml(this.folder, this.ports.https) : ''}
</yandex>
`
  }
}

/** A time zone that is not UTC, and a password that needs care, are on purpose. */
const USERS = `<?xml version="1.0"?>
<yandex>
  <profiles><default><max_memory_usage>2000000000</max_memory_usage></default><reader><readonly>1</readonly></reader></profiles>
  <users>
    <default><password></password><networks><ip>127.0.0.0/8</ip></networks><profile>default</profile><quota>default</quota></default>
    <${USER}><password>${xmlText(PASSWORD)}</password><networks><ip>127.0.0.0/8</ip></networks><profile>default</profile><quota>default</quota></${USER}>
    <${READER}><password></password><networks><ip>127.0.0.0/8</ip></networks><profile>reader</profile><quota>default</quota></${READER}>
  </users>
  <quotas><default></default></quotas>
</yandex>
`

function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

function shardXml({ host, ports }: ClickHouseServer): string {
  return `<shard><replica><host>${host}</host><port>${ports.tcp}</port></replica></shard>`
}

function tlsXml(folder: string, port: number): string {
  return `<https_port>${port}</https_port><openSSL><server><certificateFile>${folder}/cert.pem</certificateFile><privateKeyFile>${folder}/key.pem</privateKeyFile>
    <verificationMode>none</verificationMode><disableProtocols>sslv2,sslv3</disableProtocols></server></openSSL>`
}

/** The server refuses to run as root on files of somebody else. */
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

async function freePorts(host: string): Promise<Ports> {
  const servers = Array.from({ length: 4 }, () => createServer())
  const ports = await Promise.all(
    servers.map(async (server) => {
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve))
      return (server.address() as { port: number }).port
    }),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  const [http, https, tcp, interserver] = ports as [number, number, number, number]
  return { http, https, tcp, interserver }
}
