// The HEP3 registry by name, from the one table that C++ has.

import { binding } from '../binding.js'

const byName = new Map(binding.chunks.map((chunk) => [chunk.name, chunk.type]))

/** The type id of a generic chunk (vendor 0) by its registry name; a name that is not there is a bug. */
export function chunkType(name: string): number {
  const type = byName.get(name)
  if (type === undefined) throw new Error(`no chunk is called ${name}`)
  return type
}
