// What the ledger promises, in one question.

import type { IntakeCounters } from '../../lib/binding.js'
import { droppedOf, type InputLedger } from '../../lib/ledger.js'

/** Messages in some outcome, or in flight. */
export function settled(input: InputLedger): number {
  const discarded = Object.values(input.discarded).reduce((total, count) => total + count, 0)
  return input.stored + input.spooled + input.relayed + discarded + droppedOf(input) + input.in_flight
}

export function droppedBefore(counters: IntakeCounters): number {
  return Object.values(counters.dropped).reduce((total, count) => total + count, 0)
}
