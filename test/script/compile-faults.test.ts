// Scripts that can be read but not run: what is told of them, word by word.

import t from 'tap'
import { renderFault } from '../../lib/errors.js'
import type { FunctionEntry } from '../../lib/route/registry.js'
import type { Dialect } from '../../lib/script/ast.js'
import { compileScript } from '../../lib/script/compile.js'
import { parseScript } from '../../lib/script/parser.js'
import { compiled, TABLE, table } from '../support/script.js'

const run = () => 1

const LITERAL: FunctionEntry = {
  name: 'literal',
  signatures: [{ dialect: 'any', parameters: [{ name: 'id', kind: 'literal', check: mustBeNumber }], run }],
}

const SEARCH: FunctionEntry = {
  name: 'search',
  signatures: [{ dialect: 'any', parameters: [{ name: 'expression', kind: 'regex' }], run }],
}

const TWO_ORDERS: FunctionEntry = {
  name: 'two_orders',
  signatures: [
    {
      dialect: '2.x',
      parameters: [
        { name: 'type', kind: 'text' },
        { name: 'result', kind: 'out' },
      ],
      run,
    },
    {
      dialect: '3.x',
      parameters: [
        { name: 'id', kind: 'text' },
        { name: 'type', kind: 'text', optional: true },
        { name: 'result', kind: 'out', optional: true },
      ],
      run,
    },
  ],
}

const functions = table(...TABLE.values(), LITERAL, SEARCH, TWO_ORDERS)

function mustBeNumber(text: string): void {
  if (!/^\d+$/.test(text)) throw new Error('write the number of a chunk')
}

function faults(text: string, dialect: Dialect = '3.x'): string[] {
  return compiled(text, { functions, dialect }).faults
}

