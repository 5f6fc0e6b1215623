// The examples of the sipcapture manual that are calls of functions and variables: 1.16 to 1.25, each in the
// argument order of 2.x and of 3.x where they differ.

import t, { type Test } from 'tap'
import type { Dialect } from '../../lib/script/ast.js'
import { chunk, hep1, hep2, hep3, options, packet, u8, u32 } from '../support/packets.js'
import { runScript, type ScriptOptions, type ScriptRun } from '../support/scripts.js'

const APRIL_13 = Date.parse('2026-04-13T13:05:00Z') / 1000
const DIALECTS: Dialect[] = ['2.4', '3.x']

function request(method: string): string {
  return `${method} sip:b@example.com SIP/2.0\r\nCall-ID: a\r\nCSeq: 1 ${method}\r\n\r\n`
}

function tablesOf({ stored }: ScriptRun): string[] {
  return stored.map(({ table }) => table)
}

/** The statements as a route of HEP packets. */
async function inHepRoute(
  t: Test,
  body: string,
  packets: Buffer[],
  more: ScriptOptions = {},
): Promise<ScriptRun> {
  return runScript(t, `route[hep] {\n${body}\n}`, packets, { hepRoute: 'hep', ...more })
}

/** What the route wrote with xlog. */
function said({ log }: ScriptRun): string[] {
  return log.filter((line) => line.includes('said ')).map((line) => line.replace(/^.*?said /, ''))
}

t.test('1.16 sip_capture', async (t) => {
  const script = `
route {
	if (is_method("REGISTER"))
		sip_capture();
	sip_capture("homer_%m_%d");
}`
  const packets = [request('REGISTER'), request('INVITE')].map((text) => packet(text, { seconds: APRIL_13 }))
  const run = await runScript(t, script, packets)
  t.same(tablesOf(run).sort(), ['homer_04_13', 'homer_04_13', 'sip_capture'])
  t.same(run.ledger.stored, 2)
})

const REPORTS = {
  '2.4': `
	hep_get("utf8-string", "0x0011", "$var(correlation_id)");
	if ($var(correlation_id) == $null) {
		xlog("said none");
		$var(correlation_id) = "absdcef";
	}
	$var(proto_type) = "3";
	report_capture("rtcp_log", "$var(correlation_id)");
	report_capture(, "$var(correlation_id)", "$var(proto_type)");
	report_capture("rtcp_log", "$var(correlation_id)", "$var(proto_type)");
	report_capture("$var(correlation_id)");`,
  '3.x': `
	hep_get("0x0011", "utf8-string", $var(correlation_id));
	if ($var(correlation_id) == $null) {
		xlog("said none");
		$var(correlation_id) = "absdcef";
	}
	report_capture($var(correlation_id), "rtcp_log");
	report_capture($var(correlation_id), , 3);
	report_capture($var(correlation_id), "rtcp_log", 3);
	report_capture($var(correlation_id));`,
}

for (const dialect of ['2.4', '3.x'] as const) {
  t.test(`1.17 report_capture, ${dialect}`, async (t) => {
    const packets = [packet('{"a":1}', { type: 5, correlation: 'id-1' }), packet('{"a":2}', { type: 5 })]
    const run = await inHepRoute(t, REPORTS[dialect], packets, { dialect })
    t.same(said(run), ['none'])
    const rows = run.stored.map(({ table, kind, message }) => [
      table,
      kind,
      message.correlationId,
      message.protocolType,
      message.payload.toString(),
    ])
    const of = (id: string, payload: string) => [
      ['rtcp_log', 'report', id, 5, payload],
      ['rtcp_capture', 'report', id, 3, payload],
      ['rtcp_log', 'report', id, 3, payload],
      ['rtcp_capture', 'report', id, 5, payload],
    ]
    t.same(rows.sort(), [...of('id-1', '{"a":1}'), ...of('absdcef', '{"a":2}')].sort())
    t.equal(run.ledger.stored, 2)
  })
}

