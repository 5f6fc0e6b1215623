// Comparisons, row by row: NULL, numbers, texts, expressions, addresses.

import t from 'tap'
import { matchNetwork, parseNetwork } from '../../lib/script/address-match.js'
import type { CompareOperator } from '../../lib/script/ast.js'
import { compare, compareTexts, type RightKind } from '../../lib/script/compare.js'
import type { Value } from '../../lib/script/value.js'
import { Random } from '../support/random.js'

const OPERATORS: CompareOperator[] = ['==', '!=', '<', '>', '<=', '>=', '=~', '!~']
const RM: Value = { text: 'INVITE', number: 1, prefersNumber: false }

/** The operators that are true, and those that are errors, marked with a `?`. */
function truths(left: Value, right: Value, kind: RightKind): string {
  return OPERATORS.flatMap((operator) => {
    const outcome = compare(operator, left, right, kind)
    return outcome === undefined ? `?${operator}` : outcome ? operator : []
  }).join(' ')
}

t.test('NULL', async (t) => {
  t.equal(truths(null, null, 'NULL'), '==', 'NULL and the keyword')
  for (const left of ['', 'a', 0, 1, RM]) t.equal(truths(left, null, 'NULL'), '!=', `${left} and the keyword`)
  for (const kind of ['constant', 'variable'] as const) {
    for (const right of ['', 'a', 0, 1])
      t.equal(truths(null, right, kind), '!= !~', `NULL and the ${kind} ${right}`)
  }
  t.equal(truths(null, null, 'variable'), '== =~', 'NULL and a variable that is NULL')
  for (const left of ['', 'a', 0, 1])
    t.equal(truths(left, null, 'variable'), '!= !~', `${left} and a variable that is NULL`)
})

t.test('numbers with numbers are compared as numbers', async (t) => {
  for (const kind of ['constant', 'variable'] as const) {
    t.match(truths(9, 10, kind), /^!= < <=/, kind)
    t.match(truths(10, 9, kind), /^!= > >=/, kind)
    t.match(truths(-1, -1, kind), /^== <= >=/, kind)
  }
  t.match(truths(RM, 1, 'constant'), /^== <= >=/, 'the id of $rm')
  t.match(truths(RM, RM, 'variable'), /^== <= >=/)
})

t.test('texts with texts are compared as texts, ignoring the case of ASCII letters', async (t) => {
  t.equal(compare('==', 'Register', 'REGISTER', 'constant'), true)
  t.equal(compare('!=', 'Register', 'REGISTER', 'variable'), false)
  t.equal(compare('<', 'abc', 'ABD', 'constant'), true)
  t.equal(compare('>', 'abc', 'AB', 'constant'), true)
  t.equal(compare('==', 'ä', 'Ä', 'constant'), false, 'no other letters')
  t.equal(compare('>', '9', '10', 'variable'), true, 'numerals in two texts are texts')
  t.equal(compare('==', RM, 'invite', 'constant'), true)
  t.equal(compare('==', 200, '200', 'constant'), true, 'a number has a text')
  t.equal(compare('==', '200', 200, 'variable'), true, 'also on the right, in a variable')
})

t.test('what has no number is an error with a number that was written', async (t) => {
  t.equal(truths('10', 10, 'constant'), OPERATORS.map((operator) => `?${operator}`).join(' '))
})

t.test('=~ and !~', async (t) => {
  t.equal(compare('=~', 'reinvite', '(INVITE|BYE)$', 'constant'), true)
  t.equal(compare('!~', 'reinvite', '(INVITE|BYE)$', 'constant'), false)
  t.equal(compare('=~', 200, '^2', 'variable'), true, 'the digits of a number')
  t.equal(compare('=~', 'a', '(', 'variable'), undefined, 'a bad expression')
  t.equal(compare('!~', 'a', '(', 'variable'), undefined, 'a bad expression')
  t.equal(compare('=~', 'a20', 20, 'variable'), true, 'a number in a variable is an expression too')
})

t.test('an order of texts as of their lower case octets', async (t) => {
  const random = new Random(3)
  const word = () => Array.from({ length: random.below(5) }, () => random.pick([...'aAbBzZ09_-['])).join('')
  const pairs = Array.from({ length: 3000 }, () => [word(), word()] as const)
  t.same(
    pairs.map(([a, b]) => Math.sign(compareTexts(a, b))),
    pairs.map(([a, b]) => Buffer.compare(Buffer.from(a.toLowerCase()), Buffer.from(b.toLowerCase()))),
  )
})

const inside = (address: Value, network: string) => {
  const parsed = parseNetwork(network)
  if (!parsed) throw new Error(`${network} is no network`)
  return matchNetwork(address, parsed)
}

t.test('addresses and networks', async (t) => {
  t.equal(inside('10.1.2.3', '10.0.0.0/8'), true)
  t.equal(inside('11.1.2.3', '10.0.0.0/8'), false)
  t.equal(inside('10.1.2.3', '10.0.0.0/255.0.0.0'), true)
  t.equal(inside('10.1.2.3', '10.1.2.3'), true)
  t.equal(inside('10.1.2.4', '10.1.2.3'), false)
  t.equal(inside('1.2.3.4', '0.0.0.0/0'), true)
  t.equal(inside('10.1.2.3', '10.1.2.2/31'), true)
  t.equal(inside('10.1.2.4', '10.1.2.2/31'), false)
  t.equal(inside('2001:db8::1', '2001:db8::/32'), true)
  t.equal(inside('2001:0DB8:0::1', '2001:db8::1'), true, 'however it is written')
  t.equal(inside('[2001:db8::1]', '2001:db8::/ffff:ffff::'), true)
  t.equal(inside('2001:db9::1', '2001:db8::/32'), false)
  t.equal(inside('10.0.0.1', '::/0'), false, 'another family')
  for (const left of ['x', '', '10.0.0', '10.0.0.1:5060', 10, null, RM])
    t.equal(inside(left, '10.0.0.0/8'), undefined, `${JSON.stringify(left)} is no address`)
})

t.test('what is no network', async (t) => {
  for (const text of [
    '',
    '10.0.0',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/255.0.255.0',
    '10.0.0.0/ffff::',
    '::/129',
    'x/8',
  ])
    t.equal(parseNetwork(text), undefined, text)
})