/** The fault after FILE, of a statement that begins in column 9. */
const WRONG: [body: string, fault: string][] = [
  [
    'zzzzzzzz();',
    ':1:9: error: unknown function zzzzzzzz(); remove it, or offer a function of this name in the module of --routes',
  ],
  ['serch("x");', ':1:9: error: unknown function serch(); did you mean search()'],
  ['if (serch("x")) exit;', ':1:13: error: unknown function serch(); did you mean search()'],
  [
    't_relay();',
    ':1:9: error: t_relay() would send SIP, and hepcapd never transmits SIP; remove it; hep_relay() sends the captured packet on as HEP',
  ],
  [
    'forward();',
    ':1:9: error: forward() would send SIP, and hepcapd never transmits SIP; remove it; hep_relay() sends the captured packet on as HEP',
  ],
  [
    'append_hf("X: y");',
    ':1:9: error: append_hf() would change SIP that is sent, and hepcapd never transmits SIP; remove it; sip_capture() stores the message as it was captured, and hep_set() changes HEP chunks',
  ],
  [
    'loose_route();',
    ':1:9: error: loose_route() belongs to a SIP server, and hepcapd only captures; remove it',
  ],
  [
    'avp_db_query("x");',
    ':1:9: error: avp_db_query() is not available: routes ask no database; count with cache_add() or update_stat(), or query in a function of the module of --routes',
  ],
  [
    'exec("x");',
    ':1:9: error: exec() is not available: hepcapd runs no other programs; write it as a function of the module of --routes',
  ],
  [
    'rest_post("x");',
    ':1:9: error: rest_post() is not available: scripts make no HTTP requests; use fetch() in a function of the module of --routes, and call that here',
  ],
  [
    'mmg_lookup("x");',
    ':1:9: error: mmg_lookup() is not available: hepcapd has no database of places; look addresses up in a function of the module of --routes, or where the tables are read',
  ],
  [
    'cache_raw_query("redis", "x");',
    ':1:9: error: cache_raw_query() is not available: the cache is a map in this process; use cache_store(), cache_fetch(), cache_add() and cache_remove() with the system "local"',
  ],
  [
    'setflag(1);',
    ':1:9: error: setflag() is not available: messages have no flags; use a variable: $var(name) = 1',
  ],
  [
    'raise_event("E");',
    ':1:9: error: raise_event() is not available: hepcapd raises no events; count with update_stat(), which /metrics shows, or write a line with xlog()',
  ],
  ['avp_delete("x");', ':1:9: error: avp_delete() is not available; assign to $avp(name) or $var(name)'],
  ['route(nobody);', ':1:15: error: unknown route nobody; add route[nobody] { ... }'],
  ['route(somebodi);', ':1:15: error: unknown route somebodi; did you mean somebody'],
  ['if (route("zz9")) exit;', ':1:19: error: unknown route zz9; add route[zz9] { ... }'],
  ['async(store("x"), nowhere);', ':1:9: error: unknown route nowhere; add route[nowhere] { ... }'],
  ['launch(store("x"), somebodi);', ':1:9: error: unknown route somebodi; did you mean somebody'],
  ['async(serch("x"), somebody);', ':1:15: error: unknown function serch(); did you mean search()'],
  ['async(store(), somebody);', ':1:15: error: store(): argument 1, `name`, is missing; write store(name)'],
  [
    'async(store("x"), somebody, 0);',
    ':1:37: error: the time of async() is no number above 0; write it in seconds',
  ],
  [
    'launch(launch(store("x")));',
    ':1:16: error: launch() takes a function, not launch(); call launch() itself',
  ],
  [
    'literal("\\n\\x1b[2J");',
    ':1:17: error: bad id "\uFFFD\uFFFD[2J" of literal(); write the number of a chunk',
  ],
  ['note();', ':1:9: error: note(): argument 1, `text`, is missing; write note(text)'],
  ['note("a", "b");', ':1:19: error: note(): argument 2 is one too many; write note(text)'],
  ['code("many");', ':1:14: error: code(): argument 1, `n`, must be a number; write code(n)'],
  [
    'code("9007199254740992");',
    ':1:14: error: code(): argument 1, `n`, is too large for a number; write code(n)',
  ],
  [
    'code("-0x20000000000000");',
    ':1:14: error: code(): argument 1, `n`, is too large for a number; write code(n)',
  ],
  [
    'async(store("x"), somebody, 2147484);',
    ':1:37: error: the time of async() is more than a timer holds; write at most 2147483 seconds',
  ],
  [
    'launch(store("x"), somebody, "1e999");',
    ':1:38: error: the time of launch() is more than a timer holds; write at most 2147483 seconds',
  ],
  [
    '$var(x) = $(ci{s.select,9007199254740992,:});',
    ':1:24: error: {s.select}: "9007199254740992" is too large for a number; put it right',
  ],
  [
    'fetch("x", 1);',
    ':1:15: error: fetch(): argument 1, `result`, must be a variable; write fetch($var(result)[, value])',
  ],
  [
    'fetch("a $var(x)", 1);',
    ':1:15: error: fetch(): argument 1, `result`, must be a variable; write fetch($var(result)[, value])',
  ],
  [
    'fetch(5);',
    ':1:15: error: fetch(): argument 1, `result`, must be a variable; write fetch($var(result)[, value])',
  ],
  [
    'literal($var(x));',
    ':1:17: error: literal(): argument 1, `id`, must be known at load, not a variable; write literal(id)',
  ],
  ['literal("word");', ':1:17: error: bad id "word" of literal(); write the number of a chunk'],
  [
    'two_orders("a", "b", "c", "d");',
    ':1:9: error: two_orders() does not take these arguments; write two_orders(type, $var(result)) or two_orders(id[, type][, $var(result)])',
  ],
  ['$var(x) += NULL;', ':1:9: error: `+=` takes no NULL; write $var(x) = NULL to unset it'],
  [
    '$var(x) = note("a");',
    ':1:19: error: note() gives no value here; write note() as a statement before this one, then use $rc',
  ],
  [
    '$var(x) = $var(y) == 1;',
    ':1:27: error: a condition gives no value; write it as an `if`, and assign in both branches',
  ],
  [
    '$var(x) = "a" - 1;',
    ':1:23: warning: `-` cannot be worked out for these operands; only `+` joins texts; a number needs quotes there, all else needs numbers',
  ],
  ['$var(x) = 1 / 0;', ':1:21: warning: division by zero; it gives 0, and a warning each time'],
  [
    'if ($rm < 10.0.0.0/8) exit;',
    ':1:17: error: an address cannot be compared with `<`; use == or !=, or put the address in quotes to compare its text',
  ],
  [
    'if ($si == 10.0.0.0/99) exit;',
    ':1:20: error: 10.0.0.0/99 is no address or network; write 10.0.0.1 or 10.0.0.0/8',
  ],
  ['break;', ':1:9: error: `break` outside of switch, while and for; use `return` to leave the route'],
  [
    'if (1) { break; }',
    ':1:18: error: `break` outside of switch, while and for; use `return` to leave the route',
  ],
  [
    'switch ($rm) { case "ACK": exit; case "ack": exit; }',
    ':1:42: warning: `case "ack"` is there already, in line 1; remove it: it is never found',
  ],
]

for (const [body, fault] of WRONG) {
  t.test(body, async (t) => {
    t.same(faults(`route { ${body} } route[somebody] { }`), [`t.cfg${fault}`])
  })
}

