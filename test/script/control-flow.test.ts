// Statements: what runs after what, which code a route gives, and what stops it.

import t from 'tap'
import { RouteFault } from '../../lib/route/execution.js'
import { compiled, Rig, ran, type ScriptOptions } from '../support/script.js'

/** What a body of `route` notes, and its code behind. */
function notes(body: string, options: ScriptOptions = {}): string {
  const rig = ran(`route { ${body} }`, options)
  return [...rig.notes, `= ${rig.code}`].join(' ')
}

/** Likewise of whole scripts. */
function notesOf(text: string, options: ScriptOptions = {}): string {
  const rig = ran(text, options)
  return [...rig.notes, `= ${rig.code}`].join(' ')
}

t.test('a result above 0 is true, below 0 false', async (t) => {
  t.equal(notes('if (code(7)) note("yes"); else note("no");'), 'code 7 yes = 1')
  t.equal(notes('if (code(-7)) note("yes"); else note("no");'), 'code -7 no = 1')
})

t.test('a negative result of a statement does not stop the script', async (t) => {
  t.equal(notes('code(-1); note("on"); code(-5);'), 'code -1 on code -5 = -5')
})

t.test('0 ends everything: as a statement, in conditions, in routes inside of routes', async (t) => {
  t.equal(notes('code(0); note("on");'), 'code 0 = 0')
  t.equal(notes('if (code(0)) note("yes"); else note("no"); note("on");'), 'code 0 = 0')
  t.equal(notes('if (!code(0)) note("yes"); else note("no"); note("on");'), 'code 0 = 0')
  t.equal(notes('if (code(0) || code(1)) note("yes"); note("on");'), 'code 0 = 0')
  t.equal(notes('if (code(1) && code(0)) note("yes"); else note("no"); note("on");'), 'code 1 code 0 = 0')
  t.equal(notes('while (code(0)) note("turn"); note("on");'), 'code 0 = 0')
  t.equal(notes('while (code(1)) { code(0); note("turn"); } note("on");'), 'code 1 code 0 = 0')
  const inner = 'route[a] { if (code(0)) note("yes"); note("in a"); } route[b] { route(a); note("in b"); }'
  t.equal(notesOf(`route { if (route(b)) note("yes"); note("on"); } ${inner}`), 'code 0 = 0')
  t.equal(notesOf(`route { route(b); note("on"); } ${inner}`), 'code 0 = 0')
})

t.test('exit and drop stop everything, also inside of loops, branches and routes', async (t) => {
  for (const stop of ['exit', 'exit()', 'drop', 'drop()']) {
    t.equal(notes(`note("a"); ${stop}; note("b");`), 'a = 0', stop)
    t.equal(notes(`while (1) { if (1) { ${stop}; } note("b"); }`), '= 0', stop)
    t.equal(notes(`$var(x) = 1; switch ($var(x)) { case 1: ${stop}; case 2: note("b"); } note("c");`), '= 0')
    t.equal(notesOf(`route { route(a); note("b"); } route[a] { ${stop}; }`), '= 0', stop)
  }
})

t.test('return leaves its route only, with its code, 1 unless it has one', async (t) => {
  const called = (end: string) =>
    notesOf(`route { route(a); note("rc $rc"); } route[a] { ${end}; note("dead"); }`)
  t.equal(called('return'), 'rc 1 = 1')
  t.equal(called('return()'), 'rc 1 = 1')
  t.equal(called('return(5)'), 'rc 5 = 1')
  t.equal(called('return 5'), 'rc 5 = 1')
  t.equal(called('return(-5)'), 'rc -5 = 1')
  t.equal(called('while (1) { if (1) { return(3); } }'), 'rc 3 = 1')
  t.equal(notes('return(5);'), '= 5')
})

t.test('return(0) acts as exit', async (t) => {
  t.equal(notesOf('route { route(a); note("on"); } route[a] { return(0); }'), '= 0')
  t.equal(notesOf('route { $var(z) = 0; route(a); note("on"); } route[a] { return($var(z)); }'), '= 0')
})

