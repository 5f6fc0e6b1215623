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

/** The db_url without its password: how the ledger, the log and `check` name it. */
export function databaseName({ engine, hosts, socketPath, user, database }: DatabaseTarget): string {
  const where = hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(',')
  return `${engine}://${user === '' ? '' : `${encodeURIComponent(user)}@`}${socketPath ? '' : where}/${database}${
    socketPath ? `?socket=${socketPath}` : ''
  }`
}

export interface StoreSettings {
  /** Statements in flight at once, over all connections. */
  statementsInFlight: number
}
