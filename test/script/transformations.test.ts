// Transformations, row by row: what each makes of a text, of a part that is not there, and of NULL, by dialect.

import t from 'tap'
import type { Dialect } from '../../lib/script/ast.js'
import type { Value } from '../../lib/script/value.js'
import { FAILED, numberOf, textOf } from '../../lib/script/values.js'
import { Random } from '../support/random.js'
import { faultsOfReading, reading } from '../support/readings.js'

/** `{...}` of a value, as it is read. */
const of = (x: Value, transformations: string, dialect: Dialect = '3.x') =>
  reading(`$(var(x)${transformations})`, { dialect, vars: { x } })

function text(x: Value, transformations: string): string | undefined {
  const value = of(x, transformations)
  return value === FAILED ? 'FAILED' : textOf(value)
}

function table(name: string, rows: [x: Value, transformations: string, expected: string | undefined][]) {
  t.test(name, async (t) => {
    for (const [x, transformations, expected] of rows)
      t.equal(text(x, transformations), expected, `${JSON.stringify(x)}${transformations}`)
  })
}

t.test('{s.int}: the leading digits, 0 if none; the text stays', async (t) => {
  const rows: [Value, number, string][] = [
    ['12ab', 12, '12ab'],
    ['ab', 0, 'ab'],
    ['', 0, ''],
    ['-5x', -5, '-5x'],
    ['+5', 5, '+5'],
    [' 7', 7, ' 7'],
    ['007', 7, '007'],
    [42, 42, '42'],
    ['99999999999999999999', 0, '99999999999999999999'],
  ]
  for (const [x, number, shown] of rows) {
    const value = of(x, '{s.int}')
    if (value === FAILED) t.fail(`${x}`)
    else t.same([numberOf(value), textOf(value)], [number, shown], JSON.stringify(x))
  }
})

table('{s.select,n,c}: the n-th field, from 0, or from the end', [
  ['a:b:c', '{s.select,0,:}', 'a'],
  ['a:b:c', '{s.select,2,:}', 'c'],
  ['a:b:c', '{s.select,-1,:}', 'c'],
  ['a:b:c', '{s.select,-3,:}', 'a'],
  ['a::c', '{s.select,1,:}', ''],
  ['a,b', '{s.select,1,,}', 'b'],
  ['abc', '{s.select,0,:}', 'abc'],
])

table('{s.substr,off,len}: from the end when negative; a length below 1 stops so many before it', [
  ['abcdef', '{s.substr,2,3}', 'cde'],
  ['abcdef', '{s.substr,-2,1}', 'e'],
  ['abcdef', '{s.substr,2,0}', 'cdef'],
  ['abcdef', '{s.substr,0,-2}', 'abcd'],
  ['abcdef', '{s.substr,4,99}', 'ef'],
])

table('{param.value,name}: of a ; list, quotes removed, name ignoring case', [
  ['a=1;B=2', '{param.value,b}', '2'],
  ['a="x;y";b=2', '{param.value,a}', 'x;y'],
  ['a="x;y";b=2', '{param.value,b}', '2'],
  ['lr;a=1', '{param.value,lr}', ''],
  ['a = 1 ; b', '{param.value,a}', '1'],
])

const absent = [
  '{s.select,9,:}',
  '{s.select,-9,:}',
  '{s.substr,99,1}',
  '{s.substr,-99,1}',
  '{param.value,none}',
]

t.test('a part that is not there: "" up to 2.3, NULL from 2.4 on', async (t) => {
  for (const transformations of absent) {
    t.equal(of('a:b', transformations, '2.3'), '', transformations)
    t.equal(of('a:b', transformations, '2.4'), null, transformations)
    t.equal(of('a:b', transformations, '3.x'), null, transformations)
  }
})

t.test('of NULL: the read fails up to 2.3, NULL passes through from 2.4 on', async (t) => {
  for (const transformations of ['{s.int}', '{s.len}', '{s.select,0,:}{s.int}', '{re.subst,/a/b/}']) {
    t.equal(of(null, transformations, '2.3'), FAILED, transformations)
    t.equal(of(null, transformations, '2.4'), null, transformations)
    t.equal(of(null, transformations, '3.x'), null, transformations)
  }
})

t.test('a part that is not there goes through what follows', async (t) => {
  t.equal(of('a:b', '{s.select,9,:}{s.len}', '2.3'), 0)
  t.equal(of('a:b', '{s.select,9,:}{s.len}', '3.x'), null)
})

