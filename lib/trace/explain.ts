// What would become of a packet if it came to this daemon now: a trace through the routes, tables and sinks that are in
// force. Nothing of the daemon changes by it: nothing is sent, stored, logged or counted.
//
// A script is compiled once more, to be traced, and what it shares between messages is seen through an overlay. Of a
// module there is a second copy, whose variables are its own.

import { closeSync, writeSync } from 'node:fs'
import { binding, type PacketReading } from '../binding.js'
import type { InForce } from '../daemon.js'
import { type Fault, RefusedError, UsageError } from '../errors.js'
import type { Settings } from '../options/settings.js'
import { DerivedRows } from '../route/derived-rows.js'
import { type LoadedRoutes, soundRoutes } from '../route/load.js'
import { moduleVersion, twins } from '../route/module.js'
import { Timers } from '../route/timers.js'
import { OverlayCache, OverlayStats } from './overlay.js'
import { PacketPlace, refusedPacket, type TracedPacket } from './packet.js'
import { Recorder } from './recorder.js'
import { keysOf, listenerOf, reportOf, warningsOf } from './report.js'
import type { TraceReport } from './text.js'
import { DERIVED_OCTETS, type LiveParts } from './trace.js'

export interface Explanation {
  file: string
  /** undefined: an input would drop the packet before it is a message, for this reason. */
  report: TraceReport | undefined
  dropped: string
  warnings: Fault[]
  inForce: InForce
}

export interface RunningDaemon {
  /** Both of the same configuration. */
  settings(): Settings
  inForce(): InForce
}

/** What a packet is called: the one who asks knows where it is from. */
const GIVEN = 'what was given'
const MOST_AT_ONCE = 4
const BOUNDS: LiveParts['bounds'] = { steps: 1_000, lastSteps: 100, packets: 20, rows: 20, characters: 4096 }

/** What one message needs of memory. It is used again: a process has room for few. */
interface Workplace {
  packets: PacketPlace
  derived: DerivedRows
}

export class Explainer {
  readonly #daemon: RunningDaemon
  readonly #idle: Workplace[] = []
  #underWay = 0
  #isClosed = false
  /** The routes in force, ready to be traced. */
  #ready: { of: LoadedRoutes | undefined; traced: Promise<LoadedRoutes> } | undefined

  constructor(daemon: RunningDaemon) {
    this.#daemon = daemon
  }

