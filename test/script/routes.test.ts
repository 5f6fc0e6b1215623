// Routes that call routes, wait for functions, and go on when these are done.

import t from 'tap'
import { RouteFault } from '../../lib/route/execution.js'
import { compiled, Rig, ran } from '../support/script.js'

t.test('route() gives its code to a condition', async (t) => {
  t.same(ran('route { if (route(a)) note("yes"); else note("no"); } route[a] { return(-1); }').notes, ['no'])
  t.same(ran('route { if (route(a)) note("yes"); else note("no"); } route[a] { return(2); }').notes, ['yes'])
})

t.test('routes are called by names in quotes, numbers, and variables', async (t) => {
  const others = 'route[a] { note("in a"); } route[7] { note("in 7"); }'
  t.same(ran(`route { route("a"); route(7); } ${others}`).notes, ['in a', 'in 7'])
  t.same(ran(`route { $var(x) = "a"; route($var(x)); } ${others}`).notes, ['in a'])
  t.same(ran(`route { $var(x) = 7; route($var(x)); } ${others}`).notes, ['in 7'])
})

t.test('a name that is known only now and names nothing is false, and told', async (t) => {
  const rig = ran('route {\n if (route($var(x))) note("yes"); else note("no $rc"); } route[a] { }')
  t.same(rig.notes, ['no -1'])
  t.same(rig.warnings, ['route() of an unknown name at t.cfg:2'])
})

t.test('$param(n) are those of the innermost route', async (t) => {
  const script = `route { $var(v) = 5; route(a, "one $rm", 2, $var(v)); note("$param(1)"); }
    route[a] { note("$param(1)|$param(2)|$param(3)|$param(4)"); route(b, "deep"); note("$param(1)"); }
    route[b] { note("$param(1)|$param(2)"); }`
  t.same(ran(script).notes, ['one $rm|2|5|<null>', 'deep|<null>', 'one $rm', '<null>'])
})

t.test('routes deeper than 100 are a fault, and what was stored stays', async (t) => {
  const script = (most: number) => `route { $var(n) = 0; route(a); }
    route[a] { $var(n) += 1; if ($var(n) < ${most}) route(a); }`
  t.equal(ran(script(100)).var('n'), 100)
  const rig = new Rig(script(101))
  t.throws(() => rig.run(), new RouteFault('more than 100 routes inside of each other'))
  t.equal(rig.var('n'), 100)
})

t.test('the table has the routes by what runs them', async (t) => {
  const { routes, faults } = compiled(`
    route { note("r"); } onreply_route { note("o"); } error_route { note("e"); } startup_route { note("s"); }
    timer_route[t1, 60] { note("t"); } timer_route[t2, 5] { later("x"); } route[my_hep] { note("h"); }`)
  t.same(faults, [])
  t.same(
    [routes.request, routes.reply, routes.error].map((route) => route?.title),
    ['route', 'onreply_route', 'error_route'],
  )
  t.same(
    routes.startup.map(({ title }) => title),
    ['startup_route'],
  )
  t.same(
    routes.timers.map(({ title, everySeconds, awaits }) => [title, everySeconds, awaits]),
    [
      ['timer_route[t1]', 60, false],
      ['timer_route[t2]', 5, true],
    ],
  )
  t.same([...routes.named.keys()], ['my_hep'])
})

t.test('a script without routes has none', async (t) => {
  const { routes } = compiled('')
  t.same(
    [routes.request, routes.reply, routes.error, routes.startup, routes.timers],
    [undefined, undefined, undefined, [], []],
  )
})

t.test('timers and the other kinds run their own statements', async (t) => {
  const rig = new Rig('timer_route[t, 60] { note("tick"); } startup_route { note("up"); return(3); }')
  t.equal(await rig.script.routes.timers[0]?.run(rig.execution), 1)
  t.equal(await rig.script.routes.startup[0]?.run(rig.execution), 3)
  t.same(rig.notes, ['tick', 'up'])
})

