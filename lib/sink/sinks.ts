// All sinks, over every reload: those in force, those that still store what they have, and what those counted that are
// gone. Nobody is taken out of use before what takes its place is open.

import { type Fault, RefusedError, UsageError } from '../errors.js'
import type { Log } from '../log.js'
import type { Relays } from '../relay/relays.js'
import { type NamedSink, namedSink, type Prepared } from './named-sink.js'
import { keyed, type SinkSettings, type SinkTarget, type Target } from './settings.js'
import type { Sink } from './sink.js'
import { SinkSet } from './sink-set.js'

export type { SinkSettings, SpoolSettings, Target } from './settings.js'

/** A sink that was named once. */
interface Known {
  readonly named: NamedSink
  isWanted: boolean
  /** Under way, or done. */
  closed: Promise<void> | undefined
  /** Counts what was decided about it: what was decided before is void. */
  turn: number
}

/** Sinks that are open and not in use. */
export interface SinkChange {
  /** From here on they are in force. */
  use(): SinkSet
  abandon(): Promise<void>
}

const STOPPING: Fault = {
  where: 'hepcapd',
  severity: 'error',
  what: 'it is stopping',
  cure: 'start it again',
}

/** One that hangs keeps the process for so long at its end. */
const LAST_WAIT_MS = 10_000

export class Sinks {
  readonly #relays: Relays
  readonly #log: Log
  /** How long a sink that is named no more may take to store what it has. */
  readonly #patienceMs: number
  readonly #known = new Map<string, Known>()
  #set: SinkSet
  /** Of configurations before, which batches are still on their way with. */
  readonly #older = new Set<SinkSet>()
  #isClosed = false

  constructor(settings: SinkSettings, relays: Relays, log: Log, patienceMs: number) {
    this.#relays = relays
    this.#log = log
    this.#patienceMs = patienceMs
    for (const [key, target] of keyed(settings.targets)) {
      this.#known.set(key, wanted(namedSink(target, settings, relays, log)))
    }
    this.#set = this.#setOf(settings.targets)
  }

  get inForce(): SinkSet {
    return this.#set
  }

  /** Those that have anything to tell: the ones in force, and of the others those that counted something. */
  get all(): Sink[] {
    const told = [...this.#known.values()].filter(({ isWanted, named: { sink } }) => {
      return isWanted || sink.counts.rows > 0 || (sink.spooledRows ?? 0) > 0
    })
    return told.map(({ named }) => named.sink)
  }

  /** Those that have not stored all they have. */
  get busy(): Sink[] {
    return [...this.#known.values()].filter(({ closed }) => !closed).map(({ named }) => named.sink)
  }

  /** Rejects with a RefusedError for the first that cannot be used. */
  async open(): Promise<void> {
    for (const { named } of this.#known.values()) await named.sink.open()
  }

  /** Tries what these want and is not open. Rejects with a UsageError, every fault in it, and nothing has changed. */
  async prepare(settings: SinkSettings): Promise<SinkChange> {
    const targets = keyed(settings.targets)
    const tried = await Promise.allSettled(
      Array.from(targets, ([key, target]) => this.#prepareOne(key, target, settings)),
    )
    const prepared = tried.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const abandon = async () => void (await Promise.all(prepared.map((one) => one.abandon())))
    const faults = tried.flatMap((one) => (one.status === 'rejected' ? [faultOf(one.reason)] : []))
    if (this.#isClosed) faults.push(STOPPING)
    if (faults.length > 0) {
      await abandon()
      throw new UsageError(faults)
    }
    return { abandon, use: () => this.#use(settings, targets, prepared) }
  }

  /** What is not committed goes to the disk, or stays pending. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(Array.from(this.#known.values(), (known) => this.#closeOne(known)))
  }

  #closeOne(known: Known): Promise<void> {
    known.turn++
    if (known.closed) return within(known.closed, LAST_WAIT_MS)
    known.closed = known.named.sink.close()
    return known.closed
  }

  #setOf(targets: readonly Target[]): SinkSet {
    return new SinkSet(Array.from(keyed(targets).keys(), (key) => this.#known.get(key)!.named.sink))
  }

  async #prepareOne(key: string, target: SinkTarget, settings: SinkSettings): Promise<Prepared> {
    const known = this.#known.get(key)
    if (!known) return this.#prepareNew(key, target, settings)
    if (known.isWanted) return this.#prepareChange(known, target, settings)
    known.isWanted = true
    known.turn++ // it is not closed meanwhile
    try {
      const prepared = await this.#prepareChange(known, target, settings)
      return { use: prepared.use, abandon: () => prepared.abandon().then(() => this.#leave(known)) }
    } catch (error) {
      this.#leave(known)
      throw error
    }
  }

  async #prepareChange(known: Known, target: SinkTarget, settings: SinkSettings): Promise<Prepared> {
    const { named, closed } = known
    if (closed) return this.#prepareAgain(known, target, settings)
    if (named.fits(target, settings)) return { use: () => {}, abandon: async () => {} }
    return named.prepare(target, settings, false)
  }

  async #prepareAgain(known: Known, target: SinkTarget, settings: SinkSettings): Promise<Prepared> {
    await known.closed
    const prepared = await known.named.prepare(target, settings, true)
    known.closed = undefined
    const abandon = () => {
      known.closed = prepared.abandon()
      return known.closed
    }
    return { use: prepared.use, abandon }
  }

  async #prepareNew(key: string, target: SinkTarget, settings: SinkSettings): Promise<Prepared> {
    const named = namedSink(target, settings, this.#relays, this.#log)
    try {
      await named.sink.open()
    } catch (error) {
      await named.sink.remove()
      throw error
    }
    return {
      use: () => this.#known.set(key, wanted(named)),
      abandon: () => named.sink.remove(),
    }
  }

  #use(
    settings: SinkSettings,
    targets: ReadonlyMap<string, SinkTarget>,
    prepared: readonly Prepared[],
  ): SinkSet {
    for (const one of prepared) one.use()
    const old = this.#set
    const set = this.#setOf(settings.targets)
    if (!isSame(set.sinks, old.sinks)) {
      for (const older of this.#older) if (older.isUnused) this.#older.delete(older)
      this.#older.add(old)
      this.#set = set
    }
    for (const [key, known] of this.#known) {
      const target = targets.get(key)
      if (target) known.named.adjust(target, settings)
      else if (known.isWanted) this.#leave(known)
    }
    return this.#set
  }

  #leave(known: Known): void {
    known.isWanted = false
    void this.#retire(known)
  }

  /** Lets it finish what it has, then closes it; unless it is wanted again by then. */
  async #retire(known: Known): Promise<void> {
    const turn = ++known.turn
    const { sink } = known.named
    const users = [...this.#older].filter(({ sinks }) => sinks.includes(sink))
    await Promise.all(users.map((set) => set.unused()))
    if (sink.drained) await within(sink.drained(), this.#patienceMs)
    if (known.turn !== turn || known.closed) return
    known.closed = sink.remove().catch((error: Error) => this.#log.error(`${sink.name}: ${error.message}`))
    await known.closed
    this.#log.info(`${sink.name}: closed, no configuration names it any more`)
  }
}

function wanted(named: NamedSink): Known {
  return { named, isWanted: true, closed: undefined, turn: 0 }
}

function isSame(some: readonly Sink[], others: readonly Sink[]): boolean {
  return some.length === others.length && some.every((sink, at) => sink === others[at])
}

/** Throws what the user cannot cure. */
function faultOf(error: unknown): Fault {
  if (error instanceof RefusedError) return error.fault()
  throw error
}

async function within(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, timeout])
  clearTimeout(timer)
}
