// The listeners of one daemon: what each of them was sent is in the ledger, to the last message; certificates come
// and go by SIGHUP.

import { once } from 'node:events'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import t from 'tap'
import { WebSocket } from 'ws'
import { droppedOf } from '../../lib/ledger.js'
import type { Listen } from '../../lib/listen/protocols.js'
import { Authority, pemOf } from '../support/certificates.js'
import { hepcapd, RunningDaemon } from '../support/cli.js'
import { countRows, query, sendUdp, startDaemon } from '../support/daemon.js'
import { settled } from '../support/ledger.js'
import { options, packet } from '../support/packets.js'
import { TcpClient } from '../support/tcp-client.js'
import { missing, until } from '../support/tools.js'

t.setTimeout(240_000)

const skip = missing('openssl')
const PROTOS = ['hep_udp', 'hep_tcp', 'hep_tls', 'hep_ws', 'hep_wss', 'udp'] as const
const LISTEN = PROTOS.flatMap((proto) => ['--listen', `${proto}:127.0.0.1:0`])
const COUNT = 500

const packets = (name: string) => Array.from({ length: COUNT }, (_, i) => packet(options(`${name}-${i}`)))

async function sendWs(url: string, more: object, messages: Buffer[]): Promise<void> {
  const ws = new WebSocket(url, more)
  await once(ws, 'open')
  for (const octets of messages) ws.send(octets)
  ws.close()
  await once(ws, 'close')
}

async function secure(port: number, ca: string, more: object = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', ca, ...more })
  await once(socket, 'secureConnect')
  socket.on('error', () => {})
  return socket.resume()
}

async function finished(socket: TLSSocket, octets: Buffer): Promise<void> {
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.end(octets)
  await closed
}

t.test('every protocol at once: what was sent is what is stored', { skip }, async (t) => {
  const path = join(t.testdir(), 'a.db')
  const authority = new Authority(t.testdirName)
  const { cert, key } = authority.sign('server')
  const tls = ['--tls-cert', cert, '--tls-key', key, '--tls-ca', authority.cert]
  const daemon = await RunningDaemon.start([...LISTEN, ...tls, '--db-url', `sqlite:${path}`])
  const ca = readFileSync(authority.cert, 'utf8')
  const own = { ca, ...pemOf(authority.sign('agent')) }
  const stream = async () => {
    const client = await TcpClient.connect(daemon.port('hep_tcp'))
    await client.send(Buffer.concat(packets('hep_tcp')))
    await client.end()
  }
  await Promise.all([
    sendUdp(daemon.port('hep_udp'), packets('hep_udp')),
    sendUdp(daemon.port('udp'), [...packets('udp'), Buffer.from(options('bare')), Buffer.from('\r\n\r\n')]),
    stream(),
    secure(daemon.port('hep_tls'), ca, own).then((socket) =>
      finished(socket, Buffer.concat(packets('hep_tls'))),
    ),
    sendWs(`ws://127.0.0.1:${daemon.port('hep_ws')}/`, {}, packets('hep_ws')),
    sendWs(`wss://127.0.0.1:${daemon.port('hep_wss')}/hep`, own, packets('hep_wss')),
  ])
  const stranger = connect({ port: daemon.port('hep_tls'), host: '127.0.0.1', ca })
  await new Promise((resolve) =>
    stranger
      .on('error', () => {})
      .resume()
      .once('close', resolve),
  )
  await until(() => countRows(path) === PROTOS.length * COUNT + 1)
  const { status, ledger, err } = await daemon.stop()
  t.equal(status, 0, err)
  for (const proto of PROTOS) {
    const [name = '', input] =
      Object.entries(ledger.inputs).find(([one]) => one.startsWith(`${proto}:`)) ?? []
    if (!input) throw new Error(`no ${proto}`)
    t.equal(settled(input), input.received)
    t.equal(input.stored, COUNT + (proto === 'udp' ? 1 : 0), proto)
    t.same(input.dropped, proto === 'udp' ? { 'udp/keep_alive': 1 } : {})
    t.same(ledger.odd?.[name], proto === 'hep_tls' ? { 'tls/no_client_certificate': 1 } : undefined)
    const like = `SELECT count(*) FROM sip_capture WHERE callid LIKE '${proto.replace('_', '\\_')}-%' ESCAPE '\\'`
    t.same(query(path, like), [COUNT], proto)
  }
  t.match(
    query(
      path,
      "SELECT proto, family, source_ip, destination_ip, node FROM sip_capture WHERE callid = 'bare'",
    ),
    [{ proto: 17, family: 2, source_ip: '127.0.0.1', destination_ip: '127.0.0.1', node: 'homer01' }],
  )
})

