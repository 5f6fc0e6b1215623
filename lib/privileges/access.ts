// What the user that we become can read and write: asked of the system as that user, before anything is opened, so
// that every fault is told at once, and with its cure.

import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { addonPath } from '../binding.js'
import type { Fault } from '../errors.js'
import { flagOf } from '../options/option.js'
import type { Effective } from '../options/settings.js'
import { expandUtc } from '../options/strftime.js'

interface NamedPath {
  /** The parameter. */
  name: string
  path: string
}

/**
 * To be called as that user. `read` are files of the configuration that were read as the one before: they serve until
 * the first reload.
 */
export function accessFaults(effective: Effective, who: string, read: readonly string[]): Fault[] {
  const { settings, values } = effective
  const where = (name: string) => placeOf(name, values)
  const program = [process.argv[1] ?? '', addonPath].filter(
    (path) => path !== '' && !may(path, constants.R_OK),
  )
  const missing = filesReadLater(effective).filter(({ path }) => !may(path, constants.R_OK))
  return [
    ...program.map((path) => error('--user', `${who} cannot read ${path}, which is hepcapd itself`, INSTALL)),
    ...read.filter((path) => !may(path, constants.R_OK)).map((path) => notReloadable(path, who)),
    ...missing.map(({ name, path }) =>
      error(where(name), `${who} cannot read ${path}`, allowing(path, who, 'r')),
    ),
    ...written(settings).flatMap(({ name, path }) => notWritable(where(name), path, who)),
    ...doorsOf(effective).flatMap(({ name, path }) => notWritable(where(name), dirname(path), who)),
  ]
}

const INSTALL = 'install it in a folder that everybody may read, or name another user'

function notReloadable(path: string, who: string): Fault {
  const what = `${who} cannot read it: a reload will be refused`
  return { where: path, severity: 'warning', what, cure: allowing(path, who, 'r') }
}

/** Not by us, or as modules with what they import: they cannot be handed on. */
function filesReadLater({ settings }: Effective): NamedPath[] {
  const { routeSources, targets } = settings
  const files = settings.read.filter((path) => path !== '-').map((path) => ({ name: 'read', path }))
  if (routeSources.module !== '') files.push({ name: 'routes', path: routeSources.module })
  for (const target of targets) {
    if (target.kind !== 'database') continue
    const { ca, cert, key } = target.at.tls
    for (const path of [ca, cert, key]) if (path) files.push({ name: 'db_url', path })
  }
  return files
}

/** Files are made in their folders, and beside them. */
function written({ targets, spool }: Effective['settings']): NamedPath[] {
  const named: NamedPath[] = []
  for (const target of targets) {
    if (target.kind !== 'sqlite') continue
    const path = expandUtc(target.path, Math.floor(Date.now() / 1000))
    named.push({ name: 'db_url', path: dirname(path) })
    for (const file of [path, `${path}-wal`]) if (existsSync(file)) named.push({ name: 'db_url', path: file })
  }
  const stores = targets.some(({ kind }) => kind === 'sqlite' || kind === 'database')
  if (stores && spool.folder !== '') named.push({ name: 'spool', path: spool.folder })
  return named
}

/** Those that somebody named: a default one that cannot be opened stays shut. */
function doorsOf({ values }: Effective): NamedPath[] {
  return ['control', 'mi_fifo'].flatMap((name) => {
    const { value, origin } = values.get(name) ?? { value: 'off', origin: 'default' }
    return value === 'off' || origin === 'default' ? [] : [{ name, path: String(value) }]
  })
}

function notWritable(where: string, path: string, who: string): Fault[] {
  const existing = nearest(path)
  const wanted = statSync(existing).isDirectory()
    ? constants.W_OK | constants.X_OK
    : constants.R_OK | constants.W_OK
  if (may(existing, wanted)) return []
  return [error(where, `${who} cannot write ${existing}`, allowing(existing, who, 'w'))]
}

/** Where the parameter was given. */
function placeOf(name: string, values: Effective['values']): string {
  const origin = values.get(name)?.origin ?? 'default'
  return origin === 'default' ? `--${flagOf(name)}` : origin
}

/** What is not there yet is made in the folder that is. */
function nearest(path: string): string {
  let at = resolve(path)
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at)
  return at
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch (error) {
    return !['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error)) // whoever opens it says what else is wrong
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? ''
}

function allowing(path: string, who: string, right: 'r' | 'w'): string {
  const rights = right === 'r' ? 'r' : 'rwX'
  return `give it: setfacl -m u:${who}:${rights} ${path} (and x on the folders above it), or chown`
}

function error(where: string, what: string, cure: string): Fault {
  return { where, severity: 'error', what, cure }
}
