// The doors of the daemon, where it answers questions. One that somebody named has to open; one that is there by default
// stays shut where it cannot, and says so.

import { RefusedError } from './errors.js'
import { HttpDoor } from './http/door.js'
import type { HttpHandler } from './http/handler.js'
import type { Log } from './log.js'
import type { Settings } from './options/settings.js'

type DoorSettings = Pick<Settings, 'http' | 'httpToken'>

export class Doors {
  readonly #settings: DoorSettings
  readonly #handlers: readonly HttpHandler[]
  readonly #log: Log
  #http: HttpDoor | undefined

  constructor(settings: DoorSettings, handlers: readonly HttpHandler[], log: Log) {
    this.#settings = settings
    this.#handlers = handlers
    this.#log = log
  }

  /** Resolves with the names of those that are open; rejects with a RefusedError, and none is. */
  async open(): Promise<string[]> {
    const http = await this.#openHttp()
    return http === undefined ? [] : [http]
  }

  /** Requests that were turned away, by reason. */
  get refused(): Record<string, number> {
    return this.#http?.refused ?? {}
  }

  async close(): Promise<void> {
    await this.#http?.close()
    this.#http = undefined
  }

  async #openHttp(): Promise<string | undefined> {
    const { http, httpToken: token } = this.#settings
    if (!http) return undefined
    const door = new HttpDoor({ ...http, token }, this.#handlers, (error) =>
      this.#log.repeated(`http: our fault: ${error.stack ?? error.message}`, 'error'),
    )
    try {
      const { host, port } = await door.open()
      this.#http = door
      return `http:${shown(host, port)}`
    } catch (error) {
      const refusal = refused(shown(http.host || '*', http.port), error as NodeJS.ErrnoException)
      if (http.isNamed) throw refusal
      this.#log.warn(`${refusal.message}, so that door stays shut; ${refusal.cure}`)
      return undefined
    }
  }
}

function shown(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function refused(where: string, { code = 'ERROR', message, syscall }: NodeJS.ErrnoException): RefusedError {
  return new RefusedError({
    code,
    syscall,
    message: `cannot open the HTTP door on ${where}: ${message}`,
    cure: CURES[code] ?? 'name another address with --http, or --http off',
  })
}

const CURES: Record<string, string> = {
  EADDRINUSE: 'another program has this port: name another one with --http, or --http off',
  EADDRNOTAVAIL: 'this host does not have that address: see `ip address`',
  EACCES: 'ports under 1024 need CAP_NET_BIND_SERVICE',
}
