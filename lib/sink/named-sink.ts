// A sink under its name, for as long as the daemon runs: what can change of it while it is in use changes, and what it
// has counted stays when it is closed and opened again.

import { existsSync } from 'node:fs'
import type { Log } from '../log.js'
import type { Relays } from '../relay/relays.js'
import { folderOf } from '../spool/folder.js'
import { LazySpool } from '../spool/lazy-spool.js'
import { Spool, type SpoolLimits } from '../spool/spool.js'
import { Feed, type FeedLimits } from './feed.js'
import { RelaySink } from './relay.js'
import { tableShapes } from './schema.js'
import { type SinkSettings, type SinkTarget, sinkName } from './settings.js'
import type { Sink } from './sink.js'
import type { SpoolPort } from './spool-port.js'
import { StoreThread } from './store-thread.js'

export interface NamedSink {
  readonly sink: Sink
  /** Can it be used as these want it, without anything that would have to be opened? */
  fits(target: SinkTarget, settings: SinkSettings): boolean
  /** Opens what has to be opened for it; rejects with a RefusedError, everything closed again. */
  prepare(target: SinkTarget, settings: SinkSettings, isClosed: boolean): Promise<Prepared>
  /** Limits, and how packets are made. */
  adjust(target: SinkTarget, settings: SinkSettings): void
}

/** Opened, and not in use yet. */
export interface Prepared {
  use(): void
  abandon(): Promise<void>
}

export function namedSink(target: SinkTarget, settings: SinkSettings, relays: Relays, log: Log): NamedSink {
  return target.kind === 'relay'
    ? new NamedRelay(target, settings, relays)
    : new NamedFeed(target, settings, log)
}

type StoreTarget = Exclude<SinkTarget, { kind: 'relay' }>
type RelayTarget = Extract<SinkTarget, { kind: 'relay' }>

/** With `--spool-always` rows are forced onto the disk so soon. */
const SYNC_MS = 200

class NamedFeed implements NamedSink {
  readonly sink: Feed
  readonly #log: Log
  readonly #limits: FeedLimits = { heldBlocks: 0, spoolAlways: false }
  readonly #spoolLimits: SpoolLimits = { maxBytes: 0, full: 'drop-newest' }
  #opened: string

  constructor(target: StoreTarget, settings: SinkSettings, log: Log) {
    this.#log = log
    this.#opened = openedWith(target, settings)
    this.adjust(target, settings)
    const thread = threadOf(target, settings, log)
    this.sink = new Feed(thread, this.#spoolOf(target, settings), this.#limits, log)
  }

  fits(target: SinkTarget, settings: SinkSettings): boolean {
    return this.#opened === openedWith(target, settings)
  }

  async prepare(target: StoreTarget, settings: SinkSettings, isClosed: boolean): Promise<Prepared> {
    const opened = openedWith(target, settings)
    const thread = threadOf(target, settings, this.#log)
    if (isClosed) return this.#reopen(thread, target, settings)
    try {
      await thread.open()
    } catch (error) {
      await thread.close()
      throw error
    }
    const use = () => {
      this.#opened = opened
      void this.sink.change(thread)
    }
    return { use, abandon: () => thread.close() }
  }

  adjust(_: SinkTarget, { heldBlocks, spool: { always, maxBytes, full } }: SinkSettings): void {
    Object.assign(this.#limits, { heldBlocks, spoolAlways: always })
    Object.assign(this.#spoolLimits, { maxBytes, full, syncMs: always ? SYNC_MS : undefined })
  }

  async #reopen(thread: StoreThread, target: StoreTarget, settings: SinkSettings): Promise<Prepared> {
    this.#opened = openedWith(target, settings)
    try {
      await this.sink.reopen(thread, this.#spoolOf(target, settings))
    } catch (error) {
      await this.sink.remove()
      throw error
    }
    return { use: () => {}, abandon: () => this.sink.remove() }
  }

  #spoolOf(target: StoreTarget, { spool }: SinkSettings): SpoolPort | undefined {
    const { folder, isNamed, always } = spool
    if (folder === '') return undefined
    const name = sinkName(target)
    const path = folderOf(folder, name)
    const open = () => Spool.open(path, name, this.#spoolLimits, this.#log)
    return new LazySpool(open, isNamed || always || existsSync(path), isNamed ? undefined : this.#log)
  }
}

function openedWith(target: SinkTarget, { statementsInFlight, tableLayout }: SinkSettings): string {
  return JSON.stringify([target, statementsInFlight, tableLayout])
}

function threadOf(
  target: StoreTarget,
  { statementsInFlight, tableLayout }: SinkSettings,
  log: Log,
): StoreThread {
  const shapes = tableShapes(tableLayout)
  return new StoreThread(sinkName(target), { ...target, statementsInFlight, shapes }, log)
}

/** There is nothing to open: whether the destination is there shows when there is something to send. */
class NamedRelay implements NamedSink {
  readonly sink: RelaySink

  constructor({ to }: RelayTarget, { agent, relaysWait: waits }: SinkSettings, relays: Relays) {
    this.sink = new RelaySink(relays, { to, agent, waits })
  }

  fits(): boolean {
    return true
  }

  async prepare(): Promise<Prepared> {
    return { use: () => {}, abandon: async () => {} }
  }

  adjust({ to }: RelayTarget, { agent, relaysWait: waits }: SinkSettings): void {
    this.sink.change({ to, agent, waits })
  }
}
