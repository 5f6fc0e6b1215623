// What variables and transformations give, as a script prints them: NULL is <null>.

import t, { type Test } from 'tap'
import type { Dialect } from '../../lib/script/ast.js'
import { hep1, packet } from '../support/packets.js'
import { runScript } from '../support/scripts.js'

const INVITE = [
  'INVITE sip:bob:pw@example.com:5070;transport=tcp SIP/2.0',
  'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1',
  'v: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK2',
  'From: "Alice \\"A\\" Smith" <sip:alice@atlanta.example>;tag=ft',
  'To: Bob <sip:bob@biloxi.example>',
  'Call-ID: call-1',
  'CSeq: 314 INVITE',
  'Contact: <sip:alice@192.0.2.1>',
  'Authorization: Digest username="al@x", realm="r,1", nonce="n", uri="sip:x.example", response="1"',
  'User-Agent: UA/1.0 (12ab)',
  'X-Folded: one',
  '  two',
  'Content-Type: application/sdp; a=b',
  'Content-Length: 4',
  '',
  'v=0\n',
].join('\r\n')

const REPLY = 'SIP/2.0 486 Busy Here\r\nCSeq: 2 BYE\r\nCall-ID: r\r\n\r\n'
const NOW_MS = Date.parse('2026-04-13T13:05:06.789Z')

/** Each text as xlog prints it, for one packet. */
async function printed(
  t: Test,
  text: Buffer,
  formats: readonly string[],
  dialect: Dialect,
): Promise<string[]> {
  const lines = formats.map((format) => `xlog("said [${format}]");`)
  const script = `route[hep] { $var(x) = "12ab"; $var(n) = 7; $avp(a) = "first"; $avp(a) = "second"; $avp(b) = 5; ${lines.join('\n')} }`
  const run = await runScript(t, script, [text], { hepRoute: 'hep', dialect, nowMs: NOW_MS })
  return run.log.map((line) => /said \[(.*)\]$/s.exec(line)![1]!)
}

function table(
  name: string,
  message: Buffer,
  rows: [format: string, value: string][],
  dialect: Dialect = '3.x',
): void {
  t.test(name, async (t) => {
    const found = await printed(
      t,
      message,
      rows.map(([format]) => format),
      dialect,
    )
    for (const [index, [format, value]] of rows.entries()) t.equal(found[index], value, format)
  })
}

