// Two hundred connections that say nothing at each listener: a sender is served all the same, and so is the one after
// they have gone.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import type { ListenProto } from '../../lib/listen/protocols.js'
import { Authority, credentialsOf } from '../support/certificates.js'
import { SETTINGS, startDaemon } from '../support/daemon.js'
import { options, packet } from '../support/packets.js'
import { overTcp, overTls, overWs, type Send } from '../support/senders.js'
import { missing, until } from '../support/tools.js'

t.setTimeout(240_000)

const HOST = '127.0.0.1'
const SILENT = 200

const TRANSPORTS: [ListenProto, Send][] = [
  ['hep_tcp', overTcp],
  ['hep_tls', overTls],
  ['hep_ws', overWs],
]

async function silent(port: number): Promise<Socket> {
  const socket = connect({ port, host: HOST })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

t.test('each listener', { skip: missing('openssl') }, async (t) => {
  const tls = credentialsOf(new Authority(t.testdir()).sign('server'), undefined)
  const listen = TRANSPORTS.map(([proto]) => ({ proto, host: HOST, port: 0 }))
  const { daemon, port } = await startDaemon({ ...SETTINGS, listen, tls, targets: [{ kind: 'none' }] })
  t.teardown(() => daemon.stop())
  const ports = TRANSPORTS.map((_, at) => port(at))
  const sockets = await Promise.all(ports.flatMap((at) => Array.from({ length: SILENT }, () => silent(at))))
  const received = (messages: number) =>
    until(() => Object.values(daemon.ledger().inputs).every((input) => input.received === messages))
  for (const [at, [proto, send]] of TRANSPORTS.entries())
    await send(ports[at]!, HOST, [packet(options(proto))])
  await received(1)
  t.pass('served beside them')
  for (const socket of sockets) socket.destroy()
  for (const [at, [proto, send]] of TRANSPORTS.entries())
    await send(ports[at]!, HOST, [packet(options(proto))])
  await received(2)
  t.pass('served after them')
})
