// Disks: room for the spool and for SQLite's files, folders that can be written, and what kind of file system it is.

import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { about, type Finding, octetsText } from './finding.js'

const say = about('disks')

const LITTLE = 64 * 2 ** 20
const ENOUGH = 2 ** 30
/** Of statfs(2). */
const TMPFS = 0x01021994
const RAMFS = 0x858458f6
const NETWORKS = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9p'],
])

export interface DiskFacts {
  /** The folder, or the nearest one above it that exists. */
  at: string
  exists: boolean
  writable: boolean
  free: number
  /** Number of the file system's kind. */
  kind: number
}

export function diskOf(folder: string): DiskFacts {
  let at = resolve(folder)
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at)
  const { bavail, bsize, type } = statfsSync(at)
  return {
    at,
    exists: at === resolve(folder),
    writable: isWritable(at),
    free: bavail * bsize,
    kind: type >>> 0,
  }
}

export function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

export interface SpoolFacts {
  folder: string
  maxBytes: number
  /** Somebody wants it: then the daemon does not start without it. */
  isNamed: boolean
  /** Databases, each with a spool of its own. */
  databases: number
}

export function spoolFindings(
  { folder, maxBytes, isNamed, databases }: SpoolFacts,
  disk: DiskFacts,
): Finding[] {
  const level = isNamed ? 'fault' : 'warning'
  if (!disk.writable) {
    return [
      say[level]('spool', `the spool ${folder} cannot be written: ${disk.at}`, {
        cure: `install -d -o $(id -un) -m 700 ${resolve(folder)}`,
        why: 'rows that a database cannot take would wait in memory',
      }),
    ]
  }
  return [spoolRoom(folder, maxBytes * databases, disk.free), ...fleeting(folder, disk.kind)]
}

function spoolRoom(folder: string, wanted: number, free: number): Finding {
  const what = `the spool ${folder} may have ${octetsText(wanted)}, its disk has ${octetsText(free)} free`
  if (free >= wanted) return say.ok('spool', what)
  const cure = `--spool-max ${Math.max(1, Math.floor(free / 2 ** 21))}MiB, or a larger disk for it`
  const why = 'a disk that is full loses what the bound was to keep'
  return free < LITTLE ? say.fault('spool', what, { cure, why }) : say.warning('spool', what, { cure, why })
}

function fleeting(folder: string, kind: number): Finding[] {
  if (kind !== TMPFS && kind !== RAMFS) return []
  const more = {
    cure: '--spool /var/lib/hepcapd/spool',
    why: 'what waits there is gone with a restart of the host',
  }
  return [say.warning('spool_memory', `the spool ${folder} is in memory, not on a disk`, more)]
}

export interface SqliteFileFacts {
  path: string
  disk: DiskFacts
  /** undefined: there is no such file yet. */
  fileWritable: boolean | undefined
}

export function sqliteFindings({ path, disk, fileWritable }: SqliteFileFacts): Finding[] {
  const folder = dirname(resolve(path))
  if (!disk.exists) {
    const more = { cure: `mkdir -p ${folder}`, why: 'the daemon makes files, and no folders' }
    return [say.fault('sqlite_folder', `the folder of ${path} does not exist: ${folder}`, more)]
  }
  if (!disk.writable || fileWritable === false) {
    const cure = `chown $(id -un) ${folder}${fileWritable === undefined ? '' : ` ${path}*`}`
    const what = fileWritable === false ? path : folder
    return [
      say.fault('sqlite_folder', `${what} cannot be written`, {
        cure,
        why: 'SQLite writes a journal beside its file',
      }),
    ]
  }
  return [sqliteRoom(path, disk.free), ...networked(path, disk.kind)]
}

function sqliteRoom(path: string, free: number): Finding {
  const what = `${path}: its disk has ${octetsText(free)} free`
  if (free >= ENOUGH) return say.ok('sqlite_disk', what)
  const more = { cure: `df -h ${dirname(resolve(path))}`, why: 'a full disk sends rows to the spool' }
  return free < LITTLE ? say.fault('sqlite_disk', what, more) : say.warning('sqlite_disk', what, more)
}

/** A write-ahead log wants memory that all its readers share. */
function networked(path: string, kind: number): Finding[] {
  const name = NETWORKS.get(kind)
  if (name === undefined) return []
  const more = { cure: 'name a file on a local disk', why: 'a write-ahead log does not work over a network' }
  return [say.warning('sqlite_network', `${path} is on a network file system (${name})`, more)]
}
