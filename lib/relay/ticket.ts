// What whoever sends a packet on hears of it, and why packets do not get through.

/** Of one packet that was accepted. */
export interface RelayTicket {
  /**
   * Called once, later: without a reason when the packet was taken. Over UDP that means by the kernel; over TCP and TLS
   * by the kernel of the receiver, which confirmed its octets. What becomes of it there nobody tells.
   */
  settle(reason?: RelayLoss): void
}

/** Why a packet is not accepted. */
export type RelayRefusal =
  | 'queue_full'
  /** The destination failed too often, and is left alone for a while. */
  | 'resting'
  /** The destination is a listener of our own. */
  | 'loop'
  /** Streams cannot carry versions 1 and 2. */
  | 'not_v3'
  | 'too_long'
  | 'stopped'
  | 'too_many_destinations'

/** Why an accepted packet was lost. */
export type RelayLoss =
  | 'send_failed'
  | 'connection_lost'
  | 'unresolved'
  | 'too_long'
  | 'timeout'
  | 'stopped'
  | 'loop'
