// The spool of one sink: blocks of rows in files, oldest first, which outlive the process.
//
// Used on the main thread; what touches the disk runs on libuv's threads.

import type { Log } from '../log.js'
import type { SpoolPort } from '../sink/spool-port.js'

export interface SpoolOptions {
  /** Octets that it may take on the disk. */
  maxBytes: number
  /** What a spool without room loses. */
  full: 'drop-newest' | 'drop-oldest'
  log: Log
}

export interface SpoolFolder extends SpoolPort {
  /** Where it is. */
  readonly folder: string
  /** On the disk: blocks, what is kept aside, and refused rows. */
  readonly bytes: number
  /** Of blocks that could not be read again, as far as that is known. */
  readonly damagedRows: number
  /** Refused rows that were kept for the operator. */
  readonly quarantinedRows: number
  /** Resolves when all that was appended is on the disk itself. */
  sync(): Promise<void>
}

/**
 * Spool.open(): makes a folder in `folder` for the sink of this name, or takes the one that is there, for this process
 * alone. Rejects with a RefusedError when it cannot be had.
 */
export type OpenSpool = (folder: string, sinkName: string, options: SpoolOptions) => Promise<SpoolFolder>
