// The examples of the sipcapture manual, with what stands around them, in both argument orders.

import t from 'tap'
import { parse } from '../support/parse.js'
import { bodyTree, routeTree } from '../support/script-tree.js'

const PARAMETERS: [name: string, written: string, value: string | number][] = [
  ['db_url', '"mysql://user:passwd@host/dbname"', 'mysql://user:passwd@host/dbname'],
  ['table_name', '"homer_capture"', 'homer_capture'],
  ['table_name', '"homer_%m_%d"', 'homer_%m_%d'],
  ['rtcp_table_name', '"homer_%m_%d_%H"', 'homer_%m_%d_%H'],
  ['capture_on', '1', 1],
  ['hep_capture_on', '1', 1],
  ['max_async_queries', '3', 3],
  ['raw_ipip_capture_on', '1', 1],
  ['raw_moni_capture_on', '1', 1],
  ['raw_socket_listen', '"10.0.0.1:5060-5090"', '10.0.0.1:5060-5090'],
  ['raw_socket_listen', '"10.0.0.1:5060"', '10.0.0.1:5060'],
  ['raw_interface', '"eth0"', 'eth0'],
  ['raw_sock_children', '6', 6],
  ['promiscuous_on', '1', 1],
  ['raw_moni_bpf_on', '1', 1],
  ['capture_node', '"homer03"', 'homer03'],
  ['hep_route', '"my_hep_route"', 'my_hep_route'],
]

t.test('1.1 to 1.15: parameters', async (t) => {
  for (const [name, written, value] of PARAMETERS) {
    const { parameters } = parse(`modparam("sipcapture", "${name}", ${written})\nroute[my_hep_route] { }`)
    t.match(parameters, [{ module: 'sipcapture', name, value }])
  }
})

