// The releases of Node.js that hepcapd is built for and tested on: one of each supported major, oldest first.

export interface NodeRelease {
  version: string
  /** The ABI of its major: process.versions.modules. */
  modules: string
  /** Of the headers that better-sqlite3 is built against, where this release's own are no good: see lib/sqlite.ts. */
  headers?: string
}

/** There is a package of it for each architecture. */
export const NODES: readonly NodeRelease[] = [
  { version: '20.20.2', modules: '115' },
  { version: '22.23.3', modules: '127' },
  { version: '24.21.0', modules: '137', headers: '24.18.1' },
  { version: '26.10.0', modules: '147' },
]

export function majorOf({ version }: NodeRelease): string {
  return version.slice(0, version.indexOf('.'))
}
