// Where a database server is and how it is reached, as a db_url says.

export type DatabaseEngine = 'mariadb' | 'postgres' | 'clickhouse'

export interface DatabaseTls {
  /** `on` encrypts, `verify` checks the certificate and its name too. */
  mode: 'off' | 'on' | 'verify'
  /** Files in PEM. */
  ca?: string | undefined
  cert?: string | undefined
  key?: string | undefined
}

export interface DatabaseTarget {
  engine: DatabaseEngine
  /** Tried in their order, and in turns after one was lost; one at least. */
  hosts: { host: string; port: number }[]
  /** A Unix socket in place of the hosts. */
  socketPath?: string | undefined
  user: string
  password: string
  database: string
  tls: DatabaseTls
}

/** The db_url without its password and parameters: how the ledger and the log name it. */
export function databaseName({ engine, hosts, socketPath, user, database }: DatabaseTarget): string {
  const shown = hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`)
  const where = socketPath === undefined ? shown.join(',') : ''
  return `${engine}://${encodeURIComponent(user)}@${where}/${database}`
}
