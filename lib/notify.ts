// sd_notify(3): what systemd is told, where $NOTIFY_SOCKET names it; nothing elsewhere.

import { binding } from './binding.js'
import type { Log } from './log.js'

export class Notifier {
  readonly #log: Log
  #watchdog: NodeJS.Timeout | undefined

  constructor(log: Log) {
    this.#log = log
  }

  /** Every input is open; from here on the watchdog is fed if systemd asks for it. */
  ready(status: string): void {
    this.#tell(`READY=1\nSTATUS=${status}`)
    clearInterval(this.#watchdog)
    const everyUs = Number(process.env.WATCHDOG_USEC)
    const ours = !process.env.WATCHDOG_PID || Number(process.env.WATCHDOG_PID) === process.pid
    if (everyUs > 0 && ours) {
      // Half the time, as sd_watchdog_enabled(3) advises; a stuck event loop feeds nobody.
      this.#watchdog = setInterval(() => this.#tell('WATCHDOG=1'), everyUs / 2000).unref()
    }
  }

  /** Before settings are loaded again; ready() follows. systemd wants the monotonic clock (sd_notify(3)). */
  reloading(): void {
    this.#tell(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`)
  }

  /** Storing what is left may take until the stop timeout: systemd is to wait that long. */
  stopping(timeoutMs: number): void {
    this.#tell(`STOPPING=1\nEXTEND_TIMEOUT_USEC=${timeoutMs * 1000}\nSTATUS=storing what was received`)
  }

  #tell(state: string): void {
    try {
      binding.notify(state)
    } catch (error) {
      this.#log.repeated(`NOTIFY_SOCKET: ${(error as Error).message}`)
    }
  }
}
