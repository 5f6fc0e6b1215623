// Which way a message goes: the default path, which stores SIP in the SIP table and all else in the report table,
// or the routes of a script or a module. Made anew when settings are loaded again.

import { agentPacket } from '../hep/agent.js'
import type { Message } from '../message.js'
import { isTableName } from '../options/types.js'
import type { BatchRun } from './batch-run.js'
import type { CaptureSwitch } from './capture-switch.js'
import type { DerivedRows } from './derived-rows.js'
import type { Deed, Fates } from './fates.js'
import { Rules } from './match-rules.js'
import type { RowKind } from './rows.js'
import type { RelayTarget, RuleSettings } from './rules.js'
import type { RouteServices } from './services.js'
import type { Route, RouteTable } from './table.js'
import { TableName, type TableWindow } from './tables.js'

export interface RouterSettings {
  /** strftime allowed; expanded in UTC. */
  tableName: string
  rtcpTableName: string
  captureNode: string
  /** false stores nothing. */
  captureOn: boolean
  /** In milliseconds; null: no bound. */
  tableWindow?: TableWindow
  rules: RuleSettings
  /** `none`, `sip`, or the name of a route: the path of HEP messages. */
  hepRoute: string
  agent: AgentSettings
  /** Destinations of correlate(), by name. */
  hepIds: ReadonlyMap<string, RelayTarget>
}

/** Of packets that we make. */
export interface AgentSettings {
  /** hep_capture_id */
  captureId: number
  /** compressed_payload */
  compressed: boolean
  /** homer5_on: the layout of correlations. */
  homer5: boolean
}

/** What routers share, and keep when one takes the place of another. */
export interface RouterPorts {
  relays: RelayPort
  derived: DerivedRows
  /** What a row is for its message; none: there is no sink. */
  deeds: readonly Deed[]
  /** Goes before the setting, where there is one. */
  capture?: CaptureSwitch
}

export interface RelayTicket {
  /** Once for each packet that was accepted: without a reason when it was sent. */
  settle(reason?: string): void
}

export interface RelayPort {
  /** Copies the packet into a queue; or says why not. */
  send(to: RelayTarget, packet: Uint8Array, ticket: RelayTicket): string | undefined
}

/** Where a message begins: the default path, the routes of SIP, or a route of HEP packets. */
export type Start = 'default' | 'sip' | Route

export class Router {
  readonly settings: RouterSettings
  readonly ports: RouterPorts
  readonly rules: Rules
  readonly routes: RouteTable | undefined
  readonly services: RouteServices | undefined
  readonly #hepStart: Start
  readonly #tables: Record<RowKind, TableName>
  /** Of methods, and of templates that routes name; undefined for what is no name. */
  readonly #named = new Map<string, TableName | undefined>()

  /** Throws an Error for a `hep_route` that is no route: the configuration was checked before. */
  constructor(settings: RouterSettings, ports: RouterPorts, services?: RouteServices) {
    this.settings = settings
    this.ports = ports
    this.rules = new Rules(settings.rules)
    this.services = services
    this.routes = services?.routes
    this.#hepStart = hepStart(settings.hepRoute, this.routes)
    this.#tables = { sip: new TableName(settings.tableName), report: new TableName(settings.rtcpTableName) }
  }

  startOf(message: Message): Start {
    if (message.hepVersion > 0) return this.#hepStart
    return this.routes ? 'sip' : 'default'
  }

  /** Why no row of this message can be stored; undefined: one can. */
  refusalOf(message: Message): 'capture_off' | 'no_sink' | undefined {
    const { capture, deeds } = this.ports
    const isOn = capture ? capture.isOnAt(message.arrivalUs) : this.settings.captureOn
    if (!isOn) return 'capture_off'
    return deeds.length > 0 ? undefined : 'no_sink'
  }

  storeByDefault(run: BatchRun, message: Message, row: number): void {
    const refusal = this.refusalOf(message)
    if (!refusal) {
      const kind = message.isSip ? 'sip' : 'report'
      run.put(kind, this.tableOf(kind, message), message, row)
    }
    run.fates.end(row, refusal ?? '')
  }

  /** That of the method, else the default one. */
  tableOf(kind: RowKind, message: Message): string {
    const wanted = kind === 'sip' ? this.rules.tableOf(message) : undefined
    return this.#expanded(wanted === undefined ? this.#tables[kind] : this.#nameOf(wanted)!, message)
  }

  /** `template` as a route named it, of a packet's words perhaps: undefined when it is no name of a table. */
  namedTable(template: string, message: Message): string | undefined {
    const name = this.#nameOf(template)
    return name && this.#expanded(name, message)
  }

  /** False when it was refused; the ledger has the reason either way. */
  relay(fates: Fates, row: number, message: Message, to: RelayTarget, packet?: Uint8Array): boolean {
    fates.begin(row, 'packet')
    const octets = packet ?? packetOf(message, this.settings.agent)
    const refused = octets ? this.ports.relays.send(to, octets, new Ticket(fates, row)) : 'too_long'
    if (refused !== undefined) fates.done(row, 'packet', `relay/${refused}`)
    return refused === undefined
  }

  #expanded(name: TableName, { batch, row }: Message): string {
    return name.of(batch, row, this.settings.tableWindow)
  }

  #nameOf(template: string): TableName | undefined {
    const known = this.#named.get(template)
    if (known || this.#named.has(template)) return known
    if (this.#named.size >= NAMES_KEPT) this.#named.clear()
    const name = isTableName(template) ? new TableName(template) : undefined
    this.#named.set(template, name)
    return name
  }
}

/** Routes may make names of what they find in messages. */
const NAMES_KEPT = 256

/** HEP goes on as it came; what came without is put into a packet of ours. */
function packetOf(message: Message, agent: AgentSettings): Uint8Array | undefined {
  return message.hepVersion > 0 ? message.packet : agentPacket(message, agent)
}

function hepStart(name: string, routes: RouteTable | undefined): Start {
  if (name === 'none' || !routes) return 'default'
  if (name === 'sip') return 'sip'
  const route = routes.named.get(name)
  if (!route) throw new Error(`no route ${name}`)
  return route
}

class Ticket implements RelayTicket {
  readonly #fates: Fates
  readonly #row: number

  constructor(fates: Fates, row: number) {
    this.#fates = fates
    this.#row = row
  }

  settle(reason?: string): void {
    this.#fates.done(this.#row, 'packet', reason === undefined ? undefined : `relay/${reason}`)
  }
}
