// HEP over TLS: however the stream is cut, every packet arrives once; who has not the certificate that is wanted,
// and who never ends a handshake, costs a count and nothing else.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect as connectTcp, type Socket } from 'node:net'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { readCredentials } from '../../lib/listen/certificates.js'
import { STREAM_LIMITS, type StreamLimits } from '../../lib/listen/stream.js'
import { TlsListener } from '../../lib/listen/tls.js'
import { Authority, credentialsOf, filesOf, pemOf } from '../support/certificates.js'
import { options, packet, u8 } from '../support/packets.js'
import { type Rig, streamRig } from '../support/stream-rig.js'
import { turns } from '../support/tcp-client.js'
import { missing, until } from '../support/tools.js'

t.setTimeout(240_000)

const skip = missing('openssl')
const folder = t.testdir()
const ours = skip ? undefined : new Authority(folder)
const others = skip ? undefined : new Authority(folder, 'others')

function authority(): Authority {
  if (!ours) throw new Error('no openssl')
  return ours
}

type TlsRig = Rig<TlsListener>

function rig(t: Test, wantsClient = false, limits: StreamLimits = STREAM_LIMITS): Promise<TlsRig> {
  const own = credentialsOf(authority().sign('server'), wantsClient ? authority() : undefined)
  return streamRig(t, (engine) => new TlsListener(engine, 0, own, limits))
}

/** Limits that a test may change while the listener has them: no time runs out before it wants that. */
const changeable = (): StreamLimits => ({ ...STREAM_LIMITS, incompleteMs: 600_000, handshakeMs: 600_000 })

/** Resolves with the socket once it has secured itself; `closed` tells when the other side is gone. */
async function client(port: number, more: ConnectionOptions = {}): Promise<TLSSocket> {
  const ca = pemOf({ cert: authority().cert, key: authority().cert }).cert
  const socket = connect({ port, host: '127.0.0.1', ca, ...more })
  socket.on('error', () => {})
  socket.resume()
  await once(socket, 'secureConnect')
  return socket
}

/** One that is not let in may hear of it before its own handshake is done, or after. */
async function refused(port: number, more: ConnectionOptions = {}): Promise<void> {
  try {
    const socket = await client(port, more)
    socket.write(packets(['refused']))
    await closed(socket)
  } catch (error) {
    if (!/ECONNRESET|EPIPE/.test(String((error as NodeJS.ErrnoException).code))) throw error
  }
}

function closed(socket: Socket): Promise<unknown> {
  return socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once('close', resolve))
}

async function sendAll(socket: Socket, octets: Buffer): Promise<void> {
  socket.end(octets)
  await closed(socket)
}

