// The daemon under load: the real program with its defaults, its memory as the kernel counts it, and its rows as
// another process sees them.

import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type Database from 'better-sqlite3'
import { droppedOf, type InputLedger } from '../../lib/ledger.js'
import { openSqlite } from '../../lib/sqlite.js'
import { RunningDaemon } from '../../test/support/cli.js'
import { sharedClockMs } from './measure.js'

const POLL_MS = 10
/** A transaction takes a small part of it. */
const PATIENCE_MS = 5000

export class LoadedDaemon {
  readonly port: number
  readonly #daemon: RunningDaemon

  private constructor(daemon: RunningDaemon) {
    this.#daemon = daemon
    this.port = daemon.port('hep_udp')
  }

  static async start(dbUrl: string, spool: string, more: string[] = []): Promise<LoadedDaemon> {
    const args = ['--listen', 'hep_udp:127.0.0.1:0', '--db-url', dbUrl, '--spool', spool, ...more]
    return new LoadedDaemon(await RunningDaemon.start(args))
  }

  /** Resident memory now, in MiB. */
  get residentMib(): number {
    return this.#statusKib('VmRSS') / 1024
  }

  /** The most that it ever was, in MiB. */
  get peakMib(): number {
    return this.#statusKib('VmHWM') / 1024
  }

  #statusKib(name: string): number {
    const status = readFileSync(`/proc/${this.#daemon.child.pid}/status`, 'utf8')
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1])
  }

  /** Datagrams that the socket of our port had no room for, as the kernel counted them. */
  get socketDrops(): number {
    const port = this.port.toString(16).toUpperCase().padStart(4, '0')
    const lines = readFileSync('/proc/net/udp', 'utf8').split('\n')
    const socket = lines.find((line) => line.trim().split(/\s+/)[1]?.endsWith(`:${port}`))
    if (!socket) throw new Error(`no UDP socket on port ${this.port}`)
    return Number(socket.trim().split(/\s+/).at(-1))
  }

  /** SIGTERM; the ledger of the one input. Rejects unless the daemon ended well. */
  async stop(): Promise<InputLedger & { lost: number }> {
    const { status, ledger, err } = await this.#daemon.stop()
    const [input] = Object.values(ledger.inputs)
    if (status !== 0 || !input) throw new Error(`the daemon ended with ${status}: ${err}`)
    return { ...input, lost: droppedOf(input) }
  }
}

/**
 * Resolves to the moment, of sharedClockMs(), at which `count` saw that many rows committed; rejects when no more rows
 * come.
 */
export async function allStored(rows: number, count: () => number | Promise<number>): Promise<number> {
  let [seen, sinceMs] = [0, sharedClockMs()]
  for (;;) {
    const now = await count()
    if (now >= rows) return sharedClockMs()
    if (now > seen) [seen, sinceMs] = [now, sharedClockMs()]
    if (sharedClockMs() - sinceMs > PATIENCE_MS) throw new Error(`${seen} of ${rows} rows came`)
    await sleep(POLL_MS)
  }
}

/** The daemon with its defaults, and one SQLite file, of which only it makes rows. */
export class SqliteDaemon {
  readonly path: string
  readonly daemon: LoadedDaemon

  private constructor(path: string, daemon: LoadedDaemon) {
    this.path = path
    this.daemon = daemon
  }

  static async start(path: string): Promise<SqliteDaemon> {
    return new SqliteDaemon(path, await LoadedDaemon.start(`sqlite:${path}`, `${path}.spool`))
  }

  /** As allStored(). */
  async stored(rows: number): Promise<number> {
    const db = openSqlite(this.path, { readonly: true })
    try {
      return await allStored(rows, () => lastId(db))
    } finally {
      db.close()
    }
  }
}

/** 0 while there is no table. */
function lastId(db: Database.Database): number {
  const exists = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'sip_capture'").get()
  return exists ? ((db.prepare('SELECT max(id) FROM sip_capture').pluck().get() as number | null) ?? 0) : 0
}

/** Rows of the SIP table, counted. */
export function countRows(path: string): number {
  const db = openSqlite(path, { readonly: true })
  try {
    return db.prepare('SELECT count(*) FROM sip_capture').pluck().get() as number
  } finally {
    db.close()
  }
}
