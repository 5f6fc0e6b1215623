// Each construct of the script language, and the tree that it becomes.

import t, { type Test } from 'tap'
import { parse } from '../support/parse.js'
import { bodyTree, routeTree } from '../support/script-tree.js'

/** What stands in a route, as a tree. */
const inRoute = (text: string) => bodyTree(parse(`route { ${text} }`).routes[0]?.body ?? [])

function becomes(t: Test, table: readonly (readonly [source: string, tree: string])[]): void {
  for (const [source, expected] of table) t.equal(inRoute(source), expected, source)
}

t.test('statements', async (t) => {
  becomes(t, [
    ['', ''],
    [';;', ''],
    ['{}', '{}'],
    ['{ exit; };', '{(exit)}'],
    ['{ { exit; } drop; }', '{{(exit)} (drop)}'],
    ['exit;', '(exit)'],
    ['exit();', '(exit)'],
    ['drop;', '(drop)'],
    ['drop();', '(drop)'],
    ['break;', '(break)'],
    ['break();', '(break)'],
    ['return;', '(return)'],
    ['return();', '(return)'],
    ['return(1);', '(return 1)'],
    ['return(-1);', '(return -1)'],
    ['return -1;', '(return -1)'],
    ['return 0;', '(return 0)'],
    ['return $var(x);', '(return $var<"x">)'],
    ['return(1, "x", $var(y), -2);', '(return 1 "x" $var<"y"> -2)'],
    ['return("x");', '(return "x")'],
  ])
})

t.test('if, in every form of its body', async (t) => {
  becomes(t, [
    ['if ($rm) { exit; }', '(if $rm {(exit)} {})'],
    ['if ($rm) exit;', '(if $rm {(exit)} {})'],
    ['if ($rm) ;', '(if $rm {} {})'],
    ['if ($rm) {}', '(if $rm {} {})'],
    ['if ($rm) {};', '(if $rm {} {})'],
    ['if ($rm) { exit; drop; };', '(if $rm {(exit) (drop)} {})'],
    ['if ($rm) { exit; } else { drop; }', '(if $rm {(exit)} {(drop)})'],
    ['if ($rm) exit; else drop;', '(if $rm {(exit)} {(drop)})'],
    ['if ($rm) exit; else { }', '(if $rm {(exit)} {})'],
    ['if ($a) exit; else if ($b) drop; else break;', '(if $a {(exit)} {(if $b {(drop)} {(break)})})'],
    ['if ($a) if ($b) exit; else drop;', '(if $a {(if $b {(exit)} {(drop)})} {})'],
    ['if ($a) exit; drop;', '(if $a {(exit)} {}) (drop)'],
    ['if $a == 1 { exit; }', '(if (== $a 1) {(exit)} {})'],
    ['if $var(a) { exit; }', '(if $var<"a"> {(exit)} {})'],
    ['if is_method("X") exit;', '(if (call is_method "X") {(exit)} {})'],
    ['if ! $a && $b drop;', '(if (and (not $a) $b) {(drop)} {})'],
    ['if ($a == 1) && ($b == 2) exit;', '(if (and (== $a 1) (== $b 2)) {(exit)} {})'],
    ['if ($a) or (f()) { exit; }', '(if (or $a (call f)) {(exit)} {})'],
  ])
})

