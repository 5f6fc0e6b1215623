// How runs of packets leave for a destination: a line is its connection, or its datagram socket.

import type { RunQueue } from './queue.js'
import type { Run } from './run.js'
import type { RelayLoss } from './ticket.js'

export interface Line {
  /** There is something in the queue. */
  pump(): void
  /** Ends it. What is not settled then is back in the queue. */
  close(): Promise<void>
  /** Where the name leads now. */
  moveTo?(addresses: readonly string[]): void
}

/** Why a destination is out of reach, for the ledger and in words. */
export interface Failure {
  reason: RelayLoss
  what: string
}

export interface LineOwner {
  readonly queue: RunQueue
  settle(run: Run, reasonOf: (packet: number) => RelayLoss | undefined): void
  /** The line is gone, and what it had under way is back in the queue. Undefined: it was of use, and just ended. */
  broke(failure: Failure | undefined): void
  /** Packets do not get through: perhaps the name leads elsewhere now. */
  suspect(): void
}

/** The words of an error, with its code; of OpenSSL's lines the part that is for people. */
export function wordsOf(error: unknown): string {
  const { message: whole, reason, code } = error as NodeJS.ErrnoException & { reason?: string }
  const message = reason ?? whole
  return code && !message.includes(code) ? `${message} (${code})` : message
}
