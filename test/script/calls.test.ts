// Calls of functions: which order of arguments is meant, and what each kind of parameter is given.

import t, { type Test } from 'tap'
import { functions } from '../../lib/route/functions.js'
import type { Arg, Parameter, Signature } from '../../lib/route/registry.js'
import type { Dialect } from '../../lib/script/ast.js'
import type { Value } from '../../lib/script/value.js'
import { compiled, Rig, type ScriptOptions, TABLE, table } from '../support/script.js'

interface Made {
  signature: string
  args: readonly Arg[]
}

/** f(...) with these orders, which notes what it was given. */
function functionOf(made: Made[], ...signatures: Omit<Signature, 'run'>[]) {
  return table(...TABLE.values(), {
    name: 'f',
    signatures: signatures.map((signature) => ({
      ...signature,
      run(_, args) {
        made.push({ signature: signature.dialect, args })
        return 1
      },
    })),
  })
}

/** What the parameters of one order are given by this call. */
function given(
  call: string,
  parameters: Parameter[],
  { vars = {}, ...options }: ScriptOptions & { vars?: Record<string, Value> } = {},
): { args: readonly Arg[] | undefined; rig: Rig } {
  const made: Made[] = []
  const own = functionOf(made, { dialect: 'any', parameters })
  const rig = new Rig(`route { f(${call}); }`, { functions: own, ...options })
  if (rig.script.faults.length > 0) throw new Error(rig.script.faults.join('\n'))
  for (const [name, value] of Object.entries(vars)) rig.execution.vars.set(name, value)
  rig.run()
  return { args: made[0]?.args, rig }
}

/** Of several orders the one that a script of this dialect takes, and what is told of it. */
function chosen(call: string, dialect: Dialect, ...signatures: Omit<Signature, 'run'>[]): string[] {
  const made: Made[] = []
  const rig = new Rig(`route { f(${call}); }`, { functions: functionOf(made, ...signatures), dialect })
  rig.run()
  return [...made.map(({ signature }) => signature), ...rig.script.faults]
}

const one = (kind: Parameter['kind'], more: Partial<Parameter> = {}): Parameter[] => [
  { name: 'x', kind, ...more },
]

t.test('text: variables are put in, whichever the quotes', async (t) => {
  const vars = { a: 'A', n: 5 }
  t.same(given('"x $var(a) $var(n) $var(none) $$"', one('text'), { vars }).args, ['x A 5 <null> $'])
  t.same(given("'x $var(a)'", one('text'), { vars }).args, ['x A'])
  t.same(given('7', one('text')).args, ['7'])
  t.same(given('-7', one('text')).args, ['-7'])
  t.same(given('$var(a)', one('text'), { vars }).args, ['A'])
  t.same(given('$var(n)', one('text'), { vars }).args, ['5'])
})

t.test('text: a bare variable that is NULL is left out, or the call is not made', async (t) => {
  t.same(given('$var(none)', one('text', { optional: true })).args, [undefined])
  const { args, rig } = given('$var(none)', one('text'))
  t.equal(args, undefined)
  t.same(rig.warnings, ['bad argument of f() at t.cfg:1'])
  t.equal(rig.execution.returnCode, -1)
})

t.test('lazy text: made when it is asked for', async (t) => {
  const text = (call: string, vars: Record<string, Value> = {}) => {
    const [made] = given(call, one('text', { lazy: true }), { vars }).args ?? []
    return typeof made === 'function' ? (made as () => string)() : 'no function'
  }
  t.equal(text('"x $var(a)"', { a: 'A' }), 'x A')
  t.equal(text('"x"'), 'x')
  t.equal(text('$var(a)', { a: 'A' }), 'A')
  t.equal(text('$var(none)'), '<null>')
})

