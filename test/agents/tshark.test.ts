// A real capture, sent by `hepcapd send` in every version and transport, stored by a running daemon: every
// column against what tshark reads from the same file. The expectations are test/fixtures/*.tshark.json.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { openSqlite } from '../../lib/sqlite.js'
import { hepcapd, RunningDaemon } from '../support/cli.js'
import { capture, missing, NO_CAPTURES } from '../support/tools.js'

t.setTimeout(240_000)

type Layers = Record<string, string[] | undefined>

const file = capture('sip-81-messages.pcap')
const fixture = fileURLToPath(new URL('../../../test/fixtures/sip-81-messages.tshark.json', import.meta.url))
const packets = (JSON.parse(readFileSync(fixture, 'utf8')) as { _source: { layers: Layers } }[]).map(
  (packet) => packet._source.layers,
)

/** tshark's view of one packet as a row. It quotes the digest user, and writes a message's first values first. */
function expectedRow(layers: Layers, version: number): Record<string, string | number> {
  const first = (name: string) => layers[name]?.[0] ?? ''
  const request = layers['sip.Method'] !== undefined
  const auth = first('sip.Proxy-Authorization') || first('sip.Authorization')
  const [seconds, fraction] = first('frame.time_epoch').split('.') as [string, string]
  return {
    ...(version === 1
      ? {}
      : {
          micro_ts: Number(seconds) * 1e6 + Number(fraction.slice(0, 6)),
          date: new Date(Number(seconds) * 1000).toISOString().slice(0, 19).replace('T', ' '),
        }),
    method: request ? first('sip.Method') : first('sip.Status-Code'),
    reply_reason: request ? '' : first('sip.Status-Line').split(' ').slice(2).join(' '),
    type: request ? 1 : 2,
    ruri: first('sip.r-uri'),
    ruri_user: first('sip.r-uri.user'),
    ruri_domain: first('sip.r-uri.host'),
    from_user: first('sip.from.user'),
    from_domain: first('sip.from.host'),
    from_tag: first('sip.from.tag'),
    to_user: first('sip.to.user'),
    to_domain: first('sip.to.host'),
    to_tag: first('sip.to.tag'),
    pid_user: first('sip.pai.user') || first('sip.ppi.user'),
    contact_user: first('sip.contact.user'),
    contact_ip: first('sip.contact.host'),
    contact_port: Number(first('sip.contact.port') || 0),
    auth,
    auth_user: first('sip.auth.username').replaceAll('"', '').split('@')[0] as string,
    callid: first('sip.Call-ID'),
    callid_aleg: '',
    correlation_id: first('sip.Call-ID'),
    via_1: first('sip.Via'),
    via_1_branch: first('sip.Via.branch'),
    cseq: first('sip.CSeq'),
    reason: first('sip.Reason'),
    content_type: first('sip.Content-Type'),
    user_agent: first('sip.User-Agent'),
    diversion: first('sip.Diversion'),
    source_ip: first('ip.src'),
    source_port: Number(first('udp.srcport')),
    destination_ip: first('ip.dst'),
    destination_port: Number(first('udp.dstport')),
    proto: Number(first('ip.proto')),
    family: 2,
    originator_ip: '',
    originator_port: 0,
    rtp_stat: '',
    node: version === 1 ? 'homer01' : 'homer01:2001',
    custom_field1: '',
    custom_field2: '',
    custom_field3: '',
  }
}

/** The payloads, octet for octet, where tshark is there to read them. */
function payloads(): string[] | undefined {
  if (missing('tshark')) return undefined
  const lines = execFileSync(
    'tshark',
    ['-r', file as string, '-Y', 'sip', '-T', 'fields', '-e', 'udp.payload'],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
  return lines.trim().split('\n')
}

for (const [version, proto] of [
  [1, 'hep_udp'],
  [2, 'hep_udp'],
  [3, 'hep_udp'],
  [3, 'hep_tcp'],
] as const) {
  t.test(
    `v${version} over ${proto}: 81 rows, each column as tshark reads it`,
    { skip: file ? false : NO_CAPTURES },
    async (t) => {
      const path = join(t.testdir(), 'calls.db')
      const daemon = await RunningDaemon.start([
        '--listen',
        `${proto}:127.0.0.1:0`,
        '--db-url',
        `sqlite:${path}`,
      ])
      const to = `${proto}:127.0.0.1:${daemon.port(proto)}`
      const sent = await hepcapd([
        'send',
        '--to',
        to,
        '--hep',
        String(version),
        '--read',
        file as string,
        '--agent-id',
        '2001',
      ])
      t.equal(sent.status, 0, sent.err)
      t.match(JSON.parse(sent.out), { sent: 81 })
      const { ledger, status } = await daemon.stop()
      t.equal(status, 0)
      t.match(Object.values(ledger.inputs), [{ received: 81, stored: 81, in_flight: 0, dropped: {} }])

      const db = openSqlite(path, { readonly: true })
      t.teardown(() => db.close())
      const rows = db.prepare('SELECT *, hex(msg) AS hex FROM sip_capture ORDER BY id').all() as Record<
        string,
        unknown
      >[]
      t.equal(rows.length, 81)
      const octets = payloads()
      for (const [i, layers] of packets.entries()) {
        const expected = expectedRow(layers, version)
        const row = rows[i] as Record<string, unknown>
        const seen = Object.fromEntries(Object.keys(expected).map((name) => [name, row[name]]))
        t.same(seen, expected, `frame ${layers['frame.number']}`)
        if (octets)
          t.equal((row.hex as string).toLowerCase(), octets[i], 'msg is the payload, octet for octet')
      }
      t.equal(Object.keys(rows[0] ?? {}).length, 46, 'id, 44 columns, and the hex that we asked for')
    },
  )
}