t.test('SIGHUP reads certificates again; bad ones change nothing and are told', { skip }, async (t) => {
  const folder = t.testdir()
  const authority = new Authority(folder)
  const [first, second] = [authority.sign('first'), authority.sign('second')]
  const [cert, key] = [join(folder, 'now.pem'), join(folder, 'now.key')]
  const use = (pair: { cert: string; key: string }) => {
    copyFileSync(pair.cert, cert)
    copyFileSync(pair.key, key)
  }
  use(first)
  const args = ['--listen', 'hep_tls:127.0.0.1:0', '--tls-cert', cert, '--tls-key', key, '--db-url', 'none:']
  const daemon = await RunningDaemon.start(args)
  const port = daemon.port('hep_tls')
  const ca = readFileSync(authority.cert, 'utf8')
  const stays = await secure(port, ca)
  const shown = async () => {
    const socket = await secure(port, ca)
    const subject = socket.getPeerX509Certificate()?.subject
    await finished(socket, Buffer.concat(packets('new')))
    return subject
  }
  const lines = () => daemon.err.split('\n').filter((line) => line.includes('reload: the new')).length
  const hangUp = async () => {
    const before = lines()
    daemon.child.kill('SIGHUP')
    await until(() => lines() > before)
  }
  t.equal(await shown(), 'CN=first')
  use(second)
  await hangUp()
  t.equal(await shown(), 'CN=second')

  writeFileSync(key, readFileSync(first.key))
  await hangUp()
  t.match(daemon.err, /now\.key: error: this key does not belong to the certificate .*now\.pem/)
  t.match(daemon.err, /the new configuration cannot be used; the old one stays/)
  t.equal(await shown(), 'CN=second')
  use(first)
  await hangUp()
  t.equal(await shown(), 'CN=first')
  await finished(stays, Buffer.concat(packets('old')))

  const { status, ledger } = await daemon.stop()
  t.equal(status, 0)
  const [input] = Object.values(ledger.inputs)
  t.equal(input?.received, 5 * COUNT)
  t.equal(input && droppedOf(input), 0)
})

t.test(
  'files that cannot be used: 1 when they cannot be read, 2 when they are wrong',
  { skip },
  async (t) => {
    const authority = new Authority(t.testdir())
    const [own, other] = [authority.sign('own'), authority.sign('other')]
    const run = (...tls: string[]) =>
      hepcapd(['--listen', 'hep_wss:127.0.0.1:0', '--db-url', 'none:', ...tls])
    const none = await run()
    t.match(none, {
      status: 2,
      err: /^--listen: error: hep_wss:127.0.0.1:0 needs a tls_cert; name PEM files/,
    })
    const unreadable = await run('--tls-cert', join(authority.folder, 'no'), '--tls-key', own.key)
    t.match(unreadable, { status: 1, err: /ENOENT.*; name a PEM file that can be read/ })
    const wrong = await run('--tls-cert', own.cert, '--tls-key', other.key)
    t.match(wrong, { status: 2, err: /other\.key: error: this key does not belong/ })
  },
)

t.test('the daemon tells where its inputs listen', async (t) => {
  const protos = ['hep_udp', 'hep_tcp', 'hep_ws', 'udp'] as const
  const listen: Listen[] = protos.map((proto) => ({ proto, host: '127.0.0.1', port: 0 }))
  listen.push({ proto: 'hep_tcp', host: '*', port: 0 })
  const { daemon, port } = await startDaemon({ listen })
  const names = ['HEP_UDP', 'HEP_TCP', 'HEP_WS', 'HEP_UDP']
  for (const [at, proto] of names.entries())
    t.same(daemon.inputOf(at), { proto, address: '127.0.0.1', port: port(at) })
  t.same(daemon.inputOf(4), { proto: 'HEP_TCP', address: '', port: port(4) })
  t.equal(daemon.inputOf(5), undefined)
  t.same(
    daemon.listeners.map(({ proto }) => proto),
    [...protos, 'hep_tcp'],
  )
  await daemon.stop()
})
