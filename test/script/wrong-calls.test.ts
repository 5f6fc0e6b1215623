// Arguments, loops and cases that are wrong, and all that is said of them.

import { wrong } from '../support/wrong-scripts.js'

wrong('arguments', [
  {
    name: 'an expression',
    script: ['route {\n', '\txlog("a" + $var(b));\n', '}\n'],
    says: [
      't.cfg:2:11: error: expected `,` or `)` after an argument, found `+`, and a call takes no expressions; assign the result to a variable, and give that',
      '\txlog("a" + $var(b));',
      '\t         ^',
    ],
  },
  {
    name: 'a call',
    script: ['route {\n', '\txlog(f("a"));\n', '}\n'],
    says: [
      't.cfg:2:7: error: the call of `f` stands as an argument; call it before, and give what it leaves in a variable',
      '\txlog(f("a"));',
      '\t     ^',
    ],
  },
  {
    name: 'a word without quotes',
    script: ['route {\n', '\tis_method(INVITE);\n', '}\n'],
    says: [
      't.cfg:2:12: error: the argument `INVITE` has no quotes; write `"INVITE"`',
      '\tis_method(INVITE);',
      '\t          ^',
    ],
  },
  {
    name: 'an address without quotes',
    script: ['route {\n', '\tf(10.0.0.1);\n', '}\n'],
    says: [
      't.cfg:2:4: error: found `10.0.0.1`, which is no number; write it in quotes: `"10.0.0.1"`',
      '\tf(10.0.0.1);',
      '\t  ^',
    ],
  },
  {
    name: 'no comma',
    script: ['route {\n', '\txlog("L_INFO" "text");\n', '}\n'],
    says: [
      't.cfg:2:16: error: expected `,` or `)` after an argument, found the text `"text"`; separate arguments with `,`',
      '\txlog("L_INFO" "text");',
      '\t              ^',
    ],
  },
  {
    name: 'a parenthesis that is not closed',
    script: ['route {\n', '\txlog("text";\n', '\texit;\n', '}\n'],
    says: [
      't.cfg:2:13: error: expected `,` or `)` after an argument, found `;`; close the call of `xlog` in line 2 with `)`',
      '\txlog("text";',
      '\t           ^',
    ],
  },
  {
    name: 'a parenthesis that is not closed before a block',
    script: ['route {\n', '\twhile (f("a" {\n', '\t\texit;\n', '\t}\n', '}\n'],
    says: [
      't.cfg:2:15: error: expected `,` or `)` after an argument, found `{`; close the call of `f` in line 2 with `)`',
      '\twhile (f("a" {',
      '\t             ^',
    ],
  },
  {
    name: 'a parenthesis that is not closed before a line',
    script: ['route {\n', '\txlog("a"\n', '\tsip_capture();\n', '}\n'],
    says: [
      't.cfg:2:10: error: expected `,` or `)` after an argument, found `sip_capture`; close the call of `xlog` in line 2 with `)`',
      '\txlog("a"',
      '\t        ^',
    ],
  },
  {
    name: 'a route that is none',
    script: ['route {\n', '\troute(;\n', '\texit;\n', '}\n'],
    says: [
      't.cfg:2:8: error: expected the name of a route, found `;`; write the name that stands between the brackets of a route',
      '\troute(;',
      '\t      ^',
    ],
  },
  {
    name: 'a sign',
    script: ['route {\n', '\tf("a", *);\n', '}\n'],
    says: [
      't.cfg:2:9: error: expected an argument, found `*`; write a text in quotes, a number or a variable',
      '\tf("a", *);',
      '\t       ^',
    ],
  },
])

