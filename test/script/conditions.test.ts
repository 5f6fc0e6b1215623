// Conditions: precedence, three outcomes, and what is compared with what.

import t from 'tap'
import type { Value } from '../../lib/script/value.js'
import { options } from '../support/packets.js'
import { Rig, type ScriptOptions } from '../support/script.js'

interface Given extends ScriptOptions {
  vars?: Record<string, Value>
}

/** `yes`, `no`, or `error` when the `else` was taken with a warning. */
function outcome(condition: string, { vars = {}, ...given }: Given = {}): string {
  const rig = new Rig(`route { if (${condition}) note("yes"); else note("no"); }`, given)
  if (rig.script.faults.length > 0) throw new Error(rig.script.faults.join('\n'))
  for (const [name, value] of Object.entries(vars)) rig.execution.vars.set(name, value)
  rig.run()
  const answer = rig.notes.at(-1) ?? ''
  if (rig.warnings.length === 0) return answer
  return rig.warnings[0] === 'error in expression at t.cfg:1' && answer === 'no'
    ? 'error'
    : rig.warnings.join()
}

/** What ran, in order. */
function order(condition: string, vars: Record<string, Value> = {}): string[] {
  const rig = new Rig(`route { if (${condition}) note("yes"); else note("no"); }`)
  for (const [name, value] of Object.entries(vars)) rig.execution.vars.set(name, value)
  rig.run()
  return rig.notes
}

t.test('&& and || have one precedence, from left to right', async (t) => {
  const vars = { a: 1, b: 0 }
  t.equal(outcome('$var(a) == 1 || $var(a) == 1 && $var(b) == 99', { vars }), 'no')
  t.equal(outcome('$var(a) == 1 || ($var(a) == 1 && $var(b) == 99)', { vars }), 'yes')
  t.equal(outcome('$var(b) == 99 && $var(a) == 1 || $var(a) == 1', { vars }), 'yes')
  t.equal(outcome('$var(a) == 1 or $var(a) == 1 and $var(b) == 99', { vars }), 'no')
  t.same(order('code(1) || code(2) && code(3)'), ['code 1', 'code 3', 'yes'])
  t.same(order('code(-1) && code(2) || code(3)'), ['code -1', 'code 3', 'yes'])
  t.same(order('code(-1) && (code(2) || code(3))'), ['code -1', 'no'])
})

t.test('! binds tighter than &&, and looser than a comparison', async (t) => {
  t.equal(outcome('!$var(a) == 1', { vars: { a: 2 } }), 'yes')
  t.equal(outcome('!$var(a) == 1', { vars: { a: 1 } }), 'no')
  t.equal(outcome('not $var(a) == 1 && 1', { vars: { a: 2 } }), 'yes')
  t.same(order('!code(-1) && code(-2)'), ['code -1', 'code -2', 'no'])
  t.same(order('!(code(1) && code(-1))'), ['code 1', 'code -1', 'yes'])
})

t.test('an error stops && || and !, and the else branch is taken', async (t) => {
  const vars = { t: 'text' }
  t.equal(outcome('$var(t) > 10', { vars }), 'error')
  t.equal(outcome('!($var(t) > 10)', { vars }), 'error')
  t.equal(outcome('$var(t) > 10 || 1', { vars }), 'error')
  t.equal(outcome('$var(t) > 10 && 1', { vars }), 'error')
  t.equal(outcome('1 && $var(t) > 10', { vars }), 'error')
  t.equal(outcome('0 || $var(t) > 10', { vars }), 'error')
  t.equal(outcome('1 || $var(t) > 10', { vars }), 'yes', 'it was never asked')
  t.equal(outcome('0 && $var(t) > 10', { vars }), 'no', 'it was never asked')
  t.same(order('$var(t) > 10 || code(1)', vars), ['no'])
})

t.test('an error without an else is told all the same', async (t) => {
  const rig = new Rig('route { $var(t) = "x";\n if ($var(t) > 1) note("yes");\n note("on $rc"); }')
  rig.run()
  t.same(rig.notes, ['on 1'])
  t.same(rig.warnings, ['error in expression at t.cfg:2'])
})

t.test('a lone variable is false when it is NULL, empty or 0; the text "0" is true', async (t) => {
  t.equal(outcome('$var(x)'), 'no')
  t.equal(outcome('$var(x)', { vars: { x: '' } }), 'no')
  t.equal(outcome('$var(x)', { vars: { x: 0 } }), 'no')
  t.equal(outcome('$var(x)', { vars: { x: '0' } }), 'yes')
  t.equal(outcome('$var(x)', { vars: { x: -1 } }), 'yes')
  t.equal(outcome('!$var(x)'), 'yes')
})

t.test('a lone number is false when it is 0', async (t) => {
  t.equal(outcome('0'), 'no')
  t.equal(outcome('1'), 'yes')
  t.equal(outcome('-1'), 'yes')
})

t.test('NULL and the empty text differ', async (t) => {
  t.equal(outcome('$var(x) == NULL'), 'yes')
  t.equal(outcome('$var(x) == $null'), 'yes')
  t.equal(outcome('$var(x) == ""'), 'no')
  t.equal(outcome('$var(x) != ""'), 'yes')
  t.equal(outcome('$var(x) == NULL', { vars: { x: '' } }), 'no')
  t.equal(outcome('$var(x) != NULL', { vars: { x: '' } }), 'yes')
  t.equal(outcome('$var(x) != $null', { vars: { x: '' } }), 'yes')
  t.equal(outcome('$var(x) == ""', { vars: { x: '' } }), 'yes')
})