t.test('{re.subst}', async (t) => {
  t.equal(text('abc', '{re.subst,/^(.)(.*)$/\\2\\1/}'), 'bca')
  t.equal(text('abc', '{re.subst,/B/x/i}'), 'axc')
  t.equal(text('abc', '{re.subst,/nothing/x/}'), 'abc', 'no match gives the subject back')
  const whole = { vars: { x: 'abc', how: '/b/-/' } }
  t.equal(reading('$(var(x){re.subst,$var(how)})', whole), 'a-c', 'the whole argument may be a variable')
  t.equal(of('', '{re.subst,/a/b/}', '2.3'), FAILED, 'of an empty subject it fails')
  t.equal(of('', '{re.subst,/a/b/}', '2.4'), null, 'of an empty subject it fails')
  const bad = { vars: { x: 'abc', how: '/(/-/' } }
  t.equal(reading('$(var(x){re.subst,$var(how)})', bad), null, 'a bad one that comes late')
  t.equal(reading('$(var(x){re.subst,$var(how)})', { ...bad, dialect: '2.3' }), FAILED)
})

table('texts', [
  ['abc', '{s.len}', '3'],
  [200, '{s.len}', '3'],
  ['aBc', '{s.tolower}', 'abc'],
  ['aBc', '{s.toupper}', 'ABC'],
  [' a b\t\r\n', '{s.trim}', 'a b'],
  [' a ', '{s.triml}', 'a '],
  [' a ', '{s.trimr}', ' a'],
  ['+1 (2) 3', '{s.numeric}', '123'],
  ['a\'b"c\\d', '{s.escape.common}', 'a\\\'b\\"c\\\\d'],
  ['a\\\'b\\"c\\\\d', '{s.unescape.common}', 'a\'b"c\\d'],
  ['a\0b', '{s.escape.common}{s.len}', '4'],
  ['abc', '{s.md5}', '900150983cd24fb0d6963f7d28e17f72'],
  ['a b&c', '{s.escape.param}', 'a%20b%26c'],
  ['abcabc', '{s.index,c}', '2'],
  ['abcabc', '{s.index,c,3}', '5'],
  ['abcabc', '{s.index,c,-2}', '5'],
  ['abcabc', '{s.index,x}', '-1'],
  ['abcabc', '{s.rindex,b}', '4'],
  ['7', '{s.fill.left,0,3}', '007'],
  ['7', '{s.fill.right,0,3}', '700'],
  ['12345', '{s.fill.left,0,3}', '12345'],
  ['é', '{s.encode.hexa}', 'c3a9'],
  ['c3a9', '{s.decode.hexa}', 'é'],
  ['é', '{s.encode.b64}{s.decode.b64}', 'é'],
])

const URI = 'sip:al;ice:pw@[2001:db8::1]:5070;transport=tcp;lr?Subject=x'

table('URIs', [
  [URI, '{uri.user}', 'al;ice'],
  [URI, '{uri.host}', '2001:db8::1'],
  [URI, '{uri.domain}', '2001:db8::1'],
  [URI, '{uri.port}', '5070'],
  [URI, '{uri.params}', 'transport=tcp;lr'],
  [URI, '{uri.param,TRANSPORT}', 'tcp'],
  [URI, '{uri.param,lr}', ''],
  [URI, '{uri.param,Subject}', undefined],
  [URI, '{uri.schema}', 'sip'],
  ['sips:example.com', '{uri.user}', undefined],
  ['sips:example.com', '{uri.host}', 'example.com'],
  ['sips:example.com', '{uri.port}', undefined],
  ['tel:+1234;ext=5', '{uri.user}', '+1234'],
  ['tel:+1234;ext=5', '{uri.param,ext}', '5'],
  ['http://x', '{uri.host}', undefined],
  ['', '{uri.host}', undefined],
])

table('names with addresses', [
  ['"A \\"B" <sip:a@b;x=1>;tag=t', '{nameaddr.name}', 'A \\"B'],
  ['"A \\"B" <sip:a@b;x=1>;tag=t', '{nameaddr.uri}', 'sip:a@b;x=1'],
  ['"A \\"B" <sip:a@b;x=1>;tag=t', '{nameaddr.param,tag}', 't'],
  ['sip:a@b;tag=t', '{nameaddr.uri}', 'sip:a@b'],
  ['sip:a@b;tag=t', '{nameaddr.param,tag}', 't'],
  ['Bob <sip:b@b>', '{nameaddr.uri}{uri.user}{s.toupper}', 'B'],
])

table('lists', [
  ['a=1;b;c="x;y"', '{param.count}', '3'],
  ['', '{param.count}', '0'],
  ['a=1;b', '{param.exist,B}', '1'],
  ['a=1;b', '{param.exist,c}', '0'],
  ['a, b,"c,d"', '{csv.count}', '3'],
  ['a, b,"c,d"', '{csv.value,1}', 'b'],
  ['a, b,"c,d"', '{csv.value,-1}', '"c,d"'],
  ['a,,b', '{csv.value,1}', ''],
  ['a', '{csv.value,1}', undefined],
])