const SETS = {
  '2.4': `
	hep_set("proto_type", "H321");
	hep_set("uint32", "31", "3", "132");
	hep_set("inet4-addr", "32", "3", "192.168.5.14");`,
  '3.x': `
	hep_set("proto_type", "H321");
	hep_set("31", "132", "uint32", "3");
	hep_set("32", "192.168.5.14", "inet4-addr", "3");`,
}
const GETS = {
  '2.4': `
	hep_get("proto_type", "$var(vid)", "$var(data)");
	xlog("said $var(data) $var(vid)");
	hep_get("uint32", "31", "$var(vid)", "$var(data)");
	xlog("said $var(data) $var(vid)");`,
  '3.x': `
	hep_get("proto_type", , $var(data), $var(vid));
	xlog("said $var(data) $var(vid)");
	hep_get("31", "uint32", $var(data), $var(vid));
	xlog("said $var(data) $var(vid)");`,
}
const RELAY = '$du = "sip:192.0.2.1";\nhep_relay();\n'

for (const dialect of ['2.4', '3.x'] as const) {
  t.test(`1.18 hep_set and 1.19 hep_get, ${dialect}`, async (t) => {
    const body = `${SETS[dialect]}\n${GETS[dialect]}\n${RELAY}`
    const run = await inHepRoute(t, body, [packet(options('a'))], { dialect })
    t.same(said(run), ['H321 0', '132 3'])
    const sent = run.relays.sent[0]!.packet
    for (const wanted of [
      chunk(11, u8(12)),
      chunk(31, u32(132), 3),
      chunk(32, Buffer.from([192, 168, 5, 14]), 3),
    ])
      t.ok(sent.includes(wanted), wanted.toString('hex'))
  })

  t.test(`1.20 hep_del, ${dialect}`, async (t) => {
    const before = hep3(chunk(1, u8(2)), chunk(25, 'gone', 3), chunk(11, u8(5)), chunk(15, '{}'))
    const run = await inHepRoute(t, `hep_del("25");\n${RELAY}`, [before], { dialect })
    t.same(run.relays.sent[0]!.packet, hep3(chunk(1, u8(2)), chunk(11, u8(5)), chunk(15, '{}')))
  })
}

t.test('1.21 hep_relay', async (t) => {
  const body = `
	$du = "sip:192.168.153.157";
	if (!hep_relay()) {
		xlog("said Hep proxying failed!\\n");
		exit;
	}
	xlog("said relayed");`
  for (const one of [packet(options('a')), hep1(options('b')), hep2(options('c'))]) {
    const run = await inHepRoute(t, body, [one])
    t.same(said(run), ['relayed'])
    t.same(run.relays.sent, [{ to: { proto: 'hep_udp', host: '192.168.153.157', port: 9060 }, packet: one }])
    t.equal(run.ledger.relayed, 1)
  }
})

t.test('1.22 hep_resume_sip', async (t) => {
  const script = `
modparam("sipcapture", "hep_route", "my_hep_route")
route[my_hep_route] {
	hep_resume_sip();
	xlog("said too much");
}
route { sip_capture(); }
onreply_route { sip_capture("replies"); }`
  const packets = [packet(options('a')), packet('SIP/2.0 200 OK\r\n\r\n'), packet('{}', { type: 5 })]
  const run = await runScript(t, script, packets, { hepRoute: 'my_hep_route' })
  t.same(tablesOf(run), ['sip_capture', 'replies'])
  t.same(said(run), [])
  t.same(run.ledger.discarded, { not_sip: 1 })
})

t.test('1.24 hep_net', async (t) => {
  const body = `
	if ($hep_net(dst_ip) == "192.168.2.5") {
		if ($hep_net(dst_port) == 6060) { xlog("said first\\n"); }
		else if ($hep_net(dst_port) == 6061) { xlog("said second\\n"); }
	}`
  t.same(said(await inHepRoute(t, body, [packet(options('a'))])), ['first'])
})

t.test('1.25 HEPVERSION', async (t) => {
  const body = `
	if ($HEPVERSION == 3) { xlog("said three\\n"); } else if ($HEPVERSION == 2) { xlog("said two\\n"); } else if ($HEPVERSION == 1) { xlog("said one\\n"); }`
  for (const dialect of DIALECTS) {
    const packets = [packet(options('a')), hep2(options('b')), hep1(options('c'))]
    t.same(said(await inHepRoute(t, body, packets, { dialect })), ['three', 'two', 'one'])
  }
})
