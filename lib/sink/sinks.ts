// From db_urls to sinks: a store with its feed and its place in the spool, or a relay.

import { existsSync } from 'node:fs'
import type { AgentOptions } from '../hep/agent.js'
import type { Log } from '../log.js'
import type { Relays } from '../relay/relays.js'
import type { RelayTarget } from '../route/rules.js'
import { folderOf } from '../spool/folder.js'
import { LazySpool } from '../spool/lazy-spool.js'
import { Spool, type SpoolLimits } from '../spool/spool.js'
import { type DatabaseTarget, databaseName } from './database-target.js'
import { Feed } from './feed.js'
import { RelaySink } from './relay.js'
import { type TableLayout, tableShapes } from './schema.js'
import type { Sink } from './sink.js'
import type { SpoolPort } from './spool-port.js'
import { StoreThread } from './store-thread.js'

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

/** With `--spool-always` rows are forced onto the disk so soon. */
const SYNC_MS = 200

export function sinksOf(settings: SinkSettings, relays: Relays, log: Log): Sink[] {
  return settings.targets.flatMap((target): Sink[] => {
    if (target.kind === 'none') return []
    if (target.kind !== 'relay') return [feed(target, settings, log)]
    return [new RelaySink(relays, { to: target.to, agent: settings.agent, waits: settings.relaysWait })]
  })
}

function feed(
  target: Exclude<Target, { kind: 'relay' | 'none' }>,
  { statementsInFlight, tableLayout, spool, heldBlocks }: SinkSettings,
  log: Log,
): Feed {
  const name = target.kind === 'sqlite' ? `sqlite:${target.path}` : databaseName(target.at)
  const shapes = tableShapes(tableLayout)
  const thread = new StoreThread(name, { ...target, statementsInFlight, shapes }, log)
  return new Feed(thread, spoolOf(name, spool, log), { heldBlocks, spoolAlways: spool.always }, log)
}

function spoolOf(sinkName: string, settings: SpoolSettings, log: Log): SpoolPort | undefined {
  const { folder, isNamed, always, maxBytes, full } = settings
  if (folder === '') return undefined
  const limits = { maxBytes, full, syncMs: always ? SYNC_MS : undefined }
  const path = folderOf(folder, sinkName)
  const open = () => Spool.open(path, sinkName, limits, log)
  return new LazySpool(open, isNamed || always || existsSync(path), isNamed ? undefined : log)
}
