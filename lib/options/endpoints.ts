// Values that name where messages come from and where they go: listeners, databases, destinations, port ranges.

import { isIPv4, isIPv6 } from 'node:net'
import { LISTEN_PROTOS, type Listen, type ListenProto } from '../listen/protocols.js'
import { type NamedDestination, parseHepId, targetName } from '../relay/target.js'
import type { Target } from '../sink/sinks.js'
import { databaseEngine, parseDatabaseUrl, showDatabaseUrl } from './database-url.js'
import { CONVERSIONS, strftimeFault } from './strftime.js'
import { isOff, parseDuration, showDuration, ValueFault, type ValueType } from './types.js'

/** A listener as it was named; without a port it takes the usual one of its protocol. */
export interface NamedListen extends Omit<Listen, 'port'> {
  port?: number | undefined
}

const LISTEN_CURE = 'write it like hep_udp:*:9060, hep_tcp:192.0.2.1:9060 or hep_udp:[::1]:9060'
const DEFAULT_HEP_PORT = 9060

export const listenPoint: ValueType<NamedListen> = {
  placeholder: 'PROTO:ADDR[:PORT]',
  parse(text) {
    const [proto = '', rest] = text.split(/:(.*)/s)
    const known = protoOf(proto.toLowerCase())
    if (rest === undefined) throw new ValueFault(`"${text}" has no address`, LISTEN_CURE)
    return { proto: known, ...hostPort(rest, LISTEN_CURE) }
  },
  show: ({ proto, host, port }) => `${proto}:${bracketed(host)}${port === undefined ? '' : `:${port}`}`,
}

function protoOf(text: string): ListenProto {
  const proto = LISTEN_PROTOS.find((known) => known === text)
  if (proto) return proto
  const names = LISTEN_PROTOS.map((known) => `${known}:`).join(', ')
  throw new ValueFault(`it begins with none of ${names}`, LISTEN_CURE)
}

/** ADDR[:PORT]: IPv6 in brackets, `*`, an IPv4 address, or a name that is looked up later. */
function hostPort(text: string, cure: string): { host: string; port: number | undefined } {
  checkBrackets(text, cure)
  const [whole, bracket, plain, digits] = /^(?:\[(.*)\]|([^:[\]]*))(?::(.*))?$/s.exec(text) ?? []
  if (whole === undefined) throw new ValueFault(`"${text}" is no address with an optional port`, cure)
  if (bracket !== undefined && !isIPv6(bracket)) throw new ValueFault(`[${bracket}] is no IPv6 address`, cure)
  if (plain !== undefined) checkHost(plain, cure)
  return { host: bracket ?? plain!, port: digits === undefined ? undefined : portOf(digits, cure) }
}

