// `hepcapd trace` as users call it: the packet, what its routes did, and what would be stored and sent. Nothing is.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { hepcapd } from '../support/cli.js'
import { ethernet, IPV6, ipv4, ipv6, udp, writePcap } from '../support/frames.js'
import { hep1, hep2, options, packet } from '../support/packets.js'
import { capture, NO_CAPTURES } from '../support/tools.js'

t.setTimeout(240_000)

const folder = mkdtempSync(join(tmpdir(), 'hepcapd-trace-'))
t.teardown(() => rmSync(folder, { recursive: true }))

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** A trace as JSON, which must have gone well. */
async function traced(...args: string[]) {
  const { status, out, err } = await hepcapd(['trace', '--json', ...args])
  if (status !== 0) throw new Error(err)
  return { ...JSON.parse(out), err }
}

const ENDS = { source: '192.0.2.1', sourcePort: 5062, destination: '192.0.2.2', destinationPort: 9060 }
const datagram = (payload: Buffer) => ethernet(ipv4(ENDS, 17, udp(ENDS, payload)))
const OPTIONS = options('c1@example.com', 'From: <sip:alice@example.com>;tag=f1')

const SCRIPT = file(
  'switch.cfg',
  `modparam("sipcapture", "hep_route", "my_hep")
modparam("sipcapture", "capture_on", 1)
modparam("sipcapture", "hep_capture_on", 1)
socket = hep_udp:127.0.0.1:9060
route[my_hep] {
  hep_get("11", "uint8", $var(type));
  if ($var(type) == "SIP") {
    hep_set("0x0011", "abc");
    $du = "sip:192.0.2.9;transport=tcp";
    hep_relay();
    hep_resume_sip();
  }
}
route {
  xlog("L_INFO", "got $rm from $hep_net(src_ip)\\n");
  sip_capture("calls_%Y", "one");
}
onreply_route { exit; }
`,
)

t.test('a HEP packet on its way through a script, step by step', async (t) => {
  const path = file('one.hep', packet(OPTIONS))
  const { status, out, err } = await hepcapd(['trace', '-f', SCRIPT, path])
  t.equal(err, '')
  t.equal(status, 0)
  t.match(out, `packet: ${path}\n  HEP 3, agent 7, `)
  t.match(out, /^ {4}0x000b {2}proto_type {4}1$/m)
  t.match(out, /^ {2}source {10}10\.0\.0\.1:5060$/m)
  t.match(out, /^ {4}callid {7}c1@example\.com$/m)
  const routes = /^routes:\n((?: {2}.*\n)*)/m
    .exec(out)?.[1]
    ?.replaceAll(SCRIPT, 'S')
    .replace(/^( {4}\S+) +/gm, '$1 ')
  t.equal(
    routes,
    [
      '  route[my_hep]',
      '    S:6 hep_get("11", "uint8", $var(type))   $var(type) NULL -> "SIP", gives 1',
      '    S:7 if ($var(type) == "SIP")   $var(type) "SIP", is true',
      '    S:8 hep_set("0x0011", "abc")   gives 1',
      '    S:9 $du = "sip:192.0.2.9;transport=tcp"   $du NULL -> "sip:192.0.2.9;transport=tcp"',
      '    send hep_tcp:192.0.2.9:9060',
      '    S:10 hep_relay()   gives 1',
      '    S:11 hep_resume_sip()   gives 0',
      '  route',
      '    log L_INFO got OPTIONS from',
      '    S:15 xlog("L_INFO", "got $rm from $hep_net(src_ip)\\n")   $rm "OPTIONS" (32), $hep_net(src_ip) "", gives 1',
      '    S:16 sip_capture("calls_%Y", "one")   gives 1',
      '',
    ].join('\n'),
  )
  t.match(out, /^row of calls_2023 \(sqlite:hepcapd\.db\):\n {2}date/m)
  t.match(out, /^ {2}correlation_id +abc$/m)
  t.match(out, /^ {2}custom_field1 +one$/m)
  t.match(out, /^packet to hep_tcp:192\.0\.2\.9:9060, \d+ octets:\n {2}0x0001 {2}proto_family/m)
  t.match(out, /^ {2}0x0011 {2}correlation_id {2}abc$/m)
  t.match(out, /\noutcome: stored\n$/)
})

