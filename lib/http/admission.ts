// Who may ask: judged by Host, Origin and the token, before anything of the request is looked at.
//
//   Host     a web page may lead its own name to this host (DNS rebinding): only addresses and this host's names are
//            answered. Who has the token is no such page.
//   Origin   a browser says which page asks: only our own.
//   token    off loopback everybody needs it, but for what is public.

import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { isLoopback } from '../loopback.js'

export interface Refusal {
  status: number
  reason: string
  cure: string
}

export interface Verdict {
  refusal?: Refusal
  hasToken: boolean
}

const NO_HOST: Refusal = { status: 400, reason: 'host', cure: 'a request has one Host' }
const OTHER_HOST: Refusal = {
  status: 421,
  reason: 'host',
  cure: 'ask by an address or the name of this host, or show the token',
}
const OTHER_ORIGIN: Refusal = { status: 403, reason: 'origin', cure: 'other sites may not ask' }
const WRONG_TOKEN: Refusal = { status: 401, reason: 'token', cure: 'this is not the token' }
const NO_TOKEN: Refusal = {
  status: 401,
  reason: 'token',
  cure: 'show the token: Authorization: Bearer TOKEN',
}

export class Admission {
  readonly #isOpen: boolean
  readonly #token: Buffer | undefined
  readonly #names: Set<string>

  /** `address` is where the door is; a token of '' is none. */
  constructor(address: string, token: string, names: readonly string[] = ['localhost', hostname()]) {
    this.#isOpen = isLoopback(address)
    this.#token = token === '' ? undefined : digest(token)
    this.#names = new Set(names.map((name) => name.toLowerCase()))
  }

  of({ host, origin, authorization }: IncomingHttpHeaders, isPublic: boolean): Verdict {
    const hasToken = this.#isToken(authorization)
    const refusal = this.#refusal(host, origin, authorization, hasToken, isPublic)
    return refusal ? { refusal, hasToken } : { hasToken }
  }

  #refusal(
    host: string | undefined,
    origin: string | undefined,
    authorization: string | undefined,
    hasToken: boolean,
    isPublic: boolean,
  ): Refusal | undefined {
    const name = host === undefined ? undefined : nameOf(host)
    if (name === undefined) return NO_HOST
    if (!hasToken && isIP(name) === 0 && !this.#names.has(name)) return OTHER_HOST
    if (origin !== undefined && hostOf(origin) !== host!.toLowerCase()) return OTHER_ORIGIN
    if (authorization !== undefined && this.#token && !hasToken) return WRONG_TOKEN
    return this.#isOpen || isPublic || hasToken ? undefined : NO_TOKEN
  }

  #isToken(authorization: string | undefined): boolean {
    const shown = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
    return shown !== undefined && this.#token !== undefined && timingSafeEqual(digest(shown), this.#token)
  }
}

/** As long as every other one: what is compared tells nothing of its length. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** Without its port, and an IPv6 address without its brackets. */
function nameOf(host: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]/@\s]+))(?::\d{1,5})?$/.exec(host) ?? []
  return (bracketed ?? plain)?.toLowerCase().replace(/\.$/, '')
}

/** Of `https://host:port`; undefined for what has none, `null` say. */
function hostOf(origin: string): string | undefined {
  return /^https?:\/\/([^/?#@\s]+)$/i.exec(origin)?.[1]?.toLowerCase()
}