/** Snippets, and the trees of their statements. */
const SNIPPETS: Record<string, [snippet: string, tree: string]> = {
  '1.16 sip_capture': [
    'if (is_method("REGISTER"))\n\tsip_capture();\nsip_capture("homer_%m_%d");',
    '(if (call is_method "REGISTER") {(call sip_capture)} {}) (call sip_capture "homer_%m_%d")',
  ],
  '1.17 report_capture, 2.x': [
    `hep_get("utf8-string", "0x0011", "$var(correlation_id)");
if ($var(correlation_id) == $null) {
	xlog("NO CORRELATION ID! SET SOMETHING OR DROP");
	$var(correlation_id) = "absdcef";
}
$var(proto_type) = "3";                         # 0x03: SDP
report_capture("rtcp_log", "$var(correlation_id)");
report_capture(, "$var(correlation_id)", "$var(proto_type)");
report_capture("rtcp_log", "$var(correlation_id)", "$var(proto_type)");
report_capture("$var(correlation_id)");`,
    '(call hep_get "utf8-string" "0x0011" "$var(correlation_id)") (if (== $var<"correlation_id"> $null) ' +
      '{(call xlog "NO CORRELATION ID! SET SOMETHING OR DROP") (= $var<"correlation_id"> "absdcef")} {}) ' +
      '(= $var<"proto_type"> "3") (call report_capture "rtcp_log" "$var(correlation_id)") ' +
      '(call report_capture - "$var(correlation_id)" "$var(proto_type)") ' +
      '(call report_capture "rtcp_log" "$var(correlation_id)" "$var(proto_type)") ' +
      '(call report_capture "$var(correlation_id)")',
  ],
  '1.17 report_capture, 3.x': [
    `hep_get("0x0011", "utf8-string", $var(correlation_id));
report_capture($var(correlation_id), "rtcp_log");
report_capture($var(correlation_id), , 3);
report_capture($var(correlation_id), "rtcp_log", 3);`,
    '(call hep_get "0x0011" "utf8-string" $var<"correlation_id">) ' +
      '(call report_capture $var<"correlation_id"> "rtcp_log") (call report_capture $var<"correlation_id"> - 3) ' +
      '(call report_capture $var<"correlation_id"> "rtcp_log" 3)',
  ],
  '1.18 hep_set, 2.x': [
    'hep_set("proto_type", "H321");\nhep_set("uint32", "31", "3", "132");\nhep_set("inet4-addr", "32", "3", "192.168.5.14");',
    '(call hep_set "proto_type" "H321") (call hep_set "uint32" "31" "3" "132") ' +
      '(call hep_set "inet4-addr" "32" "3" "192.168.5.14")',
  ],
  '1.18 hep_set, 3.x': [
    'hep_set("31", "132", "uint32", "3");\nhep_set("32", "192.168.5.14", "inet4-addr", "3");',
    '(call hep_set "31" "132" "uint32" "3") (call hep_set "32" "192.168.5.14" "inet4-addr" "3")',
  ],
  '1.19 hep_get, 2.x': [
    'hep_get("proto_type", "$var(vid)", "$var(data)");\nhep_get("uint32", "31", "$var(vid)", "$var(data)");',
    '(call hep_get "proto_type" "$var(vid)" "$var(data)") (call hep_get "uint32" "31" "$var(vid)" "$var(data)")',
  ],
  '1.19 hep_get, 3.x': [
    'hep_get("proto_type", , $var(data), $var(vid));\nhep_get("31", "uint32", $var(data), $var(vid));',
    '(call hep_get "proto_type" - $var<"data"> $var<"vid">) (call hep_get "31" "uint32" $var<"data"> $var<"vid">)',
  ],
  '1.20 hep_del': ['hep_del("25");', '(call hep_del "25")'],
  '1.21 hep_relay': [
    '$du = "sip:192.168.153.157";\nif (!hep_relay()) {\n\txlog("Hep proxying failed!\\n");\n\texit;\n}',
    '(= $du "sip:192.168.153.157") (if (not (call hep_relay)) {(call xlog "Hep proxying failed!\\n") (exit)} {})',
  ],
  '1.24 hep_net': [
    `if ($hep_net(dst_ip) == "192.168.2.5") {
	if ($hep_net(dst_port) == 6060) { xlog("first\\n"); }
	else if ($hep_net(dst_port) == 6061) { xlog("second\\n"); }
}`,
    '(if (== $hep_net<"dst_ip"> "192.168.2.5") {(if (== $hep_net<"dst_port"> 6060) {(call xlog "first\\n")} ' +
      '{(if (== $hep_net<"dst_port"> 6061) {(call xlog "second\\n")} {})})} {})',
  ],
  '1.25 HEPVERSION': [
    'if ($HEPVERSION == 3) { xlog("three\\n"); } else if ($HEPVERSION == 2) { xlog("two\\n"); } else if ($HEPVERSION == 1) { xlog("one\\n"); }',
    '(if (== $HEPVERSION 3) {(call xlog "three\\n")} {(if (== $HEPVERSION 2) {(call xlog "two\\n")} ' +
      '{(if (== $HEPVERSION 1) {(call xlog "one\\n")} {})})})',
  ],
}

t.test('1.16 to 1.25: statements', async (t) => {
  for (const [name, [snippet, tree]] of Object.entries(SNIPPETS))
    t.equal(bodyTree(parse(`route {\n${snippet}\n}`).routes[0]?.body ?? []), tree, name)
})

t.test('1.22 hep_resume_sip', async (t) => {
  const script = parse(
    'modparam("sipcapture", "hep_route", "my_hep_route")\nroute[my_hep_route] {\n\thep_resume_sip();\n}',
  )
  t.same(script.routes.map(routeTree), ['(route my_hep_route (call hep_resume_sip))'])
})

t.test('1.23 async sip_capture', async (t) => {
  const script = parse(`route {
	async(sip_capture(), capture_resume);
}
route[capture_resume] {
	xlog("insert executed\\n");
}`)
  t.same(script.routes.map(routeTree), [
    '(route (async (call sip_capture) capture_resume))',
    '(route capture_resume (call xlog "insert executed\\n"))',
  ])
})