const calls = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}-${i}`)
const packets = (ids: string[]) => Buffer.concat(ids.map((id) => packet(options(id))))

t.test('packets of a TLS stream arrive, wherever it was cut', { skip }, async (t) => {
  const { port, callIds, counters, listener } = await rig(t)
  const ids = calls('cut', 3)
  const stream = packets(ids)
  for (let cut = 1; cut < stream.length; cut += 7) {
    const socket = await client(port, { maxVersion: cut % 2 ? 'TLSv1.2' : 'TLSv1.3' })
    socket.write(stream.subarray(0, cut))
    await turns()
    await sendAll(socket, stream.subarray(cut))
  }
  const slow = await client(port)
  for (const octet of stream) slow.write(u8(octet))
  await sendAll(slow, Buffer.alloc(0))
  const rounds = Math.ceil((stream.length - 1) / 7) + 1
  t.same(callIds(), Array(rounds).fill(ids).flat())
  t.match(counters(), { received: 3 * rounds, accepted: 3 * rounds, dropped: {} })
  t.same(listener.odd, {})
})

t.test('faults of the stream are those of TCP', { skip }, async (t) => {
  const limits = changeable()
  const { port, callIds, counters } = await rig(t, false, limits)
  const junk = await client(port)
  junk.write(Buffer.concat([packets(['good']), Buffer.from('GET / HTTP/1.1\r\n')]))
  await closed(junk)
  const cut = await client(port)
  await sendAll(cut, packets(['cut']).subarray(0, 20))
  const stuck = await client(port)
  stuck.write(packets(['stuck']).subarray(0, 20))
  limits.incompleteMs = 1
  await closed(stuck)
  t.same(callIds(), ['good'])
  t.same(counters().dropped, { 'tcp/bad_magic': 1, 'tcp/incomplete': 1, 'tcp/timeout': 1 })
})

t.test('TLS 1.1 is refused, and so is what is no TLS', { skip }, async (t) => {
  const { port, listener, counters } = await rig(t)
  const old: ConnectionOptions = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }
  await t.rejects(client(port, old))
  const plain = connectTcp(port, '127.0.0.1')
  plain.on('error', () => {})
  plain.resume()
  plain.write(packets(['plain']))
  await closed(plain)
  const silent = connectTcp(port, '127.0.0.1')
  silent.end()
  await closed(silent.resume())
  await until(() => listener.odd['tls/handshake'] === 3)
  t.same(listener.odd, { 'tls/handshake': 3 })
  t.equal(counters().received, 0)
})

t.test('with a CA, only senders with a certificate of it are heard', { skip }, async (t) => {
  const { port, listener, callIds, counters } = await rig(t, true)
  const good = pemOf(authority().sign('agent'))
  const bad = [
    others && pemOf(others.sign('stranger')),
    pemOf(authority().sign('late', -1)),
    pemOf({ cert: authority().cert, key: authority().sign('thief').key }), // not its own: the client itself fails
  ] as const
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    await refused(port, { maxVersion: version })
    for (const pair of bad.slice(0, 2)) {
      await refused(port, { ...pair, maxVersion: version })
    }
    await sendAll(await client(port, { ...good, maxVersion: version }), packets([`good-${version}`]))
  }
  t.throws(() => connect({ port, ...bad[2] }), /key values mismatch/)
  t.same(listener.odd, { 'tls/no_client_certificate': 2, 'tls/bad_client_certificate': 4 })
  t.same(callIds(), ['good-TLSv1.2', 'good-TLSv1.3'])
  t.equal(counters().received, 2)
})

t.test('a session that was opened with a certificate opens none without', { skip }, async (t) => {
  const good = pemOf(authority().sign('agent'))
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { port, listener, counters } = await rig(t, true)
    const first = await client(port, { ...good, maxVersion: version })
    const session = await until(() => first.getSession())
    await refused(port, { maxVersion: version, session })
    first.destroy()
    t.same(listener.odd, { 'tls/no_client_certificate': 1 }, version)
    t.equal(counters().received, 0)
  }
})

t.test('openssl is a sender like any other', { skip }, async (t) => {
  const { port, listener, callIds } = await rig(t, true)
  const { cert, key } = authority().sign('openssl')
  const send = async (...own: string[]) => {
    const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-CAfile', authority().cert, '-quiet', ...own]
    const child = spawn('openssl', args, { stdio: ['pipe', 'ignore', 'ignore'] })
    child.stdin.on('error', () => {})
    child.stdin.end(packets(['openssl']))
    await once(child, 'exit')
  }
  await send('-cert', cert, '-key', key, '-no_ign_eof')
  t.same(callIds(), ['openssl'])
  await send('-no_ign_eof')
  await until(() => listener.odd['tls/no_client_certificate'] === 1)
  t.same(callIds(), [])
})

t.test(
  'peers that never end a handshake hold nothing back, and go when their time is over',
  { skip },
  async (t) => {
    const limits = changeable()
    const { port, listener, callIds, counters } = await rig(t, false, limits)
    const hello = Buffer.from('16030102000100', 'hex')
    const idle = Array.from({ length: 50 }, (_, at) => {
      const socket = connectTcp(port, '127.0.0.1')
      socket.on('error', () => {})
      socket.resume()
      if (at % 2) {
        const drip = setInterval(() => socket.write(hello.subarray(0, 1)), 100)
        socket.on('close', () => clearInterval(drip))
        socket.write(hello)
      }
      return socket
    })
    await Promise.all(idle.map((socket) => once(socket, 'connect')))
    const ids = calls('good', 5000)
    await sendAll(await client(port), packets(ids))
    t.same(callIds(), ids)
    t.same(listener.odd, {}, 'they are still there')
    limits.handshakeMs = 1
    await Promise.all(idle.map(closed))
    t.same(listener.odd, { 'tls/handshake_timeout': 50 })
    t.equal(counters().received, ids.length)
  },
)

t.test('there is room for so many handshakes; behind that the oldest goes', { skip }, async (t) => {
  const { port, listener, callIds } = await rig(t, false, { ...changeable(), handshakes: 10 })
  const idle: Socket[] = []
  for (let at = 0; at < 40; at++) {
    const socket = connectTcp(port, '127.0.0.1')
    socket.on('error', () => {})
    idle.push(socket.resume())
    await once(socket, 'connect')
  }
  await Promise.all(idle.slice(0, 30).map(closed))
  await sendAll(await client(port), packets(['through']))
  t.same(callIds(), ['through'])
  t.same(listener.odd, { 'tls/too_many_handshakes': 31 })
  for (const socket of idle) socket.destroy()
})

t.test(
  'certificates are replaced under load; connections go on, and new ones see the new',
  { skip },
  async (t) => {
    const { port, listener, callIds, counters } = await rig(t)
    const [first, second] = [await client(port), await client(port)]
    const before = first.getPeerX509Certificate()?.fingerprint256
    const ids: string[] = []
    for (let round = 0; round < 20; round++) {
      const fresh = credentialsOf(
        authority().sign(`server-${round % 2}`),
        round >= 10 ? authority() : undefined,
      )
      listener.reload(fresh)
      for (const [at, socket] of [first, second].entries()) {
        const more = calls(`round-${round}-${at}`, 50)
        ids.push(...more)
        socket.write(packets(more))
      }
      if (round >= 10) continue
      const next = await client(port)
      t.not(next.getPeerX509Certificate()?.fingerprint256, before)
      await sendAll(next, packets([`next-${round}`]))
      ids.push(`next-${round}`)
    }
    const refused = await client(port)
    await closed(refused)
    await Promise.all([sendAll(first, Buffer.alloc(0)), sendAll(second, Buffer.alloc(0))])
    t.same(callIds().sort(), ids.sort())
    t.match(counters(), { received: ids.length, accepted: ids.length, dropped: {} })
    t.same(listener.odd, { 'tls/no_client_certificate': 1 }, 'a CA can be wanted from then on')
  },
)

t.test('close() takes what was sent, and leaves no handshake open', { skip }, async (t) => {
  const { port, listener, callIds, counters } = await rig(t)
  const sockets = await Promise.all(Array.from({ length: 3 }, () => client(port)))
  const half = connectTcp(port, '127.0.0.1').on('error', () => {})
  await once(half.resume(), 'connect')
  await until(() => listener.connections === 3)
  const ids = calls('late', 100)
  for (const socket of sockets) socket.write(packets(ids))
  await listener.close(30_000)
  await Promise.all([...sockets, half].map(closed))
  t.same(callIds(), Array(3).fill(ids).flat())
  t.same(counters().dropped, {})
})

t.test('files that cannot be used say why', { skip }, async (t) => {
  const [own, other] = [authority().sign('own'), authority().sign('other')]
  const junk = join(folder, 'junk.pem')
  writeFileSync(junk, 'not PEM\n')
  const broken = join(folder, 'broken.pem')
  writeFileSync(broken, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
  const files = (more: object) => () => readCredentials({ ...filesOf(own), ...more })
  t.throws(files({ cert: join(folder, 'none.pem') }), { name: 'RefusedError', code: 'ENOENT' })
  t.throws(files({ key: folder }), { name: 'RefusedError', code: 'EISDIR' })
  t.throws(
    files({ key: other.key }),
    /own\.pem|other\.key: error: this key does not belong to the certificate/,
  )
  t.throws(files({ cert: junk }), /junk\.pem: error: there is no certificate in it; name a PEM file/)
  t.throws(files({ ca: junk }), /junk\.pem: error: there is no certificate in it/)
  t.throws(files({ key: junk }), /junk\.pem: error: there is no private key in it/)
  t.throws(files({ key: own.cert }), /own\.pem: error: there is no private key in it/)
  t.throws(files({ cert: broken }), /broken\.pem: error: one of its certificates cannot be read/)
  t.same(files({})().warnings, [])
  const [warning, ...more] = readCredentials(filesOf(authority().sign('past', -1))).warnings
  t.match(warning, { severity: 'warning', what: /the certificate expired on / })
  t.same(more, [])
})