t.test('kinds that never run are compiled, and told', async (t) => {
  const { routes, faults } = compiled(`event_route[E_X] { note("a"); }
local_route { note("b"); }
failure_route[f] { note("c"); }
branch_route[b] { note("d"); }
onreply_route[o] { nope(); }`)
  t.same(faults, [
    't.cfg:1:1: warning: event_route never runs: hepcapd is no SIP server; remove it',
    't.cfg:2:1: warning: local_route never runs: hepcapd is no SIP server; remove it',
    't.cfg:3:1: warning: failure_route never runs: hepcapd is no SIP server; remove it',
    't.cfg:4:1: warning: branch_route never runs: hepcapd is no SIP server; remove it',
    't.cfg:5:1: warning: onreply_route[o] never runs: no transaction asks for it; put it into onreply_route without a name, or call a route from there',
    't.cfg:5:20: error: unknown function nope(); did you mean note()',
  ])
  t.equal(routes.reply, undefined)
})

t.test('a route awaits when it reaches an awaiting function through any path', async (t) => {
  const awaits = (text: string) => new Rig(text).request.awaits
  t.equal(awaits('route { later("x"); }'), true)
  t.equal(awaits('route { if (1 || !later("x")) note("a"); }'), true)
  t.equal(awaits('route { while (later("x")) note("a"); }'), true)
  t.equal(awaits('route { switch ($rm) { case 1: note("a"); default: { later("x"); } } }'), true)
  t.equal(awaits('route { switch ($rm) { case 1: later("x"); } }'), true)
  t.equal(awaits('route { for ($var(x) in $(avp(a)[*])) later("x"); }'), true)
  t.equal(awaits('route { if (1) note("a"); else later("x"); }'), true)
  t.equal(awaits('route { route(a); } route[a] { route(b); } route[b] { route(a); later("x"); }'), true)
  t.equal(awaits('route { route($var(x)); } route[a] { later("x"); }'), true)
  t.equal(awaits('route { route(a); } route[a] { route(b); } route[b] { route(a); }'), false)
  t.equal(awaits('route { note("a"); } route[a] { later("x"); }'), false)
  t.equal(awaits('route { async(later("x"), a); } route[a] { later("y"); }'), false)
  t.equal(awaits('route { launch(later("x"), a); } route[a] { later("y"); }'), false)
})

t.test('statements before the awaiting one run at once, those after it behind it', async (t) => {
  const rig = new Rig('route { note("a"); later("x"); note("b"); }')
  const code = rig.run()
  t.type(code, Promise)
  t.same(rig.notes, ['a', 'wait x'])
  await rig.open('x')
  t.same(rig.notes, ['a', 'wait x', 'b'])
  t.equal(await code, 1)
})

t.test('a branch that was not taken is not waited for', async (t) => {
  const rig = new Rig('route { if (0) later("x"); note("a"); }')
  t.equal(await rig.run(), 1)
  t.same(rig.notes, ['a'])
})

t.test('awaiting functions in conditions: && and || wait in their order', async (t) => {
  const outcome = async (condition: string, codes: Record<string, number>) => {
    const rig = new Rig(`route { if (${condition}) note("yes"); else note("no"); }`)
    const code = rig.run()
    for (const [name, value] of Object.entries(codes)) await rig.open(name, value)
    await code
    return rig.notes.join(' ')
  }
  t.equal(await outcome('later("a") && later("b")', { a: 1, b: 1 }), 'wait a wait b yes')
  t.equal(await outcome('later("a") && later("b")', { a: -1 }), 'wait a no')
  t.equal(await outcome('later("a") || later("b")', { a: 2 }), 'wait a yes')
  t.equal(await outcome('!later("a") && code(5)', { a: -1 }), 'wait a code 5 yes')
  t.equal(await outcome('code(-5) || later("a") && code(6)', { a: 1 }), 'code -5 wait a code 6 yes')
  t.equal(await outcome('later("a")', { a: 0 }), 'wait a', 'and 0 ends it')
})

