// Listeners as a configuration names them: usual ports, ports that two of them want, and the files of TLS.

import { join } from 'node:path'
import t from 'tap'
import { renderFault, UsageError } from '../../lib/errors.js'
import { type Effective, effective } from '../../lib/options/settings.js'
import { Authority } from '../support/certificates.js'
import { missing } from '../support/tools.js'

function resolved(flags: Record<string, unknown>): Effective {
  return effective({ command: 'run', argv: { _: [], ...flags }, env: {} })
}

function faults(flags: Record<string, unknown>): string[] {
  try {
    return resolved(flags).warnings.map(renderFault)
  } catch (error) {
    if (error instanceof UsageError) return error.faults.map(renderFault)
    throw error
  }
}

const skip = missing('openssl')
const folder = t.testdir()

t.test('without a port, HEP has hep_port and SIP has 5060', { skip }, async (t) => {
  const { cert, key } = new Authority(folder).sign('server')
  const listen = [
    'hep_udp:*',
    'hep_tcp:127.0.0.1',
    'hep_tls:[::1]',
    'hep_ws:192.0.2.1',
    'hep_wss:192.0.2.2',
    'udp:*',
  ]
  const flags = { listen, 'hep-port': '9070', 'tls-cert': cert, 'tls-key': key }
  t.same(
    resolved(flags).settings.listen.map(({ proto, port }) => `${proto} ${port}`),
    ['hep_udp 9070', 'hep_tcp 9070', 'hep_tls 9070', 'hep_ws 9070', 'hep_wss 9070', 'udp 5060'],
  )
})

t.test('a port is bound once', async (t) => {
  const both = (one: string, other: string) => faults({ listen: [one, other] })
  t.same(both('udp:*:9060', 'udp:*:9060'), ['--listen: error: udp:*:9060 is named twice; name it once'])
  const cure = 'give one of them another port'
  for (const [one, other] of [
    ['hep_tcp:192.0.2.1:9060', 'hep_ws:192.0.2.1:9060'],
    ['udp:*:9060', 'hep_udp:*:9060'],
    ['hep_tcp:*:9060', 'hep_ws:192.0.2.1:9060'],
    ['hep_ws:[::1]:9060', 'hep_tcp:*:9060'],
  ] as const) {
    t.same(both(one, other), [`--listen: error: ${one} and ${other} want the same port; ${cure}`])
  }
  t.same(both('hep_tcp:*:9060', 'hep_udp:*:9060'), [])
  t.same(both('hep_tcp:*:0', 'hep_ws:*:0'), [])
  t.same(both('hep_tcp:192.0.2.1:9060', 'hep_ws:192.0.2.2:9060'), [])
})

t.test('without HEP capture the SIP listeners stay', async (t) => {
  const { settings } = resolved({ listen: ['hep_udp:*', 'udp:*'], 'hep-capture-on': '0' })
  t.match(settings, { listen: [{ proto: 'udp' }], hepCaptureOn: false })
  t.equal(settings.listen.length, 1)
  t.match(faults({ listen: 'hep_udp:*', 'hep-capture-on': '0' }), [/there is nothing to capture from/])
})

t.test('TLS needs its files', { skip }, async (t) => {
  const authority = new Authority(folder, 'files')
  const { cert, key } = authority.sign('server')
  const cure = 'name PEM files with tls_cert and tls_key'
  t.same(faults({ listen: 'hep_tls:*:1' }), [`--listen: error: hep_tls:*:1 needs a tls_cert; ${cure}`])
  t.same(faults({ listen: 'hep_wss:*:1', 'tls-cert': cert }), [
    `--listen: error: hep_wss:*:1 needs a tls_key; ${cure}`,
  ])
  t.same(faults({ 'tls-cert': cert }), [`--tls-cert: error: there is no tls_key to this tls_cert; ${cure}`])
  t.same(faults({ 'tls-key': key }), [`--tls-key: error: there is no tls_cert to this tls_key; ${cure}`])
  const own = { listen: 'hep_tls:*:1', 'tls-cert': cert, 'tls-key': key }
  t.same(faults(own), [])
  t.match(resolved({ ...own, 'tls-ca': authority.cert }).settings.tls, {
    cert: /BEGIN CERTIFICATE/,
    key: /BEGIN PRIVATE KEY/,
    ca: /BEGIN CERTIFICATE/,
  })
  t.throws(() => faults({ ...own, 'tls-ca': join(folder, 'none') }), { name: 'RefusedError', code: 'ENOENT' })
  const late = authority.sign('late', -1)
  t.match(faults({ ...own, 'tls-cert': late.cert, 'tls-key': late.key }), [
    /late\.pem: warning: the certificate expired on .*; name a new one and send SIGHUP/,
  ])
})
