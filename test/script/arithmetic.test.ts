// Arithmetic: whole numbers of 53 bits, texts that are joined, and what has no answer.

import t from 'tap'
import { arithmetic, complement, MAX_TEXT } from '../../lib/script/arithmetic.js'
import type { Arithmetic } from '../../lib/script/ast.js'
import type { Value } from '../../lib/script/value.js'
import { Random } from '../support/random.js'

type Operator = Arithmetic['operator']
const NUMERIC: Operator[] = ['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>']
const RM: Value = { text: 'INVITE', number: 1, prefersNumber: false }
const INT: Value = { text: '12ab', number: 12, prefersNumber: true }

/** By integers without a bound. */
function restated(operator: Operator, a: bigint, b: bigint): bigint | undefined {
  switch (operator) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return b === 0n ? 0n : a / b
    case '%':
      return b === 0n ? 0n : a % b
    case '&':
      return a & b
    case '|':
      return a | b
    case '^':
      return a ^ b
    case '<<':
      return b < 0n ? undefined : a << b
    case '>>':
      return b < 0n ? undefined : a >> b
  }
}

t.test('integers, against integers without a bound: exact up to 53 bits, and no answer beyond', async (t) => {
  const random = new Random(11)
  const number = () => {
    const size = random.pick([1, 10, 1000, 2 ** 31, 2 ** 53])
    return random.below(size) * random.pick([1, -1]) + 0
  }
  const wrong: string[] = []
  for (let i = 0; i < 20_000; i++) {
    const operator = random.pick(NUMERIC)
    const [a, b] = [number(), operator === '<<' || operator === '>>' ? random.below(60) - 2 : number()]
    const exact = restated(operator, BigInt(a), BigInt(b))
    const isSafe = exact !== undefined && exact >= -(2n ** 53n) + 1n && exact <= 2n ** 53n - 1n
    const found = arithmetic(operator, a, b)
    if (!Object.is(found, isSafe ? Number(exact) : undefined)) wrong.push(`${a} ${operator} ${b} = ${found}`)
  }
  t.same(wrong, [])
})

t.test('division goes towards zero, by zero it is 0', async (t) => {
  t.equal(arithmetic('/', 7, 2), 3)
  t.equal(arithmetic('/', -7, 2), -3)
  t.equal(arithmetic('%', -7, 2), -1)
  t.equal(arithmetic('/', 7, 0), 0)
  t.equal(arithmetic('%', 7, 0), 0)
})

t.test('it does not wrap at 32 bits', async (t) => {
  t.equal(arithmetic('+', 2_147_483_647, 1), 2_147_483_648)
  t.equal(arithmetic('*', 2 ** 52, 4), undefined)
})

t.test('what 53 bits cannot hold has no answer, and a shift may be as far as it likes', async (t) => {
  const most = Number.MAX_SAFE_INTEGER
  t.equal(complement(most), undefined)
  t.equal(arithmetic('&', -most, -2), undefined)
  t.equal(arithmetic('^', most, -1), undefined)
  t.equal(arithmetic('>>', -5, most), -1)
  t.equal(arithmetic('>>', 5, most), 0)
})

t.test('NULL counts 0 beside an integer', async (t) => {
  t.equal(arithmetic('+', 5, null), 5)
  t.equal(arithmetic('-', null, 5), -5)
  t.equal(arithmetic('+', null, null), 0)
  t.equal(arithmetic('*', 5, null), 0)
})

t.test('with an integer on the left, the right must have one', async (t) => {
  for (const operator of NUMERIC) t.equal(arithmetic(operator, 5, '3'), undefined, operator)
  t.equal(arithmetic('+', 5, INT), 17)
  t.equal(arithmetic('+', INT, 1), 13, 'what {s.int} made prefers its number')
  t.equal(arithmetic('+', 5, RM), 6)
})

t.test('otherwise + joins texts, with NULL as ""', async (t) => {
  t.equal(arithmetic('+', 'a', 'b'), 'ab')
  t.equal(arithmetic('+', 'a', null), 'a')
  t.equal(arithmetic('+', null, 'b'), 'b')
  t.equal(arithmetic('+', 'a', 5), 'a5', 'a number that a variable holds has a text')
  t.equal(arithmetic('+', RM, '!'), 'INVITE!', 'what prefers its text')
  t.equal(arithmetic('+', '1', '2'), '12')
})

t.test('- * / % << >> of texts have no answer', async (t) => {
  for (const operator of ['-', '*', '/', '%', '<<', '>>'] as const) {
    t.equal(arithmetic(operator, 'a', 'b'), undefined, operator)
    t.equal(arithmetic(operator, '1', 2), undefined, operator)
  }
})

t.test('& | ^ of two texts of one length work octet by octet', async (t) => {
  t.equal(arithmetic('^', 'ab', '  '), 'AB')
  t.equal(arithmetic('|', 'AB', '  '), 'ab')
  t.equal(arithmetic('&', 'ab', '__'), 'AB')
  t.equal(arithmetic('&', 'ab', 'a'), undefined)
  t.equal(arithmetic('&', 'ab', null), undefined)
  const long = 'x'.repeat(300_000)
  t.equal(arithmetic('&', long, long), long)
})

t.test('a text does not grow without end', async (t) => {
  let text: Value = 'x'
  let rounds = 0
  for (; rounds < 100; rounds++) {
    const doubled = arithmetic('+', text, text)
    if (doubled === undefined) break
    text = doubled
  }
  t.equal(text, 'x'.repeat(MAX_TEXT))
})

t.test('~ is -n - 1, of NULL -1, and of a text nothing', async (t) => {
  t.equal(complement(0), -1)
  t.equal(complement(-6), 5)
  t.equal(complement(null), -1)
  t.equal(complement(INT), -13)
  t.equal(complement('5'), undefined)
})