table('addresses and times', [
  ['10.0.0.1', '{ip.isip}', '1'],
  ['::1', '{ip.isip}', '1'],
  ['x', '{ip.isip}', '0'],
  ['10.0.0.1', '{ip.family}', 'INET'],
  ['::1', '{ip.family}', 'INET6'],
  ['x', '{ip.family}', undefined],
  [1_700_000_000, '{date.strftime,%Y-%m-%d %H:%M:%S}', '2023-11-14 22:13:20'],
  ['1700000000', '{date.strftime,%F %T %j}', '2023-11-14 22:13:20 318'],
  ['99999999999999999999', '{date.strftime,%Y}', undefined],
])

t.test('arguments may hold variables', async (t) => {
  const vars = { x: 'a:b:c', n: 1, sep: ':' }
  t.equal(reading('$(var(x){s.select,$var(n),$var(sep)})', { vars }), 'b')
})

/** Field by field, letter by letter. */
function fieldsOf(subject: string, separator: string): string[] {
  const fields = ['']
  for (const letter of subject) {
    if (letter === separator) fields.push('')
    else fields[fields.length - 1] += letter
  }
  return fields
}

t.test('random fields and parts of random texts', async (t) => {
  const random = new Random(9)
  const wrong: string[] = []
  for (let i = 0; i < 500; i++) {
    const x = Array.from({ length: random.below(8) }, () => random.pick([...'ab:'])).join('')
    const [n, length] = [random.below(17) - 8, random.below(17) - 8]
    const fields = fieldsOf(x, ':')
    const field = fields[n < 0 ? fields.length + n : n]
    if (text(x, `{s.select,${n},:}`) !== field) wrong.push(`${x}{s.select,${n},:}`)
    const start = n < 0 ? x.length + n : n
    const isInside = start >= 0 && start < x.length
    const end = length > 0 ? start + length : x.length + length
    const part =
      isInside && end >= start ? [...x].filter((_, at) => at >= start && at < end).join('') : undefined
    if (text(x, `{s.substr,${n},${length}}`) !== part) wrong.push(`${x}{s.substr,${n},${length}}`)
  }
  t.same(wrong, [])
})

t.test('nothing that a message holds throws', async (t) => {
  const hostile = [
    '',
    '\0',
    '"',
    '"'.repeat(999),
    ';=;"',
    '<',
    'sip:',
    'sip:@',
    'sip:[',
    '\ud83d',
    '%',
    '\\',
    '1e999',
    '-',
    ','.repeat(99),
  ]
  const all = [
    's.len',
    's.int',
    's.trim',
    's.numeric',
    's.md5',
    's.escape.common',
    's.unescape.common',
    's.escape.param',
    's.decode.hexa',
    's.decode.b64',
    's.encode.hexa',
    's.encode.b64',
    'uri.user',
    'uri.host',
    'uri.port',
    'uri.params',
    'nameaddr.name',
    'nameaddr.uri',
    'param.count',
    'csv.count',
    'ip.isip',
    'ip.family',
  ]
  const withArguments = [
    's.select,$var(a),$var(b)',
    's.substr,$var(a),$var(b)',
    's.index,$var(a),$var(b)',
    's.fill.left,$var(a),$var(b)',
    'csv.value,$var(a)',
    'param.value,$var(a)',
    're.subst,$var(a)',
    'date.strftime,$var(a)',
  ]
  for (const x of hostile) {
    const vars = { x, a: x, b: x }
    for (const one of [...all, ...withArguments])
      if (reading(`$(var(x){${one}})`, { vars }) === undefined) t.fail(`${x}{${one}}`)
  }
  t.pass('all of them gave something')
})

t.test('what there is not, and what is given too much, is a fault at load', async (t) => {
  const faults: [string, RegExp][] = [
    ['$(var(x){s.length})', /^error: hepcapd has no transformation \{s\.length\}; /],
    ['$(var(x){s.tolwer})', /did you mean \{s\.tolower\}\?$/],
    ['$(var(x){s.select,0})', /\{s\.select\} has 1 arguments; it takes 2$/],
    ['$(var(x){s.len,1})', /\{s\.len\} has 1 arguments; it takes 0$/],
    ['$(var(x){s.substr,a,1})', /"a" is no whole number/],
    ['$(var(x){re.subst,/a**/x/})', /is no regular expression/],
    ['$(var(x){re.subst,/a/x/q})', /has the flag q/],
  ]
  for (const [written, fault] of faults) t.match(faultsOfReading(written).join(), fault, written)
})
