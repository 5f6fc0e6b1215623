// Opens SQLite files: by better-sqlite3 as it was built where it is installed, or else by the binary of it that came
// with this package for this Node. Never by both: two SQLites in one process do not see each other's locks.

import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'

const { version } = createRequire(import.meta.url)('better-sqlite3/package.json') as { version: string }

/** From the package's root; `modules` is the ABI of a Node major, as process.versions.modules has it. */
export function sqlitePrebuild(arch: string, modules: string): string {
  return `prebuilds/better-sqlite3-${version}/linux-${arch}/node-${modules}.node`
}

function isBuilt(): boolean {
  try {
    new Database(':memory:').close()
    return true
  } catch {
    return false // there is none, or it is for another Node
  }
}

const ours = new URL(`../../${sqlitePrebuild(process.arch, process.versions.modules)}`, import.meta.url)
const choice: Database.Options = isBuilt() ? {} : { nativeBinding: fileURLToPath(ours) }

/** Throws better-sqlite3's SqliteError, or a TypeError for a missing folder. */
export function openSqlite(path: string, options: Database.Options = {}): Database.Database {
  return new Database(path, { ...options, ...choice })
}
