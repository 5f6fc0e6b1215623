// What goes wrong between the daemon and its database, under load: rows sent = rows stored, and none twice.

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { LedgerSnapshot } from '../../lib/ledger.js'
import { RunningDaemon } from './cli.js'
import { FaultLoad } from './fault-load.js'
import { Random } from './random.js'
import { TcpProxy } from './tcp-proxy.js'
import { until } from './tools.js'

/** A database that can be hurt. */
export interface FaultServer {
  /** Where it listens. */
  readonly address: { host: string; port: number }
  /** The db_url of an empty database, reached at `address` or at a proxy. */
  url(address: { host: string; port: number }): string
  /** In an orderly way, and started again over the same files. */
  stop(): Promise<void>
  start(): Promise<void>
  /** SIGSTOP and SIGCONT for all of its processes. */
  pause(): void
  resume(): void
  /** Of table sip_capture: its rows, and its different Call-IDs. */
  stored(): Promise<{ rows: number; distinct: number }>
  /** Call-IDs of the messages numbered from `from` to `to` - 1 that are there. */
  storedBetween(from: number, to: number): Promise<number>
}

export const PER_SECOND = 5000
const QUARTER_MS = 1000
const PATIENCE_MS = 120_000
const LIBFAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1'

/** One daemon after the other over one spool and one database, and the load that follows them. */
export class FaultRun {
  readonly folder: string
  readonly server: FaultServer
  readonly load = new FaultLoad(PER_SECOND)
  readonly ledgers: LedgerSnapshot[] = []
  #daemon: RunningDaemon | undefined
  readonly #more: string[]
  readonly #at: { host: string; port: number }

  constructor(folder: string, server: FaultServer, more: string[] = [], at = server.address) {
    this.folder = folder
    this.server = server
    this.#more = more
    this.#at = at
  }

  get spool(): string {
    return join(this.folder, 'spool')
  }

  async start(env: NodeJS.ProcessEnv = {}): Promise<RunningDaemon> {
    const listen = ['--listen', 'hep_tcp:127.0.0.1:0']
    const store = ['--db-url', this.server.url(this.#at), '--spool', this.spool]
    this.#daemon = await RunningDaemon.start([...listen, ...store, ...this.#more], env)
    await this.load.start(this.#daemon.port('hep_tcp'))
    return this.#daemon
  }

  /** Lets the load run for a while. */
  async runs(quarters = 4): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, quarters * QUARTER_MS))
  }

  /** Ends the load, then the daemon. */
  async stop(): Promise<LedgerSnapshot> {
    await this.load.pause()
    const { status, err, ledger } = await this.#daemon!.stop()
    if (status !== 0) throw new Error(`hepcapd ended with ${status}: ${err}`)
    this.ledgers.push(ledger)
    return ledger
  }

  /** How many messages the daemon had read when it was killed, 200 ms before that, and a second before. */
  async kill(): Promise<{ read: number; blink: number; second: number }> {
    const { child } = this.#daemon!
    child.kill('SIGSTOP')
    await until(() => /^State:\tT/m.test(readFileSync(`/proc/${child.pid}/status`, 'utf8')))
    const [read, blink, second] = [this.load.taken(), this.load.takenBefore(200), this.load.takenBefore(1000)]
    const ended = this.#daemon!.stop('SIGKILL')
    this.load.abandon()
    await ended
    return { read, blink, second }
  }

  /** Every message that was sent is a row, once, and the ledger says so. */
  async isWhole(t: Test): Promise<void> {
    await this.load.pause()
    await until(async () => (await this.server.stored()).rows >= this.load.sent, PATIENCE_MS).catch(() => {})
    await this.stop()
    t.same(await this.server.stored(), { rows: this.load.sent, distinct: this.load.sent })
    const inputs = this.ledgers.flatMap(({ inputs }) => Object.values(inputs))
    t.equal(sumOf(inputs.map(({ received }) => received)), this.load.sent)
    t.ok(inputs.every(({ dropped, in_flight }) => Object.keys(dropped).length === 0 && in_flight === 0))
    t.equal(
      sumOf(this.ledgers.flatMap(({ sinks }) => Object.values(sinks).map(({ rows }) => rows))),
      this.load.sent,
    )
  }
}

function sumOf(numbers: number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0)
}

/** A fault, from an empty database to its check. */
export type Fault = (t: Test, folder: string, server: FaultServer) => Promise<void>

