// The Node.js that packages bring along, from the npm registry: a binary, and the headers that belong to it.

import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { answer, ROOT, run } from './run.js'

/** Debian's names, and those of Node.js. */
export const ARCHITECTURES = { amd64: 'x64', arm64: 'arm64' } as const
export type Architecture = keyof typeof ARCHITECTURES

/** What `--arch` names, in either's words; amd64 without it. Throws for any other. */
export function architectureOf(args: string[]): Architecture {
  const { arch = 'amd64' } = parseArgs({ args, options: { arch: { type: 'string' } } }).values
  const found = Object.entries(ARCHITECTURES).find((names) => names.includes(arch))
  if (found === undefined)
    throw new Error(`--arch ${arch}: there are ${Object.keys(ARCHITECTURES).join(' and ')}`)
  return found[0] as Architecture
}

/** A long-term release, and one of NODES. Changed here alone. */
export const NODE_VERSION = '22.23.3'

const CACHE = join(ROOT, 'build', 'node-runtimes')

/** The folder of an unpacked Node.js with bin/, include/ and LICENSE; npm has checked it against the registry's digest. */
export function nodeRuntime(architecture: Architecture, version = NODE_VERSION): string {
  const name = `node-linux-${ARCHITECTURES[architecture]}`
  const folder = join(CACHE, `${name}-${version}`)
  if (statSync(folder, { throwIfNoEntry: false })) return folder
  mkdirSync(CACHE, { recursive: true })
  const work = mkdtempSync(join(CACHE, 'unpacking-'))
  const archive = answer('npm', ['pack', '--silent', `${name}@${version}`], { cwd: work })
  run('tar', ['-xzf', archive], { cwd: work })
  renameSync(join(work, 'package'), folder)
  rmSync(work, { recursive: true })
  return folder
}
