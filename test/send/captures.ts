// Capture files for the tests, made octet by octet.

const IPV4_HEADER = 20
const UDP_HEADER = 8

export interface Datagram {
  payload: string
  timeUs?: number
  protocol?: number
}

/** A frame of raw IP, 10.0.0.1:5060 -> 10.0.0.2:5080. */
export function frame({ payload, protocol = 17 }: Datagram): Buffer {
  const octets = Buffer.from(payload)
  const ip = Buffer.alloc(IPV4_HEADER + UDP_HEADER)
  ip.writeUInt8(0x45, 0)
  ip.writeUInt16BE(ip.length + octets.length, 2)
  ip.writeUInt8(protocol, 9)
  ip.set([10, 0, 0, 1, 10, 0, 0, 2], 12)
  ip.writeUInt16BE(5060, 20)
  ip.writeUInt16BE(5080, 22)
  ip.writeUInt16BE(UDP_HEADER + octets.length, 24)
  return Buffer.concat([ip, octets])
}

/** Classic pcap, microseconds, little-endian, raw IP. */
export function pcap(datagrams: Datagram[]): Buffer {
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(65535, 16)
  header.writeUInt32LE(101, 20)
  return Buffer.concat([header, ...datagrams.flatMap(record)])
}

function record(datagram: Datagram): Buffer[] {
  const octets = frame(datagram)
  const timeUs = datagram.timeUs ?? 1700000000123456
  const header = Buffer.alloc(16)
  header.writeUInt32LE(Math.floor(timeUs / 1e6), 0)
  header.writeUInt32LE(timeUs % 1e6, 4)
  header.writeUInt32LE(octets.length, 8)
  header.writeUInt32LE(octets.length, 12)
  return [header, octets]
}
