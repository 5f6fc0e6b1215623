// The chunks of a HEP3 packet, read by a second hand: nothing here uses the code that it tests.

export interface ReadChunk {
  vendor: number
  type: number
  /** Hexadecimal. */
  data: string
}

/** Throws unless the chunks fill the packet exactly. */
export function chunksOf(packet: Buffer): ReadChunk[] {
  const total = packet.readUInt16BE(4)
  if (total !== packet.length) throw new Error(`${packet.length} octets that say to be ${total}`)
  const chunks: ReadChunk[] = []
  for (let rest = packet.subarray(6); rest.length > 0; ) {
    const length = rest.readUInt16BE(4)
    if (length < 6 || length > rest.length) throw new Error(`a chunk of ${length} octets`)
    chunks.push({
      vendor: rest.readUInt16BE(0),
      type: rest.readUInt16BE(2),
      data: rest.toString('hex', 6, length),
    })
    rest = rest.subarray(length)
  }
  return chunks
}

/** `vendor/type=data`, in order. */
export function chunkLines(packet: Buffer): string[] {
  return chunksOf(packet).map(({ vendor, type, data }) => `${vendor}/${type}=${data}`)
}
