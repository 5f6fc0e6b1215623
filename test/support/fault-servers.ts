// Database servers that tests of faults can hurt: the same few things of each engine.

import { ClickHouseServer } from './clickhouse-server.js'
import { urlOf } from './database-url.js'
import type { FaultServer } from './faults.js'
import { MariadbServer } from './mariadb-server.js'
import { PostgresServer } from './postgres-server.js'

/** Numbers of a query's one row. */
type Ask = (sql: string) => Promise<number[]>

function questions(ask: Ask): Pick<FaultServer, 'stored' | 'storedBetween'> {
  const exists = async (sql: string) => ask(sql).catch(() => [0, 0])
  return {
    async stored() {
      const [rows = 0, distinct = 0] = await exists(
        'SELECT count(*), count(DISTINCT callid) FROM sip_capture',
      )
      return { rows, distinct }
    },
    async storedBetween(from, to) {
      const number = 'CAST(substring(callid, 2) AS INTEGER)'
      const where = `callid LIKE 'n%' AND ${number} >= ${from} AND ${number} < ${to}`
      const [rows = 0] = await exists(`SELECT count(DISTINCT callid) FROM sip_capture WHERE ${where}`)
      return rows
    },
  }
}

export async function clickhouseForFaults(): Promise<FaultServer & { remove(): Promise<void> }> {
  const server = await ClickHouseServer.start()
  const ask: Ask = async (sql) =>
    (await server.query(sql.replace('AS INTEGER', 'AS Int64'))).split('\t').map(Number)
  return {
    address: { host: server.host, port: server.ports.http },
    url: (address) => urlOf(server.target(), address),
    stop: () => server.stop(),
    start: () => server.start(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    ...questions(ask),
    remove: () => server.remove(),
  }
}

export async function mariadbForFaults(): Promise<FaultServer & { remove(): Promise<void> }> {
  const server = await MariadbServer.start()
  const ask: Ask = async (sql) => {
    const [row = {}] = await server.query<Record<string, number>>(sql, server.target().database)
    return Object.values(row).map(Number)
  }
  return {
    address: { host: server.host, port: server.port },
    url: (address) => urlOf(server.target(), address),
    stop: () => server.stop(),
    start: () => server.start(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    ...questions(ask),
    remove: () => server.remove(),
  }
}

export async function postgresForFaults(): Promise<FaultServer & { remove(): Promise<void> }> {
  const server = await PostgresServer.start()
  const ask: Ask = async (sql) => {
    const rows = sql.replace('count(*),', 'count(*) AS rows,')
    const [row = {}] = await server.query<Record<string, string>>(rows, server.target().database)
    return Object.values(row).map(Number)
  }
  return {
    address: { host: server.host, port: server.port },
    url: (address) => urlOf(server.target(), address),
    stop: () => server.stop(),
    start: () => server.start(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    ...questions(ask),
    remove: () => server.remove(),
  }
}
