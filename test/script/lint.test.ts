// What `check` warns of in scripts that run.

import t from 'tap'
import { renderFault } from '../../lib/errors.js'
import { lint } from '../../lib/script/lint.js'
import { parseScript } from '../../lib/script/parser.js'

/** Place and text of each warning, without the lines that show it. */
function warnings(text: string, hepRoute = 'sip'): string[] {
  const { script, faults } = parseScript('t.cfg', { text })
  if (!script) throw new Error(faults.map(renderFault).join('\n'))
  return lint(script, hepRoute).map((fault) => renderFault(fault).split('\n', 1)[0]!)
}

const REPLIES = '\nonreply_route { sip_capture(); }\n'

t.test('a script that is sound has none', async (t) => {
  t.same(warnings(`route { if ($rm == "A" && $rU == "b") sip_capture(); else exit; }${REPLIES}`), [])
  t.same(warnings(`route[hep] { hep_relay(); }`, 'hep'), [], 'no request, no reply')
})

t.test('&& and || without parentheses', async (t) => {
  const what = '`&&` and `||` have one precedence here and bind from left to right'
  t.same(warnings(`route { if ($rm == "A" || $rm == "B" && $rU == "c") sip_capture(); }${REPLIES}`), [
    `t.cfg:1:38: warning: ${what}; write (... || ...) && ... with its parentheses`,
  ])
  t.same(warnings(`route { while (!($rm == "A" && $rm == "B" || $rU == "c")) exit; }${REPLIES}`), [
    `t.cfg:1:43: warning: ${what}; write (... && ...) || ... with its parentheses`,
  ])
  for (const sound of [
    '($rm == "A" || $rm == "B") && $rU == "c"',
    '$rm == "A" || ($rm == "B" && $rU == "c")',
  ])
    t.same(warnings(`route { if (${sound}) sip_capture(); }${REPLIES}`), [], sound)
})

t.test('routes that nothing reaches', async (t) => {
  const text = `route { route(a); async(sip_capture(), b); }
route[a] { if (route(c)) exit; }
route[b] { exit; }
route[c] { exit; }
route[d] { route(e); }
route[e] { exit; }
route[f] { exit; }${REPLIES}`
  const never = (line: number, name: string) =>
    `t.cfg:${line}:1: warning: nothing reaches route[${name}]; call it with route(), name it in hep_route, or remove it`
  t.same(warnings(text), [never(5, 'd'), never(7, 'f')])
  t.same(warnings(text, 'd'), [never(7, 'f')])
  t.same(warnings(`route { route($var(x)); }\nroute[any] { exit; }${REPLIES}`), [], 'a variable may name any')
})

t.test('statements that nothing reaches', async (t) => {
  const after = (column: number) =>
    `t.cfg:1:${column}: warning: nothing reaches this statement: the one before it ends here; remove one of them`
  t.same(warnings(`route { exit; sip_capture(); }${REPLIES}`), [after(15)])
  t.same(warnings(`route { if ($rm == "A") { return(1); xlog("x"); } sip_capture(); }${REPLIES}`), [
    after(38),
  ])
  t.same(warnings(`route[h] { hep_resume_sip(); xlog("x"); }`, 'h'), [after(30)])
})

t.test('replies that nobody thought of', async (t) => {
  const cure = 'add onreply_route { ... }'
  t.same(warnings('route { sip_capture(); }'), [
    `t.cfg:1:1: warning: replies are discarded: there is no onreply_route; ${cure}`,
  ])
  t.same(warnings('route { $du = "sip:192.0.2.1"; hep_relay(); }'), [
    `t.cfg:1:1: warning: requests are relayed, and replies go nowhere: there is no onreply_route; ${cure}`,
  ])
})
