// The effective configuration of the daemon: every value checked against the others, and where it came from.

import type { DaemonSettings } from '../daemon.js'
import { type Fault, RefusedError, UsageError } from '../errors.js'
import { readCredentials, type TlsCredentials } from '../listen/certificates.js'
import { readFilter } from '../listen/filter-file.js'
import { clash, isTls, type Listen } from '../listen/protocols.js'
import type { RawSettings } from '../listen/raw.js'
import { ANYBODY } from '../listen/senders.js'
import type { LogSettings } from '../log.js'
import { isLoopback } from '../loopback.js'
import type { SpoolSettings, Target } from '../sink/sinks.js'
import { type HttpPoint, listenPoint, type NamedListen, type PortRange, portRange } from './endpoints.js'
import type { Option, ValuesOf } from './option.js'
import { resolve, type Sources } from './resolve.js'
import { senderSettings } from './senders.js'
import { daemonOptions, type namedOptions } from './table.js'
import { clashingColumns, renamedColumns } from './table-columns.js'

export interface Settings extends DaemonSettings, LogSettings {
  /** Names or numbers of whom the daemon becomes; '' for who it is, and for the group of the user. */
  user: string
  group: string
  /** undefined: none. A door that nobody named may stay shut. */
  http: (HttpPoint & { isNamed: boolean }) | undefined
  /** '' is none. */
  httpToken: string
  /** A Unix socket; undefined: none. One that nobody named may stay shut. */
  control: { path: string; isNamed: boolean } | undefined
  /** A FIFO; '' is none. */
  miFifo: string
  /** The page shows the last calls to callers without the token too. */
  httpCalls: boolean
}

type Routing = Pick<Settings, 'rules' | 'hepRoute' | 'routeSources'>

type Values = ValuesOf<typeof namedOptions>
type Shown = string | number

export interface EffectiveValue {
  /** As the parameter would be written; secrets are not. */
  value: Shown | Shown[]
  /** FILE:LINE:COL, flag, environment variable, or `default`. */
  origin: string
}

export interface Effective {
  settings: Settings
  /** By parameter name, in the order of the table. */
  values: Map<string, EffectiveValue>
  warnings: Fault[]
  /** What of a script means nothing here, for the debug log. */
  ignored: string[]
  /** Reads everything again, for SIGHUP. Throws as effective() does. */
  reload(): Effective
}

/** Throws a UsageError with every fault at once, or a RefusedError for a file that cannot be read. */
export function effective(sources: Sources): Effective {
  const { values, origins, faults, rules, script, ignored } = resolve(daemonOptions, sources)
  const report = (name: string, what: string, cure: string) =>
    faults.push({ where: origins.get(name)!, severity: 'error', what, cure })
  checkRawModes(values, report)
  checkColumns(values, report)
  const isSound = !faults.some(({ severity }) => severity === 'error')
  const inputs = isSound ? inputsOf(values, origins, sources.inputless ?? false, report) : NO_INPUTS
  if (inputs.read.length > 0) faults.push(...notOpened(values, origins))
  if (inputs.raw?.mode === 'ipip' && inputs.raw.children > 1) {
    const what = 'raw_sock_children: IPIP has one thread: every further socket would see each packet again'
    const where = origins.get('raw_sock_children')!
    faults.push({ where, severity: 'warning', what, cure: 'leave it out' })
  }
  if (isSound) checkTargets(values.db_url, report)
  if (isSound) checkTlsFiles(values, inputs.listen, report)
  const isLive = inputs.read.length === 0 && !sources.inputless
  const http = httpOf(values, origins, isLive)
  if (http) checkToken(http, values.http_token, report)
  const senders =
    isSound && inputs.listen.length > 0 ? senderSettings(values, inputs.listen, report) : ANYBODY
  const tls = filesOf(values, inputs, faults)
  const hepRoute = hepRouteOf(values, origins)
  const routing: Routing = {
    rules,
    hepRoute,
    routeSources: {
      script,
      module: values.routes,
      hepRoute,
      hepRouteOrigin: origins.get('hep_route')!,
    },
  }
  const shown = shownValues(values, origins)
  const show = (name: string, value: EffectiveValue['value']) =>
    shown.set(name, { value, origin: origins.get(name)! })
  show(
    'listen',
    inputs.listen.map((one) => listenPoint.show(one)),
  )
  show('raw_socket_listen', portRange.show(inputs.range))
  show('hep_route', hepRoute)
  const isWindowed = isLive || origins.get('table_window') !== 'default'
  if (!isWindowed) show('table_window', 'off')
  const spool = spoolOf(values, origins, isLive)
  if (!http) show('http', 'off')
  const control = controlOf(values, origins, isLive)
  if (!control) show('control', 'off')
  if (spool.folder === '') show('spool', 'off')
  return {
    settings: {
      ...settingsOf(values, inputs, routing),
      tls,
      senders,
      spool,
      http,
      control,
      ...(isWindowed ? {} : { tableWindow: null }),
    },
    values: shown,
    warnings: faults,
    ignored,
    reload: () => effective(sources),
  }
}

