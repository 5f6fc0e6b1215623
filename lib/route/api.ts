// What a route written in JavaScript is given, and what its module exports. The functions of OpenSIPS scripts have
// the same implementation: what is said here of a method holds for the function of its name.

import type { ChunkId, ChunkOptions, ChunkValue } from '../hep/chunk-types.js'
import type { Message } from '../message.js'

export type { ChunkDataType, ChunkId, ChunkOptions, ChunkValue } from '../hep/chunk-types.js'

/**
 * The message that a route is run for, as it came: valid until the route returns, or until its promise settles. What a
 * route edits shows in rows and packets, and in what `hepGet` and `header` give.
 */
export type RoutedMessage = Message

export interface SipCaptureOptions {
  /** Table name, strftime allowed; else the table of the message's method, else `table_name`. */
  table?: string | undefined
  /** custom_field1 to 3. */
  custom?: readonly (string | undefined)[] | undefined
}

export interface ReportCaptureOptions {
  correlationId: string
  /** Table name, strftime allowed; else `rtcp_table_name`. */
  table?: string | undefined
  /** HEP protocol type to store, 0 to 255; else that of the packet. */
  protocolType?: number | undefined
}

export type HepNetField = 'proto_family' | 'proto_id' | 'src_ip' | 'dst_ip' | 'src_port' | 'dst_port'

/** As syslog counts: L_ALERT -3, L_CRIT -2, L_ERR -1, L_WARN 1, L_NOTICE 2, L_INFO 3, L_DBG 4. */
export type XlogLevel = 'L_ALERT' | 'L_CRIT' | 'L_ERR' | 'L_WARN' | 'L_NOTICE' | 'L_INFO' | 'L_DBG'

export interface RouteVariables {
  get(name: string): string | number | undefined
  set(name: string, value: string | number): void
  delete(name: string): boolean
}

/** What a route can do with its message. Results are true or false; nothing here throws for what a message holds. */
export interface Capture {
  /** Stores the message in the SIP table. False when capture is off, nothing can be stored, or it is no SIP. */
  sipCapture(options?: SipCaptureOptions): boolean
  /** Likewise; resolves when the row is committed. */
  sipCaptureAsync(options?: SipCaptureOptions): Promise<boolean>
  /** Stores any message in the report table. False when capture is off or the correlation id is empty. */
  reportCapture(options: ReportCaptureOptions): boolean
  reportCaptureAsync(options: ReportCaptureOptions): Promise<boolean>

  /** Undefined for an absent chunk, and for a message that did not come in HEP version 3. */
  hepGet(id: ChunkId, options?: ChunkOptions): ChunkValue | undefined
  /** False for data that the chunk cannot hold, and for a message that did not come in HEP version 3. */
  hepSet(id: ChunkId, value: string | number, options?: ChunkOptions): boolean
  hepDel(id: ChunkId, options?: Pick<ChunkOptions, 'vendor'>): boolean
  /**
   * Sends the message on, unchanged byte for byte, or as it was edited. `to` is a SIP URI: `sip:HOST[:PORT][;transport=udp|tcp|tls]`;
   * without it the script's `$du`. True when the packet is queued; the ledger says what became of it.
   */
  hepRelay(options?: { to?: string | undefined }): boolean
  /** In a route of hepRoutes: goes on with `request` or `reply` once it has returned. False the second time. */
  hepResumeSip(): boolean
  /** Tells the destination of a `hep_id` that two ids belong to one call. */
  correlate(hepId: string, type1: string, id1: string, type2: string, id2: string): boolean

  /** Methods joined by `|`, case ignored; of a reply that of its CSeq. */
  isMethod(methods: string): boolean
  hasTotag(): boolean
  /** `type` is a content type: `application/sdp`. */
  hasBody(type?: string): boolean
  /** Full or compact name, case ignored. */
  isPresentHf(name: string): boolean
  /** POSIX extended expression over the whole message, case ignored. */
  search(expression: string): boolean
  /** The index-th header of this name (negative from the end), unfolded; undefined when there is none. */
  header(name: string, index?: number): string | undefined

  /** The sender of the HEP packet and our listener; undefined for a message without HEP. */
  hepNet(field: HepNetField): string | number | undefined
  /** 0 for a message without HEP. */
  readonly hepVersion: number

  xlog(text: string): boolean
  xlog(level: XlogLevel, text: string): boolean

  /** A map that all routes share, kept for the life of the process. `expiresSeconds` 0 is for ever. */
  cacheStore(system: string, key: string, value: string | number, expiresSeconds?: number): boolean
  cacheFetch(system: string, key: string): string | undefined
  cacheRemove(system: string, key: string): boolean
  /** Adds to a number, from 0 when there is none, and returns the sum; undefined when it is no number. */
  cacheAdd(system: string, key: string, by: number, expiresSeconds?: number): number | undefined
  /** Adds to a named counter; with 0 sets it back. */
  updateStat(name: string, by: number): boolean
  stat(name: string): number | undefined

  /** Runs a named route of the script, or of this module's hepRoutes, now; false when its code is negative. */
  route(name: string, ...parameters: (string | number)[]): boolean | Promise<boolean>
  /** `$var(name)`: lives as long as the message, shared by script and module. */
  readonly vars: RouteVariables
}

type MaybeAsync<T> = T | Promise<T>

export type RouteFunction = (msg: RoutedMessage, capture: Capture) => MaybeAsync<void>
/** False is false in a script, all else true. */
export type ScriptFunction = (
  msg: RoutedMessage,
  capture: Capture,
  ...args: (string | number)[]
) => MaybeAsync<boolean | undefined>

export interface TimerRoute {
  everySeconds: number
  run(capture: TimerCapture): MaybeAsync<void>
}

/** A timer has no message. */
export type TimerCapture = Pick<
  Capture,
  'xlog' | 'cacheStore' | 'cacheFetch' | 'cacheRemove' | 'cacheAdd' | 'updateStat' | 'stat' | 'vars'
>

/** The module of `--routes`. */
export interface RouteModule {
  request?: RouteFunction
  reply?: RouteFunction
  /** A payload that is not SIP, where SIP was expected. */
  error?: RouteFunction
  /** Once, before the first message. */
  startup?: (capture: TimerCapture) => MaybeAsync<void>
  hepRoutes?: Record<string, RouteFunction>
  timers?: TimerRoute[]
  /** Callable from a script by their names. */
  functions?: Record<string, ScriptFunction>
}