t.test('literal: as it stands, checked at load', async (t) => {
  t.same(given('"a $var(x) b"', one('literal')).args, ['a $var(x) b'])
  t.same(given('17', one('literal')).args, ['17'])
  const check = (text: string) => {
    if (text !== 'good') throw new Error('write "good"')
  }
  t.same(given('"good"', one('literal', { check })).args, ['good'])
  t.throws(
    () => given('"bad"', one('literal', { check })),
    /t.cfg:1:11: error: bad x "bad" of f\(\); write "good"/,
  )
})

t.test('value: numbers, texts as they stand, and what variables hold', async (t) => {
  const both: Value = { text: '12ab', number: 12, prefersNumber: true }
  const vars = { n: 5, a: 'A', both }
  t.same(given('12', one('value')).args, [12])
  t.same(given('"a $var(a) b"', one('value'), { vars }).args, ['a $var(a) b'])
  t.same(given('$var(n)', one('value'), { vars }).args, [5])
  t.same(given('"$var(n)"', one('value'), { vars }).args, [5], 'alone in quotes')
  t.same(given('$var(both)', one('value'), { vars }).args, [both])
  t.same(given('$var(none)', one('value')).args, [null])
})

t.test('integer: numbers, numerals in quotes, and variables', async (t) => {
  const vars = { n: 5, t: '31', hex: '0x1f', word: 'word', large: '9007199254740993' }
  t.same(given('12', one('integer')).args, [12])
  t.same(given('"12"', one('integer')).args, [12])
  t.same(given('"-12"', one('integer')).args, [-12])
  t.same(given('"0x1F"', one('integer')).args, [31])
  t.same(given('"-0x1F"', one('integer')).args, [-31])
  t.same(given('"-9007199254740991"', one('integer')).args, [-9_007_199_254_740_991])
  t.same(given('$var(n)', one('integer'), { vars }).args, [5])
  t.same(given('$var(t)', one('integer'), { vars }).args, [31])
  t.same(given('"$var(hex)"', one('integer'), { vars }).args, [31])
  for (const name of ['word', 'none', 'large']) {
    const { args, rig } = given(`$var(${name})`, one('integer'), { vars })
    t.equal(args, undefined, name)
    t.same(rig.warnings, ['bad argument of f() at t.cfg:1'])
  }
})

t.test('regex: compiled at load, from a variable when it runs', async (t) => {
  const matches = (call: string, text: string, vars: Record<string, Value> = {}) => {
    const [made] = given(call, one('regex'), { vars }).args ?? []
    return typeof made === 'function' ? (made as (text: string) => boolean)(text) : 'no function'
  }
  t.equal(matches('"^a.c$"', 'ABC'), true)
  t.equal(matches('"^a.c$"', 'xabc'), false)
  t.equal(matches('$var(p)', 'xabcx', { p: 'b' }), true)
  t.equal(matches('"$var(p)"', 'xxx', { p: 'b' }), false)
  t.equal(matches('$var(p)', 'x', { p: '(' }), 'no function')
  t.equal(matches('$var(p)', 'x'), 'no function')
  t.throws(() => given('"("', one('regex')), /f\(\): "\(" is no regular expression/)
})

t.test('out: assigns to the variable that was named, bare or in quotes', async (t) => {
  for (const call of ['$var(x)', '"$var(x)"', "'$var(x)'"]) {
    const { args, rig } = given(call, one('out'))
    const [assign] = args ?? []
    if (typeof assign === 'function') (assign as (value: Value) => void)('new')
    t.equal(rig.var('x'), 'new', call)
  }
  const rig = new Rig('route { $var(x) = 1; fetch($var(x)); }')
  rig.run()
  t.equal(rig.execution.vars.has('x'), false, 'NULL unsets')
})

t.test('out: an $avp gets one value more', async (t) => {
  const rig = new Rig('route { fetch($avp(x), 1); fetch("$avp(x)", "b"); }')
  rig.run()
  t.same(rig.execution.avps.get('x'), ['b', 1])
})