t.test('--json says the same', async (t) => {
  const { message, steps, rows, packets, outcome, frame, stores } = await traced(
    '-f',
    SCRIPT,
    file('two.hep', packet(OPTIONS)),
  )
  t.equal(frame, null)
  t.match(message.hep, { version: 3, agent_id: 7, sender: null })
  t.same(message.hep.chunks[10], {
    vendor: 0,
    vendor_name: 'generic',
    type: 15,
    name: 'payload',
    octets: OPTIONS.length,
    value: OPTIONS,
  })
  t.match(message.sip, { kind: 'request', method: 'OPTIONS', from_user: 'alice' })
  t.equal(message.time, '2023-11-14T22:13:20.123456Z')
  t.same(
    steps.map(({ step }: { step: string }) => step),
    [
      'path',
      'statement',
      'statement',
      'statement',
      'statement',
      'send',
      'statement',
      'statement',
      'path',
      'log',
      'statement',
      'statement',
    ],
  )
  t.match(rows, [{ table: 'calls_2023', columns: { method: 'OPTIONS', msg: OPTIONS, node: 'homer01:7' } }])
  t.notOk('ruri_user2' in rows[0].columns || 'to_tag' in rows[0].columns)
  t.equal(packets[0].to, 'hep_tcp:192.0.2.9:9060')
  t.ok(Buffer.from(packets[0].hex, 'hex').includes('abc'))
  t.equal(outcome, 'stored')
  t.same(stores, ['sqlite:hepcapd.db'])
})

t.test(
  'versions 1 and 2, a SIP message alone, and a payload that is no SIP take the default path',
  async (t) => {
    const one = await traced(file('v1.hep', hep1(OPTIONS)))
    t.match(one.message.hep, { version: 1, chunks: [] })
    t.match(one.steps, [{ step: 'path', title: 'default path' }])
    t.match(one.rows, [{ table: 'sip_capture', columns: { source_ip: '10.0.0.1' } }])
    const two = await traced(file('v2.hep', hep2(OPTIONS)))
    t.match(two.message.hep, { version: 2, agent_id: 7 })
    const sip = await traced(file('one.sip', OPTIONS))
    t.equal(sip.message.hep, null)
    t.match(sip.message.source, { ip: '', port: 0 })
    t.equal(sip.outcome, 'stored')
    const report = await traced(file('rtcp.hep', packet('{"sender":1}', { type: 5, correlation: 'x' })))
    t.equal(report.message.sip, null)
    t.match(report.message.type, { number: 5, name: 'RTCP' })
    t.match(report.rows, [{ table: 'rtcp_capture', columns: { type: 5, msg: '{"sender":1}' } }])
  },
)

t.test('octets that are no text are shown as hex digits', async (t) => {
  const octets = Buffer.from([0xff, 0x1b, 0x5b, 0x33])
  const path = file('octets.hep', packet(octets, { type: 5 }))
  const { rows, message } = await traced(path)
  t.same(rows[0].columns.msg, { hex: 'ff1b5b33' })
  t.equal(message.hep.chunks.at(-1).value, '0xff1b5b33')
  const { out } = await hepcapd(['trace', path])
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  t.notMatch(out, /[\x00-\x09\x0b-\x1f]/)
})

