// Programs that packaging calls: each must succeed, and what it says goes to stderr.

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The project's folder, from dist/packaging/. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** What is made for others. */
export const RELEASE = `${ROOT}release`

const MOST = 64 << 20

export interface RunOptions {
  cwd?: string
  env?: NodeJS.ProcessEnv
}

/** Throws when the program fails. */
export function run(
  program: string,
  args: readonly string[],
  { cwd = ROOT, env = {} }: RunOptions = {},
): void {
  execFileSync(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', process.stderr, 'inherit'],
  })
}

/** What the program said on stdout, without the line end. */
export function answer(
  program: string,
  args: readonly string[],
  { cwd = ROOT, env = {} }: RunOptions = {},
): string {
  return execFileSync(program, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: MOST,
  }).trim()
}
