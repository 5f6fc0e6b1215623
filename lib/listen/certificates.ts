// The files of --tls-cert, --tls-key and --tls-ca: read as a part of the configuration, and checked before any
// socket has them, so that a bad file never takes the place of a good one.

import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, type TlsOptions } from 'node:tls'
import { type Fault, RefusedError, UsageError } from '../errors.js'
import { inheritance } from '../privileges/inheritance.js'

/** Paths; '' is none. */
export interface TlsFiles {
  cert: string
  key: string
  ca: string
}

/** What the files hold, PEM; '' is none. */
export interface TlsCredentials {
  cert: string
  key: string
  /** Who may sign the certificates of peers. */
  ca: string
}

export interface ReadCredentials {
  credentials: TlsCredentials
  warnings: Fault[]
}

/** Older versions have faults of their own (RFC 8996). */
export const TLS_FLOOR = { minVersion: 'TLSv1.2' } as const

/** Throws a RefusedError for a file that cannot be read, and a UsageError for what is in it. */
export function readCredentials(files: TlsFiles): ReadCredentials {
  const credentials = { cert: textOf(files.cert), key: textOf(files.key), ca: textOf(files.ca) }
  const chain = files.cert === '' ? [] : certificatesIn(files.cert, credentials.cert)
  if (files.ca !== '') certificatesIn(files.ca, credentials.ca)
  if (files.key !== '') checkKey(files, credentials)
  return { credentials, warnings: chain.slice(0, 1).flatMap((own) => datesOf(own, files.cert)) }
}

/** What a TLS server is made of; with a CA every peer has to show a certificate of it. */
export function serverOptions({ cert, key, ca }: TlsCredentials): TlsOptions {
  const asks = ca === '' ? {} : { ca, requestCert: true }
  // who is refused is decided, and counted, by the listener
  return { ...TLS_FLOOR, cert, key, ...asks, rejectUnauthorized: false }
}

function textOf(path: string): string {
  if (path === '') return ''
  try {
    return inheritance.file(path, readFileSync).toString()
  } catch (error) {
    const { code = 'ERROR', message } = error as NodeJS.ErrnoException
    throw new RefusedError({ code, message, cure: 'name a PEM file that can be read' })
  }
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g

function certificatesIn(path: string, pem: string): X509Certificate[] {
  const found = pem.match(CERTIFICATE) ?? []
  if (found.length === 0)
    throw fault(path, 'there is no certificate in it', 'name a PEM file: -----BEGIN CERTIFICATE-----')
  try {
    return found.map((one) => new X509Certificate(one))
  } catch {
    throw fault(
      path,
      'one of its certificates cannot be read',
      'look at it with `openssl x509 -text -in FILE`',
    )
  }
}

function checkKey({ cert: certPath, key: keyPath }: TlsFiles, { cert, key }: TlsCredentials): void {
  try {
    createSecureContext({ ...TLS_FLOOR, cert, key })
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    if (code.includes('KEY_VALUES_MISMATCH') || code.includes('KEY_TYPE_MISMATCH')) {
      throw fault(
        keyPath,
        `this key does not belong to the certificate ${certPath}`,
        'name the key that does',
      )
    }
    if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(key)) {
      throw fault(keyPath, 'there is no private key in it', 'name a PEM file: -----BEGIN PRIVATE KEY-----')
    }
    const cure = 'name a PEM key without a passphrase, and its certificate'
    throw fault(keyPath, `it cannot be used with ${certPath}: ${message}`, cure)
  }
}

/** Some senders never look at the dates: what they send is better taken than lost. */
function datesOf({ validFrom, validTo }: X509Certificate, path: string): Fault[] {
  const now = Date.now()
  if (Date.parse(validTo) < now) return [warning(path, `the certificate expired on ${validTo}`)]
  if (Date.parse(validFrom) > now) return [warning(path, `the certificate is not valid before ${validFrom}`)]
  return []
}

function warning(where: string, what: string): Fault {
  const cure = 'name a new one and send SIGHUP: senders that look at it refuse to talk'
  return { where, severity: 'warning', what, cure }
}

function fault(where: string, what: string, cure: string): UsageError {
  return new UsageError([{ where, severity: 'error', what, cure }])
}
