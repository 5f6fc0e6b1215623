// What statements and conditions are compiled to: plain functions, run once for each message. Only what reaches an
// awaiting function gives a promise; everything else must never make one.

import type { Execution } from '../route/execution.js'

export interface SyncCode<T> {
  readonly awaits: false
  run(execution: Execution): T
}

interface AsyncCode<T> {
  readonly awaits: true
  run(execution: Execution): Promise<T>
}

export type Code<T> = SyncCode<T> | AsyncCode<T>

/** What a statement tells the block that it stands in. */
export const GO_ON = 0
export const BREAK = 1
export const RETURN = 2
/** The whole execution is over, however deep it was. */
export const END = 3
export type Flow = typeof GO_ON | typeof BREAK | typeof RETURN | typeof END

/** The outcomes of a condition; ENDED is that of a function or route that gave 0. */
export const FALSE = 'false'
export const TRUE = 'true'
export const ERROR = 'error'
export const ENDED = 'ended'
export type Outcome = typeof FALSE | typeof TRUE | typeof ERROR | typeof ENDED

export function sync<T>(run: (execution: Execution) => T): SyncCode<T> {
  return { awaits: false, run }
}

export function awaiting<T>(run: (execution: Execution) => Promise<T>): AsyncCode<T> {
  return { awaits: true, run }
}

export function outcomeOf(isTrue: boolean | undefined): Outcome {
  if (isTrue === undefined) return ERROR
  return isTrue ? TRUE : FALSE
}