/**
 * What lies in files of its own and is a part of the configuration. Throws a UsageError with these faults and its own, or
 * the RefusedError that is the only one.
 */
function filesOf(values: Partial<Values>, { raw }: Inputs, faults: Fault[]): TlsCredentials {
  const refusals: RefusedError[] = []
  const { tls_cert: cert = '', tls_key: key = '', tls_ca: ca = '' } = values
  if (raw?.filterFile) attempt(() => readFilter(raw.filterFile), faults, refusals)
  const read = attempt(() => readCredentials({ cert, key, ca }), faults, refusals)
  const isSound = !faults.some(({ severity }) => severity === 'error')
  if (isSound && refusals.length === 1) throw refusals[0]
  if (!isSound || !read) throw new UsageError([...faults, ...refusals.map((refusal) => refusal.fault())])
  faults.push(...read.warnings)
  return read.credentials
}

function attempt<T>(read: () => T, faults: Fault[], refusals: RefusedError[]): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof UsageError) faults.push(...error.faults)
    else if (error instanceof RefusedError) refusals.push(error)
    else throw error
    return undefined
  }
}

type Report = (name: string, what: string, cure: string) => void

function checkRawModes(values: Partial<Values>, report: Report): void {
  if (values.raw_ipip_capture_on && values.raw_moni_capture_on) {
    const what = 'raw_ipip_capture_on and raw_moni_capture_on are not possible together'
    report('raw_moni_capture_on', what, 'switch one of them off')
  }
}

function checkColumns(values: Readonly<Record<string, unknown>>, report: Report): void {
  for (const { option, name, other } of clashingColumns(renamedColumns(values))) {
    report(option, `${name} is the name of the column ${other} already`, 'give each column a name of its own')
  }
}

interface Inputs {
  listen: Listen[]
  raw: RawSettings | undefined
  read: string[]
  /** Ports that are captured, as they are shown. */
  range: PortRange | null
}

const NO_INPUTS: Inputs = { listen: [], raw: undefined, read: [], range: null }
const MIRROR_PORTS: PortRange = { address: '0.0.0.0', firstPort: 5060, lastPort: 5061 }

function inputsOf(values: Values, origins: Map<string, string>, mayBeNone: boolean, report: Report): Inputs {
  const { raw_moni_capture_on: moni, raw_ipip_capture_on: ipip, read } = values
  const isRaw = moni || ipip
  const range = values.raw_socket_listen ?? (moni && values.script === '' ? MIRROR_PORTS : null)
  if (moni && range?.firstPort === undefined) {
    report('raw_socket_listen', 'mirror mode wants ports', 'write 0.0.0.0:1-65535 for every port')
  }
  if (ipip && range?.address.includes(':')) {
    report('raw_socket_listen', 'IPIP is IPv4, and this is an IPv6 address', 'write it like 192.0.2.1:5060')
  }
  checkOnce('read', read, report)
  checkOnce('raw_interface', values.raw_interface, report)
  if (read.length > 0) return { listen: [], raw: undefined, read, range }
  const isImplied = !isRaw && origins.get('listen') === 'default'
  const listen = listenersOf(values, isImplied)
  if (listen.length === 0 && !isRaw && !mayBeNone) {
    const off = !values.hep_capture_on
    const what = off ? 'with hep_capture_on = 0 there is nothing to capture from' : 'it names no listener'
    report(off ? 'hep_capture_on' : 'listen', what, off ? 'switch it on' : 'remove it, or name one')
  }
  checkPorts(listen, report)
  return { listen, raw: isRaw ? rawOf(values, moni ? 'moni' : 'ipip', range) : undefined, read, range }
}