wrong('loops', [
  {
    name: 'case outside of switch',
    script: ['route {\n', '\tcase 1: exit;\n', '}\n'],
    says: [
      't.cfg:2:2: error: found `case` outside of `switch`; put it right inside of the block of a `switch`',
      '\tcase 1: exit;',
      '\t^',
    ],
  },
  {
    name: 'default outside of switch',
    script: ['route {\n', '\tdefault: exit;\n', '}\n'],
    says: [
      't.cfg:2:2: error: found `default` outside of `switch`; put it right inside of the block of a `switch`',
      '\tdefault: exit;',
      '\t^',
    ],
  },
  {
    name: 'a statement before the first case',
    script: ['route {\n', '\tswitch ($a) {\n', '\t\texit;\n', '\t\tcase 1: drop;\n', '\t}\n', '}\n'],
    says: [
      't.cfg:3:3: error: expected `case` or `default` in `switch`, found `exit`; put each statement behind a `case`',
      '\t\texit;',
      '\t\t^',
    ],
  },
  {
    name: 'a label without quotes',
    script: ['route {\n', '\tswitch ($rm) { case INVITE: exit; }\n', '}\n'],
    says: [
      't.cfg:2:22: error: the label `INVITE` has no quotes; write `case "INVITE":`',
      '\tswitch ($rm) { case INVITE: exit; }',
      '\t                    ^',
    ],
  },
  {
    name: 'a label that is a variable',
    script: ['route {\n', '\tswitch ($rm) { case $a: exit; }\n', '}\n'],
    says: [
      't.cfg:2:22: error: expected a text or a number after `case`, found `$a`; write `case "a":` or `case 1:`',
      '\tswitch ($rm) { case $a: exit; }',
      '\t                    ^',
    ],
  },
  {
    name: 'a label without a colon',
    script: ['route {\n', '\tswitch ($rm) { case "A" exit; }\n', '}\n'],
    says: [
      't.cfg:2:25: error: expected `:` after the label of `case`, found `exit`; write `:`',
      '\tswitch ($rm) { case "A" exit; }',
      '\t                       ^',
    ],
  },
  {
    name: 'two defaults',
    script: ['route {\n', '\tswitch ($rm) { default: exit; default: drop; }\n', '}\n'],
    says: [
      't.cfg:2:32: error: found a second `default` in one `switch`; join the two',
      '\tswitch ($rm) { default: exit; default: drop; }',
      '\t                              ^',
    ],
  },
  {
    name: 'switch over an expression',
    script: ['route {\n', '\tswitch ($a + 1) { case 1: exit; }\n', '}\n'],
    says: [
      't.cfg:2:13: error: expected `)` after the variable of `switch`, found `+`; write `switch ($var(x)) { case "a": ... }`',
      '\tswitch ($a + 1) { case 1: exit; }',
      '\t           ^',
    ],
  },
  {
    name: 'switch over a call',
    script: ['route {\n', '\tswitch (f()) { case 1: exit; }\n', '}\n'],
    says: [
      't.cfg:2:10: error: expected the variable of `switch`, found `f`; write `switch ($var(x)) { case "a": ... }`',
      '\tswitch (f()) { case 1: exit; }',
      '\t        ^',
    ],
  },
  {
    name: 'switch without a block',
    script: ['route {\n', '\tswitch ($a) exit;\n', '}\n'],
    says: [
      't.cfg:2:14: error: expected `{` before the cases of `switch`, found `exit`; write `switch ($var(x)) { case "a": ... }`',
      '\tswitch ($a) exit;',
      '\t            ^',
    ],
  },
  {
    name: 'for as in C',
    script: ['route {\n', '\tfor ($var(i) = 0; $var(i) < 5; $var(i) += 1) { exit; }\n', '}\n'],
    says: [
      't.cfg:2:15: error: expected `in` after the variable of `for`, found `=`; write `for ($var(x) in $(avp(y)[*]))`',
      '\tfor ($var(i) = 0; $var(i) < 5; $var(i) += 1) { exit; }',
      '\t             ^',
    ],
  },
  {
    name: 'for without a variable',
    script: ['route {\n', '\tfor (x in $(avp(y)[*])) exit;\n', '}\n'],
    says: [
      't.cfg:2:7: error: expected the variable of `for`, found `x`; write `for ($var(x) in $(avp(y)[*]))`',
      '\tfor (x in $(avp(y)[*])) exit;',
      '\t     ^',
    ],
  },
  {
    name: 'while without a body',
    script: ['route {\n', '\twhile ($a)\n', '}\n'],
    says: [
      't.cfg:2:12: error: expected a statement or a block after `while`, found `}`; write `{ }` when there is nothing to do',
      '\twhile ($a)',
      '\t          ^',
    ],
  },
])
