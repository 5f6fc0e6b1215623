// The program as its users have it: a process, its ready line, its ledger.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { LedgerSnapshot } from '../../lib/ledger.js'
import type { ListenProto } from '../../lib/listen/protocols.js'

const program = fileURLToPath(new URL('../../bin/hepcapd.js', import.meta.url))

export interface Finished {
  status: number | null
  signal: NodeJS.Signals | null
  out: string
  err: string
}

/** Runs a command to its end. `within` is a command that runs it, such as `taskset -c 0`. */
export async function hepcapd(
  args: string[],
  env: NodeJS.ProcessEnv = {},
  within: string[] = [],
): Promise<Finished> {
  const child = start(args, env, within)
  const out = text(child.stdout)
  const err = text(child.stderr)
  const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { status, signal, out: out(), err: err() }
}

/** A daemon that has said `ready:`. */
export class RunningDaemon {
  readonly child: ChildProcess
  /** Bound ports by protocol; the last one where a protocol has several. */
  readonly ports: Map<string, number>
  readonly #out: () => string
  readonly #err: () => string
  readonly #closed: Promise<unknown[]>

  private constructor(child: ChildProcess, out: () => string, err: () => string, closed: Promise<unknown[]>) {
    this.child = child
    this.#out = out
    this.#err = err
    this.#closed = closed
    this.ports = new Map()
    const ready = /ready: ([^;]*)/.exec(err())?.[1] ?? ''
    for (const [, proto, port] of ready.matchAll(/(\w+):[^,]*:(\d+)/g))
      this.ports.set(proto as string, Number(port))
  }

  /**
   * Rejects with what the process said when it ends before it is ready. `within` is a command that runs it,
   * such as `ip netns exec NAME`.
   */
  static async start(
    args: string[],
    env: NodeJS.ProcessEnv = {},
    within: string[] = [],
  ): Promise<RunningDaemon> {
    const child = start(args, env, within)
    const out = text(child.stdout)
    const err = text(child.stderr)
    const closed = once(child, 'close')
    await new Promise<void>((resolve, reject) => {
      child.stderr?.on('data', () => {
        if (/ready: .*\n/.test(err())) resolve()
      })
      void closed.then(([status]) => reject(new Error(`hepcapd ended with ${status}: ${err()}`)))
    })
    return new RunningDaemon(child, out, err, closed)
  }

  port(proto: ListenProto): number {
    const port = this.ports.get(proto)
    if (port === undefined) throw new Error(`no ${proto} in: ${this.#err()}`)
    return port
  }

  get err(): string {
    return this.#err()
  }

  /** SIGTERM, and what the process said at its end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Finished & { ledger: LedgerSnapshot }> {
    this.child.kill(signal)
    const [status, by] = (await this.#closed) as [number | null, NodeJS.Signals | null]
    const out = this.#out()
    const line = out.trim().split('\n').at(-1) || '{}'
    return { status, signal: by, out, err: this.#err(), ledger: JSON.parse(line) as LedgerSnapshot }
  }
}

function start(args: string[], env: NodeJS.ProcessEnv, within: string[] = []): ChildProcess {
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(HEPCAPD_|NODE_TEST)/.test(name)),
  )
  const [command, ...rest] = [...within, process.execPath, program, ...args] as [string, ...string[]]
  const usual = { HEPCAPD_HTTP: 'off', HEPCAPD_CONTROL: 'off' } // many run at the same time, and these are one for all
  const child = spawn(command, rest, {
    env: { ...clean, ...usual, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // a test that fails leaves no daemon behind
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  return child
}

function text(stream: NodeJS.ReadableStream | null): () => string {
  const parts: Buffer[] = []
  stream?.on('data', (part: Buffer) => parts.push(part))
  return () => Buffer.concat(parts).toString()
}