t.test('a frame with HEP has a sender, and came to where it went', async (t) => {
  const path = join(folder, 'hep.pcap')
  writePcap(path, [datagram(Buffer.from('nothing')), datagram(packet(OPTIONS))])
  const route = file(
    'net.mjs',
    'const FIELDS = ["src_ip", "dst_ip", "dst_port", "proto_id"]\n' +
      'export const hepRoutes = { all(msg, c) { c.xlog(FIELDS.map((field) => c.hepNet(field)).join(" ")) } }',
  )
  const found = await traced(path, '--routes', route, '--hep-route', 'all')
  t.equal(found.frame, 2)
  t.match(found.message.hep.sender, { ip: '192.0.2.1', port: 5062 })
  t.match(found.steps[0], { step: 'path', title: 'hepRoutes.all' })
  t.match(found.steps[1], { step: 'statement', text: 'hepNet("src_ip")', values: 'gives "192.0.2.1"' })
  t.match(found.steps.at(-2), { step: 'log', text: '192.0.2.1 192.0.2.2 9060 HEP_UDP' })
  t.equal(found.outcome, 'discarded')
  t.equal(found.reason, 'route')
})

t.test('columns of other names, and the reports of Homer 6', async (t) => {
  const path = join(folder, 'report.pcap')
  const report = packet('{"Event":"leave"}\r\nmore', { type: 5, correlation: 'c' })
  writePcap(path, [datagram(report), datagram(packet(OPTIONS))])
  const flags = [
    '--homer5-on',
    '0',
    '--msg-column',
    'body',
    '--callid-column',
    'call_id',
    '--hep-route',
    'none',
  ]
  const { rows } = await traced(path, ...flags)
  t.match(rows, [
    {
      table: 'rtcp_capture',
      columns: { transaction_id: 'c', capture_ip: '192.0.2.2', event: 'leave', capt_id: 7 },
    },
  ])
  t.notOk('callid' in rows[0].columns)
  const { out } = await hepcapd(['trace', path, ...flags])
  t.match(out, '\n  data\n    {"Event":"leave"}\n    more\n')
  const sip = await hepcapd(['trace', path, '--frame', '2', ...flags])
  t.match(sip.out, /\n {2}call_id +c1@example\.com\n/)
  t.match(sip.out, '\n  body\n    OPTIONS sip:bob@example.com SIP/2.0\n')
})

t.test('a module: what it calls, what it waits for, and a route that throws', async (t) => {
  const module = file(
    'module.mjs',
    `export async function request(msg, capture) {
       await capture.sipCaptureAsync({ table: 'first' })
       capture.sipCapture({ custom: ['a'] })
     }
     export function reply() { throw new TypeError('no') }
     export function startup(capture) { capture.cacheStore('local', 'a', 'b') }`,
  )
  const request = await traced('--routes', module, file('request.sip', OPTIONS))
  t.match(request.steps, [
    { step: 'path', title: 'startup' },
    { step: 'statement', text: 'cacheStore("local", "a", "b")' },
    { step: 'path', title: 'request' },
    { step: 'statement', text: 'sipCaptureAsync({"table":"first"})', values: 'gives true' },
    { step: 'statement', text: 'sipCapture({"custom":["a"]})', values: 'gives true' },
  ])
  t.match(request.rows, [{ table: 'first' }, { table: 'sip_capture', columns: { custom_field1: 'a' } }])
  const reply = await traced('--routes', module, file('reply.sip', 'SIP/2.0 200 OK\r\nCSeq: 1 BYE\r\n\r\n'))
  t.match(reply.steps.slice(2), [
    { step: 'path', title: 'reply' },
    { step: 'fault', what: 'route_fault', where: 'reply: TypeError: no' },
    { step: 'path', title: 'default path' },
  ])
  t.match(reply.message.sip, { kind: 'reply', status: 200 })
  t.equal(reply.outcome, 'stored')
})