t.test('break in a loop of OpenSIPS 2', async (t) => {
  const what =
    'warning: `break` leaves only a `switch` in OpenSIPS 2; here it leaves the loop; put the end of the loop into its condition'
  t.same(faults('route { while (1) { break; } }', '2.4'), [`t.cfg:1:21: ${what}`])
  t.same(faults('route { while (1) { switch ($rm) { case 1: break; } } }', '2.4'), [])
  t.same(faults('route { while (1) { break; } }'), [])
})

t.test('bad regular expressions say what is bad', async (t) => {
  const cure = 'write it as a POSIX extended expression'
  for (const [body, at, what] of [
    ['if ($rm =~ "(") exit;', '1:20', /error: "\(" is no regular expression: /],
    ['if ($rm !~ "[a") exit;', '1:20', /error: "\[a" is no regular expression: /],
    ['if ($rm =~ "(a)\\1") exit;', '1:20', /error: ".*" has the back-reference \\1, /],
    ['search("(");', '1:16', /error: search\(\): "\(" is no regular expression: /],
  ] as const) {
    const [fault, ...more] = faults(`route { ${body} }`)
    t.same(more, [], body)
    t.ok(fault?.startsWith(`t.cfg:${at}: `) && fault.endsWith(`; ${cure}`), body)
    t.match(fault, what)
  }
})

t.test('unknown variables, wherever they stand', async (t) => {
  for (const [body, column] of [
    ['note("$nope");', 15],
    ['note("in a text: $nope");', 26],
    ['note($nope);', 14],
    ['$var(x) = $nope;', 19],
    ['$var(x) = 1 + $nope;', 23],
    ['$var(x) = $var($nope);', 24],
    ['$nope = 1;', 9],
    ['if ($nope == 1) exit;', 13],
    ['if ($rm == $nope) exit;', 20],
    ['if ($nope) exit;', 13],
    ['while ($nope) exit;', 16],
    ['switch ($nope) { case 1: exit; }', 17],
    ['for ($var(x) in $(nope[*])) exit;', 25],
    ['route(somebody, $nope);', 25],
    ['route($nope);', 15],
    ['return($nope);', 16],
    ['async(note("$nope"), somebody);', 21],
  ] as const) {
    const found = faults(`route { ${body} } route[somebody] { }`)
    t.equal(found.length, 1, body)
    t.ok(found[0]?.startsWith(`t.cfg:1:${column}: error: `), body)
    t.match(found[0], /\$nope/, body)
  }
})

t.test(
  'a text with a bad variable inside is a fault where it is put in, and a text where it is not',
  async (t) => {
    t.match(faults('route { note("x $(var(x"); }'), [/^t.cfg:1:17: error: /])
    t.same(faults('route { $var(x) = "x $(var(x"; if ($rm == "$(var") exit; }'), [])
  },
)

t.test('what cannot be assigned', async (t) => {
  t.match(faults('route { $rm = "INVITE"; }'), [/^t.cfg:1:9: error: .*\$rm/])
  t.match(faults('route { fetch($rm); }'), [/^t.cfg:1:15: error: .*\$rm/])
  t.match(faults('route { for ($rm in $(avp(x)[*])) exit; }'), [/^t.cfg:1:14: error: .*\$rm/])
})

t.test('all faults of a script are told, each once, in its order', async (t) => {
  const text = `route {
  if (nope()) note("$nope");
  route(b);
}
route[b] { route(c); zzzzzzzz(); zzzzzzzz(); }
failure_route[f] { t_relay(); }`
  t.match(
    faults(text).map((fault) => fault.split(';')[0]),
    [
      't.cfg:2:7: error: unknown function nope()',
      /^t.cfg:2:21: error: .*\$nope/,
      't.cfg:5:18: error: unknown route c',
      't.cfg:5:22: error: unknown function zzzzzzzz()',
      't.cfg:5:34: error: unknown function zzzzzzzz()',
      't.cfg:6:1: warning: failure_route never runs',
      't.cfg:6:20: error: t_relay() would send SIP, and hepcapd never transmits SIP',
    ],
  )
})

t.test('a traced script has no more faults than another', async (t) => {
  const text = 'route { if ($nope) note("$nope"); }'
  t.same(compiled(text, { trace: true }).faults, compiled(text).faults)
})

t.test('a fault shows its line, and where in it', async (t) => {
  const { script } = parseScript('t.cfg', { text: 'route {\n\tnote("a", $rm);\n}' })
  if (!script) throw new Error('not read')
  const [fault] = compileScript(script, { functions }).faults
  t.equal(
    fault && renderFault(fault),
    't.cfg:2:12: error: note(): argument 2 is one too many; write note(text)\n\tnote("a", $rm);\n\t          ^',
  )
})