t.test('NULL with anything but NULL: only != and !~ are true', async (t) => {
  for (const right of ['"a"', '1', '$var(set)']) {
    for (const operator of ['==', '<', '>', '<=', '>=']) {
      t.equal(outcome(`$var(x) ${operator} ${right}`, { vars: { set: 's' } }), 'no', `${operator} ${right}`)
    }
    t.equal(outcome(`$var(x) != ${right}`, { vars: { set: 's' } }), 'yes')
  }
  t.equal(outcome('$var(x) =~ "a"'), 'no')
  t.equal(outcome('$var(x) !~ "a"'), 'yes')
  t.equal(outcome('$var(x) == $var(y)'), 'yes', 'two variables that are NULL')
  t.equal(outcome('$var(x) != $var(y)'), 'no')
})

t.test('numbers are compared as numbers, texts ignoring case', async (t) => {
  t.equal(outcome('$var(x) > 9', { vars: { x: 10 } }), 'yes')
  t.equal(outcome('$var(x) == "InViTe"', { vars: { x: 'INVITE' } }), 'yes')
  t.equal(outcome('$var(x) != "b"', { vars: { x: 'B' } }), 'no')
  t.equal(outcome('$var(x) < "b"', { vars: { x: 'A' } }), 'yes')
  t.equal(outcome('$var(x) > $var(y)', { vars: { x: '9', y: '10' } }), 'yes', 'texts of numerals are texts')
  t.equal(outcome('$var(x) == 10', { vars: { x: '10' } }), 'error', 'a text is no number')
  t.equal(outcome('$var(x) == "10"', { vars: { x: 10 } }), 'yes', 'a number has a text')
})

t.test('regular expressions: case ignored, not anchored, known at load or not', async (t) => {
  const vars = { x: 'reINVITE', p: 'inv', bad: '(' }
  t.equal(outcome('$var(x) =~ "(INVITE|BYE)$"', { vars }), 'yes')
  t.equal(outcome('$var(x) =~ "^invite"', { vars }), 'no')
  t.equal(outcome('$var(x) !~ "^invite"', { vars }), 'yes')
  t.equal(outcome('$var(x) =~ $var(p)', { vars }), 'yes')
  t.equal(outcome('$var(x) !~ $var(p)', { vars }), 'no')
  t.equal(outcome('$var(x) =~ $var(bad)', { vars }), 'error')
  t.equal(outcome('$var(n) =~ "^2[0-9]+$"', { vars: { n: 200 } }), 'yes', 'a number by its digits')
})

t.test('addresses without quotes are compared as addresses', async (t) => {
  const inside = (right: string, x: Value, operator = '==') =>
    outcome(`$var(x) ${operator} ${right}`, { vars: { x } })
  t.equal(inside('10.0.0.0/8', '10.1.2.3'), 'yes')
  t.equal(inside('10.0.0.0/255.0.0.0', '10.1.2.3'), 'yes')
  t.equal(inside('10.0.0.0/8', '11.1.2.3'), 'no')
  t.equal(inside('10.0.0.0/8', '11.1.2.3', '!='), 'yes')
  t.equal(inside('10.0.0.1', '10.0.0.1'), 'yes')
  t.equal(inside('10.0.0.1', 'no address'), 'error')
  t.equal(inside('10.0.0.1', 'no address', '!='), 'error')
  t.equal(outcome('$var(none) == 10.0.0.1'), 'no')
  t.equal(outcome('$var(none) != 10.0.0.1'), 'yes')
})

t.test('arithmetic in a condition stands in brackets', async (t) => {
  t.equal(outcome('[$var(x) + 1]', { vars: { x: -1 } }), 'no')
  t.equal(outcome('[$var(x) + 1]', { vars: { x: 1 } }), 'yes')
  t.equal(outcome('[$var(x) - 1]', { vars: { x: 'text' } }), 'error')
})

const REPLY = 'SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n\r\n'

t.test('the barewords of 2.3 are the variables that replaced them', async (t) => {
  const reply = (condition: string) => outcome(condition, { dialect: '2.3', sip: REPLY })
  t.equal(reply('status == "200"'), 'yes')
  t.equal(reply('status == 200'), 'yes')
  t.equal(reply('status =~ "^2"'), 'yes')
  t.equal(reply('status =~ "(1[0-9][0-9])"'), 'no')
  t.equal(reply('method == "INVITE"'), 'yes')
  t.equal(reply('src_ip == 10.0.0.0/8'), 'yes')
  t.equal(reply('dst_ip == 10.0.0.1'), 'no')
  t.equal(reply('src_port == 5060 && dst_port == 5080'), 'yes')
  const request = (condition: string) => outcome(condition, { dialect: '2.3', sip: options('x') })
  t.equal(request('status == "200"'), 'no', 'a request has none')
  t.equal(request('status != "200"'), 'yes', 'a request has none')
  t.equal(request('method == "OPTIONS"'), 'yes')
  t.equal(request('uri =~ "bob@"'), 'yes')
})

t.test('a failed transformation is an error in 2.3', async (t) => {
  t.equal(outcome('$(var(none){s.int}) == 5', { dialect: '2.3' }), 'error')
  t.equal(outcome('$(var(none){s.int})', { dialect: '2.3' }), 'error')
  t.equal(outcome('$(var(none){s.int}) =~ "5"', { dialect: '2.3' }), 'error')
  t.equal(outcome('$var(x) == $(var(none){s.int})', { dialect: '2.3', vars: { x: 1 } }), 'error')
})

t.test('a chain of 1000 operands', async (t) => {
  const chain = Array.from({ length: 1000 }, () => '$var(x) == 1').join(' && ')
  t.equal(outcome(chain, { vars: { x: 1 } }), 'yes')
})
