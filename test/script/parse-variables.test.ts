// Variables, and texts with variables in them: the second look at what stands between quotes.

import t, { type Test } from 'tap'
import { type Fault, renderFault } from '../../lib/errors.js'
import type { Position } from '../../lib/script/ast.js'
import { parseFormat, parseVariable } from '../../lib/script/variable-parser.js'
import { parse } from '../support/parse.js'
import { formatTree } from '../support/script-tree.js'

const HERE: Position = { file: 'x.cfg', line: 3, column: 5 }

function becomes(t: Test, table: readonly (readonly [text: string, tree: string])[]): void {
  for (const [text, expected] of table) {
    const faults: Fault[] = []
    t.equal(formatTree(parseFormat(text, HERE, faults)), expected, text)
    t.same(faults, [], text)
  }
}

t.test('texts and variables in them', async (t) => {
  becomes(t, [
    ['', '<>'],
    ['text', '<"text">'],
    ['$rm', '<$rm>'],
    ['a $rm b', '<"a " $rm " b">'],
    ['$rm$rs', '<$rm $rs>'],
    ['$si:$sp.', '<$si ":" $sp ".">'],
    ['$$', '<"$">'],
    ['$$rm costs 5$$', '<"$rm costs 5$">'],
    ['$$$rm', '<"$" $rm>'],
    ['$var(x)y', '<$var<"x"> "y">'],
    ['\\$rm', '<"\\\\" $rm>'],
    ["'$var(x)'", '<"\'" $var<"x"> "\'">'],
    ['$ct.fields(uri)', '<$ct.fields<"uri">>'],
    ['100% {sure} [x] (y)', '<"100% {sure} [x] (y)">'],
    ['😀$rm😀', '<"😀" $rm "😀">'],
  ])
})

t.test('names, parentheses and indexes', async (t) => {
  becomes(t, [
    ['$(rm)', '<$rm>'],
    ['$( rm )', '<$rm>'],
    ['$hdr(X-Call(1))', '<$hdr<"X-Call(1)">>'],
    ['$hdr()', '<$hdr<>>'],
    ['$avp(s:name)', '<$avp<"s:name">>'],
    ['$time(%Y-%m-%d %H:%M)', '<$time<"%Y-%m-%d %H:%M">>'],
    ['$(hdr(Via)[0])', '<$hdr<"Via">[0]>'],
    ['$(hdr(Via)[-1])', '<$hdr<"Via">[-1]>'],
    ['$(avp(x)[*])', '<$avp<"x">[*]>'],
    ['$(avp(x)[ 2 ])', '<$avp<"x">[2]>'],
    ['$(avp(x)[$var(i)])', '<$avp<"x">[$var<"i">]>'],
    ['$(avp(x)[$(var(i){s.int})])', '<$avp<"x">[$var<"i">{s|int}]>'],
    ['$(avp[1])', '<$avp[1]>'],
  ])
})

t.test('dynamic names', async (t) => {
  becomes(t, [
    ['$avp($var(t))', '<$avp<$var<"t">>>'],
    ['$stat(a:$var(k))', '<$stat<"a:" $var<"k">>>'],
    ['$stat($$a)', '<$stat<"$a">>'],
    ['$avp($(var(t)[0]{s.len}))', '<$avp<$var<"t">[0]{s|len}>>'],
    ['$(avp($avp($avp(x))))', '<$avp<$avp<$avp<"x">>>>'],
  ])
})

t.test('transformations and their arguments', async (t) => {
  becomes(t, [
    ['$(rm{s.len})', '<$rm{s|len}>'],
    ['$(var(x)[1]{s.int}{s.len})', '<$var<"x">[1]{s|int}{s|len}>'],
    ['$(ru{ uri.user } {s.tolower})', '<$ru{uri|user}{s|tolower}>'],
    ['$(ua{s.escape.common})', '<$ua{s|escape.common}>'],
    ['$(cs{s.select,1, })', '<$cs{s|select <"1"> <" ">}>'],
    ['$(x{s.select,-2,,})', '<$x{s|select <"-2"> <",">}>'],
    ['$(x{s.select,$var(n),:})', '<$x{s|select <$var<"n">> <":">}>'],
    ['$(x{s.substr,0,-2})', '<$x{s|substr <"0"> <"-2">}>'],
    ['$(x{s.fill.left,a,})', '<$x{s|fill.left <"a"> <>}>'],
    ['$(hdr(R){param.value,cause})', '<$hdr<"R">{param|value <"cause">}>'],
    ['$(x{param.value,a,;})', '<$x{param|value <"a"> <";">}>'],
    ['$(x{s.index,(a,b),2})', '<$x{s|index <"(a,b)"> <"2">}>'],
    ['$(x{re.subst,/a,b$/c,\\1/gi})', '<$x{re|subst <"/a,b$/c,\\\\1/gi">}>'],
    ['$(x{re.subst,/^(.{2}).*$/\\1/})', '<$x{re|subst <"/^(.{2}).*$/\\\\1/">}>'],
    ['$(x{re.subst,$var(re)})', '<$x{re|subst <$var<"re">>}>'],
    ['$(x{re.subst,$avp(re)/g})', '<$x{re|subst <"$avp(re)/g">}>'],
    ['$(x{s.index,$})', '<$x{s|index <"$">}>'],
  ])
})