t.test('return of a variable: NULL is -1, a text 1, a number itself', async (t) => {
  const returned = (value: string) =>
    notesOf(`route { ${value} route(a); note("$rc"); } route[a] { return($var(x)); }`)
  t.equal(returned(''), '-1 = 1')
  t.equal(returned('$var(x) = "text";'), '1 = 1')
  t.equal(returned('$var(x) = 42;'), '42 = 1')
  t.equal(returned('$var(x) = -42;'), '-42 = 1')
})

t.test('values of return are $return(n) until the next route has ended', async (t) => {
  const script = `route { route(a); note("$return(0) $return(1) $return(2)"); route(b); note("$return(0)"); }
    route[a] { $var(x) = 7; return(2, "first", $var(x)); } route[b] { note("b"); }`
  t.equal(notesOf(script), 'first 7 <null> b <null> = 1')
  t.equal(
    notesOf(
      'route { route(a); note("$return(0)"); } route[a] { route(b); return(1); } route[b] { return(1, "deep"); }',
    ),
    '<null> = 1',
  )
})

t.test('texts in return are as they stand', async (t) => {
  t.equal(notesOf('route { route(a); note("$return(0)"); } route[a] { return(1, "$rc"); }'), '$rc = 1')
})

t.test('the end of a route gives the code of its last statement', async (t) => {
  const called = (body: string) => notesOf(`route { route(a); note("rc $rc"); } route[a] { ${body} }`)
  t.equal(called('code(1); code(-3);'), 'code 1 code -3 rc -3 = 1')
  t.equal(called('code(-3); $var(x) = 1;'), 'code -3 rc 1 = 1')
  t.equal(called('$var(t) = "a"; $var(x) = $var(t) - 2;'), 'rc -1 = 1')
  t.equal(called('if (code(-3)) note("yes");'), 'code -3 rc 1 = 1')
  t.equal(called('if (code(3)) code(-4);'), 'code 3 code -4 rc -4 = 1')
  t.equal(called('while (code(-3)) note("turn");'), 'code -3 rc 1 = 1')
  t.equal(called(''), 'rc 1 = 1')
  t.equal(called(';;'), 'rc 1 = 1')
  t.equal(called('code(-2); ;'), 'code -2 rc -2 = 1')
})

t.test('$rc is the code of the last function or route', async (t) => {
  t.equal(notes('if (!code(-9)) note("$rc $retcode");'), 'code -9 -9 -9 = 1')
  t.equal(notes('code(12); note("$rc");'), 'code 12 12 = 1')
  t.equal(notes('note("x"); note("$rc");'), 'x 1 = 1')
})

t.test('an empty route is true', async (t) => {
  t.equal(notes(''), '= 1')
  t.equal(notesOf('route { code(-1); if (route(a)) note("yes"); } route[a] { }'), 'code -1 yes = 1')
})

t.test('else belongs to the nearest if, and else if is one inside the other', async (t) => {
  const chain = (x: number) =>
    notes(`$var(x) = ${x};
      if ($var(x) == 1) note("one"); else if ($var(x) == 2) { note("two"); } else note("many");`)
  t.equal(chain(1), 'one = 1')
  t.equal(chain(2), 'two = 1')
  t.equal(chain(3), 'many = 1')
  t.equal(notes('if (1) if (0) note("a"); else note("b");'), 'b = 1')
})

t.test('a chain of 900 branches', async (t) => {
  const branches = Array.from({ length: 900 }, (_, i) => `if ($var(x) == ${i}) note("${i}");`)
  t.equal(notes(`$var(x) = 899; ${branches.join(' else ')}`), '899 = 1')
})

t.test('empty statements and blocks of their own change nothing', async (t) => {
  t.equal(notes(';; note("a"); { note("b"); { note("c"); } }; ;'), 'a b c = 1')
})

