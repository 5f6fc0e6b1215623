// What values say of themselves: text, number, truth; and what a variable keeps of them.

import t from 'tap'
import type { Value } from '../../lib/script/value.js'
import { isTrue, kept, numberOf, textOf } from '../../lib/script/values.js'
import { executionOf, reading, written } from '../support/readings.js'

const RM: Value = { text: 'INVITE', number: 1, prefersNumber: false }
const INT: Value = { text: '12ab', number: 12, prefersNumber: true }

t.test('text and number of each kind', async (t) => {
  const kinds: [string, Value, string | undefined, number | undefined][] = [
    ['a text is no number, although it looks like one', '12', '12', undefined],
    ['a text with an id has both', RM, 'INVITE', 1],
    ['an integer has the text of its digits', 200, '200', 200],
    ['a negative one its sign', -7, '-7', -7],
    ['{s.int} leaves the text as it is', INT, '12ab', 12],
    ['NULL has neither', null, undefined, undefined],
    ['the empty text is a text', '', '', undefined],
  ]
  for (const [name, value, text, number] of kinds) {
    t.equal(textOf(value), text, name)
    t.equal(numberOf(value), number, name)
  }
})

t.test('a lone variable is false when NULL, "" or the integer 0', async (t) => {
  for (const value of [null, '', 0, { text: 'ab', number: 0, prefersNumber: true }]) {
    t.equal(isTrue(value), false, JSON.stringify(value))
  }
})

t.test('all else is true, the text "0" included', async (t) => {
  for (const value of ['0', ' ', 'x', 1, -1, RM, INT, { text: '', number: 5, prefersNumber: true }]) {
    t.equal(isTrue(value), true, JSON.stringify(value))
  }
  t.equal(isTrue({ text: 'x', number: 0, prefersNumber: false }), true, 'one that stands for its text')
})

t.test('a variable keeps what a value stands for', async (t) => {
  t.equal(kept(RM), 'INVITE')
  t.equal(kept(INT), 12)
  t.equal(kept(5), 5)
  t.equal(kept('5'), '5')
  t.equal(kept(null), null)
})

t.test('$var(x) = NULL unsets; = and := are the same for it', async (t) => {
  const execution = executionOf()
  written('$var(x)', 'a', '=', execution)
  written('$var(x)', 'b', '=', execution)
  t.equal(reading('$var(x)', {}, execution), 'b')
  written('$var(x)', 'c', ':=', execution)
  t.equal(reading('$var(x)', {}, execution), 'c')
  written('$var(x)', null, '=', execution)
  t.equal(reading('$var(x)', {}, execution), null)
  t.equal(execution.vars.has('x'), false)
})

t.test('= adds a value to $avp(x), := replaces all; the last added is the first', async (t) => {
  const execution = executionOf()
  const all = () => execution.avps.get('x')
  written('$avp(x)', 'a', '=', execution)
  written('$avp(x)', 2, '=', execution)
  written('$avp(x)', RM, '=', execution)
  t.same(all(), ['INVITE', 2, 'a'])
  written('$avp(x)', null, '=', execution)
  t.same(all(), [2, 'a'], 'NULL takes the first away')
  written('$(avp(x)[1])', 'b', '=', execution)
  t.same(all(), [2, 'b'], 'by index')
  written('$(avp(x)[-1])', 'c', '=', execution)
  t.same(all(), [2, 'c'], 'by index from the end')
  execution.vars.set('i', 0)
  written('$(avp(x)[$var(i)])', 3, '=', execution)
  t.same(all(), [3, 'c'], 'by an index that a variable holds')
  written('$(avp(x)[0])', null, '=', execution)
  t.same(all(), ['c'])
  written('$avp(x)', 'd', ':=', execution)
  t.same(all(), ['d'])
  written('$avp(x)', 'e', '=', execution)
  written('$(avp(x)[*])', null, '=', execution)
  t.same(all(), [], '[*] is all of them')
})

t.test('names that a variable holds', async (t) => {
  const execution = executionOf({ vars: { name: 'a', k: 'b' } })
  written('$avp($var(name))', 1, '=', execution)
  written('$var(n-$var(k))', 2, '=', execution)
  t.same(execution.avps.get('a'), [1])
  t.equal(execution.vars.get('n-b'), 2)
  t.equal(reading('$avp($var(name))', {}, execution), 1)
  t.equal(reading('$avp(a)', {}, execution), 1)
})
