// How chunks are named, read and written.

/** How the octets of a chunk are read or written. */
export type ChunkDataType =
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'inet4-addr'
  | 'inet6-addr'
  | 'utf8-string'
  | 'octet-string'

/** The registry's name, or a number, also as text: `11`, `0x11`. */
export type ChunkId = string | number

export interface ChunkOptions {
  type?: ChunkDataType | undefined
  /** Default: 0 for ids of the registry, 3 for others. */
  vendor?: number | undefined
}

export interface ChunkValue {
  /** Octets of an octet-string are one character each; a utf8-string is as octet-text.ts has it. */
  value: string | number
  vendor: number
}