t.test('faults are told with their places, and the rest is read', async (t) => {
  const table: [text: string, tree: string, ...faults: string[]][] = [
    [
      '5 $ or',
      '<"5  or">',
      '3:7: error: this `$` begins no variable; write `$$` for the character itself, or a name after it',
    ],
    [
      '$',
      '<>',
      '3:5: error: this `$` begins no variable; write `$$` for the character itself, or a name after it',
    ],
    [
      '$1 $rm',
      '<"1 " $rm>',
      '3:5: error: this `$` begins no variable; write `$$` for the character itself, or a name after it',
    ],
    ['a\nb $(x', '<"a\\nb (x">', '4:3: error: the variable `$(` is never closed; write `$(NAME)`'],
    ['$var(x', '<"(x">', '3:5: error: the variable `$var(` is never closed; write `$var(x)`'],
    [
      '$(x{len}) $(y[z]) $rm',
      '<"  " $rm>',
      '3:9: error: expected a transformation, found `len`; write `{CLASS.NAME}`, for example `{s.len}`',
      '3:19: error: expected a number, `*` or a variable as index, found `z`; write `[0]`, `[-1]` or `[*]`',
    ],
    [
      '😀😀$',
      '<"😀😀">',
      '3:7: error: this `$` begins no variable; write `$$` for the character itself, or a name after it',
    ],
  ]
  for (const [text, tree, ...expected] of table) {
    const faults: Fault[] = []
    t.equal(formatTree(parseFormat(text, HERE, faults)), tree, text)
    t.same(
      faults.map(renderFault),
      expected.map((one) => `x.cfg:${one}`),
      text,
    )
  }
})

t.test('no more is said of one text than helps', async (t) => {
  const faults: Fault[] = []
  parseFormat('$ '.repeat(1000), HERE, faults)
  t.equal(faults.length, 20)
})

t.test('a text that is one variable', async (t) => {
  t.match(parseVariable('$var(x)', HERE), { name: 'var', source: '$var(x)', at: HERE })
  t.match(parseVariable('$(avp(x)[1]{s.len})', HERE), {
    name: 'avp',
    index: 1,
    source: '$(avp(x)[1]{s.len})',
  })
  for (const text of ['', 'x', '$$', '$rm ', ' $rm', '$rm$rs', '$', '$var(x', 'a$rm'])
    t.equal(parseVariable(text, HERE), undefined, text)
  const faults: Fault[] = []
  parseVariable('$var(x', HERE, faults)
  t.equal(faults.length, 1)
})

t.test('positions in texts of a script: behind escapes, in later lines, under single quotes', async (t) => {
  const placesIn = (source: string) => {
    const [call] = parse(`route {\n f(${source}); }`).routes[0]?.body ?? []
    const [argument] = call?.type === 'call' ? call.arguments : []
    if (argument?.type !== 'text') throw new Error('no text')
    const parts = parseFormat(argument.text, argument.at, [])
    return parts.flatMap((part) =>
      typeof part === 'string' ? [] : [`${part.source} ${part.at.line}:${part.at.column}`],
    )
  }
  t.same(placesIn('"$a"'), ['$a 2:5'])
  t.same(placesIn("'$a $b'"), ['$a 2:5', '$b 2:8'])
  t.same(placesIn('"\\n$a,\\x41\\x42$b\\d$c"'), ['$a 2:7', '$b 2:18', '$c 2:22'])
  t.same(placesIn('"\\xc3\\xa9$a"'), ['$a 2:13'])
  t.same(placesIn('"\\\\\\\\$a"'), ['$a 2:9'])
  t.same(placesIn('"é😀$a\n\t$b\r\n$c"'), ['$a 2:7', '$b 3:2', '$c 4:1'])
})

t.test('a fault within a text shows its line', async (t) => {
  const [call] = parse('route {\n\txlog("a\\t$ b");\n}').routes[0]?.body ?? []
  const [argument] = call?.type === 'call' ? call.arguments : []
  const faults: Fault[] = []
  if (argument?.type === 'text') parseFormat(argument.text, argument.at, faults)
  t.same(
    faults.map(({ where, excerpt }) => [where, excerpt]),
    [['test.cfg:2:11', '\txlog("a\\t$ b");\n\t         ^']],
  )
})
