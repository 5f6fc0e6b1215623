// Opens SQLite files: by the binary of better-sqlite3 that came with this package for this Node, or else by the one that
// was built where it is installed. Everything here opens them by this, and so never by both: two SQLites in one process
// do not see each other's locks.

import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'

const { version } = createRequire(import.meta.url)('better-sqlite3/package.json') as { version: string }

/** From the package's root; `modules` is the ABI of a Node major, as process.versions.modules has it. */
export function sqlitePrebuild(arch: string, modules: string): string {
  return `prebuilds/better-sqlite3-${version}/linux-${arch}/node-${modules}.node`
}

// What came along is preferred: on Node 24.19 and newer a better-sqlite3 12 that is built against its headers aborts the
// process when it collects a statement (https://github.com/nodejs/node/issues/65446); ours is built against older ones.
const prebuilt = new URL(`../../${sqlitePrebuild(process.arch, process.versions.modules)}`, import.meta.url)
const preferred: Database.Options = { nativeBinding: fileURLToPath(prebuilt) }
const choice = loads(preferred) ? preferred : {}

function loads(options: Database.Options): boolean {
  try {
    new Database(':memory:', options).close()
    return true
  } catch {
    return false // there is none, or it is for another C library
  }
}

/** Throws better-sqlite3's SqliteError, or a TypeError for a missing folder. */
export function openSqlite(path: string, options: Database.Options = {}): Database.Database {
  return new Database(path, { ...options, ...choice })
}