t.test('awaiting functions in loops, switches and routes', async (t) => {
  const rig = new Rig(`route {
    while (later("w")) { later("body"); note("turn"); if ($var(n) == NULL) { $var(n) = 1; } else break; }
    $avp(x) = "1"; $avp(x) = "2";
    for ($var(v) in $(avp(x)[*])) { if (later("f$var(v)")) note("v $var(v)"); else break; }
    switch ($var(v)) { case "1": later("s"); note("case"); default: note("default"); }
    if (!route(a, "p")) note("rc $rc");
    return(9);
  } route[a] { later("r"); note("$param(1)"); return(-4); }`)
  const code = rig.run()
  for (const name of ['w', 'body', 'w', 'body', 'f2', 'f1', 's', 'r']) await rig.open(name)
  t.equal(await code, 9)
  t.equal(
    rig.notes.filter((one) => !one.startsWith('wait')).join(' '),
    'turn turn v 2 v 1 case default p rc -4',
  )
})

t.test('an awaiting route that ends, ends everything; one too deep rejects', async (t) => {
  const rig = new Rig('route { route(a); note("dead"); } route[a] { later("x"); exit; }')
  const code = rig.run()
  await rig.open('x')
  t.equal(await code, 0)
  t.same(rig.notes, ['wait x'])
  const deep = new Rig('route { route(a); } route[a] { route(a); later("x"); }')
  await t.rejects(Promise.resolve(deep.run()), new RouteFault('more than 100 routes inside of each other'))
})

t.test('an endless while that awaits is stopped too', async (t) => {
  const script = 'route { while (1) { $var(i) += 1; if (0) later("x"); } note("on"); }'
  const rig = new Rig(script, { whileLoops: 5 })
  t.equal(await rig.run(), 1)
  t.equal(rig.var('i'), 5)
  t.same(rig.warnings, ['while stopped after 5 turns at t.cfg:1'])
})

t.test('async() ends the script; its route goes on with the same variables', async (t) => {
  const rig = new Rig(`route { $var(v) = 1; $avp(a) = "x"; async(store("s"), resume); note("dead"); }
    route[resume] { note("$var(v) $avp(a) rc $rc"); $var(v) = 2; }`)
  t.equal(rig.run(), 0, 'and is no promise')
  t.same(rig.notes, ['wait s'])
  const settled = rig.settled()
  await rig.open('s', 5)
  await settled
  t.same(rig.notes, ['wait s', '1 x rc 5'])
  t.equal(rig.var('v'), 2)
})

t.test('async() from a route inside of another ends the outer one too', async (t) => {
  const rig = new Rig(`route { route(a, "p"); note("dead"); }
    route[a] { if (1) { async(store("s"), resume); } note("dead"); } route[resume] { note("on $param(1)"); }`)
  t.equal(rig.run(), 0)
  const settled = rig.settled()
  await rig.open('s')
  await settled
  t.same(rig.notes, ['wait s', 'on <null>'])
})

t.test('the route goes on whatever the function gave, also 0', async (t) => {
  for (const code of [-1, 0, 1]) {
    const rig = new Rig('route { async(store("s"), resume); } route[resume] { note("rc $rc"); }')
    rig.run()
    const settled = rig.settled()
    await rig.open('s', code)
    await settled
    t.same(rig.notes, ['wait s', `rc ${code}`])
  }
})

t.test('async() of a function that has no form that waits', async (t) => {
  const rig = new Rig('route { async(code(3), resume); note("dead"); } route[resume] { note("rc $rc"); }')
  t.equal(rig.run(), 0)
  t.same(rig.notes, ['code 3'])
  await rig.settled()
  t.same(rig.notes, ['code 3', 'rc 3'])
})

t.test('async() in the route that goes on, and awaiting functions there', async (t) => {
  const rig = new Rig(`route { async(store("a"), r1); } route[r1] { note("r1"); async(store("b"), r2); }
    route[r2] { later("c"); note("r2"); }`)
  rig.run()
  const settled = rig.settled()
  for (const name of ['a', 'b', 'c']) await rig.open(name)
  await settled
  t.same(rig.notes, ['wait a', 'r1', 'wait b', 'wait c', 'r2'])
})

