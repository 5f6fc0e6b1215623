// What a destination may cost, and how patient we are with it.

export interface RelayLimits {
  /** Octets of packets that wait for one destination or are under way to it. */
  queueBytes: number
  /** Likewise their number (`hep_async_max_postponed_chunks`). */
  queuePackets: number
  /** A receiver that confirms nothing for so long is cut off (`hep_send_timeout`). */
  sendTimeoutMs: number
  /** One address has so long to take a connection, the handshake of TLS included. */
  connectTimeoutMs: number
  /** The first pause after a failure; each further one is twice as long. */
  firstPauseMs: number
  /** The longest pause (`hep_retry_cooldown`). */
  longestPauseMs: number
  /** After so many failures in a row the destination rests for the length of its pause (`hep_max_retries`). */
  failures: number
  /** Host names are looked up again so often where no connection does it. */
  lookupMs: number
  /** A connection that lasted so long was none that failed. */
  stableMs: number
  /** Routes may name destinations by what is in a packet. */
  destinations: number
}

export const RELAY_LIMITS: RelayLimits = {
  queueBytes: 32 << 20,
  queuePackets: Number.POSITIVE_INFINITY,
  sendTimeoutMs: 10_000,
  connectTimeoutMs: 5000,
  firstPauseMs: 100,
  longestPauseMs: 30_000,
  failures: 5,
  lookupMs: 60_000,
  stableMs: 1000,
  destinations: 1000,
}

/** Before the next attempt after the n-th failure in a row: not all senders at the same time. */
export function pauseMs({ firstPauseMs, longestPauseMs }: RelayLimits, failures: number): number {
  const full = Math.min(firstPauseMs * 2 ** (failures - 1), longestPauseMs)
  return full * (0.75 + Math.random() / 4)
}
