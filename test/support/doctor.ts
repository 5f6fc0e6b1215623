// `hepcapd doctor` as users call it, and what it found.

import type { Test } from 'tap'
import type { Finding } from '../../lib/doctor/finding.js'
import type { DatabaseTarget } from '../../lib/sink/database-target.js'
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

/** One input, and no spool. */
export const PLAIN = ['--listen', 'hep_udp:127.0.0.1:0', '--spool', 'off']

/** What `--db-url` would be for this target. */
function urlOf({ engine, hosts, user, password, database }: DatabaseTarget): string {
  const [at] = hosts
  const who = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`
  return `${engine}://${who}@${at?.host}:${at?.port}/${database}`
}

/** Of one database server. */
export async function examinedDatabase(
  t: Test,
  target: DatabaseTarget,
  ...more: string[]
): Promise<Examined> {
  const found = await examined([...PLAIN, '--db-url', urlOf(target), ...more])
  const told = JSON.stringify(found.findings)
  t.notOk(target.password !== '' && told.includes(target.password), 'no password is told')
  t.notOk(target.password !== '' && told.includes(encodeURIComponent(target.password)))
  return found
}

/** Nobody is there. */
export async function examinedAway(t: Test, target: DatabaseTarget): Promise<void> {
  const nowhere = { ...target, hosts: [{ host: '127.0.0.1', port: 1 }] }
  const { status, of } = await examinedDatabase(t, nowhere, '--no-self-test')
  t.equal(status, 1)
  t.match(of('database'), { level: 'fault', what: /ECONNREFUSED/, why: /in memory/ })
}

export async function examinedWrongPassword(t: Test, target: DatabaseTarget): Promise<void> {
  const { status, of } = await examinedDatabase(t, { ...target, password: 'wr0ng-w0rd' }, '--no-self-test')
  t.equal(status, 1)
  t.match(of('database'), { level: 'fault', cure: /password/, why: 'the daemon cannot start' })
}