t.test('empty and missing arguments are left out', async (t) => {
  const three: Parameter[] = ['a', 'b', 'c'].map((name) => ({ name, kind: 'text', optional: true }))
  t.same(given('', three).args, [undefined, undefined, undefined])
  t.same(given(', "b"', three).args, [undefined, 'b', undefined])
  t.same(given('"a", , "c"', three).args, ['a', undefined, 'c'])
})

t.test('constant arguments are one array for all messages', async (t) => {
  const made: Made[] = []
  const own = functionOf(made, { dialect: 'any', parameters: one('text') })
  const rig = new Rig('route { f("constant"); }', { functions: own })
  rig.run()
  rig.run()
  t.equal(made[0]?.args, made[1]?.args)
})

const TABLE_FIRST: Omit<Signature, 'run'> = {
  dialect: '2.x',
  parameters: [
    { name: 'table', kind: 'text' },
    { name: 'id', kind: 'text' },
  ],
}
const TABLE_LAST: Omit<Signature, 'run'> = {
  dialect: '3.x',
  parameters: [
    { name: 'id', kind: 'text' },
    { name: 'table', kind: 'text', optional: true },
  ],
}

t.test('the order is that of the dialect where both fit', async (t) => {
  for (const order of [
    [TABLE_FIRST, TABLE_LAST],
    [TABLE_LAST, TABLE_FIRST],
  ]) {
    t.same(chosen('"a", "b"', '2.3', ...order), ['2.x'])
    t.same(chosen('"a", "b"', '2.4', ...order), ['2.x'])
    t.same(chosen('"a", "b"', '3.x', ...order), ['3.x'])
  }
})

t.test('the only order that fits is taken, and told when the dialect is another', async (t) => {
  t.same(chosen('"a"', '3.x', TABLE_FIRST, TABLE_LAST), ['3.x'])
  t.same(chosen('"a"', '2.4', TABLE_FIRST, TABLE_LAST), [
    '3.x',
    't.cfg:1:9: warning: f() has its arguments in the order of OpenSIPS 3.x, and the script is of 2.4; it is taken as it is written; --dialect tells which one is meant',
  ])
})

/** As hep_get has it: the outputs are swapped, the first argument tells. */
const TYPE_FIRST: Omit<Signature, 'run'> = {
  dialect: '2.x',
  fits: ([first]) => first === 'uint32',
  parameters: [
    { name: 'type', kind: 'text' },
    { name: 'id', kind: 'text' },
    { name: 'vendor', kind: 'out' },
  ],
}
const TYPE_SECOND: Omit<Signature, 'run'> = {
  dialect: '3.x',
  fits: ([, second]) => second === 'uint32' || second === undefined,
  parameters: [
    { name: 'id', kind: 'text' },
    { name: 'type', kind: 'text', optional: true },
    { name: 'data', kind: 'out' },
  ],
}

t.test('an order that knows itself wins over the dialect', async (t) => {
  t.same(chosen('"uint32", "31", "$var(v)"', '2.4', TYPE_FIRST, TYPE_SECOND), ['2.x'])
  t.same(chosen('"31", "uint32", $var(d)', '3.x', TYPE_FIRST, TYPE_SECOND), ['3.x'])
  t.same(chosen('"31", , $var(d)', '3.x', TYPE_FIRST, TYPE_SECOND), ['3.x'])
  t.same(chosen('"31", "uint32", $var(d)', '2.4', TYPE_FIRST, TYPE_SECOND), [
    '3.x',
    't.cfg:1:9: warning: f() has its arguments in the order of OpenSIPS 3.x, and the script is of 2.4; it is taken as it is written; --dialect tells which one is meant',
  ])
  t.match(chosen('"uint32", "31", $var(v)', '3.x', TYPE_FIRST, TYPE_SECOND), ['2.x', /OpenSIPS 2.x/])
})

