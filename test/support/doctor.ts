// `hepcapd doctor` as users call it, and what it found.

import type { Finding } from '../../lib/doctor/finding.js'
import { hepcapd } from './cli.js'

export interface Examined {
  status: number | null
  findings: Finding[]
  /** Those that are not well. */
  worse(): string
  /** The one of this check; the first of several. */
  of(check: string): Finding | undefined
}

/** `within` is a command that runs it. */
export async function examined(args: string[], within: string[] = []): Promise<Examined> {
  const { status, out, err } = await hepcapd(['doctor', '--json', ...args], {}, within)
  if (out === '') throw new Error(err)
  const { findings } = JSON.parse(out) as { findings: Finding[] }
  return {
    status,
    findings,
    worse: () => JSON.stringify(findings.filter(({ level }) => level !== 'ok')),
    of: (check) => findings.find((finding) => finding.check === check),
  }
}
