// What variables and transformations give, as a script prints them: NULL is <null>.

import t, { type Test } from 'tap'
import type { Dialect } from '../../lib/script/ast.js'
import { hep1, options, packet, packet6 } from '../support/packets.js'
import { executionOf, faultsOfReading, faultsOfWriting, reading, written } from '../support/readings.js'
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

const LARGE =
  'BYE sip:x SIP/2.0\r\nCSeq: 12345678901234567890 BYE\r\nCall-ID: r\r\nContent-Length: 9007199254740991\r\n\r\n'

table('numbers are read whole or not at all', packet(LARGE), [['$rm $cs $cl', 'BYE <null> 9007199254740991']])

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

const METHODS =
  'INVITE CANCEL ACK BYE INFO OPTIONS UPDATE REGISTER MESSAGE SUBSCRIBE NOTIFY PRACK REFER PUBLISH'

t.test('$rm carries the id of its method, a bit for each; all others share one', async (t) => {
  const idOf = (method: string) => {
    const value = reading('$rm', {
      sip: `${method} sip:x SIP/2.0\r\nCSeq: 1 ${method}\r\nCall-ID: c\r\n\r\n`,
    })
    return typeof value === 'object' && value !== null ? [value.text, value.number] : value
  }
  for (const [bit, method] of METHODS.split(' ').entries()) t.same(idOf(method), [method, 2 ** bit], method)
  for (const other of ['FETCH', 'constructor', '__proto__', 'toString'])
    t.same(idOf(other), [other, 16384], other)
})

table('$hep_net: who sent the HEP packet, and our listener', packet(INVITE), [
  ['$hep_net(proto_family) $hep_net(proto_id)', 'AF_INET HEP_UDP'],
  ['$hep_net(dst_ip) $hep_net(dst_port)', '192.168.2.5 6060'],
  [
    '$hep_net(1) $hep_net(0x02) $hep_net(4) $hep_net(6) $hep_net(8)',
    'AF_INET HEP_UDP 192.168.2.5 192.168.2.5 6060',
  ],
  ['$(hep_net(proto_id){s.tolower})', 'hep_udp'],
])

table('of a packet by IPv6', packet6(INVITE), [['$af $si', 'INET6 2001:db8::1']])

t.test('a name that is only known now, and is none, is NULL', async (t) => {
  const execution = executionOf({ sip: INVITE })
  for (const name of ['nothing', 'constructor', '', '99', 'payload']) {
    execution.vars.set('n', name)
    for (const variable of ['hep_net', 'ctime', 'hdr', 'stat', 'param', 'return', 'avp', 'var'])
      t.equal(reading(`$${variable}($var(n))`, {}, execution), null, `${variable} ${name}`)
  }
})

t.test('in a timer route, which has no message, its variables are NULL', async (t) => {
  const execution = executionOf()
  const names =
    'rm ru rU rd ou rs rr rb fu fU fd ft fn tu tU td tt tn ci cs ct ua cT cl adu au ar si sp Ri Rp proto mb ml HEPVERSION'
  for (const name of names.split(' ')) t.equal(reading(`$${name}`, {}, execution), null, name)
  t.equal(reading('$hdr(Via)', {}, execution), null)
  t.equal(reading('$hep_net(src_ip)', {}, execution), null)
  t.equal(reading('$Ts', {}, execution), 0)
})

t.test('$du and $ru are assigned, also as NULL; $rU and $rd are then of the assigned $ru', async (t) => {
  const execution = executionOf({ sip: options('c') })
  const all = () => ['$ru', '$rU', '$rd', '$du'].map((name) => reading(name, {}, execution))
  t.same(all(), ['sip:bob@example.com', 'bob', 'example.com', null])
  written('$ru', 'sip:new@192.0.2.1:9', '=', execution)
  written('$du', 'sip:192.0.2.9', '=', execution)
  t.same(all(), ['sip:new@192.0.2.1:9', 'new', '192.0.2.1', 'sip:192.0.2.9'])
  t.equal(reading('$ou', {}, execution), 'sip:bob@example.com', 'as it was captured')
  t.same([execution.assignedRuri, execution.destinationUri], ['sip:new@192.0.2.1:9', 'sip:192.0.2.9'])
  written('$ru', null, '=', execution)
  written('$du', null, ':=', execution)
  t.same(all(), ['sip:bob@example.com', 'bob', 'example.com', null])
})

t.test('$param(n) from 1, $params, and $return(n) from 0', async (t) => {
  const execution = executionOf()
  t.equal(reading('$param(1)', {}, execution), null, 'outside of a route with parameters')
  execution.enter(['a', 2], () => {
    t.same(
      ['$param(1)', '$param(2)', '$param(3)', '$param(0)'].map((name) => reading(name, {}, execution)),
      ['a', 2, null, null],
    )
    t.same(
      ['$params', '$(params[1])', '$(params[-1])', '$(params[*])'].map((name) =>
        reading(name, {}, execution),
      ),
      ['a', 2, 2, 'a,2'],
    )
  })
  execution.returnValues = ['x', 7]
  t.same(
    ['$return(0)', '$return(1)', '$return(2)'].map((name) => reading(name, {}, execution)),
    ['x', 7, null],
  )
  execution.returnCode = -3
  t.same(
    ['$rc', '$retcode'].map((name) => reading(name, {}, execution)),
    [-3, -3],
  )
})

t.test('what cannot be read is a fault at load that says what would do instead', async (t) => {
  const faults: [string, RegExp][] = [
    ['$rmm', /^error: \$rmm: hepcapd has no variable \$rmm; did you mean \$rm\?$/],
    ['$shv(x)', /no variable \$shv; use \$stat, or cache_store/],
    ['$rm(x)', /\$rm takes nothing in parentheses; write \$rm$/],
    ['$var', /\$var names nothing; write \$var\(name\)$/],
    ['$hep_net(payload)', /\$hep_net\(payload\): .*src_ip/],
    ['$ctime(century)', /\$ctime\(century\): it has sec, min/],
    ['$(rm[*])', /\$rm has one value, so \[\*\] means nothing/],
  ]
  for (const [variable, fault] of faults) t.match(faultsOfReading(variable).join(), fault, variable)
})

t.test('what cannot be assigned is a fault at load', async (t) => {
  const faults: [string, RegExp][] = [
    ['$rm', /^error: \$rm cannot be assigned; assign a \$var, \$avp, \$du or \$ru$/],
    ['$hdr(x)', /\$hdr cannot be assigned/],
    ['$(var(x){s.int})', /has a transformation, so it cannot be assigned/],
    ['$var', /\$var names nothing/],
    ['$du(x)', /\$du takes nothing in parentheses/],
    ['$vra(x)', /did you mean \$var\?/],
  ]
  for (const [variable, fault] of faults) t.match(faultsOfWriting(variable).join(), fault, variable)
})