t.test('loops and switch', async (t) => {
  becomes(t, [
    ['while ($var(i) < 5) { $var(i) += 1; }', '(while (< $var<"i"> 5) {(+= $var<"i"> 1)})'],
    ['while (f()) break;', '(while (call f) {(break)})'],
    ['while $var(i) { }', '(while $var<"i"> {})'],
    ['for ($var(x) in $(avp(y)[*])) { exit; }', '(for $var<"x"> $avp<"y">[*] {(exit)})'],
    ['for ($var(x) in $(avp(y)[*])) exit;', '(for $var<"x"> $avp<"y">[*] {(exit)})'],
    ['switch ($var(x)) { }', '(switch $var<"x">)'],
    ['switch ($var(x)) { case 1: exit; }', '(switch $var<"x"> (case 1 {(exit)}))'],
    [
      'switch ($rm) { case "A": case \'B\': exit; break; case -3: ; default: drop; }',
      '(switch $rm (case "A" {}) (case "B" {(exit) (break)}) (case -3 {}) (default {(drop)}))',
    ],
    ['switch ($rm) { default: }', '(switch $rm (default {}))'],
    [
      'switch ($rm) { default: exit; case 0x10: drop; }',
      '(switch $rm (case 16 {(drop)}) (default {(exit)}))',
    ],
    [
      'switch ($a) { case 1: switch ($b) { case 2: exit; } break; }',
      '(switch $a (case 1 {(switch $b (case 2 {(exit)})) (break)}))',
    ],
    ['switch ($a) { ; case 1: if ($b) { exit; } }', '(switch $a (case 1 {(if $b {(exit)} {})}))'],
  ])
})

