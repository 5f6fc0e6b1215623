// The file of --bpf-file: a packet filter in the numbers of `tcpdump -ddd`.

import { readFileSync } from 'node:fs'
import { binding } from '../binding.js'
import { RefusedError, UsageError } from '../errors.js'
import { inheritance } from '../privileges/inheritance.js'

const CURE = 'make it with `tcpdump -ddd EXPRESSION`'

/** Its text, which is a program that the kernel takes. Throws a RefusedError, or a UsageError with the line. */
export function readFilter(path: string): string {
  const text = textOf(path)
  try {
    binding.parseFilter(text)
    return text
  } catch (error) {
    const { message, line } = error as Error & { line?: number }
    if (line === undefined) throw error
    throw new UsageError([{ where: `${path}:${line}`, severity: 'error', what: message, cure: CURE }])
  }
}

function textOf(path: string): string {
  try {
    return inheritance.file(path, readFileSync).toString()
  } catch (error) {
    const { code = 'ERROR', message } = error as NodeJS.ErrnoException
    throw new RefusedError({ code, message, cure: `name a file that can be read; ${CURE}` })
  }
}
