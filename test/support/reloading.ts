// A daemon with a configuration file that changes, and what becomes of each change.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LedgerSnapshot } from '../../lib/ledger.js'
import { type Finished, RunningDaemon } from './cli.js'
import { until } from './tools.js'

export type Config = Readonly<Record<string, string | number | boolean | readonly string[]>>

const LISTEN = ['--listen', 'hep_udp:127.0.0.1:0', '--listen', 'hep_tcp:127.0.0.1:0']
const VERDICT = /reload: the new configuration (is in force|cannot be used)/g

export class ReloadingDaemon {
  readonly daemon: RunningDaemon
  readonly #path: string
  /** Where what was said since the last look begins. */
  #heard = 0

  private constructor(daemon: RunningDaemon, path: string) {
    this.daemon = daemon
    this.#path = path
  }

  static async start(folder: string, config: Config, ...more: string[]): Promise<ReloadingDaemon> {
    const path = join(folder, 'hepcapd.toml')
    write(path, config)
    return new ReloadingDaemon(await RunningDaemon.start(['--config', path, ...LISTEN, ...more]), path)
  }

  /** Everything that was said until the verdict about this one; `tables` is TOML that follows the options. */
  async reload(config: Config, tables = ''): Promise<{ isApplied: boolean; said: string }> {
    this.begin(config, tables)
    const said = () => this.daemon.err.slice(this.#heard)
    await until(() => said().match(VERDICT))
    return { isApplied: /is in force/.test(said()), said: said() }
  }

  begin(config: Config, tables = ''): void {
    write(this.#path, config, tables)
    this.#heard = this.daemon.err.length
    this.daemon.child.kill('SIGHUP')
  }

  stop(): Promise<Finished & { ledger: LedgerSnapshot }> {
    return this.daemon.stop()
  }
}

function write(path: string, config: Config, tables = ''): void {
  const lines = Object.entries(config).map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`)
  writeFileSync(path, lines.join('') + tables)
}