t.test('assignments, with every operator', async (t) => {
  for (const operator of ['=', ':=', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^='])
    t.equal(inRoute(`$var(x) ${operator} 5;`), `(${operator} $var<"x"> 5)`)
  becomes(t, [
    ['$var(x)=-1;', '(= $var<"x"> -1)'],
    ['$var(x) = NULL;', '(= $var<"x"> NULL)'],
    ['$var(x) := null;', '(:= $var<"x"> NULL)'],
    ['$var(x) = "text $rm";', '(= $var<"x"> "text $rm")'],
    ['$var(x) = is_method("X");', '(= $var<"x"> (call is_method "X"))'],
    ['$var(x) = $a == 1;', '(= $var<"x"> (== $a 1))'],
    ['$var(x) = status;', '(= $var<"x"> bare:status)'],
    ['$du = "sip:192.0.2.1";', '(= $du "sip:192.0.2.1")'],
    ['$avp(s:name) = $(hdr(From)[-1]{s.len});', '(= $avp<"s:name"> $hdr<"From">[-1]{s|len})'],
  ])
})

t.test('arithmetic: two levels, each from left to right', async (t) => {
  becomes(t, [
    ['$x = 2 + 3 * 4;', '(= $x (* (+ 2 3) 4))'],
    ['$x = 20 - 4 / 2;', '(= $x (/ (- 20 4) 2))'],
    ['$x = 2 + (3 * 4);', '(= $x (+ 2 (* 3 4)))'],
    ['$x = 1 % 2 - 3;', '(= $x (- (% 1 2) 3))'],
    ['$x = $a -1;', '(= $x (- $a 1))'],
    ['$x = $a - -1;', '(= $x (- $a -1))'],
    ['$x = 1 & 2 + 3 | 4;', '(= $x (| (& 1 (+ 2 3)) 4))'],
    ['$x = 1 << 2 >> 3 ^ 4;', '(= $x (^ (>> (<< 1 2) 3) 4))'],
    ['$x = ~1 + ~~$a;', '(= $x (+ (complement 1) (complement (complement $a))))'],
    ['$x = "a" + $b + \'c\';', '(= $x (+ (+ "a" $b) "c"))'],
    ['$x = ((1));', '(= $x 1)'],
    ['if ([ $a + 1 ]) exit;', '(if (bracketed (+ $a 1)) {(exit)} {})'],
    ['if ([ $a & 4 ] && $b) exit;', '(if <(and (bracketed (& $a 4)) $b)> {(exit)} {})'],
  ])
})

/** The condition of an `if`. */
function conditions(t: Test, table: readonly (readonly [source: string, tree: string])[]): void {
  for (const [source, expected] of table)
    t.equal(inRoute(`if (${source}) exit;`), `(if ${expected} {(exit)} {})`, source)
}

t.test('conditions: one level for && and ||, and a ! that is looser than a comparison', async (t) => {
  conditions(t, [
    ['$a && $b', '<(and $a $b)>'],
    ['$a and $b', '<(and $a $b)>'],
    ['$a || $b or $c', '<(or (or $a $b) $c)>'],
    ['$a || $b && $c', '<(and (or $a $b) $c)>'],
    ['$a && $b || $c', '<(or (and $a $b) $c)>'],
    ['$a || ($b && $c)', '<(or $a <(and $b $c)>)>'],
    ['($a || $b) && $c', '<(and <(or $a $b)> $c)>'],
    ['!$a', '(not $a)'],
    ['not $a', '(not $a)'],
    ['!$a == 1', '(not (== $a 1))'],
    ['!!$a', '(not (not $a))'],
    ['!($a && $b)', '(not <(and $a $b)>)'],
    ['!f() && $b', '<(and (not (call f)) $b)>'],
    ['(($a))', '$a'],
    ['5', '5'],
    ['-5', '-5'],
  ])
})

t.test('comparisons, with every operator and every kind of value', async (t) => {
  for (const operator of ['==', '!=', '<', '>', '<=', '>=', '=~', '!~'])
    conditions(t, [[`$a ${operator} "x"`, `(${operator} $a "x")`]])
  conditions(t, [
    ['$a == $b', '(== $a $b)'],
    ['$a == -1', '(== $a -1)'],
    ['$a == 0x1F', '(== $a 31)'],
    ['$a == 0666', '(== $a 438)'],
    ['$a == 0', '(== $a 0)'],
    ['$a == NULL', '(== $a NULL)'],
    ['$a != null', '(!= $a NULL)'],
    ['5 > $a', '(> 5 $a)'],
    ['$si == 10.0.0.1', '(== $si net:10.0.0.1)'],
    ['$si == 10.0.0.0/8', '(== $si net:10.0.0.0/8)'],
    ['$si != 10.0.0.0/255.0.0.0', '(!= $si net:10.0.0.0/255.0.0.0)'],
    ['$si == 2001:db8::1', '(== $si net:2001:db8::1)'],
    ['$si == ::1', '(== $si net:::1)'],
    ['$si == 2001:db8::/32', '(== $si net:2001:db8::/32)'],
    ['$(var(x){s.int})>=200', '(>= $var<"x">{s|int} 200)'],
  ])
})

t.test('the bare words of 2.x', async (t) => {
  for (const word of ['status', 'method', 'uri', 'src_ip', 'dst_ip', 'src_port', 'dst_port'])
    conditions(t, [[`${word} == "x"`, `(== bare:${word} "x")`]])
})

t.test('calls', async (t) => {
  becomes(t, [
    ['f();', '(call f)'],
    ['f( );', '(call f)'],
    ['f("a");', '(call f "a")'],
    ['f("a",1,-2,$var(x),"$var(x)");', '(call f "a" 1 -2 $var<"x"> "$var(x)")'],
    ['f(, "a");', '(call f - "a")'],
    ['f("a", , 3);', '(call f "a" - 3)'],
    ['f("a",);', '(call f "a" -)'],
    ['f(,);', '(call f - -)'],
    ['route(x);', '(call route "x")'],
    ['route("x y");', '(call route "x y")'],
    ['route(2);', '(call route "2")'],
    ['route(0);', '(call route "")'],
    ['route($var(r));', '(call route $var<"r">)'],
    ['route(x, 1, "b", $c);', '(call route "x" 1 "b" $c)'],
    ['async(sip_capture(), resume);', '(async (call sip_capture) resume)'],
    ['async(f("a", 1), "my resume", 10);', '(async (call f "a" 1) my resume 10)'],
    ['async(f(), 2);', '(async (call f) 2)'],
    ['launch(f());', '(launch (call f) -)'],
    ['launch(f(), done);', '(launch (call f) done)'],
    ['if (route(x)) exit;', '(if (call route "x") {(exit)} {})'],
  ])
})

t.test('texts: escapes between double quotes, none between single ones', async (t) => {
  const texts: [source: string, text: string][] = [
    [String.raw`"\n\r\t\a\"\\"`, '\n\r\t\x07"\\'],
    [String.raw`"\x41\x4a\101\x9"`, 'AJA\t'],
    [String.raw`"\xc3\xa9\303\251"`, 'éé'],
    [String.raw`"\xff"`, '\uFFFD'],
    [String.raw`"\d\1\w\q\$"`, String.raw`\d\1\w\q\$`],
    [String.raw`'\n\x41"\'`, String.raw`\n\x41"\ `.trim()],
    ['"two\nlines"', 'two\nlines'],
    [`"it's"`, "it's"],
    ['"# no comment /* none */ // none"', '# no comment /* none */ // none'],
    ['""', ''],
    ['"é€😀"', 'é€😀'],
  ]
  for (const [source, text] of texts)
    t.equal(inRoute(`f(${source});`), `(call f ${JSON.stringify(text)})`, source)
})

t.test('comments, blanks and continued lines', async (t) => {
  becomes(t, [
    ['exit; # the rest {\n drop;', '(exit) (drop)'],
    ['exit /* here\n and */ ; /**/ drop;', '(exit) (drop)'],
    ['#!/usr/sbin/opensips\nexit;', '(exit)'],
    ['exit \\\n ;', '(exit)'],
    ['exit \\\r\n ;', '(exit)'],
    ['exit\t\f\v;\r\n', '(exit)'],
  ])
})

t.test('routes of all kinds', async (t) => {
  const routes = (text: string) => parse(text).routes.map(routeTree)
  const table: [source: string, tree: string][] = [
    ['route{}', '(route)'],
    ['route { exit; }', '(route (exit))'],
    ['route[0] { exit; }', '(route (exit))'],
    ['route[x]{}', '(route x)'],
    ['route["a b"] {}', '(route a b)'],
    ['route[12] {}', '(route 12)'],
    ['route [x] {};', '(route x)'],
    ['onreply_route {}', '(onreply_route)'],
    ['onreply_route[x] {}', '(onreply_route x)'],
    ['timer_route[stats_alarms_update, 60] {}', '(timer_route stats_alarms_update 60)'],
    ['event_route[E_X] {}', '(event_route E_X)'],
    ['event_route[E_X, sync] {}', '(event_route E_X sync)'],
    ['startup_route {}', '(startup_route)'],
    ['error_route {}', '(error_route)'],
    ['local_route {}', '(local_route)'],
    ['failure_route[x] {}', '(failure_route x)'],
    ['branch_route[x] {}', '(branch_route x)'],
  ]
  for (const [source, tree] of table) t.same(routes(source), [tree], source)
  t.same(routes('route {} onreply_route {}\nroute[x]\n{\n}\n;;'), ['(route)', '(onreply_route)', '(route x)'])
  t.same(routes('event_route[E_X] {} event_route[E_X] {}').length, 2)
})

t.test('globals', async (t) => {
  const globals = (text: string) => parse(text).globals.map(({ name, values }) => [name, ...values])
  t.same(globals('children=4'), [['children', 4]])
  t.same(globals('children = 4;'), [['children', 4]])
  t.same(globals('log_level=-1\nlog_stderror=no log_facility=LOG_LOCAL0'), [
    ['log_level', -1],
    ['log_stderror', 'no'],
    ['log_facility', 'LOG_LOCAL0'],
  ])
  t.same(globals('mpath="/usr/lib/"\n\ndb_default_url = "mysql://a:b@c/d"'), [
    ['mpath', '/usr/lib/'],
    ['db_default_url', 'mysql://a:b@c/d'],
  ])
  t.same(globals('a = B | 2 | "c"'), [['a', 'B', 2, 'c']])
  t.same(globals('advertised_address = 192.0.2.1'), [['advertised_address', '192.0.2.1']])
  t.same(globals('udp_workers = 4 use_auto_scaling_profile P'), [['udp_workers', 4]])
  t.same(globals('auto_scaling_profile = P { scale up to 6 on 70% for 4 cycles within 5\n }\nport=5060'), [
    ['auto_scaling_profile'],
    ['port', 5060],
  ])
  t.same(globals('dst_blacklist = gw:{( tcp, 192.168.2.200, 5060, "" ), ( udp, 10.0.0.0/8, 0, "x" )}'), [
    ['dst_blacklist'],
  ])
})

t.test('modules and their parameters', async (t) => {
  const { modules, parameters } = parse(`
    loadmodule "a.so"
    loadmodule "dir/b.so";
    modparam("a", "x", 1)
    modparam( "a" , 'y' , "v\nw" ) ;
    modparam("b","z",-0x10)`)
  t.same(
    modules.map(({ path }) => path),
    ['a.so', 'dir/b.so'],
  )
  t.same(
    parameters.map(({ module, name, value }) => [module, name, value]),
    [
      ['a', 'x', 1],
      ['a', 'y', 'v\nw'],
      ['b', 'z', -16],
    ],
  )
})

t.test('sockets', async (t) => {
  const table: [
    line: string,
    keyword: string,
    proto: string,
    host: string,
    port: unknown,
    ...options: string[],
  ][] = [
    ['listen=hep_udp:*:9060', 'listen', 'hep_udp', '*', 9060],
    ['socket = hep_tcp:10.0.0.1:9060;', 'socket', 'hep_tcp', '10.0.0.1', 9060],
    ['socket=udp:[2001:db8::1]:5060', 'socket', 'udp', '2001:db8::1', 5060],
    ['socket=HEP_UDP:*', 'socket', 'hep_udp', '*', undefined],
    ['socket=udp:eth0:5060 # comment', 'socket', 'udp', 'eth0', 5060],
    ['socket=udp:my-host.example.com:5060 /* comment */', 'socket', 'udp', 'my-host.example.com', 5060],
    ['listen=hep_udp:*:LISTEN_PORT', 'listen', 'hep_udp', '*', 'LISTEN_PORT'],
    ['socket=udp:*:65535', 'socket', 'udp', '*', 65535],
    ['socket=udp:*:5060-5070', 'socket', 'udp', '*', '5060-5070'],
    ['socket=udp:*:5060 - 5070', 'socket', 'udp', '*', '5060-5070'],
    ['socket = udp : 10.0.0.1 : 5060', 'socket', 'udp', '10.0.0.1', 5060],
    ['listen=10.0.0.1:5060', 'listen', 'udp', '10.0.0.1', 5060],
    ['listen=host:5060', 'listen', 'udp', 'host', 5060],
    ['listen=eth0', 'listen', 'udp', 'eth0', undefined],
    ['alias="sip.example.com"', 'alias', 'udp', 'sip.example.com', undefined],
    ['alias="sip.example.com:5060"', 'alias', 'udp', 'sip.example.com', 5060],
    ['socket=udp:"host":5060', 'socket', 'udp', 'host', 5060],
    ['socket=udp:10.0.0.1:5060 use_workers 4', 'socket', 'udp', '10.0.0.1', 5060, 'use_workers 4'],
    [
      'socket=udp:10.0.0.1:5060 as 192.0.2.1:5070 anycast tos 8 tag t\n reuse_port',
      'socket',
      'udp',
      '10.0.0.1',
      5060,
      'as 192.0.2.1:5070',
      'anycast',
      'tos 8',
      'tag t',
      'reuse_port',
    ],
    [
      'listen=udp:*:1 use_children 2 accept_subdomain frag',
      'listen',
      'udp',
      '*',
      1,
      'use_children 2',
      'accept_subdomain',
      'frag',
    ],
    ['socket=udp:*:1 use_auto_scaling_profile P', 'socket', 'udp', '*', 1, 'use_auto_scaling_profile P'],
  ]
  for (const [line, keyword, proto, host, port, ...options] of table) {
    const { at, ...found } = parse(`${line}\nchildren=1`).sockets[0] ?? {}
    t.same(found, { keyword, proto, host, port, options }, line)
    t.match(at, { line: 1, column: 1 })
  }
  t.equal(parse('listen=udp:*:1\nlisten=udp:*:2\r\nlisten=udp:*:3').sockets.length, 3)
})
