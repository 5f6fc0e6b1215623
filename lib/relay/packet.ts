// What a stream can carry: packets that say themselves how long they are.

/** Of IPv6; IPv4 takes 20 octets less, as the kernel says. */
export const LONGEST_DATAGRAM = 65527

/** `HEP3` and `EEP3`. */
const HEP3 = 0x48455033
const EEP3 = 0x45455033
const HEADER = 6

/**
 * The octets of a version 3 packet, as many as it says; undefined for another version, and for one that says more than
 * it has: either would break the stream.
 */
export function carriedOctets(packet: Uint8Array): Uint8Array | undefined {
  if (packet.length < HEADER) return undefined
  const view = new DataView(packet.buffer, packet.byteOffset, HEADER)
  const magic = view.getUint32(0)
  const total = view.getUint16(4)
  if ((magic !== HEP3 && magic !== EEP3) || total < HEADER || total > packet.length) return undefined
  return total === packet.length ? packet : packet.subarray(0, total)
}
