// Statements that are wrong, and all that is said of them.

import { wrong } from '../support/wrong-scripts.js'

wrong('statements', [
  {
    name: 'a function without parentheses',
    script: ['route {\n', '\tsip_capture;\n', '}\n'],
    says: [
      't.cfg:2:2: error: bare word `sip_capture` found, calls need (); write `sip_capture()`',
      '\tsip_capture;',
      '\t^',
    ],
  },
  {
    name: 'an argument without parentheses',
    script: ['route {\n', '\txlog "text";\n', '}\n'],
    says: [
      't.cfg:2:2: error: bare word `xlog` found, calls need (); write `xlog(...)`',
      '\txlog "text";',
      '\t^',
    ],
  },
  {
    name: 'no semicolon after a call',
    script: ['route {\n', '\tsip_capture()\n', '\texit;\n', '}\n'],
    says: [
      't.cfg:2:15: error: expected `;` after the call of `sip_capture`, found `exit`; end the statement with `;`',
      '\tsip_capture()',
      '\t             ^',
    ],
  },
  {
    name: 'no semicolon before the end of a block',
    script: ['route {\n', '\tsip_capture()\n', '}\n'],
    says: [
      't.cfg:2:15: error: expected `;` after the call of `sip_capture`, found `}`; end the statement with `;`',
      '\tsip_capture()',
      '\t             ^',
    ],
  },
  {
    name: 'no semicolon after an assignment',
    script: ['route {\n', '\t$var(a) = 1\n', '\t$var(b) = 2;\n', '}\n'],
    says: [
      't.cfg:2:13: error: expected `;` after the assignment to `$var(a)`, found `$var(b)`; end the statement with `;`',
      '\t$var(a) = 1',
      '\t           ^',
    ],
  },
  {
    name: 'no semicolon after exit',
    script: ['route {\n', '\texit\n', '}\n'],
    says: [
      't.cfg:2:6: error: expected `;` after `exit`, found `}`; end the statement with `;`',
      '\texit',
      '\t    ^',
    ],
  },
  {
    name: 'no semicolon on the same line',
    script: ['route {\n', '\txlog("a") xlog("b");\n', '}\n'],
    says: [
      't.cfg:2:11: error: expected `;` after the call of `xlog`, found `xlog`; end the statement with `;`',
      '\txlog("a") xlog("b");',
      '\t         ^',
    ],
  },
  {
    name: 'a comparison in place of an assignment',
    script: ['route {\n', '\t$var(a) == 1;\n', '}\n'],
    says: [
      't.cfg:2:10: error: found `==`, which compares, in an assignment; assign with `=`',
      '\t$var(a) == 1;',
      '\t        ^',
    ],
  },
  {
    name: 'three equal signs',
    script: ['route {\n', '\t$var(a) === 1;\n', '}\n'],
    says: [
      't.cfg:2:10: error: found `==`, which compares, in an assignment; assign with `=`',
      '\t$var(a) === 1;',
      '\t        ^',
    ],
  },
  {
    name: 'a variable alone',
    script: ['route {\n', '\t$var(a);\n', '}\n'],
    says: [
      't.cfg:2:9: error: expected an assignment after `$var(a)`, found `;`; write `$var(a) = ...;`',
      '\t$var(a);',
      '\t       ^',
    ],
  },
  {
    name: 'a variable that is counted up',
    script: ['route {\n', '\t$var(a)++;\n', '}\n'],
    says: ['t.cfg:2:9: error: found `++`; write `$var(a) += 1;`', '\t$var(a)++;', '\t       ^'],
  },
  {
    name: 'a blank in a variable',
    script: ['route {\n', '\t$var (a) = 1;\n', '}\n'],
    says: [
      't.cfg:2:7: error: found a blank before the `(` of `$var`; take the blank out',
      '\t$var (a) = 1;',
      '\t     ^',
    ],
  },
  {
    name: 'a name without the dollar',
    script: ['route {\n', '\tcount = 1;\n', '}\n'],
    says: [
      't.cfg:2:2: error: found `count` before `=`, and it is no variable; write `$var(count)`',
      '\tcount = 1;',
      '\t^',
    ],
  },
  {
    name: 'an assignment of a bare word',
    script: ['route {\n', '\t$var(a) = INVITE;\n', '}\n'],
    says: [
      't.cfg:2:12: error: the value `INVITE` has no quotes; write `"INVITE"`, or `INVITE()` if it is a function',
      '\t$var(a) = INVITE;',
      '\t          ^',
    ],
  },
  {
    name: 'an assignment of nothing',
    script: ['route {\n', '\t$var(a) = ;\n', '}\n'],
    says: [
      't.cfg:2:12: error: expected a value, found `;`; write a variable, a text in quotes or a number',
      '\t$var(a) = ;',
      '\t          ^',
    ],
  },
  {
    name: 'an assignment with a condition',
    script: ['route {\n', '\t$var(a) = $b && $c;\n', '}\n'],
    says: [
      't.cfg:2:15: error: expected `;` after the assignment to `$var(a)`, found `&&`; test conditions with `if`',
      '\t$var(a) = $b && $c;',
      '\t             ^',
    ],
  },
  {
    name: 'NULL within arithmetic',
    script: ['route {\n', '\t$var(a) = 1 + NULL;\n', '}\n'],
    says: [
      't.cfg:2:16: error: found NULL inside of an expression; assign it alone, or compare with it',
      '\t$var(a) = 1 + NULL;',
      '\t              ^',
    ],
  },
  {
    name: 'arithmetic that is not closed',
    script: ['route {\n', '\t$var(a) = (1 + 2;\n', '}\n'],
    says: [
      't.cfg:2:18: error: expected `)` for the `(` in line 2, column 12, found `;`; close it with `)`',
      '\t$var(a) = (1 + 2;',
      '\t                ^',
    ],
  },
  {
    name: 'a statement that begins with a number',
    script: ['route {\n', '\t5 + 3;\n', '}\n'],
    says: [
      't.cfg:2:2: error: a statement cannot begin with `5`; begin it with a variable, a call or a keyword',
      '\t5 + 3;',
      '\t^',
    ],
  },
  {
    name: 'a statement that begins with a text',
    script: ['route {\n', '\t"text";\n', '}\n'],
    says: [
      't.cfg:2:2: error: a statement cannot begin with the text `"text"`; begin it with a variable, a call or a keyword',
      '\t"text";',
      '\t^',
    ],
  },
  {
    name: 'a statement that begins with a sign',
    script: ['route {\n', '\t) exit;\n', '}\n'],
    says: ['t.cfg:2:2: error: expected a statement, found `)`; take it out', '\t) exit;', '\t^'],
  },
  {
    name: 'a name that begins with a digit',
    script: ['route {\n', '\t2nd();\n', '}\n'],
    says: [
      't.cfg:2:2: error: `2nd` is neither a number nor a name; begin a name with a letter, and write a text in quotes',
      '\t2nd();',
      '\t^',
    ],
  },
  {
    name: 'a call that is compared',
    script: ['route {\n', '\tif (is_method("X") == 1) exit;\n', '}\n'],
    says: [
      't.cfg:2:21: error: found `==` after a call, which is only true or false; call it first, then compare `$rc`',
      '\tif (is_method("X") == 1) exit;',
      '\t                   ^',
    ],
  },
  {
    name: 'modparam in a route',
    script: ['route {\n', '\tmodparam("a", "b", 1)\n', '}\n'],
    says: [
      't.cfg:2:2: error: found `modparam` in a route; put it before the routes',
      '\tmodparam("a", "b", 1)',
      '\t^',
    ],
  },
  {
    name: 'a keyword in wrong case',
    script: ['route {\n', '\tExit;\n', '}\n'],
    says: ['t.cfg:2:2: error: found `Exit`, and keywords are in lower case; write `exit`', '\tExit;', '\t^'],
  },
  {
    name: 'a mistyped keyword',
    script: ['route {\n', '\tswich ($var(a)) {\n', '\t\tcase 1: exit;\n', '\t}\n', '}\n'],
    says: ['t.cfg:2:2: error: `swich` is no keyword; write `switch`', '\tswich ($var(a)) {', '\t^'],
  },
  {
    name: 'an index without its parentheses',
    script: ['route {\n', '\t$var(a) = $hdr(Via)[1];\n', '}\n'],
    says: [
      't.cfg:2:21: error: found `[1]` after a variable; put it inside: `$(hdr(Via)[1])`',
      '\t$var(a) = $hdr(Via)[1];',
      '\t                   ^',
    ],
  },
  {
    name: 'a transformation without its parentheses',
    script: ['route {\n', '\txlog($var(a){s.len});\n', '}\n'],
    says: [
      't.cfg:2:14: error: found `{s.len}` after a variable; put it inside: `$(var(a){s.len})`',
      '\txlog($var(a){s.len});',
      '\t            ^',
    ],
  },
  {
    name: 'async without a route',
    script: ['route {\n', '\tasync(sip_capture());\n', '}\n'],
    says: [
      't.cfg:2:21: error: expected `,` and a route, found `)`; write `async(FUNCTION(), ROUTE)`',
      '\tasync(sip_capture());',
      '\t                   ^',
    ],
  },
  {
    name: 'async without a call',
    script: ['route {\n', '\tasync(sip_capture, x);\n', '}\n'],
    says: [
      't.cfg:2:8: error: expected a call in `async`, found `sip_capture`; write `async(FUNCTION(), ROUTE)`',
      '\tasync(sip_capture, x);',
      '\t      ^',
    ],
  },
  {
    name: 'async in a condition',
    script: ['route {\n', '\tif (async(f(), x)) exit;\n', '}\n'],
    says: [
      't.cfg:2:6: error: `async` stands in an expression; make it a statement of its own',
      '\tif (async(f(), x)) exit;',
      '\t    ^',
    ],
  },
  {
    name: 'return with an expression',
    script: ['route {\n', '\treturn($a + 1);\n', '}\n'],
    says: [
      't.cfg:2:12: error: expected `)` after the values of `return`, found `+`; write a number, a variable or a text',
      '\treturn($a + 1);',
      '\t          ^',
    ],
  },
  {
    name: 'return with a word',
    script: ['route {\n', '\treturn true;\n', '}\n'],
    says: [
      't.cfg:2:9: error: the argument `true` has no quotes; write `"true"`',
      '\treturn true;',
      '\t       ^',
    ],
  },
])
