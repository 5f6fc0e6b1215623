// Certificates of a test's own, made by openssl: an authority, and what it signs.

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TlsCredentials, TlsFiles } from '../../lib/listen/certificates.js'

export interface KeyPair {
  /** Paths. */
  cert: string
  key: string
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

export class Authority {
  readonly folder: string
  readonly name: string
  /** Path of its certificate. */
  readonly cert: string

  constructor(folder: string, name = 'authority') {
    this.folder = folder
    this.name = name
    this.cert = this.#path('pem')
    openssl('req', '-x509', ...EC, '-keyout', this.#path('key'), '-out', this.cert, '-subj', `/CN=${name}`)
  }

  /** For localhost; `days` under 0 is past. */
  sign(name: string, days = 30): KeyPair {
    const path = (end: string) => join(this.folder, `${this.name}-${name}.${end}`)
    const [cert, key, request, more] = [path('pem'), path('key'), path('csr'), path('ext')]
    writeFileSync(more, 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1')
    openssl('req', ...EC, '-keyout', key, '-out', request, '-subj', `/CN=${name}`)
    const signer = ['-CA', this.cert, '-CAkey', this.#path('key'), '-CAcreateserial']
    openssl('x509', '-req', '-in', request, ...signer, '-days', `${days}`, '-extfile', more, '-out', cert)
    return { cert, key }
  }

  #path(end: string): string {
    return join(this.folder, `${this.name}.${end}`)
  }
}

export function filesOf({ cert, key }: KeyPair, ca?: Authority): TlsFiles {
  return { cert, key, ca: ca?.cert ?? '' }
}

export function pemOf(pair: KeyPair): { cert: string; key: string } {
  return { cert: readFileSync(pair.cert, 'utf8'), key: readFileSync(pair.key, 'utf8') }
}

export function credentialsOf(pair: KeyPair, ca?: Authority): TlsCredentials {
  return { ...pemOf(pair), ca: ca ? readFileSync(ca.cert, 'utf8') : '' }
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