t.test('fits() sees texts, numbers, variables and gaps as they were written', async (t) => {
  const seen: unknown[] = []
  const fits: Signature['fits'] = (args) => {
    seen.push(...args)
    return true
  }
  const parameters: Parameter[] = ['a', 'b', 'c', 'd'].map((name) => ({ name, kind: 'text', optional: true }))
  chosen('"t $var(x)", -5, , $var(x)', '3.x', { dialect: 'any', fits, parameters })
  t.same(seen, ['t $var(x)', -5, undefined, { variable: '$var(x)' }])
})

t.test('functions of a JavaScript module get texts and numbers', async (t) => {
  const seen: unknown[] = []
  const jsFunctions = new Map([
    [
      'mine',
      {
        awaits: false,
        run(_: unknown, args: readonly (string | number)[]) {
          seen.push([...args])
          return args.length > 1 ? 1 : -1
        },
      },
    ],
  ])
  const rig = new Rig(
    'route { $var(x) = 5; $var(t) = "text"; if (!mine("a $var(x)")) mine($var(x), $var(t), 7, , $var(none), "$var(t)"); }',
    { jsFunctions },
  )
  t.equal(rig.run(), 1)
  t.same(seen, [['a 5'], [5, 'text', 7, '', '', 'text']])
})

t.test('functions of a JavaScript module that await are waited for', async (t) => {
  const jsFunctions = new Map([['mine', { awaits: true, run: async () => -3 }]])
  const rig = new Rig('route { if (mine()) note("yes"); else note("no $rc"); }', { jsFunctions })
  t.equal(rig.request.awaits, true)
  await rig.run()
  t.same(rig.notes, ['no -3'])
})

t.test('a function of a module that gives a promise and is not async is a fault of the route', async (t) => {
  const jsFunctions = new Map([['mine', { awaits: false, run: async () => 1 }]])
  const rig = new Rig('route { mine(); }', { jsFunctions })
  t.throws(() => rig.run(), { message: /make it an async function/ })
})

t.test('async() and launch() take functions of a module too', async (t) => {
  const jsFunctions = new Map([['mine', { awaits: true, run: async () => 6 }]])
  const rig = new Rig('route { async(mine(), r); } route[r] { note("$rc"); }', { jsFunctions })
  t.equal(rig.request.awaits, false)
  t.equal(rig.run(), 0)
  await rig.settled()
  t.same(rig.notes, ['6'])
})

/** No call of this name is left standing, whatever its arguments. */
function refusedWith(t: Test, name: string, what: RegExp): void {
  const { faults } = compiled(`route { ${name}("a", 1); }`)
  t.equal(faults.length, 1, name)
  t.match(faults[0], what)
}

t.test('what would send or change SIP is refused at load', async (t) => {
  for (const name of [
    't_relay',
    'forward',
    'sl_send_reply',
    'send_reply',
    'append_hf',
    'record_route',
    'uac_auth',
  ]) {
    refusedWith(t, name, /hepcapd never transmits SIP/)
  }
})

t.test('what hepcapd does not have is refused with what would do instead', async (t) => {
  refusedWith(t, 'avp_db_query', /cache_add\(\) or update_stat\(\)/)
  refusedWith(t, 'exec', /runs no other programs; .*--routes/)
  refusedWith(t, 'rest_post', /fetch\(\)/)
  refusedWith(t, 'mmg_lookup', /--routes/)
  refusedWith(t, 'cache_raw_query', /cache_store\(\)/)
  refusedWith(t, 'setflag', /\$var\(name\) = 1/)
  refusedWith(t, 'raise_event', /update_stat\(\)/)
  refusedWith(t, 'loose_route', /belongs to a SIP server/)
})

t.test('hep_set() with an id and a value is written alike in every version', async (t) => {
  for (const dialect of ['2.3', '2.4', '3.x'] as const) {
    t.same(compiled('route { hep_set("proto_type", "H321"); }', { functions, dialect }).faults, [], dialect)
  }
})