t.test('settings that discard, relay and send rows on', async (t) => {
  const config = file('rules.toml', '[discard]\nmethods = ["REGISTER"]\n[[relay]]\nto = "sip:192.0.2.5"\n')
  const kept = await traced('--config', config, '--db-url', 'hep_udp:192.0.2.6', file('kept.sip', OPTIONS))
  t.same(
    kept.packets.map(({ to }: { to: string }) => to),
    ['hep_udp:192.0.2.5:9060', 'hep_udp:192.0.2.6:9060'],
  )
  t.equal(kept.packets[0].chunks.find(({ name }: { name: string }) => name === 'payload').value, OPTIONS)
  t.equal(kept.outcome, 'relayed')
  const lost = await traced('--config', config, file('lost.sip', OPTIONS.replaceAll('OPTIONS', 'REGISTER')))
  t.equal(lost.steps[0].step, 'discard')
  t.equal(lost.outcome, 'discarded')
  t.same(lost.rows, [])
  const off = await traced('--capture-on', '0', file('off.sip', OPTIONS))
  t.match(off, { outcome: 'discarded', reason: 'capture_off', rows: [] })
})

t.test('nothing is stored', async (t) => {
  const path = join(folder, 'untouched.db')
  const { outcome } = await traced('--db-url', `sqlite:${path}`, file('some.sip', OPTIONS))
  t.equal(outcome, 'stored')
  t.notOk(readdirSync(folder).includes('untouched.db'))
})

t.test('why there is no message: exit 1, with the name of the reason', async (t) => {
  const path = join(folder, 'none.pcap')
  writePcap(path, [
    ethernet(Buffer.alloc(28), 0x0806),
    datagram(Buffer.from('nothing')),
    datagram(Buffer.from('HEP3x')),
  ])
  const cases: [string[], string][] = [
    [
      [path, '--frame', '1'],
      `frame 1 of ${path} carries no message: not_ip; name another frame with --frame`,
    ],
    [
      [path, '--frame', '2'],
      `frame 2 of ${path} carries no message: not_sip; name another frame with --frame`,
    ],
    [
      [path, '--frame', '3'],
      `frame 3 of ${path} carries no message: hep/too_short; name another frame with --frame`,
    ],
    [[path, '--frame', '4'], `${path} has 3 frames (no_such_frame); name one of them with --frame`],
    [
      [path, '--raw-socket-listen', '0.0.0.0:1-2', '--frame', '2'],
      `frame 2 of ${path} carries no message: port; leave raw_socket_listen out, or name ports of the frame`,
    ],
    [
      [path],
      `of 3 frames in ${path} none carries a message: not_ip 1, not_sip 1 (no_message); see hepcapd trace --help for what can be traced`,
    ],
    [
      [file('text', 'hello')],
      `${join(folder, 'text')} is neither a capture nor one HEP packet or SIP message: not_sip_or_hep; see hepcapd trace --help for what can be traced`,
    ],
    [
      [file('short.hep', packet(OPTIONS).subarray(0, 60))],
      `a listener would drop the HEP packet in ${join(folder, 'short.hep')}: hep/bad_length; see what sends it`,
    ],
  ]
  for (const [args, what] of cases) {
    const { status, out, err } = await hepcapd(['trace', ...args])
    t.equal(status, 1)
    t.equal(out, '')
    t.equal(err, `hepcapd: error: ${what}\n`)
  }
  const { status, err } = await hepcapd(['trace', join(folder, 'absent')])
  t.equal(status, 1)
  t.match(err, /cannot read .*absent: open: No such file or directory \(ENOENT\); /)
})

t.test('what cannot be used is exit 2, before the packet is looked at', async (t) => {
  const bad = file('bad.cfg', 'route { sip_captur(); }\n')
  const cases: [string[], RegExp][] = [
    [[], /^trace: error: it needs a file with a packet; see hepcapd trace --help\n$/],
    [['-f', bad, join(folder, 'absent')], /^\S+bad\.cfg:1:9: error: /],
    [['one', 'two'], /^two: error: this word belongs to no option; /],
    [['one', '--frame', '-1'], /^--frame: error: /],
  ]
  for (const [args, expected] of cases) {
    const { status, out, err } = await hepcapd(['trace', ...args])
    t.equal(status, 2, err)
    t.equal(out, '')
    t.match(err, expected)
  }
})

