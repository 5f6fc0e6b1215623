// hep-js, the HEP library of Homer's own tools, as a sender.

import { createSocket } from 'node:dgram'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import { openSqlite } from '../../lib/sqlite.js'
import { RunningDaemon } from '../support/cli.js'
import { options } from '../support/packets.js'
import { until } from '../support/tools.js'

t.setTimeout(240_000)

interface HepJs {
  encapsulate(payload: string, rcinfo: Record<string, unknown>): Buffer
}
const hepJs = createRequire(import.meta.url)('hep-js') as HepJs

const common = {
  type: 'HEP',
  version: 3,
  protocolFamily: 2,
  protocol: 17,
  srcIp: '192.0.2.1',
  dstIp: '192.0.2.2',
  srcPort: 5060,
  dstPort: 5080,
  timeSeconds: 1_700_000_000,
  timeUseconds: 654_321,
  captureId: 2001,
  capturePass: 'myHep',
}

t.test('SIP and reports that hep-js encapsulates are stored in their tables', async (t) => {
  const path = join(t.testdir(), 'calls.db')
  const daemon = await RunningDaemon.start(['--listen', 'hep_udp:127.0.0.1:0', '--db-url', `sqlite:${path}`])
  const socket = createSocket('udp4')
  const send = (packet: Buffer) =>
    new Promise((resolve) => socket.send(packet, daemon.port('hep_udp'), '127.0.0.1', resolve))
  const sip = options('call-1', 'From: <sip:alice@example.org>;tag=a1')
  await send(hepJs.encapsulate(sip, { ...common, payloadType: 1, correlation_id: 'correlated' }))
  await send(hepJs.encapsulate('{"mos":4.4}', { ...common, payloadType: 34, correlation_id: 'call-1' }))
  socket.close()
  const count = () => {
    try {
      const db = openSqlite(path, { readonly: true })
      const [sips, reports] = ['sip_capture', 'rtcp_capture'].map((table) =>
        db.prepare(`SELECT * FROM ${table}`).all(),
      )
      db.close()
      return { sips, reports } as { sips: Record<string, unknown>[]; reports: Record<string, unknown>[] }
    } catch {
      return undefined // not there yet
    }
  }
  const { sips, reports } = await until(count)
  const { ledger } = await daemon.stop()
  t.match(Object.values(ledger.inputs), [{ received: 2, stored: 2, dropped: {}, in_flight: 0 }])
  t.equal(sips.length, 1)
  t.match(sips[0], {
    date: '2023-11-14 22:13:20',
    micro_ts: 1_700_000_000_654_321,
    method: 'OPTIONS',
    from_user: 'alice',
    from_tag: 'a1',
    callid: 'call-1',
    correlation_id: 'correlated',
    source_ip: '192.0.2.1',
    source_port: 5060,
    destination_ip: '192.0.2.2',
    destination_port: 5080,
    node: 'homer01:2001',
    msg: sip,
  })
  t.equal(reports.length, 1)
  t.match(reports[0], { type: 34, correlation_id: 'call-1', msg: '{"mos":4.4}', node: 'homer01:2001' })
})
