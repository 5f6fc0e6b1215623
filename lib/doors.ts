// The doors of the daemon, where it answers questions. One that somebody named has to open; one that is there by default
// stays shut where it cannot, and says so.

import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { FifoDoor, type FifoParts } from './control/fifo.js'
import { SocketDoor } from './control/socket-door.js'
import { RefusedError } from './errors.js'
import { HttpDoor } from './http/door.js'
import type { HttpHandler } from './http/handler.js'
import type { Log } from './log.js'
import type { HttpPoint } from './options/endpoints.js'
import type { Settings } from './options/settings.js'
import { inheritance } from './privileges/inheritance.js'
import { httpName } from './privileges/names.js'

type DoorSettings = Pick<Settings, 'http' | 'httpToken' | 'control' | 'miFifo'>

/** Of the folder of a socket that nobody named. */
const FOLDER_MODE = 0o750

export class Doors {
  readonly #settings: DoorSettings
  readonly #handlers: readonly HttpHandler[]
  readonly #parts: FifoParts
  readonly #log: Log
  #http: HttpDoor | undefined
  #control: SocketDoor | undefined
  #fifo: FifoDoor | undefined

  constructor(settings: DoorSettings, handlers: readonly HttpHandler[], parts: FifoParts, log: Log) {
    this.#settings = settings
    this.#handlers = handlers
    this.#parts = parts
    this.#log = log
  }

  /** Resolves with the names of those that are open; rejects with a RefusedError, and none is. */
  async open(): Promise<string[]> {
    try {
      const names = [await this.#openHttp(), await this.#openControl(), this.#openFifo()]
      return names.filter((name) => name !== undefined)
    } catch (error) {
      await this.close()
      throw error
    }
  }

  /** What was turned away, by door and reason. */
  get refused(): Record<'http' | 'fifo', Readonly<Record<string, number>>> {
    return { http: this.#http?.refused ?? {}, fifo: this.#fifo?.refused ?? {} }
  }

  async close(): Promise<void> {
    this.#fifo?.close()
    this.#fifo = undefined
    await Promise.all([this.#http?.close(), this.#control?.close()])
    this.#http = undefined
    this.#control = undefined
  }

  async #openHttp(): Promise<string | undefined> {
    const { http, httpToken: token } = this.#settings
    if (!http) return undefined
    const [descriptor] = inheritance.takeSockets(httpName(http.host, http.port))
    const door = new HttpDoor({ ...http, token, descriptor }, this.#handlers, (error) =>
      this.#log.repeated(`http: our fault: ${error.stack ?? error.message}`, 'error'),
    )
    try {
      const { host, port } = await door.open()
      this.#http = door
      return `http:${shown(host, port)}`
    } catch (error) {
      return this.#shut(http.isNamed, httpRefused(http, error))
    }
  }

  async #openControl(): Promise<string | undefined> {
    const { control } = this.#settings
    if (!control) return undefined
    const { path, isNamed } = control
    const door = new SocketDoor(path, this.#parts.rpc)
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

  #openFifo(): string | undefined {
    const { miFifo: path } = this.#settings
    if (path === '') return undefined
    const door = new FifoDoor(path, this.#parts)
    try {
      door.open()
      this.#fifo = door
      return `fifo:${path}`
    } catch (error) {
      throw refused(`the FIFO ${path}`, 'mi-fifo', FIFO_CURES, error as NodeJS.ErrnoException)
    }
  }

  #shut(isNamed: boolean, refusal: RefusedError): undefined {
    if (isNamed) throw refusal
    this.#log.warn(`${refusal.message}, so that door stays shut; ${refusal.cure}`)
    return undefined
  }
}

/** The HTTP door could not be opened there. */
export function httpRefused({ host, port }: HttpPoint, error: unknown): RefusedError {
  const where = `the HTTP door on ${shown(host || '*', port)}`
  return refused(where, 'http', HTTP_CURES, error as NodeJS.ErrnoException)
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
  ENAMETOOLONG: '107 octets at most: name a shorter one with --control',
  EACCES: 'its folder is not ours to write: name another one with --control, or --control off',
}

const FIFO_CURES: Readonly<Record<string, string>> = {
  EEXIST: 'something that is no FIFO is there: name another one with --mi-fifo',
  EACCES: 'its folder is not ours to write: name another one with --mi-fifo',
}
