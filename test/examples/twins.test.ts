// A route in the language of scripts and its twin in JavaScript do the same: rows, packets, log and outcomes, over
// the messages of a real capture and over reports, logs and malformed payloads.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { rowValue } from '../../lib/sink/row-values.js'
import { columnsOf } from '../../lib/sink/schema.js'
import { chunk, hep1, hep2, hep3, options, packet, u8 } from '../support/packets.js'
import { runRoutes, type ScriptRun } from '../support/scripts.js'
import { capture, NO_CAPTURES } from '../support/tools.js'
import { hepPacketsOf } from '../support/twins.js'

const SCRIPT = `
route[hep] {
	if (!hep_get("proto_type", , $var(type))) {
		xlog("L_INFO", "no type in version $HEPVERSION\\n");
		hep_resume_sip();
	}
	if ($var(type) == "SIP") hep_resume_sip();
	if ($var(type) == "RTCP") {
		hep_get("0x0011", "utf8-string", $var(id));
		if ($var(id) == NULL) $var(id) = "none";
		report_capture($var(id), "rtcp_%Y");
		exit;
	}
	hep_set("captagent_id", "77");
	$du = "sip:192.0.2.1:9061;transport=tcp";
	if (!hep_relay()) xlog("L_WARN", "not relayed\\n");
}
route {
	if (is_method("OPTIONS|NOTIFY")) exit;
	if (is_method("REGISTER")) sip_capture("registrations");
	else if (has_totag()) sip_capture("in_dialog", "$ft", "$tt");
	else {
		update_stat("fresh", 1);
		sip_capture();
		if (is_present_hf("Contact")) xlog("L_INFO", "call $ci\\n");
	}
}
onreply_route {
	if ($rs >= 300) sip_capture("failures", "$rr");
	else sip_capture();
}
error_route {
	report_capture("unreadable");
}
`

const MODULE = `
export const hepRoutes = {
  hep(msg, capture) {
    const type = capture.hepGet('proto_type')?.value
    if (type === undefined) capture.xlog('L_INFO', \`no type in version \${capture.hepVersion}\`)
    if (type === undefined || type === 'SIP') return void capture.hepResumeSip()
    if (type === 'RTCP') {
      const correlationId = capture.hepGet(0x11, { type: 'utf8-string' })?.value ?? 'none'
      capture.reportCapture({ correlationId, table: 'rtcp_%Y' })
      return
    }
    capture.hepSet('captagent_id', 77)
    if (!capture.hepRelay({ to: 'sip:192.0.2.1:9061;transport=tcp' })) capture.xlog('L_WARN', 'not relayed')
  },
}
export function request(msg, capture) {
  if (capture.isMethod('OPTIONS|NOTIFY')) return
  if (capture.isMethod('REGISTER')) capture.sipCapture({ table: 'registrations' })
  else if (capture.hasTotag()) capture.sipCapture({ table: 'in_dialog', custom: [msg.sip('fromTag') || '<null>', msg.sip('toTag')] })
  else {
    capture.updateStat('fresh', 1)
    capture.sipCapture()
    if (capture.isPresentHf('Contact')) capture.xlog('L_INFO', \`call \${msg.callId || '<null>'}\`)
  }
}
export function reply(msg, capture) {
  if (msg.status >= 300) capture.sipCapture({ table: 'failures', custom: [msg.sip('replyReason') || '<null>'] })
  else capture.sipCapture()
}
export function error(msg, capture) {
  capture.reportCapture({ correlationId: 'unreadable' })
}
`

async function bothWays(t: Test, packets: Buffer[]): Promise<[ScriptRun, ScriptRun]> {
  const module = join(t.testdir(), 'routes.mjs')
  writeFileSync(module, MODULE)
  return [
    await runRoutes(t, { text: SCRIPT }, packets, { hepRoute: 'hep' }),
    await runRoutes(t, { module }, packets, { hepRoute: 'hep' }),
  ]
}

/** Every column of every row, as a sink has it; packets without a time of their own have that of their arrival. */
function rowsOf({ stored }: ScriptRun): unknown[] {
  return stored.map(({ table, kind, message }) => {
    const columns = columnsOf(kind as 'sip' | 'report').filter(
      ({ name }) => message.microTs !== message.arrivalUs || (name !== 'date' && name !== 'micro_ts'),
    )
    return [
      table,
      Object.fromEntries(columns.map(({ name, from }) => [name, rowValue(message, from, 'homer01')])),
    ]
  })
}

function same(t: Test, [script, module]: [ScriptRun, ScriptRun]): void {
  t.same(rowsOf(module), rowsOf(script), 'rows')
  t.same(module.relays.sent, script.relays.sent, 'packets')
  t.same(module.log, script.log, 'log')
  t.same(module.ledger, script.ledger, 'outcomes')
  t.equal(module.state.stats.get('fresh'), script.state.stats.get('fresh'))
}

t.test('reports, logs, malformed payloads and all versions', async (t) => {
  const packets = [
    packet(options('a')),
    packet('INVITE sip:b@example.com SIP/2.0\r\nCall-ID: i\r\nCSeq: 1 INVITE\r\nm: <sip:a@b>\r\n\r\n'),
    packet('BYE sip:b@example.com SIP/2.0\r\nTo: <sip:b@c>;tag=t\r\nFrom: <sip:a@c>;tag=f\r\n\r\n'),
    packet('REGISTER sip:example.com SIP/2.0\r\n\r\n'),
    packet('SIP/2.0 404 Not Found\r\nCSeq: 1 INVITE\r\n\r\n'),
    packet('SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n\r\n'),
    packet('{"report":1}', { type: 5, correlation: 'call-1' }),
    packet('{"report":2}', { type: 5 }),
    packet('a line of a log', { type: 100 }),
    packet('{"mos":4.2}', { type: 34 }),
    packet('claims to be SIP'),
    packet(Buffer.from([0, 1, 2, 255])),
    hep3(chunk(1, u8(2)), chunk(15, 'no type')),
    hep3(chunk(1, u8(2)), chunk(11, u8(1))),
    hep1('MESSAGE sip:b@example.com SIP/2.0\r\n\r\n'),
    hep2('SIP/2.0 603 Decline\r\n\r\n', 10),
  ]
  const runs = await bothWays(t, packets)
  same(t, runs)
  const [{ stored, ledger, relays, state }] = runs
  t.equal(stored.length, 13)
  t.same(ledger, { stored: 13, relayed: 2, discarded: { route: 1 }, dropped: {} })
  t.equal(relays.sent.length, 2)
  t.equal(state.stats.get('fresh'), 2)
})

const captured = capture('sip-81-messages.pcap')

t.test('81 messages of a real capture', { skip: captured ? false : NO_CAPTURES }, async (t) => {
  const runs = await bothWays(t, await hepPacketsOf(captured!))
  same(t, runs)
  const [{ ledger }] = runs
  const { stored, discarded } = ledger
  t.equal(stored + (discarded.route ?? 0), 81)
})