function checkPorts(listen: Listen[], report: Report): void {
  const [one, other] = clash(listen) ?? []
  if (!one || !other) return
  const [first, second] = [listenPoint.show(one), listenPoint.show(other)]
  if (first === second) report('listen', `${first} is named twice`, 'name it once')
  else report('listen', `${first} and ${second} want the same port`, 'give one of them another port')
}

function checkTlsFiles(values: Values, listen: Listen[], report: Report): void {
  const { tls_cert, tls_key } = values
  const needy = listen.find(({ proto }) => isTls(proto))
  const cure = 'name PEM files with tls_cert and tls_key'
  if (needy && (tls_cert === '' || tls_key === '')) {
    const missing = tls_cert === '' ? 'tls_cert' : 'tls_key'
    report('listen', `${listenPoint.show(needy)} needs a ${missing}`, cure)
  } else if ((tls_cert === '') !== (tls_key === '')) {
    const [named, missing] = tls_cert === '' ? ['tls_key', 'tls_cert'] : ['tls_cert', 'tls_key']
    report(named, `there is no ${missing} to this ${named}`, cure)
  }
}

/** The ledger has each input under its name. */
function checkOnce(name: 'read' | 'raw_interface', named: string[], report: Report): void {
  const twice = duplicate(named)
  if (twice) report(name, `${twice} is named twice`, 'name it once')
}

/** Files are read instead of live input: a configuration that has both is warned of what stays shut. */
function notOpened(values: Values, origins: Map<string, string>): Fault[] {
  const named = {
    listen: values.listen.length > 0,
    raw_moni_capture_on: values.raw_moni_capture_on,
    raw_ipip_capture_on: values.raw_ipip_capture_on,
  }
  return Object.entries(named).flatMap(([name, isNamed]) => {
    if (!isNamed) return []
    const what = `${name}: files are read instead of live input, so this is not opened`
    return [{ where: origins.get(name)!, severity: 'warning', what, cure: 'leave out --read to open it' }]
  })
}

const IMPLIED_LISTENERS = [
  { proto: 'hep_udp', host: '*' },
  { proto: 'hep_tcp', host: '*' },
] as const

const SIP_PORT = 5060

function listenersOf(values: Values, isImplied: boolean): Listen[] {
  const named: readonly NamedListen[] = isImplied ? IMPLIED_LISTENERS : values.listen
  const open = named.filter(({ proto }) => values.hep_capture_on || proto === 'udp')
  return open.map(({ proto, host, port }) => ({
    proto,
    host,
    port: port ?? (proto === 'udp' ? SIP_PORT : values.hep_port),
  }))
}

function rawOf(values: Values, mode: RawSettings['mode'], range: PortRange | null): RawSettings {
  return {
    mode,
    interfaces: values.raw_interface,
    range: range ?? { address: '0.0.0.0' },
    children: values.raw_sock_children,
    promiscuous: values.promiscuous_on,
    filter: values.raw_moni_bpf_on,
    filterFile: values.bpf_file,
    tunnels: values.tunnels,
    snapLength: values.snaplen,
    ringBytes: values.ring_size,
    rcvbufBytes: values.rcvbuf,
  }
}

function checkTargets(targets: Target[], report: Report): void {
  const twice = duplicate(targets.map((target) => `${daemonOptions.db_url.type.show(target)}`))
  if (twice) report('db_url', `${twice} is named twice`, 'name it once: every row would be there twice')
  if (targets.length === 0) report('db_url', 'it names no database', 'write none: to store nothing')
}

function duplicate(names: string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) !== index)
}