t.test('switch compares texts ignoring case, and numbers', async (t) => {
  const cases = 'case "invite": note("I"); break; case 200: note("ok"); break; default: note("?");'
  const found = (value: string) => notes(`${value} switch ($var(x)) { ${cases} }`)
  t.equal(found('$var(x) = "INVITE";'), 'I = 1')
  t.equal(found('$var(x) = "Invite";'), 'I = 1')
  t.equal(found('$var(x) = 200;'), 'ok = 1')
  t.equal(found('$var(x) = "200";'), '? = 1', 'a text is no number')
  t.equal(found('$var(x) = "BYE";'), '? = 1')
  t.equal(found(''), '? = 1', 'NULL')
  t.equal(notes('$var(x) = -1; switch ($var(x)) { case -1: note("minus"); }'), 'minus = 1')
})

t.test('switch on a text with a number beside it knows both', async (t) => {
  const sip = 'INVITE sip:a@b SIP/2.0\r\n\r\n'
  t.equal(notes('switch ($rm) { case "invite": note("text"); }', { sip }), 'text = 1')
  t.equal(notes('switch ($rm) { case 1: note("number"); }', { sip }), 'number = 1')
  t.equal(notes('switch ($rm) { case 2: note("number"); }', { sip }), '= 1')
})

t.test('switch falls through without break, into the default too', async (t) => {
  const script = (x: number) =>
    notes(`$var(x) = ${x};
      switch ($var(x)) { case 1: note("1"); case 2: note("2"); break; case 3: note("3"); default: note("d"); }
      note("after");`)
  t.equal(script(1), '1 2 after = 1')
  t.equal(script(2), '2 after = 1')
  t.equal(script(3), '3 d after = 1')
  t.equal(script(4), 'd after = 1')
})

t.test('the default is the last, wherever it was written', async (t) => {
  const script = 'switch ($var(x)) { case 1: note("1"); default: note("d"); case 2: note("2"); }'
  t.equal(notes(`$var(x) = 2; ${script}`), '2 d = 1')
  t.equal(notes(`$var(x) = 9; ${script}`), 'd = 1')
})

t.test('switch without a default or a match is true', async (t) => {
  t.equal(notes('code(-1); switch ($var(x)) { case 1: note("1"); }'), 'code -1 = 1')
  t.equal(notes('$var(x) = 1; code(-1); switch ($var(x)) { case 1: }'), 'code -1 = 1')
})

t.test('return inside of switch leaves the route', async (t) => {
  t.equal(notes('$var(x) = 1; switch ($var(x)) { case 1: return(4); } note("dead");'), '= 4')
})

t.test('break leaves the innermost switch or loop', async (t) => {
  t.equal(notes('while (1) { note("a"); break; note("b"); } note("c");'), 'a c = 1')
  t.equal(
    notes(`$var(i) = 0; while ($var(i) < 2) { $var(i) += 1;
      switch ($var(i)) { case 1: note("one"); break; default: note("more"); } note("on"); }`),
    'one on more on = 1',
  )
  t.equal(
    notes('$avp(x) = 1; $avp(x) = 2; for ($var(v) in $(avp(x)[*])) { note("$var(v)"); break; }'),
    '2 = 1',
  )
})

t.test('while runs as long as its condition is true', async (t) => {
  t.equal(notes('$var(i) = 0; while ($var(i) < 3) { note("$var(i)"); $var(i) = $var(i) + 1; }'), '0 1 2 = 1')
  t.equal(notes('while (0) note("never");'), '= 1')
})

t.test('an error in the condition ends while, and warns', async (t) => {
  const rig = ran('route {\n $var(x) = "text";\n while ($var(x) > 1) note("turn");\n note("on"); }')
  t.same(rig.notes, ['on'])
  t.same(rig.warnings, ['error in expression at t.cfg:3'])
})

t.test('an endless while is stopped and counted, and the script goes on', async (t) => {
  const rig = ran('route { $var(i) = 0;\n while (1) { $var(i) += 1; }\n note("on"); }')
  t.equal(rig.var('i'), 10_000)
  t.same(rig.notes, ['on'])
  t.same(rig.warnings, ['while stopped after 10000 turns at t.cfg:2'])
  t.equal(ran('route { while (1) { $var(i) += 1; } }', { whileLoops: 7 }).var('i'), 7)
})

