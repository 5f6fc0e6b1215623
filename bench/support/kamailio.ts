// Kamailio with its sipcapture module, HEP in and MariaDB out: a rival, as its manual sets it up.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { missing, until } from '../../test/support/tools.js'

const MYSQL_DRIVER = '/usr/lib/x86_64-linux-gnu/kamailio/modules/db_mysql.so'

/** Why there is no Kamailio with a driver for MariaDB; false when there is one. */
export function noKamailio(): string | false {
  if (missing('kamailio')) return 'kamailio is not installed'
  return existsSync(MYSQL_DRIVER) ? false : 'kamailio-mysql-modules is not installed'
}

const CHILDREN = 4

export class CapturingKamailio {
  readonly port: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  /** `dbUrl` is as its mysql driver has it: mysql://USER:PASSWORD@HOST:PORT/DATABASE. */
  static async start(folder: string, port: number, dbUrl: string): Promise<CapturingKamailio> {
    const config = join(folder, 'kamailio.cfg')
    writeFileSync(config, configOf(port, dbUrl))
    const args = ['-f', config, '-DD', '-E', '-m', '512', '-M', '32', '-Y', folder]
    const child = spawn('kamailio', args, { stdio: 'ignore', detached: true })
    const kamailio = new CapturingKamailio(child, port)
    await until(() => {
      if (child.exitCode !== null) throw new Error(`kamailio ended with ${child.exitCode}`)
      return execFileSync('ss', ['-Hlnu', `sport = :${port}`], { encoding: 'utf8' }).trim() !== ''
    })
    return kamailio
  }

  async stop(): Promise<void> {
    if (!this.#child.pid || this.#child.exitCode !== null) return
    const ended = once(this.#child, 'exit')
    process.kill(-this.#child.pid, 'SIGTERM')
    await ended
  }
}

function configOf(port: number, dbUrl: string): string {
  return `#!KAMAILIO
debug=-1
log_stderror=yes
children=${CHILDREN}
disable_tcp=yes
auto_aliases=no
listen=udp:127.0.0.1:${port}
loadmodule "pv.so"
loadmodule "db_mysql.so"
loadmodule "sipcapture.so"
modparam("sipcapture", "db_url", "${dbUrl}")
modparam("sipcapture", "capture_on", 1)
modparam("sipcapture", "hep_capture_on", 1)
modparam("sipcapture", "table_name", "sip_capture")
request_route { sip_capture(); drop; }
onreply_route { sip_capture(); drop; }
`
}
