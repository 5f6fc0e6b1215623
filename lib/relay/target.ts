// Where packets are sent on to, as users write it: SIP URIs of routes, and the named destinations of `hep_id`.

import { isIPv4, isIPv6 } from 'node:net'
import type { HepVersion } from '../hep/writer.js'
import { ValueFault } from '../options/types.js'
import type { RelayTarget } from '../route/rules.js'

export type RelayProto = RelayTarget['proto']

const DEFAULT_PORT = 9060
const HOST = String.raw`\[([^\]]*)\]|([A-Za-z0-9._-]{1,253})`
const RELAY_URI = new RegExp(`^(sips?):(?:[^@]*@)?(?:${HOST})(?::(\\d{1,5}))?((?:;[^;?]*)*)(?:\\?.*)?$`, 'is')

/**
 * `sip:HOST[:PORT][;transport=udp|tcp|tls]`; of `sips:` the transport is TLS. Undefined for what names no destination.
 * The user part, headers and other parameters mean nothing here.
 */
export function parseRelayUri(text: string): RelayTarget | undefined {
  const [whole, scheme, bracket, plain, digits, parameters = ''] = RELAY_URI.exec(text) ?? []
  if (whole === undefined) return undefined
  const proto = protoOf(scheme!.toLowerCase() === 'sips', transportOf(parameters))
  const host = bracket ?? plain!
  const port = digits === undefined ? DEFAULT_PORT : Number(digits)
  if (!proto || !isHost(host, bracket !== undefined) || !isPort(port)) return undefined
  return { proto, host, port }
}

function transportOf(parameters: string): string | undefined {
  return /;\s*transport\s*=\s*([^;\s]*)\s*(?:;|$)/i.exec(parameters)?.[1]?.toLowerCase()
}

/** Over TLS `sips:` may say that TLS runs over TCP, as RFC 3261 writes it. */
function protoOf(isSecure: boolean, transport: string | undefined): RelayProto | undefined {
  if (isSecure) return transport === undefined || /^t(ls|cp)$/.test(transport) ? 'hep_tls' : undefined
  return transportProto(transport ?? 'udp')
}

function transportProto(transport: string): RelayProto | undefined {
  return /^(udp|tcp|tls)$/.test(transport) ? (`hep_${transport}` as RelayProto) : undefined
}

function isHost(host: string, isBracketed: boolean): boolean {
  if (isBracketed) return isIPv6(host)
  return isIPv4(host) || !/^[\d.]+$/.test(host)
}

function isPort(port: number): boolean {
  return port > 0 && port <= 65535
}

/** `hep_tcp:HOST:PORT`, with brackets around an IPv6 address: how a destination is called everywhere. */
export function targetName({ proto, host, port }: RelayTarget): string {
  return `${proto}:${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** A destination of `hep_id`. */
export interface NamedDestination {
  name: string
  target: RelayTarget
  version: HepVersion
  /** Versions 1 and 2 go over UDP only: the transport that was written is not taken. */
  isForcedToUdp: boolean
}

const HEP_ID_CURE =
  'write it like [name]192.0.2.1:9060; transport=tcp; version=3, with brackets around an IPv6 address'

/** `[name] host[:port][; transport=udp|tcp|tls][; version=1|2|3][;]`. Throws a ValueFault. */
export function parseHepId(text: string): NamedDestination {
  const [whole, name, rest = ''] = /^\s*\[\s*([^\]\s]+)\s*\](.*)$/s.exec(text) ?? []
  if (whole === undefined) throw new ValueFault(`"${text}" does not begin with a [name]`, HEP_ID_CURE)
  const [place = '', ...keys] = rest.replace(/;\s*$/, '').split(';')
  const { host, port } = hepIdPlace(place.trim())
  const { transport, version } = hepIdKeys(keys)
  const proto = transportProto(transport ?? 'tcp')!
  const isForcedToUdp = version < 3 && proto !== 'hep_udp'
  const target: RelayTarget = { proto: isForcedToUdp ? 'hep_udp' : proto, host, port }
  return { name: name!, target, version, isForcedToUdp }
}

const PLACE = new RegExp(`^(?:${HOST})(?::(.*))?$`, 's')

function hepIdPlace(place: string): { host: string; port: number } {
  const [whole, bracket, plain, digits] = PLACE.exec(place) ?? []
  const host = bracket ?? plain ?? ''
  if (whole === undefined || !isHost(host, bracket !== undefined)) {
    throw new ValueFault(`"${place}" is no host with an optional port`, HEP_ID_CURE)
  }
  const port = digits === undefined ? DEFAULT_PORT : Number(digits)
  if ((digits !== undefined && !/^\d{1,5}$/.test(digits)) || !isPort(port)) {
    throw new ValueFault(`"${digits}" is no port`, HEP_ID_CURE)
  }
  return { host, port }
}

/** Any order; the last one wins. */
function hepIdKeys(keys: string[]): { transport: string | undefined; version: HepVersion } {
  const found = { transport: undefined as string | undefined, version: 3 as HepVersion }
  for (const one of keys) {
    const [whole, key, value] = /^\s*(transport|version)\s*=\s*(\S+)\s*$/s.exec(one) ?? []
    if (whole === undefined) throw new ValueFault(`"${one.trim()}" is no transport= or version=`, HEP_ID_CURE)
    if (key === 'version') found.version = versionOf(value!)
    else found.transport = knownTransport(value!)
  }
  return found
}

function versionOf(text: string): HepVersion {
  if (!/^[123]$/.test(text)) throw new ValueFault(`there is no version ${text} of HEP`, HEP_ID_CURE)
  return Number(text) as HepVersion
}

function knownTransport(text: string): string {
  const transport = text.toLowerCase()
  if (transportProto(transport) === undefined) {
    throw new ValueFault(`HEP is not sent over "${text}"`, HEP_ID_CURE)
  }
  return transport
}