t.test('a while that ends by itself after its most turns is not told of', async (t) => {
  const rig = ran('route { $var(i) = 0; while ($var(i) < 7) $var(i) += 1; }', { whileLoops: 7 })
  t.equal(rig.var('i'), 7)
  t.same(rig.warnings, [])
})

t.test('while inside of while: the steps of one message are bounded too', async (t) => {
  const rig = new Rig('route { while (1) { while (1) { ; } } }', { steps: 5000 })
  t.throws(() => rig.run(), new RouteFault('more than 5000 steps for one message'))
})

t.test('for takes the values as they were when it began', async (t) => {
  const push = '$avp(x) = 1; $avp(x) = 2; $avp(x) = 3;'
  t.equal(notes(`${push} for ($var(v) in $(avp(x)[*])) { $avp(x) = 9; note("$var(v)"); }`), '3 2 1 = 1')
  t.equal(notes('for ($var(v) in $(avp(none)[*])) note("never"); note("on");'), 'on = 1')
  t.equal(notes(`${push} for ($avp(v) in $(avp(x)[*])) note("$avp(v)");`), '3 2 1 = 1')
})

t.test('an iterator that is an $avp holds one value at a time', async (t) => {
  const rig = ran('route { $avp(x) = 1; $avp(x) = 2; for ($avp(v) in $(avp(x)[*])) note("turn"); }')
  t.same(rig.execution.avps.get('v'), [1])
})

t.test('return and exit leave for', async (t) => {
  t.equal(notes('$avp(x) = 1; for ($var(v) in $(avp(x)[*])) return(6); note("dead");'), '= 6')
  t.equal(notes('$avp(x) = 1; for ($var(v) in $(avp(x)[*])) exit; note("dead");'), '= 0')
})

t.test('each turn of for is a step', async (t) => {
  const rig = new Rig('route { for ($var(v) in $(avp(x)[*])) { ; } }', { steps: 50 })
  rig.execution.avps.set(
    'x',
    Array.from({ length: 100 }, (_, i) => i),
  )
  t.throws(() => rig.run(), RouteFault)
})

t.test('= to an $avp adds a value, := replaces them all', async (t) => {
  const rig = ran('route { $avp(a) = 1; $avp(a) = 2; $avp(b) = 1; $avp(b) = 2; $avp(b) := 3; }')
  t.same(rig.execution.avps.get('a'), [2, 1])
  t.same(rig.execution.avps.get('b'), [3])
})

t.test('= and := are the same for other variables, and NULL unsets', async (t) => {
  t.equal(ran('route { $var(x) = 1; $var(x) = 2; }').var('x'), 2)
  t.equal(ran('route { $var(x) = 1; $var(x) := 2; }').var('x'), 2)
  t.equal(ran('route { $var(x) = 1; $var(x) = NULL; }').execution.vars.has('x'), false)
  t.equal(ran('route { $var(x) = 1; $var(x) := NULL; }').execution.vars.has('x'), false)
  t.equal(ran('route { $var(x) = 1; $var(x) = $var(none); }').execution.vars.has('x'), false)
})

t.test('the text of an assignment is as it stands', async (t) => {
  t.equal(ran('route { $var(x) = "x $rm"; }').var('x'), 'x $rm')
})

t.test('operators with assignment calculate with what the variable holds', async (t) => {
  const value = (operator: string, right: string, left = '12') =>
    ran(`route { $var(x) = ${left}; $var(x) ${operator} ${right}; }`).var('x')
  t.equal(value('+=', '5'), 17)
  t.equal(value('-=', '5'), 7)
  t.equal(value('*=', '5'), 60)
  t.equal(value('/=', '5'), 2)
  t.equal(value('%=', '5'), 2)
  t.equal(value('&=', '4'), 4)
  t.equal(value('|=', '3'), 15)
  t.equal(value('^=', '5'), 9)
  t.equal(value('+=', '"b"', '"a"'), 'ab')
  t.equal(value('*=', '2 + 3'), 60, 'the right side is worked out first')
})