t.test('a database server is not asked, and a HEP door that is shut is a warning', async (t) => {
  const script = file(
    'old.cfg',
    'modparam("sipcapture", "db_url", "mysql://u:p@h/d")\nroute { sip_capture(); }\n',
  )
  const { err, outcome, steps, stores } = await traced(
    '-f',
    script,
    '--capture-on',
    '1',
    file('warn.hep', packet(OPTIONS)),
  )
  t.notMatch(err, /db_url/)
  t.match(err, /hep_capture_on: the daemon would not take this packet; switch it on\n/)
  t.equal(outcome, 'stored')
  t.match(steps, [{ title: 'route' }, { text: 'sip_capture()', values: 'gives 1' }])
  t.same(stores, ['mariadb://u@h:3306/d'])
})

t.test('a capture on standard input', async (t) => {
  const path = join(folder, 'stdin.pcap')
  writePcap(path, [datagram(packet(OPTIONS))])
  const program = fileURLToPath(new URL('../../bin/hepcapd.js', import.meta.url))
  const { status, stdout } = spawnSync(process.execPath, [program, 'trace', '--json', '-'], {
    input: readFileSync(path),
  })
  t.equal(status, 0)
  t.match(JSON.parse(String(stdout)), { file: '-', frame: 1, outcome: 'stored' })
})

t.test('IPv6, and a datagram in a frame of its own', async (t) => {
  const path = join(folder, 'six.pcap')
  writePcap(path, [ethernet(ipv6(ENDS, 17, udp(ENDS, Buffer.from(OPTIONS))), IPV6)])
  const { message, out } = { ...(await traced(path)), ...(await hepcapd(['trace', path])) }
  t.equal(message.hep, null)
  t.match(message.source.ip, ':')
  t.match(out, `\n  source          [${message.source.ip}]:5062\n`)
})

const calls = capture('sip-81-messages.pcap')
t.test('frames of real calls, by the numbers that tshark has', { skip: !calls && NO_CAPTURES }, async (t) => {
  const reply = await traced(calls!, '--frame', '2')
  t.match(reply.message.sip, { kind: 'reply', status: 401, cseq: '68 REGISTER' })
  t.match(reply.rows, [{ table: 'sip_capture', columns: { method: '401', source_ip: '212.242.33.35' } }])
  const third = await traced(calls!, '--frame', '3')
  t.match(third.message, { sip: { kind: 'request', method: 'REGISTER' }, micro_ts: 1120469590259876 })
})

const agents = capture('hep.pcap')
t.test('frames of a real agent', { skip: !agents && NO_CAPTURES }, async (t) => {
  const { message } = await traced(agents!)
  t.match(message.hep, { version: 3, agent_id: 2001, sender: { ip: '127.0.0.1' } })
  t.match(message.sip, { method: 'INVITE', callid: 'qgf3dm9rudi@127.0.0.1' })
})

const fragments = capture('sip-ipv6-fragments.pcap')
t.test('the last fragment stands for its datagram', { skip: !fragments && NO_CAPTURES }, async (t) => {
  const { frame, message } = await traced(fragments!)
  t.equal(frame, 2)
  t.ok(message.sip)
  t.match(await traced(fragments!, '--frame', '2'), { frame: 2, message: { sip: message.sip } })
  const { status, err } = await hepcapd(['trace', fragments!, '--frame', '1'])
  t.equal(status, 1)
  t.match(err, 'carries no message: fragment_held')
})

const tunnel = capture('ipip.pcap')
t.test('a message in a tunnel', { skip: !tunnel && NO_CAPTURES }, async (t) => {
  const { message } = await traced(tunnel!)
  t.match(message.destination, { ip: '10.15.193.31' })
  t.ok(message.sip)
})