t.test('async() in an awaiting route', async (t) => {
  const rig = new Rig('route { later("x"); async(store("s"), r); note("dead"); } route[r] { note("on"); }')
  const code = rig.run()
  await rig.open('x')
  t.equal(await code, 0)
  const settled = rig.settled()
  await rig.open('s')
  await settled
  t.same(rig.notes, ['wait x', 'wait s', 'on'])
})

t.test('launch() does not end the script, and needs no route', async (t) => {
  const rig = new Rig(`route { launch(store("a"), done); launch(store("b")); note("on $rc"); return(4); }
    route[done] { note("done $rc"); }`)
  t.equal(rig.run(), 4)
  t.same(rig.notes, ['wait a', 'wait b', 'on 1'])
  const settled = rig.settled()
  await rig.open('b')
  await rig.open('a', 6)
  await settled
  t.same(rig.notes, ['wait a', 'wait b', 'on 1', 'done 6'])
})

t.test('scripts of one message take turns', async (t) => {
  const rig = new Rig(`route { launch(store("a"), r1); launch(store("b"), r2); later("main"); note("main"); }
    route[r1] { note("r1"); later("c"); note("r1 ends"); } route[r2] { note("r2"); }`)
  const code = rig.run()
  await rig.open('a')
  await rig.open('b')
  t.same(rig.notes.slice(3), [], 'none before the route that launched them has ended')
  await rig.open('main')
  await code
  t.same(rig.notes.slice(3), ['main', 'r1', 'wait c'], 'the second waits for the first')
  const settled = rig.settled()
  await rig.open('c')
  await settled
  t.same(rig.notes.slice(3), ['main', 'r1', 'wait c', 'r1 ends', 'r2'])
})

t.test('a function that is late: the route goes on with -2, and the message stays', async (t) => {
  const rig = new Rig('route { async(store("s"), late, 1); } route[late] { note("rc $rc"); }')
  rig.run()
  let isThrough = false
  const settled = rig.settled().then(() => {
    isThrough = true
  })
  while (rig.notes.length < 2) await new Promise((done) => setTimeout(done, 20))
  t.same(rig.notes, ['wait s', 'rc -2'])
  t.equal(isThrough, false)
  await rig.open('s')
  await settled
  t.same(rig.notes, ['wait s', 'rc -2'])
})

t.test('a function in time leaves no timer behind', async (t) => {
  const rig = new Rig('route { async(store("s"), r, 86400); } route[r] { note("rc $rc"); }')
  rig.run()
  const settled = rig.settled()
  await rig.open('s', 3)
  await settled
  t.same(rig.notes, ['wait s', 'rc 3'])
})

t.test('what goes wrong behind async() is a fault of the route', async (t) => {
  const rig = new Rig('route { async(store("s"), a); } route[a] { route(a); }')
  rig.run()
  const settled = rig.settled()
  const rejected = t.rejects(settled, new RouteFault('more than 100 routes inside of each other'))
  await rig.open('s')
  await rejected
})

t.test('a fault behind launch() lets the others end first, and waits for whoever asks', async (t) => {
  const rig =
    new Rig(`route { launch(store("bad"), a); launch(store("good"), b); later("main"); note("main"); }
    route[a] { route(a); } route[b] { note("b"); }`)
  const code = rig.run()
  await rig.open('bad')
  await rig.open('main')
  t.equal(await code, 1)
  const rejected = t.rejects(rig.settled(), new RouteFault('more than 100 routes inside of each other'))
  await rig.open('good')
  await rejected
  t.same(rig.notes, ['wait bad', 'wait good', 'wait main', 'main', 'b'])
})

t.test('a trace hears of what awaits when it is done', async (t) => {
  const script = 'route { if (later("x")) async(store("s"), r); } route[r] { note("$rc"); }'
  const rig = new Rig(script, { trace: true })
  const code = rig.run()
  t.same(rig.traced, [])
  await rig.open('x', 3)
  t.equal(await code, 0)
  t.same(rig.traced, ['t.cfg:1 | if (later("x")) | is true', 't.cfg:1 | async(store("s"), r) | '])
  const settled = rig.settled()
  await rig.open('s', 5)
  await settled
  t.same(rig.traced.slice(2), ['t.cfg:1 | note("$rc") | $rc 5 -> 1, gives 1'])
})