table('of a request', packet(INVITE), [
  ['$rm $ru', 'INVITE sip:bob:pw@example.com:5070;transport=tcp'],
  ['$rU $rd $rp', 'bob example.com 5070'],
  ['$rs $rr', '<null> <null>'],
  ['$fu $fU $fd $ft $fn', 'sip:alice@atlanta.example alice atlanta.example ft Alice \\"A\\" Smith'],
  ['$tu $tU $td $tt $tn', 'sip:bob@biloxi.example bob biloxi.example <null> Bob'],
  ['$ci $cs $ua', 'call-1 314 UA/1.0 (12ab)'],
  ['$ct $cT $cl', '<sip:alice@192.0.2.1> application/sdp; a=b 4'],
  ['$adu $au $aU $ar $an', 'sip:x.example al@x al r,1 n'],
  ['$hdr(Via)', 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1'],
  ['$(hdr(via)[1])', 'SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK2'],
  ['$(hdr(VIA)[-1]) $(hdr(via)[2])', 'SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK2 <null>'],
  ['$hdr(v)', 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1'],
  ['$hdr(x-folded) $hdr(nothing)', 'one two <null>'],
  ['$hdrcnt(via)', '2'],
  ['$rb$ml', `v=0\n${INVITE.length}`],
  ['$si $sp $Ri $Rp $proto $af', '10.0.0.1 5060 10.0.0.2 5080 udp INET'],
  ['$HEPVERSION $hep_net(src_port) $hep_net(proto_id)', '3 0 HEP_UDP'],
  ['$du $rc $null $$', '<null> 1 <null> $'],
  ['$Ts $Tsm', `${Math.floor(NOW_MS / 1000)} 789000`],
  ['$ctime(year)-$ctime(mon)-$ctime(mday) $ctime(hour):$ctime(min)', '2026-4-13 13:5'],
  ['$time(%Y/%m/%d %H:%M:%S)', '2026/04/13 13:05:06'],
])

table('of a reply', packet(REPLY), [
  ['$rs $rr $rm', '486 Busy Here BYE'],
  ['$ru $rU $cs', '<null> <null> 2'],
])

table('of what is no SIP', packet('{}', { type: 5 }), [
  ['$rm $ru $ci $hdr(Via) $rb', '<null> <null> <null> <null> <null>'],
  ['$mb $si', '{} 10.0.0.1'],
])

table('of a version 1 packet', hep1(INVITE, 10), [['$HEPVERSION $rm $af $si', '1 INVITE INET6 2001:db8::1']])

table('credentials do not count on ACK and CANCEL', packet(INVITE.replaceAll('INVITE', 'ACK')), [
  ['$adu $au $ar', '<null> <null> <null>'],
])

table('state', packet(INVITE), [
  ['$var(x) $var(nothing) $(var(n))', '12ab <null> 7'],
  ['$avp(a) $(avp(a)[1]) $(avp(a)[2]) $(avp(a)[*])', 'second first <null> second,first'],
  ['$avp($var(nothing)) $stat(none)', '<null> <null>'],
])

const same: [string, string][] = [
  ['$(var(x){s.int})', '12ab'],
  ['$(ua{s.len}) $(ua{s.tolower}) $(ua{s.toupper})', '13 ua/1.0 (12ab) UA/1.0 (12AB)'],
  ['$(ua{s.select,0,/}) $(ua{s.select,-1,/})', 'UA 1.0 (12ab)'],
  ['$(ua{s.substr,3,3}) $(ua{s.substr,-5,0}) $(ua{s.substr,0,-7})', '1.0 12ab) UA/1.0'],
  ['$(ua{s.numeric}) $(ua{s.index,1}) $(ua{s.rindex,1})', '1012 3 8'],
  ['$(var(n){s.fill.left,0,3})', '007'],
  ['$(ua{s.md5})', 'b7'],
  ['$(hdr(via){param.value,branch}) $(hdr(via){param.count})', 'z9hG4bK1 2'],
  ['$(ru{uri.user}) $(ru{uri.host}) $(ru{uri.port}) $(ru{uri.param,transport})', 'bob example.com 5070 tcp'],
  ['$(hdr(from){nameaddr.name})|$(hdr(from){nameaddr.uri})', 'Alice \\"A\\" Smith|sip:alice@atlanta.example'],
  ['$(ci{re.subst,/^(.)(.*)$/\\2\\1/})', 'all-1c'],
  ['$(ci{re.subst,/L/_/gi}) $(ci{re.subst,/nothing/x/})', 'ca__-1 call-1'],
  ['$(au{s.escape.common})', 'al@x'],
  ['$(si{ip.family}) $(ci{ip.isip})', 'INET 0'],
  ['$(ua{s.select,0,1}{s.trim}{s.tolower})', 'ua/'],
]

for (const dialect of ['2.3', '2.4', '3.x'] as const) {
  t.test(`transformations, ${dialect}`, async (t) => {
    const found = await printed(
      t,
      packet(INVITE),
      same.map(([format]) => format),
      dialect,
    )
    for (const [index, [format, value]] of same.entries()) {
      if (format.includes('md5')) t.match(found[index], /^[0-9a-f]{32}$/, format)
      else t.equal(found[index], value, format)
    }
  })
}

const absent = ['$(ci{s.select,9,:})', '$(ci{s.substr,99,1})', '$(ci{param.value,none})']

t.test('a part that is not there: the empty text up to 2.3, NULL from 2.4 on', async (t) => {
  t.same(await printed(t, packet(INVITE), absent, '2.3'), ['', '', ''])
  t.same(await printed(t, packet(INVITE), absent, '2.4'), ['<null>', '<null>', '<null>'])
})

t.test('a transformation of NULL: the assignment is skipped up to 2.3, NULL from 2.4 on', async (t) => {
  const script = `route[hep] {
	$var(a) = "before";
	$var(a) = $(hdr(nothing){s.len});
	xlog("said [$var(a)]");
	if ($(hdr(nothing){s.len}) == NULL) xlog("said [null]"); else xlog("said [else]");
}`
  const said = async (dialect: Dialect) => {
    const run = await runScript(t, script, [packet(INVITE)], { hepRoute: 'hep', dialect })
    return run.log.filter((line) => line.includes('said')).map((line) => /\[(.*)\]$/.exec(line)![1])
  }
  t.same(await said('2.3'), ['before', 'else'])
  t.same(await said('3.x'), ['<null>', 'null'])
})

t.test('{s.int}: the number is assigned and compared, the text is printed', async (t) => {
  const script = `route[hep] {
	$var(t) = "12ab";
	$var(i) = $(var(t){s.int});
	if ($(var(t){s.int}) == 12) xlog("said [$(var(t){s.int}) $var(i)]");
	$var(s) = $var(i) + 1;
	xlog("said [$var(s)]");
}`
  const run = await runScript(t, script, [packet(INVITE)], { hepRoute: 'hep' })
  t.same(
    run.log.map((line) => /\[(.*)\]$/.exec(line)![1]),
    ['12ab 12', '13'],
  )
})