export const faults: Record<string, Fault> = {
  'the database is stopped, and started again': async (t, folder, server) => {
    const run = new FaultRun(folder, server)
    await run.start()
    await run.runs()
    await server.stop()
    await run.runs()
    await server.start()
    await run.runs()
    await run.isWhole(t)
  },

  'the database stands still for 30 s': async (t, folder, server) => {
    const run = new FaultRun(folder, server)
    await run.start()
    await run.runs(2)
    server.pause()
    try {
      await run.runs(30)
    } finally {
      server.resume()
    }
    await run.runs(2)
    await run.isWhole(t)
  },

  'connections are cut at every stage of a statement': async (t, folder, server) => {
    const proxy = new TcpProxy(server.address)
    const port = await proxy.listen()
    t.teardown(() => proxy.close())
    const random = new Random(Date.now())
    // from the first octets of the handshake to the middle of a block, each order of magnitude as often
    proxy.cut = () => Math.floor(10 ** (1 + random.below(5_500) / 1000))
    const run = new FaultRun(folder, server, [], { host: '127.0.0.1', port })
    await run.start()
    await run.runs(10)
    t.ok(proxy.cuts > 3, `${proxy.cuts} cuts`)
    proxy.cut = () => undefined
    await run.isWhole(t)
  },

  'the disk of the spool is full': async (t, folder, server) => {
    const run = new FaultRun(folder, server)
    execFileSync('mkdir', ['-p', run.spool])
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', run.spool])
    t.teardown(() => execFileSync('umount', ['-l', run.spool]))
    await run.start()
    await run.runs(2)
    await server.stop()
    await run.runs(6)
    await server.start()
    await run.runs(2)
    await run.isWhole(t)
  },

  'the daemon is stopped while the database is away, and started again': async (t, folder, server) => {
    const run = new FaultRun(folder, server)
    await run.start()
    await run.runs(2)
    await server.stop()
    await run.runs(2)
    await run.stop()
    await run.start()
    await run.runs(1)
    await server.start()
    await run.runs(1)
    await run.isWhole(t)
  },

  'the daemon is killed, with --spool-always': async (t, folder, server) => {
    const run = new FaultRun(folder, server, ['--spool-always', '1'])
    await run.start()
    await run.runs(3)
    const { read, blink, second } = await run.kill()
    const after = run.load.sent
    await run.start()
    await run.runs(1)
    await run.load.pause()
    // what had come in 200 ms before the kill is there on a machine that has time for the daemon; a second is sure
    const there = async () =>
      (await server.storedBetween(0, second)) + (await server.storedBetween(after, run.load.sent))
    await until(async () => (await there()) === second + (run.load.sent - after), PATIENCE_MS)
    await run.stop()
    const { rows, distinct } = await server.stored()
    t.equal(rows, distinct, 'none twice')
    const missing = async (before: number) => before - (await server.storedBetween(0, before))
    t.equal(await missing(second), 0)
    t.comment(
      `missing after the kill: ${await missing(read)} of ${read} that were read, ${await missing(blink)} of those that were read 200 ms before; ${after - read} had not been read`,
    )
  },

  'the clock of the daemon steps': async (t, folder, server) => {
    const clock = join(folder, 'clock')
    writeFileSync(clock, '+0\n')
    const run = new FaultRun(folder, server)
    await run.start({
      LD_PRELOAD: LIBFAKETIME,
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    })
    for (const step of ['+1d', '-2d', '+0']) {
      await run.runs(2)
      writeFileSync(clock, `${step}\n`)
    }
    await run.runs(1)
    await run.isWhole(t)
  },
}

/** How often each fault is made. */
export const ROUNDS = Number(process.env.HEPCAPD_SOAK_ROUNDS ?? 1)

/** Each fault so often, each time with a server of its own. */
export function everyFault(
  t: Test,
  newServer: () => Promise<FaultServer & { remove(): Promise<void> }>,
  reason: string | false,
): void {
  t.setTimeout(ROUNDS * PATIENCE_MS * Object.keys(faults).length)
  const options = { skip: reason || (process.getuid?.() !== 0 && 'needs root') }
  for (const [name, fault] of Object.entries(faults)) {
    t.test(name, options, async (t) => {
      for (let round = 1; round <= ROUNDS; round++) {
        await t.test(`round ${round}`, async (t) => {
          const server = await newServer()
          t.teardown(() => server.remove())
          await fault(t, t.testdir(), server)
        })
      }
    })
  }
}
