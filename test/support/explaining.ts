// A daemon with a control socket and a SQLite database, and what it explains.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { LedgerSnapshot } from '../../lib/ledger.js'
import { askAt } from './asking.js'
import { RunningDaemon } from './cli.js'

export interface Explained {
  steps: { step: string; [key: string]: unknown }[]
  rows: { table: string; columns: Record<string, unknown> }[]
  packets: { to: string }[]
  outcome: string
  reason: string
  capture: string
  sinks: unknown[]
  warnings: string[]
  stores: string[]
  message: object | null
}

export interface Rig {
  daemon: RunningDaemon
  folder: string
  control: string
  args: string[]
  ledger(): Promise<LedgerSnapshot>
  explain(octets: Buffer): Promise<Explained>
}

function folderOf(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'hepcapd-explain-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** `FOLDER` in arguments is where the files are. */
export async function startExplaining(
  t: Test,
  files: Record<string, string>,
  ...more: string[]
): Promise<Rig> {
  const folder = folderOf(t)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const control = join(folder, 'c.sock')
  const args = more.map((arg) => arg.replace('FOLDER', folder))
  const daemon = await RunningDaemon.start([
    ...['--listen', 'hep_udp:127.0.0.1:0', '--db-url', `sqlite:${join(folder, 'calls.db')}`],
    ...['--spool', 'off', '--control', control, '--table-window', 'off'],
    ...args,
  ])
  t.teardown(() => daemon.child.kill('SIGKILL'))
  const ledger = async () => (await askAt<LedgerSnapshot>(control, 'stats')).result!
  const explain = async (octets: Buffer) => {
    const { result, error } = await askAt<Explained>(control, 'explain', [octets.toString('base64')])
    if (!result) throw new Error(error?.message)
    return result
  }
  return { daemon, folder, control, args, ledger, explain }
}
