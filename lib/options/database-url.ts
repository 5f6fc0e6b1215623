// The db_url of a database server: SCHEME:[//][USER[:PASSWORD]@]HOST[:PORT][,HOST...][/DATABASE][?tls=..&ca=..&cert=..&key=..&socket=..]
// What it refuses is never quoted: it may be a password.

import { isIPv6 } from 'node:net'
import {
  type DatabaseEngine,
  type DatabaseTarget,
  type DatabaseTls,
  databaseName,
} from '../sink/database-target.js'
import { ValueFault } from './types.js'

const ENGINES: Record<string, DatabaseEngine> = {
  mysql: 'mariadb',
  mariadb: 'mariadb',
  postgres: 'postgres',
  postgresql: 'postgres',
  clickhouse: 'clickhouse',
}

interface EngineDefaults {
  port: number
  tlsPort: number
  user: string
  database: string
}

const DEFAULTS: Record<DatabaseEngine, EngineDefaults> = {
  mariadb: { port: 3306, tlsPort: 3306, user: 'hepcapd', database: 'hepcapd' },
  postgres: { port: 5432, tlsPort: 5432, user: 'hepcapd', database: 'hepcapd' },
  clickhouse: { port: 8123, tlsPort: 8443, user: 'default', database: 'default' },
}

const PARAMETERS = ['tls', 'ca', 'cert', 'key', 'socket']
const TLS_MODES = ['off', 'on', 'verify'] as const

/** The engine that a scheme names. */
export function databaseEngine(scheme: string): DatabaseEngine | undefined {
  return Object.hasOwn(ENGINES, scheme) ? ENGINES[scheme] : undefined
}

/** `rest` is what stands behind `SCHEME:` and `//`. Throws a ValueFault. */
export function parseDatabaseUrl(scheme: string, engine: DatabaseEngine, rest: string): DatabaseTarget {
  const cure = `write it like ${scheme}://USER:PASSWORD@192.0.2.1/DATABASE`
  const [, authority = '', path = '', query = ''] = /^([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(rest) ?? []
  const at = authority.lastIndexOf('@')
  const [, user = '', password = ''] = /^([^:]*)(?::(.*))?$/s.exec(authority.slice(0, Math.max(at, 0))) ?? []
  const { user: defaultUser, database, port, tlsPort } = DEFAULTS[engine]
  const { tls, socket } = parametersOf(scheme, engine, query)
  const usualPort = tls.mode === 'off' ? port : tlsPort
  return {
    engine,
    hosts: hostsOf(authority.slice(at + 1), usualPort, socket !== undefined, cure),
    ...(socket === undefined ? {} : { socketPath: socket }),
    user: plain(user, cure) || defaultUser,
    password: plain(password, cure),
    database: nameOf(plain(path, cure) || database),
    tls,
  }
}

/** The db_url without its password. */
export function showDatabaseUrl(target: DatabaseTarget): string {
  const { mode, ca, cert, key } = target.tls
  const given = { tls: mode === 'off' ? undefined : mode, ca, cert, key, socket: target.socketPath }
  const parameters = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  )
  return `${databaseName(target)}${parameters.length > 0 ? `?${parameters.join('&')}` : ''}`
}

function plain(text: string, cure: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new ValueFault('it has a % without two hexadecimal digits', `${cure}; a percent sign is %25`)
  }
}

function nameOf(database: string): string {
  if (/^[A-Za-z0-9_$-]{1,64}$/.test(database)) return database
  throw new ValueFault(
    'its database has no sound name',
    'use letters, digits, _, $ and -; @ in a password is %40',
  )
}

function hostsOf(text: string, port: number, hasSocket: boolean, cure: string): DatabaseTarget['hosts'] {
  if (text === '' && hasSocket) return [{ host: 'localhost', port }]
  if (text === '') throw new ValueFault('it names no host', cure)
  return text.split(',').map((one) => hostOf(one, port, cure))
}

function hostOf(text: string, usualPort: number, cure: string): { host: string; port: number } {
  const [whole, bracket, name, digits] = /^(?:\[(.*)\]|([^:[\]]*))(?::(\d{1,5}))?$/s.exec(text) ?? []
  const host = bracket ?? name ?? ''
  const isSound = bracket === undefined ? /^[A-Za-z0-9_.-]{1,253}$/.test(host) : isIPv6(host)
  const port = digits === undefined ? usualPort : Number(digits)
  if (whole !== undefined && isSound && port > 0 && port < 65536) return { host, port }
  throw new ValueFault('it has no sound HOST[:PORT]', `${cure}; IPv6 in brackets, / in a password is %2F`)
}

function parametersOf(
  scheme: string,
  engine: DatabaseEngine,
  query: string,
): { tls: DatabaseTls; socket: string | undefined } {
  const given = new URLSearchParams(query)
  const unknown = [...given.keys()].find((name) => !PARAMETERS.includes(name))
  if (unknown !== undefined) {
    throw new ValueFault(`${scheme}: has no such parameter`, `it takes ${PARAMETERS.join(', ')}`)
  }
  const socket = given.get('socket') ?? undefined
  if (socket !== undefined && engine === 'clickhouse') {
    throw new ValueFault('ClickHouse listens on no Unix socket', 'name its host')
  }
  const mode = TLS_MODES.find((one) => one === (given.get('tls') ?? (given.has('ca') ? 'verify' : 'off')))
  if (!mode) throw new ValueFault('its tls is none of off, on and verify', 'write tls=verify')
  if (given.has('cert') !== given.has('key')) {
    throw new ValueFault('a cert and a key belong together', 'name both files')
  }
  const file = (name: 'ca' | 'cert' | 'key') => (given.has(name) ? { [name]: given.get(name)! } : {})
  return { tls: { mode, ...file('ca'), ...file('cert'), ...file('key') }, socket }
}
