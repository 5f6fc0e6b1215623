// Which version of OpenSIPS a script was written for, and what decided it.

import t from 'tap'
import { parse } from '../support/parse.js'

const ROUTE = 'route { if (status == "200") exit; }'
const OLD_GET = 'route { hep_get("proto_type", "$var(v)", "$var(d)"); }'
const NEW_GET = 'route { hep_get("proto_type", , $var(d), $var(v)); }'

const SCRIPTS: [text: string, dialect: string, reason: string][] = [
  ['route {}', '3.x', 'nothing in it that speaks for older versions'],
  ['listen=udp:*:1', '3.x', 'nothing in it that speaks for older versions'],
  ['socket=udp:*:1\nchildren=2\nlisten=udp:*:2', '3.x', '`socket=` (test.cfg:1)'],
  ['udp_workers=1', '3.x', '`udp_workers=` (test.cfg:1)'],
  ['\nstderror_enabled=yes', '3.x', '`stderror_enabled=` (test.cfg:2)'],
  ['children=2\nlisten=udp:*:1', '2.4', '`children=` (test.cfg:1)'],
  ['listen=udp:*:1\nlog_stderror=no', '2.4', '`log_stderror=` (test.cfg:2)'],
  ['children=2', '3.x', 'nothing in it that speaks for older versions'],
  [
    `children=2\nlisten=udp:*:1\n${ROUTE}`,
    '2.3',
    '`children=` (test.cfg:1) and the bare word `status` (test.cfg:3)',
  ],
  [ROUTE, '2.3', 'the bare word `status` (test.cfg:1)'],
  ['route { if (!method == "X") exit; }', '2.3', 'the bare word `method` (test.cfg:1)'],
  ['loadmodule "uri.so"', '2.4', '`loadmodule "uri.so"` (test.cfg:1)'],
  ['loadmodule "/lib/uri.so"', '2.4', '`loadmodule "uri.so"` (test.cfg:1)'],
  ['loadmodule "curi.so"', '3.x', 'nothing in it that speaks for older versions'],
  [`loadmodule "uri.so"\n${ROUTE}`, '2.3', 'the bare word `status` (test.cfg:2)'],
  ['debug=3', '2.4', '`debug=` (test.cfg:1)'],
  [`socket=udp:*:1\n${ROUTE}`, '3.x', '`socket=` (test.cfg:1)'],
  [OLD_GET, '2.4', 'a quoted variable as result of `hep_get` (test.cfg:1)'],
  [NEW_GET, '3.x', 'a variable without quotes as result of `hep_get` (test.cfg:1)'],
  [
    `${OLD_GET}\n${NEW_GET.replace('route', 'route[x]')}`,
    '2.4',
    'a quoted variable as result of `hep_get` (test.cfg:1)',
  ],
  ['route { hep_get("$var(chunk)", "uint8"); }', '3.x', 'nothing in it that speaks for older versions'],
  [`debug=3\n${NEW_GET}`, '2.4', '`debug=` (test.cfg:1)'],
]

t.test('what a script shows', async (t) => {
  for (const [text, dialect, reason] of SCRIPTS) {
    const script = parse(text)
    t.same([script.dialect, script.dialectReason], [dialect, reason], text)
  }
})

t.test('what the user says counts more', async (t) => {
  for (const dialect of ['2.3', '2.4', '3.x'] as const) {
    const script = parse(`socket=udp:*:1\n${ROUTE}`, { dialect })
    t.same([script.dialect, script.dialectReason], [dialect, '`--dialect`'])
  }
})
