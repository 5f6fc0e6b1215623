// The ledger: every message of every input in exactly one outcome, or still in flight.
//
// What the engine counted (received, dropped before a row existed) and what became of the rows are counted
// apart; in_flight is what the engine accepted and nobody has settled yet. All is read in one turn of the
// event loop, so a snapshot is consistent.

import type { FrameCounters, IntakeCounters } from './binding.js'
import type { RelayStatus } from './relay/relays.js'

export interface InputLedger {
  received: number
  stored: number
  spooled: number
  relayed: number
  discarded: Record<string, number>
  dropped: Record<string, number>
  in_flight: number
  /** Of inputs that capture frames: `total` is the sum of the others. */
  frames?: { total: number } & FrameCounters
}

export interface LedgerSnapshot {
  inputs: Record<string, InputLedger>
  /** Rows that were committed, and those that wait in the spool, which may be of earlier processes; absent: none. */
  sinks: Record<string, { rows: number; spooled_rows?: number }>
  /** Packets that were sent on, by destination; absent when there are none. */
  relays?: Record<string, Omit<RelayStatus, 'name'>>
  /** Oddities that were tolerated, by input, of `values` that were stored, and of `routes`; absent when there are none. */
  odd?: Record<string, Record<string, number>>
}

/** What became of the messages of one input after the engine had accepted them. */
export class Outcomes {
  readonly name: string
  stored = 0
  /** On the disk, for some database at least. */
  spooled = 0
  /** Only sent on, stored nowhere. */
  relayed = 0
  readonly #discarded = new Map<string, number>()
  readonly #dropped = new Map<string, number>()

  constructor(name: string) {
    this.name = name
  }

  discard(reason: string, messages: number): void {
    add(this.#discarded, reason, messages)
  }

  /** `where` is `stage/reason`. */
  drop(where: string, messages: number): void {
    add(this.#dropped, where, messages)
  }

  snapshot(intake: IntakeCounters, frames: FrameCounters | null): InputLedger {
    const settled = this.stored + this.spooled + this.relayed + sum(this.#discarded) + sum(this.#dropped)
    const dropped = new Map(Object.entries(intake.dropped))
    for (const [where, messages] of this.#dropped) add(dropped, where, messages)
    return {
      received: intake.received,
      stored: this.stored,
      spooled: this.spooled,
      relayed: this.relayed,
      discarded: Object.fromEntries(this.#discarded),
      dropped: Object.fromEntries(dropped),
      in_flight: intake.accepted - settled,
      ...(frames ? { frames: { total: totalOf(frames), ...frames } } : {}),
    }
  }
}

function totalOf({ messages, held, ignored }: FrameCounters): number {
  return messages + held + Object.values(ignored).reduce((total, count) => total + count, 0)
}

function add(counts: Map<string, number>, key: string, more: number): void {
  if (more > 0) counts.set(key, (counts.get(key) ?? 0) + more)
}

function sum(counts: Map<string, number>): number {
  let total = 0
  for (const count of counts.values()) total += count
  return total
}

/** Messages that are lost: dropped anywhere. */
export function droppedOf(ledger: InputLedger): number {
  return Object.values(ledger.dropped).reduce((total, count) => total + count, 0)
}
