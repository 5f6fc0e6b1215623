// Files of scripts: read within a bound, and found as OpenSIPS finds what a script includes.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { RefusedError } from '../errors.js'

const MAX_OCTETS = 16 * 2 ** 20
const CHUNK_OCTETS = 2 ** 16

/** Throws TooLarge, or what the system says. */
export type ReadFile = (path: string) => Buffer

export class TooLarge extends Error {
  override readonly name = 'TooLarge'
}

/** Pipes are read as well as files, so that a preprocessor can stand before. */
export function readBounded(path: string): Buffer {
  const file = openSync(path, 'r')
  try {
    if (fstatSync(file).size > MAX_OCTETS) throw new TooLarge(path)
    const chunks: Buffer[] = []
    let total = 0
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_OCTETS)
      const length = readSync(file, chunk, 0, CHUNK_OCTETS, null)
      if (length === 0) return Buffer.concat(chunks)
      total += length
      if (total > MAX_OCTETS) throw new TooLarge(path)
      chunks.push(chunk.subarray(0, length))
    }
  } finally {
    closeSync(file)
  }
}

/** From the working directory, then next to the file that includes it. */
export function candidates(path: string, includer: string): string[] {
  return isAbsolute(path) ? [path] : [path, join(dirname(includer), path)]
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? 'EIO'

export const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(error))
export const isForbidden = (error: unknown): boolean => ['EACCES', 'EPERM'].includes(codeOf(error))

export function unreadable(path: string, error: unknown): RefusedError {
  if (error instanceof TooLarge) {
    const message = `${path}: larger than ${MAX_OCTETS} octets`
    return new RefusedError({ code: 'EFBIG', message, cure: 'name an OpenSIPS script' })
  }
  const { syscall } = error as NodeJS.ErrnoException
  const cure = isMissing(error) ? 'name a file that exists' : 'name a file that may be read'
  return new RefusedError({ code: codeOf(error), syscall, message: `${path}: cannot be read`, cure })
}