  /**
   * `octets` are a HEP packet, a SIP message, or a capture with its frame, 0 for the first that carries a message.
   * Rejects with a RefusedError.
   */
  async explain(octets: Uint8Array, frame: number): Promise<Explanation> {
    if (this.#isClosed) throw refused('busy', 'the daemon is stopping')
    if (this.#underWay >= MOST_AT_ONCE) throw refused('busy', `${MOST_AT_ONCE} others are asked for already`)
    this.#underWay++
    const place = this.#idle.pop() ?? { packets: new PacketPlace(), derived: new DerivedRows(DERIVED_OCTETS) }
    const fd = binding.memoryFile()
    try {
      writeSync(fd, octets)
      return await this.#explain(`/proc/self/fd/${fd}`, frame, place)
    } finally {
      closeSync(fd)
      if (this.#isClosed) place.packets.close()
      else this.#idle.push(place)
      this.#underWay--
    }
  }

  /** Gives the memory back, without which the process does not end. */
  close(): void {
    this.#isClosed = true
    for (const { packets } of this.#idle.splice(0)) packets.close()
  }

  async #explain(path: string, frame: number, { packets, derived }: Workplace): Promise<Explanation> {
    const settings = this.#daemon.settings()
    const inForce = this.#daemon.inForce()
    const routes = await this.#tracedRoutes(inForce.routes, settings)
    const { tunnels, readRange } = settings
    const { firstPort, lastPort } = readRange
    const keys = keysOf(settings)
    return packets.with<Explanation>(
      { file: GIVEN, path, frame, tunnels, firstPort, lastPort, keys },
      async (packet) => {
        const where = { hepCaptureOn: settings.hepCaptureOn, where: 'explain' }
        const warnings = warningsOf(GIVEN, packet, where)
        const traced = traceSettings(packet, settings, inForce, derived)
        const report = await reportOf(packet, GIVEN, traced, routes)
        return { file: GIVEN, report, dropped: '', warnings, inForce }
      },
      (reading) => ({ file: GIVEN, report: undefined, dropped: dropOf(reading), warnings: [], inForce }),
    )
  }

  #tracedRoutes(loaded: LoadedRoutes | undefined, { routeSources }: Settings): Promise<LoadedRoutes> {
    if (this.#ready && this.#ready.of === loaded) return this.#ready.traced
    const ready = { of: loaded, traced: tracedCopy(loaded, routeSources) }
    this.#ready = ready
    ready.traced.catch(() => {
      if (this.#ready === ready) this.#ready = undefined
    })
    return ready.traced
  }
}

/** Rejects with a RefusedError for a module that is not there any more as it was loaded. */
async function tracedCopy(
  loaded: LoadedRoutes | undefined,
  sources: Settings['routeSources'],
): Promise<LoadedRoutes> {
  if (loaded?.moduleVersion !== undefined) checkModule(sources.module, loaded.moduleVersion)
  try {
    const routes = await soundRoutes({ ...sources, isTraced: true }, twins)
    if (loaded?.moduleVersion !== undefined) await startTwin(routes)
    return routes
  } catch (error) {
    if (error instanceof UsageError) throw refused('module', error.message)
    throw error
  }
}

function checkModule(path: string, version: string): void {
  let found: string | undefined
  try {
    found = moduleVersion(path)
  } catch {
    // it is not there, or not ours to read
  }
  if (found !== version)
    throw refused('module', `${path} is not there any more as it was loaded: reload, then ask again`)
}

/** What the daemon's own copy did at its start, for what it keeps in variables; all else that it does is forgotten. */
async function startTwin({ routes, limits }: LoadedRoutes): Promise<void> {
  if (!routes) return
  const log = new Recorder({ isLogged: () => false }, BOUNDS)
  const none = { fetch: () => undefined }
  const stats = new OverlayStats({ add() {}, get: () => undefined, set() {} })
  const cache = new OverlayCache(none, Date.now)
  const services = { log, stats, cache, routes, limits, inputOf: () => undefined, now: Date.now }
  await new Timers(services).startUp()
}

function traceSettings(packet: TracedPacket, settings: Settings, inForce: InForce, derived: DerivedRows) {
  const { state, listeners } = inForce
  const hosts = listeners.map(({ address: host, ...bound }) => ({ ...bound, host }))
  return {
    ...settings,
    ...inForce.settings,
    isLogged: (level: number) => state.log.isLogged(level),
    listener: listenerOf(packet, hosts),
    live: { ...livePartsOf(inForce), derived },
  }
}

function livePartsOf({ state, capture, sinks, relays }: InForce): Omit<LiveParts, 'derived'> {
  const stores = sinks.sinks.filter(({ sends }) => !sends)
  const isWaiting = stores.some(({ answers }) => answers === false)
  return {
    deeds: sinks.deeds,
    capture,
    stats: new OverlayStats(state.stats),
    cache: new OverlayCache(state.cache, Date.now),
    storing: stores.some(({ isAway }) => isAway) ? 'spooled' : isWaiting ? 'in_flight' : 'stored',
    refusalOf: (to, octets) => relays.refusalOf(to, octets),
    bounds: BOUNDS,
  }
}

/** A drop of an input has its stage; anything else is no packet. Throws a RefusedError. */
function dropOf(reading: PacketReading): string {
  if (!reading.reason.includes('/')) throw refusedPacket(GIVEN, reading)
  return reading.reason
}

function refused(code: string, message: string): RefusedError {
  return new RefusedError({ code, message, cure: '' })
}
