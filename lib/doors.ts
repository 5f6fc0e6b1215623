// The doors of the daemon, where it answers questions. One that somebody named has to open; one that is there by default
// stays shut where it cannot, and says so.

import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { JsonRpc } from './control/json-rpc.js'
import { SocketDoor } from './control/socket-door.js'
import { RefusedError } from './errors.js'
import { HttpDoor } from './http/door.js'
import type { HttpHandler } from './http/handler.js'
import type { Log } from './log.js'
import type { Settings } from './options/settings.js'

type DoorSettings = Pick<Settings, 'http' | 'httpToken' | 'control'>

/** Of the folder of a socket that nobody named. */
const FOLDER_MODE = 0o750

export class Doors {
  readonly #settings: DoorSettings
  readonly #handlers: readonly HttpHandler[]
  readonly #rpc: JsonRpc
  readonly #log: Log
  #http: HttpDoor | undefined
  #control: SocketDoor | undefined

  constructor(settings: DoorSettings, handlers: readonly HttpHandler[], rpc: JsonRpc, log: Log) {
    this.#settings = settings
    this.#handlers = handlers
    this.#rpc = rpc
    this.#log = log
  }

  /** Resolves with the names of those that are open; rejects with a RefusedError, and none is. */
  async open(): Promise<string[]> {
    try {
      const names = [await this.#openHttp(), await this.#openControl()]
      return names.filter((name) => name !== undefined)
    } catch (error) {
      await this.close()
      throw error
    }
  }

  /** Requests that were turned away, by reason. */
  get refused(): Record<string, number> {
    return this.#http?.refused ?? {}
  }

  async close(): Promise<void> {
    await Promise.all([this.#http?.close(), this.#control?.close()])
    this.#http = undefined
    this.#control = undefined
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
      const where = `the HTTP door on ${shown(http.host || '*', http.port)}`
      return this.#shut(http.isNamed, refused(where, 'http', HTTP_CURES, error as NodeJS.ErrnoException))
    }
  }

  async #openControl(): Promise<string | undefined> {
    const { control } = this.#settings
    if (!control) return undefined
    const { path, isNamed } = control
    const door = new SocketDoor(path, this.#rpc)
    try {
      if (!isNamed) mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE })
      await door.open()
      this.#control = door
      return `unix:${path}`
    } catch (error) {
      const where = `the control socket ${path}`
      return this.#shut(isNamed, refused(where, 'control', SOCKET_CURES, error as NodeJS.ErrnoException))
    }
  }

  #shut(isNamed: boolean, refusal: RefusedError): undefined {
    if (isNamed) throw refusal
    this.#log.warn(`${refusal.message}, so that door stays shut; ${refusal.cure}`)
    return undefined
  }
}

function shown(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function refused(
  where: string,
  option: string,
  cures: Readonly<Record<string, string>>,
  { code = 'ERROR', message, syscall }: NodeJS.ErrnoException,
): RefusedError {
  return new RefusedError({
    code,
    syscall,
    message: `cannot open ${where}: ${message}`,
    cure: cures[code] ?? `name another one with --${option}, or --${option} off`,
  })
}

const HTTP_CURES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has this port: name another one with --http, or --http off',
  EADDRNOTAVAIL: 'this host does not have that address: see `ip address`',
  EACCES: 'ports under 1024 need CAP_NET_BIND_SERVICE',
}

const SOCKET_CURES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has it: name another one with --control, or --control off',
  EINVAL: 'its path is too long (107 octets at most): name a shorter one with --control',
  EACCES: 'its folder is not ours to write: name another one with --control, or --control off',
}
