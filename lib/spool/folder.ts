// The folder of one spool: made for us alone, locked for one daemon.

import { createHash } from 'node:crypto'
import { closeSync, constants, mkdirSync, openSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { binding } from '../binding.js'
import { RefusedError } from '../errors.js'

export interface SpoolFolder {
  path: string
  /** Gives the lock back. */
  unlock(): void
}

/** One database's part of the spool: a name that can be read, and a hash that tells it from all others. */
export function folderOf(spool: string, sinkName: string): string {
  const shown = sinkName
    .replaceAll(/[^A-Za-z0-9.]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '')
    .slice(0, 60)
  const hash = createHash('sha256').update(sinkName).digest('hex').slice(0, 8)
  return join(spool, `${shown}-${hash}`)
}

/** Throws a RefusedError. */
export function openFolder(path: string): SpoolFolder {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    const { uid } = statSync(path)
    if (uid !== process.geteuid?.()) {
      throw Object.assign(new Error(`it belongs to user ${uid}`), { code: 'EPERM' })
    }
    const fd = openSync(join(path, 'lock'), constants.O_RDWR | constants.O_CREAT, 0o600)
    if (!binding.lock(fd)) {
      closeSync(fd)
      throw Object.assign(new Error('another daemon uses it'), { code: 'EWOULDBLOCK' })
    }
    return { path, unlock: () => closeSync(fd) }
  } catch (error) {
    throw refusal(path, error as NodeJS.ErrnoException)
  }
}

const CURES: Record<string, string> = {
  EWOULDBLOCK: 'stop the other daemon, or name another folder with --spool',
  EPERM: 'make it the folder of the user that hepcapd runs as, or name another one with --spool',
  EACCES: 'make it writable for the user that hepcapd runs as, or name another one with --spool',
  ENOSPC: 'free space on the disk',
  EROFS: 'name a folder on a disk that can be written with --spool',
}

function refusal(path: string, { code = 'ERROR', message, syscall }: NodeJS.ErrnoException): RefusedError {
  return new RefusedError({
    code,
    syscall,
    message: `spool ${path}: ${message}`,
    cure: CURES[code] ?? 'name another folder with --spool, or --spool off',
  })
}
