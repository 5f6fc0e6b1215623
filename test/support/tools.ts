// Programs and captures that not every machine has: a test that needs one skips with the reason.

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** false when `program` is installed, else the reason to skip. */
export function missing(program: string): string | false {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' })
    return false
  } catch {
    return `${program} is not installed`
  }
}

/** The path of a real capture, or undefined where there are none. */
export function capture(name: string): string | undefined {
  const folder = process.env.HEPCAPD_CAPTURES
  const path = folder && join(folder, name)
  return path && existsSync(path) ? path : undefined
}

export const NO_CAPTURES = 'HEPCAPD_CAPTURES names no folder with this capture'

/** Asks until the answer is truthy; rejects after `ms`. */
export async function until<T>(
  ask: () => T | Promise<T>,
  ms = 20_000,
): Promise<Exclude<T, undefined | null | false>> {
  for (const end = Date.now() + ms; ; ) {
    const answer = await ask()
    if (answer) return answer as Exclude<T, undefined | null | false>
    if (Date.now() > end) throw new Error(`nothing came of ${ask}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
