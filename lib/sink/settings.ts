// What sinks are made of: where rows go, and the limits on the way.

import type { AgentOptions } from '../hep/agent.js'
import { targetName } from '../relay/target.js'
import type { RelayTarget } from '../route/rules.js'
import type { SpoolLimits } from '../spool/spool.js'
import { type DatabaseTarget, databaseName } from './database-target.js'
import type { TableLayout } from './schema.js'

/** Where rows go: a SQLite file (strftime allowed), a database server, a HEP receiver, or nowhere. */
export type Target =
  | { kind: 'sqlite'; path: string }
  | { kind: 'database'; at: DatabaseTarget }
  | { kind: 'relay'; to: RelayTarget }
  | { kind: 'none' }

export interface SpoolSettings extends Omit<SpoolLimits, 'syncMs'> {
  /** '' is none. */
  folder: string
  /** Opened at the start; else when it is needed first, and where that fails rows wait in memory. */
  isNamed: boolean
  /** Every row goes there first. */
  always: boolean
}

export interface SinkSettings {
  targets: Target[]
  spool: SpoolSettings
  /** Over all connections of a database. */
  statementsInFlight: number
  tableLayout: TableLayout
  /** Of packets that relays make. */
  agent: AgentOptions
  /** Of the queue, the slabs that a database may hold before its rows go to the disk. */
  heldBlocks: number
  /** Do the inputs wait for relays too? */
  relaysWait: boolean
}

export type SinkTarget = Exclude<Target, { kind: 'none' }>

export function isSinkTarget(target: Target): target is SinkTarget {
  return target.kind !== 'none'
}

/** Without credentials: how the ledger and the log name the sink. */
export function sinkName(target: SinkTarget): string {
  if (target.kind === 'relay') return targetName(target.to)
  return target.kind === 'sqlite' ? `sqlite:${target.path}` : databaseName(target.at)
}

/** The sinks of these targets, by the name and, where that is not the first of its name, a number. */
export function keyed(targets: readonly Target[]): Map<string, SinkTarget> {
  const byKey = new Map<string, SinkTarget>()
  for (const target of targets.filter(isSinkTarget)) {
    let key = sinkName(target)
    for (let again = 2; byKey.has(key); again++) key = `${sinkName(target)} ${again}`
    byKey.set(key, target)
  }
  return byKey
}
