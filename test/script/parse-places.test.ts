// Lines and columns of everything in a tree, whatever ends the lines and whatever stands before.

import t from 'tap'
import type { Position } from '../../lib/script/ast.js'
import { parseScript } from '../../lib/script/parser.js'
import { parse } from '../support/parse.js'

/** Each node that has a kind, with its place, in the order of the tree. */
function placesIn(tree: unknown): string[] {
  if (typeof tree !== 'object' || tree === null) return []
  if (Array.isArray(tree)) return tree.flatMap(placesIn)
  const { at, ...rest } = tree as {
    at?: Position
    type?: string
    kind?: string
    name?: string
    source?: string
  }
  const inside = Object.values(rest).flatMap(placesIn)
  return at
    ? [`${rest.source ?? rest.type ?? rest.kind ?? rest.name ?? '-'} ${at.line}:${at.column}`, ...inside]
    : inside
}

const SCRIPT = `children = 4
listen = udp:*:5060 # x
loadmodule "a.so"
modparam("a", "b", 1)
route[x] {
	if ($a == 1 && !f("t")) {
		$b = "m
l" + 2;  exit;
	} else return(1);
	switch ($c) { case 1: drop; }
	for ($d in $(e[$i]{s.len})) async(g(), h, 5);
}
`

const PLACES = [
  ...['children 1:1', '- 2:1', '- 3:1', 'b 4:1', 'route 5:1'],
  ...['if 6:2', 'logical 6:14', 'compare 6:9', '$a 6:6', 'number 6:12', 'not 6:17', 'call 6:18', 'text 6:20'],
  ...[
    'assign 7:3',
    '$b 7:3',
    'arithmetic 8:4',
    'text 7:8',
    'number 8:6',
    'exit 8:10',
    'return 9:9',
    'number 9:16',
  ],
  ...['switch 10:2', '$c 10:10', '- 10:16', 'drop 10:24'],
  ...['for 11:2', '$d 11:7', '$(e[$i]{s.len}) 11:13', '$i 11:17', 'len 11:21'],
  ...['call 11:30', 'call 11:36', 'number 11:44'],
]

t.test('every node stands where it was written', async (t) => {
  t.same(placesIn(parse(SCRIPT)), PLACES)
  t.equal(parse(SCRIPT).routes[0]?.at.file, 'test.cfg')
})

t.test('also with carriage returns and behind a byte order mark', async (t) => {
  t.same(placesIn(parse(`\uFEFF${SCRIPT.replaceAll('\n', '\r\n')}`)), PLACES)
  const { script } = parseScript('x', { readFile: () => Buffer.from(`\uFEFF${SCRIPT}`) })
  t.same(placesIn(script), PLACES)
})

t.test('columns count characters, not octets and not their halves', async (t) => {
  const [text, exit] = parse('route { f("é😀"); exit; }').routes[0]?.body ?? []
  t.match(text?.at, { line: 1, column: 9 })
  t.match(exit?.at, { line: 1, column: 18 })
})

t.test('comments, continued lines and tabs move them', async (t) => {
  const [exit, drop] = parse('/* a\nb */ route { # c\n\t\texit; \\\n  drop; }').routes[0]?.body ?? []
  t.match(exit?.at, { line: 3, column: 3 })
  t.match(drop?.at, { line: 4, column: 3 })
})
