// Scripts that nobody writes: too deep, too long, or never ending. Each is a fault or a tree, and soon.

import t from 'tap'
import { parseScript } from '../../lib/script/parser.js'
import { parse } from '../support/parse.js'

const errorsOf = (text: string) =>
  parseScript('t.cfg', { text }).faults.map(({ where, what }) => `${where} ${what}`)
const DEEP = 'found more than 200 levels in each other'

t.test('two hundred levels', async (t) => {
  const nests: [name: string, open: string, inner: string, close: string][] = [
    ['blocks', '{', 'exit;', '}'],
    ['ifs', 'if ($a) {', 'exit;', '}'],
    ['ifs without blocks', 'if ($a) ', 'exit;', ''],
    ['whiles', 'while ($a) {', 'exit;', '}'],
    ['switches', 'switch ($a) { case 1: ', 'exit;', '}'],
    ['loops', 'for ($a in $b) ', 'exit;', ''],
  ]
  for (const [name, open, inner, close] of nests) {
    const nested = (levels: number) => `route { ${open.repeat(levels)}${inner}${close.repeat(levels)} }`
    t.same(errorsOf(nested(100)), [], name)
    t.match(errorsOf(nested(1000)).join(), DEEP, name)
    t.same(errorsOf(nested(201)).length, 1, name)
  }
})

t.test('two hundred levels of an expression', async (t) => {
  const nests: [name: string, head: string, open: string, inner: string, close: string, end: string][] = [
    ['parentheses', 'if (', '(', '$a', ')', ') exit;'],
    ['negations', 'if (', '!', '$a', '', ') exit;'],
    ['arithmetic', '$x = ', '(', '1', ')', ';'],
    ['complements', '$x = ', '~', '1', '', ';'],
  ]
  for (const [name, head, open, inner, close, end] of nests) {
    const nested = (levels: number) =>
      `route { ${head}${open.repeat(levels)}${inner}${close.repeat(levels)}${end} }`
    t.same(errorsOf(nested(200)), [], name)
    t.match(errorsOf(nested(201)).join(), DEEP, name)
    t.match(errorsOf(nested(5000)).join(), DEEP, name)
  }
})

t.test('variables in each other', async (t) => {
  const nested = (levels: number) => `route { $x = ${'$avp('.repeat(levels)}a${')'.repeat(levels)}; }`
  t.same(errorsOf(nested(200)), [])
  t.match(errorsOf(nested(201)), [/^t\.cfg:1:1014 variables stand more than 200 deep in each other$/])
})

t.test('a long chain is not deep, and has an end', async (t) => {
  const chain = (length: number) => `route { if ($a) exit; ${'else if ($b) drop; '.repeat(length)} }`
  t.same(errorsOf(chain(999)), [])
  t.match(errorsOf(chain(1000)), [/found more than 1000 branches of one `if`/])
  const sum = (length: number) =>
    `route { $x = 1 ${'+ 1 '.repeat(length)}; if ($a ${'&& $b '.repeat(length)}) exit; }`
  t.same(errorsOf(sum(1000)), [])
  t.match(errorsOf(sum(1001)), [/found more than 1000 operators/, /found more than 1000 operators/])
})

t.test('two hundred errors are enough', async (t) => {
  const errors = errorsOf('?\n'.repeat(100_000))
  t.equal(errors.length, 201)
  t.match(errors.at(-1), '200 errors, the rest is not read')
})

t.test('what never ends', async (t) => {
  for (const piece of [
    '"',
    "'",
    '\\"',
    '$(',
    '$avp(',
    '${',
    '{',
    '}',
    '(',
    ')',
    '/*',
    '#',
    '\0',
    '@a',
    'route[',
    'else ',
    'case ',
    '!',
    '\\',
  ])
    for (const text of [
      piece,
      piece.repeat(20_000),
      `route {${piece.repeat(20_000)}`,
      `route { f(${`${piece}\n`.repeat(20_000)}`,
    ])
      t.ok(errorsOf(text).length <= 201, JSON.stringify(text.slice(0, 20)))
})

t.test('a variable of more than 65,536 characters is taken for one that is not closed', async (t) => {
  const variable = (length: number) => `route { $x = $avp(${'a'.repeat(length - 6)}); }`
  t.same(errorsOf(variable(65_000)), [])
  t.match(errorsOf(variable(66_000)), [/is never closed$/])
})

t.test('ten megabytes', async (t) => {
  t.setTimeout(240_000)
  const unit =
    '\tif (is_method("REGISTER") && $var(a) == 1) { # comment\n\t\tsip_capture("homer_%m_%d");\n\t}\n'
  const times = Math.ceil(10_000_000 / unit.length)
  t.equal(parse(`route {\n${unit.repeat(times)}}\n`).routes[0]?.body.length, times)
})