/** Whoever names routes wants them run. */
function hepRouteOf(values: Values, origins: Map<string, string>): string {
  const hasRoutes = values.script !== '' || values.routes !== ''
  return hasRoutes && origins.get('hep_route') === 'default' ? 'sip' : values.hep_route
}

/** Files wait for the databases: their rows go to the disk only where somebody wants that. */
function spoolOf(values: Values, origins: Map<string, string>, isLive: boolean): SpoolSettings {
  const isNamed = origins.get('spool') !== 'default'
  const folder = isLive || isNamed || values.spool_always ? values.spool : ''
  return {
    folder,
    isNamed: isNamed || values.spool_always,
    always: values.spool_always,
    maxBytes: values.spool_max,
    full: values.spool_full,
  }
}

/** Files are read and done with: nobody needs a door to that. */
function httpOf({ http }: Partial<Values>, origins: Map<string, string>, isLive: boolean): Settings['http'] {
  const isNamed = origins.get('http') !== 'default'
  return http && (isLive || isNamed) ? { ...http, isNamed } : undefined
}

function controlOf({ control }: Values, origins: Map<string, string>, isLive: boolean): Settings['control'] {
  const isNamed = origins.get('control') !== 'default'
  return control !== '' && (isLive || isNamed) ? { path: control, isNamed } : undefined
}

/** A name is one of this host's addresses, and which one is not known yet. */
function checkToken({ host }: HttpPoint, token: string | undefined, report: Report): void {
  if (token !== '' || isLoopback(host) || host === 'localhost') return
  const what = 'a door that others can reach wants a token'
  report('http', what, 'name one with http_token, or open the door on 127.0.0.1 only')
}

function settingsOf(
  values: Values,
  { listen, raw, read, range }: Inputs,
  routing: Routing,
): Omit<Settings, 'tls' | 'senders' | 'spool' | 'http' | 'control'> {
  return {
    ...routing,
    agent: {
      captureId: values.hep_capture_id,
      compressed: values.compressed_payload,
      homer5: values.homer5_on,
    },
    hepIds: new Map(values.hep_id.map(({ name, target }) => [name, target])),
    listen,
    hepCaptureOn: values.hep_capture_on,
    raw,
    read,
    readRange: range ?? { address: '' },
    tunnels: values.tunnels,
    targets: values.db_url,
    statementsInFlight: values.max_async_queries,
    tableLayout: {
      renamed: renamedColumns(values),
      reportLayout: values.homer5_on ? 'homer5' : 'homer6',
    },
    relay: {
      agent: { captureId: values.hep_capture_id, compressed: values.compressed_payload },
      limits: {
        sendTimeoutMs: values.hep_send_timeout,
        failures: Math.max(values.hep_max_retries, 1),
        longestPauseMs: values.hep_retry_cooldown,
        queuePackets: values.hep_async_max_postponed_chunks || Number.POSITIVE_INFINITY,
      },
    },
    tableName: values.table_name,
    rtcpTableName: values.rtcp_table_name,
    captureOn: values.capture_on,
    captureNode: values.capture_node,
    tableWindow: values.table_window,
    udpWorkers: values.udp_workers,
    rcvbufBytes: values.rcvbuf,
    queueBytes: values.queue_max,
    stopTimeoutMs: values.stop_timeout,
    logLevel: values.log_level,
    logFormat: values.log_format,
    user: values.user,
    group: values.group,
    httpToken: values.http_token,
    miFifo: values.mi_fifo,
    httpCalls: values.http_calls,
    traffic: values.heplify_metrics ? { targets: values.heplify_target } : undefined,
  }
}

function shownValues(
  values: Record<string, unknown>,
  origins: Map<string, string>,
): Map<string, EffectiveValue> {
  return new Map(
    Object.entries(daemonOptions as Record<string, Option>).map(([name, option]) => {
      const value = values[name]
      const shown = Array.isArray(value)
        ? value.map((one) => shownValue(option, one))
        : shownValue(option, value)
      return [name, { value: shown, origin: origins.get(name)! }]
    }),
  )
}

function shownValue({ type, secret }: Option, value: unknown): Shown {
  const shown = type.show(value)
  return secret && shown !== '' && shown !== 'off' ? '***' : shown
}