function checkBrackets(text: string, cure: string): void {
  if (/^[^[]*:.*:/.test(text)) throw new ValueFault(`"${text}": an IPv6 address stands in brackets`, cure)
}

function checkHost(host: string, cure: string): void {
  if (host === '*' || isIPv4(host)) return
  if (host === '') throw new ValueFault('the address is empty', `${cure}; * is every address`)
  if (/^[\d.]+$/.test(host)) throw new ValueFault(`${host} is no IPv4 address`, cure)
  if (!/^[A-Za-z0-9_.-]{1,253}$/.test(host)) {
    throw new ValueFault(`"${host}" is no address, interface or host name`, cure)
  }
}

function portOf(digits: string, cure: string): number {
  const port = Number(digits)
  if (!/^\d{1,5}$/.test(digits) || port > 65535) throw new ValueFault(`"${digits}" is no port`, cure)
  return port
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

/** Where the HTTP door is; '' is every address. */
export interface HttpPoint {
  host: string
  port: number
}

const HTTP_CURE = 'write it like 127.0.0.1:9096, [::1]:9096 or *:9096'
const DEFAULT_HTTP_PORT = 9096

export const httpPoint: ValueType<HttpPoint | undefined> = {
  placeholder: 'ADDR[:PORT]|off',
  parse(text) {
    if (isOff(text)) return undefined
    const { host, port = DEFAULT_HTTP_PORT } = hostPort(text, HTTP_CURE)
    return { host: host === '*' ? '' : host, port }
  },
  show: (at) => (at ? `${bracketed(at.host || '*')}:${at.port}` : 'off'),
}

const NAMED_HOST_CURE = 'write it like 192.0.2.1=proxy or 2001:db8::1=proxy'

/** A host that is counted by name. */
export const namedHost: ValueType<{ address: string; name: string }> = {
  placeholder: 'IP=NAME',
  parse(text) {
    const [, address = '', name = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? []
    if (!isIPv4(address) && (!isIPv6(address) || address.includes('%')))
      throw new ValueFault(`"${text}" begins with no IP address and =`, NAMED_HOST_CURE)
    if (!/^[^\p{C},]{1,64}$/u.test(name))
      throw new ValueFault(`"${name}" is no name of 1 to 64 characters without commas`, NAMED_HOST_CURE)
    return { address, name }
  },
  show: ({ address, name }) => `${address}=${name}`,
}

export interface Destination {
  proto: 'hep_udp' | 'hep_tcp'
  host: string
  port: number
}

/** Where `send` sends. */
export const destination: ValueType<Destination> = {
  placeholder: 'PROTO:HOST[:PORT]',
  parse(text) {
    const { proto, host, port = DEFAULT_HEP_PORT } = listenPoint.parse(text)
    if (proto !== 'hep_udp' && proto !== 'hep_tcp') {
      throw new ValueFault(`nothing is sent by ${proto}`, 'send to hep_udp: or hep_tcp:')
    }
    if (host === '*' || port === 0) {
      throw new ValueFault(`"${text}" names no receiver`, 'write it like hep_udp:127.0.0.1:9060')
    }
    return { proto, host, port }
  },
  show: (to) => listenPoint.show(to),
}

const TARGET_CURE =
  'use sqlite:FILE, mysql://, mariadb://, postgres:// or clickhouse://USER:PASSWORD@HOST/DATABASE, hep_udp:HOST, hep_tcp:HOST, hep_tls:HOST, or none:'
const relayEngines = ['hep_udp', 'hep_tcp', 'hep_tls'] as const
const opensipsDrivers = 'text flatstore unixodbc oracle berkeley http https cachedb perlvdb virtual'.split(
  ' ',
)

/** Messages about it name the scheme only: the rest may hold a password. */
export const dbUrl: ValueType<Target> = {
  placeholder: 'URL',
  parse(url) {
    const [whole, scheme = '', rest = ''] = /^([A-Za-z_]\w*):(?:\/\/)?(.*)$/s.exec(url) ?? []
    if (whole === undefined) throw new ValueFault('this is no database URL', TARGET_CURE)
    const engine = scheme.toLowerCase()
    if (engine === 'sqlite') return { kind: 'sqlite', path: sqlitePath(rest) }
    if (engine === 'none') return nowhere(rest)
    const proto = relayEngines.find((one) => one === engine)
    if (proto) return { kind: 'relay', to: { proto, ...receiver(rest) } }
    const server = databaseEngine(engine)
    if (server) return { kind: 'database', at: parseDatabaseUrl(engine, server, rest) }
    const what = opensipsDrivers.includes(engine)
      ? `${engine}: is a driver of OpenSIPS that hepcapd does not have`
      : `${engine}: is no database that hepcapd knows`
    throw new ValueFault(what, TARGET_CURE)
  },
  show: (target) => {
    if (target.kind === 'relay') return targetName(target.to)
    if (target.kind === 'database') return showDatabaseUrl(target.at)
    return target.kind === 'none' ? 'none:' : `sqlite:${target.path}`
  },
}

function sqlitePath(path: string): string {
  if (path === '' || path.includes('\0'))
    throw new ValueFault('sqlite: names no file', 'write sqlite:hepcapd.db')
  const fault = strftimeFault(path)
  if (fault) throw new ValueFault(`sqlite:${path}: ${fault}`, `use ${CONVERSIONS}, and %% for a percent sign`)
  return path
}

const RECEIVER_CURE = 'write it like hep_tcp:192.0.2.1:9060 or hep_udp:[::1]:9060'

function receiver(text: string): { host: string; port: number } {
  const { host, port = DEFAULT_HEP_PORT } = hostPort(text.replace(/\/$/, ''), RECEIVER_CURE)
  if (host === '*' || port === 0) throw new ValueFault(`"${text}" names no receiver`, RECEIVER_CURE)
  return { host, port }
}

function nowhere(rest: string): Target {
  if (rest !== '') throw new ValueFault('none: takes nothing after its colon', 'write none: alone')
  return { kind: 'none' }
}

export const hepId: ValueType<NamedDestination> = {
  placeholder: '[NAME]HOST[:PORT][;transport=..][;version=..]',
  parse: parseHepId,
  show: ({ name, target, version }) => {
    const { proto, host, port } = target
    return `[${name}]${bracketed(host)}:${port};transport=${proto.slice('hep_'.length)};version=${version}`
  },
}

export interface TableWindow {
  backMs: number
  aheadMs: number
}

/** null: no bound. */
export const tableWindow: ValueType<TableWindow | null> = {
  placeholder: 'BACK,AHEAD',
  parse(text) {
    if (/^(off|none|0|)$/i.test(text)) return null
    const [back, ahead, ...more] = text.split(',').map((part) => part.trim())
    if (back === undefined || ahead === undefined || more.length > 0) {
      throw new ValueFault(`"${text}" is not two times`, 'write them like 2d,1h, or off')
    }
    return { backMs: parseDuration(back, 's'), aheadMs: parseDuration(ahead, 's') }
  },
  show: (window) => (window ? `${showDuration(window.backMs)},${showDuration(window.aheadMs)}` : 'off'),
}

const RANGE_CURE = 'write it like 0.0.0.0:5060-5061'

/** Ports of either end; every port has neither bound. */
export interface PortRange {
  /** Numeric. */
  address: string
  firstPort?: number | undefined
  lastPort?: number | undefined
}

/** ADDR[:PORT[-PORT2]]; null is off. */
export const portRange: ValueType<PortRange | null> = {
  placeholder: 'ADDR[:PORT[-PORT2]]',
  parse(text) {
    if (text === '' || text.toLowerCase() === 'off') return null
    checkBrackets(text, RANGE_CURE)
    const [whole, bracket, plain, first, last] =
      /^(?:\[(.*)\]|([^:[\]]*))(?::([^-]*)(?:-(.*))?)?$/s.exec(text) ?? []
    if (whole === undefined) throw new ValueFault(`"${text}" is no address with optional ports`, RANGE_CURE)
    if (!(bracket === undefined ? isIPv4(plain!) : isIPv6(bracket))) {
      throw new ValueFault(`"${bracket ?? plain}" is no IP address`, RANGE_CURE)
    }
    const address = bracket ?? plain!
    return first === undefined ? { address } : { address, ...portsOf(first, last ?? first) }
  },
  show: (range) => (range ? `${bracketed(range.address)}${shownPorts(range)}` : 'off'),
}

/** `:FIRST-LAST`, `:PORT`, or nothing for every port. */
export function shownPorts({ firstPort, lastPort }: Omit<PortRange, 'address'>): string {
  if (firstPort === undefined) return ''
  return firstPort === lastPort ? `:${firstPort}` : `:${firstPort}-${lastPort}`
}

function portsOf(first: string, last: string): { firstPort: number; lastPort: number } {
  const [firstPort, lastPort] = [portOf(first, RANGE_CURE), portOf(last, RANGE_CURE)]
  if (firstPort === 0) throw new ValueFault('port 0 is nowhere to listen', RANGE_CURE)
  if (firstPort > lastPort) {
    throw new ValueFault(
      `the port range ${firstPort}-${lastPort} runs backwards`,
      `write ${lastPort}-${firstPort}`,
    )
  }
  return { firstPort, lastPort }
}