t.test('an error leaves the variable as it was and warns', async (t) => {
  const rig = ran('route {\n $var(a) = "text";\n $var(b) = 7;\n $var(b) = $var(a) - 1;\n note("$rc"); }')
  t.equal(rig.var('b'), 7)
  t.same(rig.warnings, ['no value in right expression at t.cfg:4'])
  t.same(rig.notes, ['-1'])
})

t.test('a text and a written number cannot be joined, a text and a variable can', async (t) => {
  const rig = ran(
    'route { $var(n) = 5; $var(t) = "a"; $var(x) = $var(t) + $var(n);\n $var(y) = $var(t) + 5; }',
  )
  t.equal(rig.var('x'), 'a5')
  t.equal(rig.var('y'), undefined)
  t.same(rig.warnings, ['no value in right expression at t.cfg:2'])
})

t.test('+ - * / % have one precedence, from left to right', async (t) => {
  const value = (text: string) => ran(`route { $var(x) = ${text}; }`).var('x')
  t.equal(value('2 + 3 * 4'), 20)
  t.equal(value('20 - 4 / 2'), 8)
  t.equal(value('2 + (3 * 4)'), 14)
  t.equal(value('1 + 2 & 6'), 2)
  t.equal(value('-7 / 2'), -3)
  t.equal(value('~5'), -6)
})

t.test('division by zero gives 0 and is told', async (t) => {
  const rig = ran('route { $var(z) = 0;\n $var(x) = 5 / $var(z);\n $var(y) = 5 % $var(z); }')
  t.same([rig.var('x'), rig.var('y')], [0, 0])
  t.same(rig.warnings, ['division by zero at t.cfg:2', 'division by zero at t.cfg:3'])
})

t.test('a variable whose transformation fails is not assigned', async (t) => {
  const rig = ran('route { $var(x) = 3;\n $var(x) = $(var(none){s.int}); }', { dialect: '2.3' })
  t.equal(rig.var('x'), 3)
  t.same(rig.warnings, ['no value in right expression at t.cfg:2'])
})

t.test('no route gives a promise that does not await', async (t) => {
  const script = 'route { if (code(1)) route(a); async(store("x"), b); } route[a] { code(1); } route[b] { }'
  const rig = new Rig(script)
  t.equal(rig.request.awaits, false)
  t.equal(rig.run(), 0)
})

t.test('a trace hears of each statement, with the values around it', async (t) => {
  const script = `route {
    $var(x) = 1 + 2;
    if ($var(x) == 3 && !code(-1)) { note("x is $var(x)"); }
    while ($var(x) > 3) { ; }
    $avp(a) = "v";
    for ($var(v) in $(avp(a)[*])) { ; }
    switch ($var(v)) { case "v": break; }
    return(2);
  }`
  t.same(ran(script, { trace: true }).traced, [
    't.cfg:2 | $var(x) = 1 + 2 | $var(x) NULL -> 3',
    't.cfg:3 | if ($var(x) == 3 && !code(-1)) | $var(x) 3, is true',
    't.cfg:3 | note("x is $var(x)") | $var(x) 3, gives 1',
    't.cfg:4 | while ($var(x) > 3) | $var(x) 3, is false',
    't.cfg:5 | $avp(a) = "v" | $avp(a) NULL -> "v"',
    't.cfg:6 | for ($var(v) in $(avp(a)[*])) | $var(v) NULL -> "v"',
    't.cfg:7 | switch ($var(v)) | $var(v) "v", case "v"',
    't.cfg:7 | break | ',
    't.cfg:8 | return(2) | ',
  ])
  t.same(ran(script).traced, [], 'and nothing when it was not asked for')
})

t.test('a script without faults has none', async (t) => {
  t.same(
    compiled('route { note("a"); } onreply_route { exit; } startup_route { } error_route { }').faults,
    [],
  )
})
