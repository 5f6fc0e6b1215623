// Conditions that are wrong, and all that is said of them.

import { wrong } from '../support/wrong-scripts.js'

wrong('conditions', [
  {
    name: 'an assignment in a condition',
    script: ['route {\n', '\tif ($var(a) = 1) exit;\n', '}\n'],
    says: [
      't.cfg:2:14: error: found `=`, which assigns, in a condition; compare with `==`',
      '\tif ($var(a) = 1) exit;',
      '\t            ^',
    ],
  },
  {
    name: 'no closing parenthesis',
    script: ['route {\n', '\tif (is_method("INVITE") {\n', '\t\texit;\n', '\t}\n', '}\n'],
    says: [
      't.cfg:2:26: error: expected `)` after the condition of `if`, found `{`; close the condition with `)`',
      '\tif (is_method("INVITE") {',
      '\t                        ^',
    ],
  },
  {
    name: 'no closing parenthesis of a call',
    script: ['route {\n', '\tif (is_method("INVITE") && has_totag( {\n', '\t\texit;\n', '\t}\n', '}\n'],
    says: [
      't.cfg:2:40: error: expected an argument, found `{`; write a text in quotes, a number or a variable',
      '\tif (is_method("INVITE") && has_totag( {',
      '\t                                      ^',
    ],
  },
  {
    name: 'a parenthesis too many',
    script: ['route {\n', '\tif ($a == 1)) {\n', '\t\texit;\n', '\t}\n', '}\n'],
    says: [
      't.cfg:2:14: error: found a `)` that closes nothing; take it out of the condition of `if`',
      '\tif ($a == 1)) {',
      '\t            ^',
    ],
  },
  {
    name: 'nothing to test',
    script: ['route {\n', '\tif () exit;\n', '}\n'],
    says: [
      't.cfg:2:6: error: expected a variable or a call in a condition, found `)`; write what is to be tested',
      '\tif () exit;',
      '\t    ^',
    ],
  },
  {
    name: 'a condition that ends in an operator',
    script: ['route {\n', '\twhile ($a &&) { }\n', '}\n'],
    says: [
      't.cfg:2:14: error: expected a variable or a call in a condition, found `)`; write what is to be tested',
      '\twhile ($a &&) { }',
      '\t            ^',
    ],
  },
  {
    name: 'an inner parenthesis that is not closed',
    script: ['route {\n', '\tif (($a && $b) || ($c) {\n', '\t\texit;\n', '\t}\n', '}\n'],
    says: [
      't.cfg:2:25: error: expected `)` after the condition of `if`, found `{`; close the condition with `)`',
      '\tif (($a && $b) || ($c) {',
      '\t                       ^',
    ],
  },
  {
    name: 'a variable that is not closed',
    script: ['route {\n', '\tif ($var(x == 1) {\n', '\t\texit;\n', '\t}\n', '}\n'],
    says: [
      't.cfg:2:19: error: expected `)` after the condition of `if`, found `{`; see where the `(` of `$var(x == 1)` should be closed',
      '\tif ($var(x == 1) {',
      '\t                 ^',
    ],
  },
  {
    name: 'a variable that is not closed in an assignment',
    script: ['route {\n', '\t$var(x = 1;\n', '\texit;\n', '}\n'],
    says: [
      't.cfg:2:2: error: the variable `$var(x` is never closed; write `$var(x)`',
      '\t$var(x = 1;',
      '\t^',
    ],
  },
  {
    name: 'a bare function name',
    script: ['route {\n', '\tif (is_method) exit;\n', '}\n'],
    says: [
      't.cfg:2:6: error: bare word `is_method` found, calls need (); write `is_method()`, or a variable',
      '\tif (is_method) exit;',
      '\t    ^',
    ],
  },
  {
    name: 'a bare function name after an operator',
    script: ['route {\n', '\tif ($a && has_totag) exit;\n', '}\n'],
    says: [
      't.cfg:2:12: error: bare word `has_totag` found, calls need (); write `has_totag()`, or a variable',
      '\tif ($a && has_totag) exit;',
      '\t          ^',
    ],
  },
  {
    name: 'a value without quotes',
    script: ['route {\n', '\tif ($rm == INVITE) exit;\n', '}\n'],
    says: [
      't.cfg:2:13: error: the value `INVITE` has no quotes; write `"INVITE"`, or `INVITE()` if it is a function',
      '\tif ($rm == INVITE) exit;',
      '\t           ^',
    ],
  },
  {
    name: 'a call as value',
    script: ['route {\n', '\tif ($a == f()) exit;\n', '}\n'],
    says: [
      't.cfg:2:12: error: found the call of `f` as a value; call it first, then compare `$rc`',
      '\tif ($a == f()) exit;',
      '\t          ^',
    ],
  },
  {
    name: 'a text on the left',
    script: ['route {\n', '\tif ("INVITE" == $rm) exit;\n', '}\n'],
    says: [
      't.cfg:2:6: error: expected a variable or a call in a condition, found the text `"INVITE"`; write the variable on the left, and what it is compared with on the right',
      '\tif ("INVITE" == $rm) exit;',
      '\t    ^',
    ],
  },
  {
    name: 'NULL on the left',
    script: ['route {\n', '\tif (NULL == $avp(x)) exit;\n', '}\n'],
    says: [
      't.cfg:2:6: error: expected a variable or a call in a condition, found `NULL`; write the variable on the left, and what it is compared with on the right',
      '\tif (NULL == $avp(x)) exit;',
      '\t    ^',
    ],
  },
  {
    name: 'an address on the left',
    script: ['route {\n', '\tif (10.0.0.1 == $si) exit;\n', '}\n'],
    says: [
      't.cfg:2:6: error: expected a variable or a call in a condition, found `10.0.0.1`; write the variable on the left, and what it is compared with on the right',
      '\tif (10.0.0.1 == $si) exit;',
      '\t    ^',
    ],
  },
  {
    name: 'arithmetic in a condition',
    script: ['route {\n', '\tif ($a + 1 > 2) exit;\n', '}\n'],
    says: [
      't.cfg:2:9: error: found `+` in a condition, where a value is one word; calculate before, into a variable, or in brackets: `[ $var(a) + 1 ]`',
      '\tif ($a + 1 > 2) exit;',
      '\t       ^',
    ],
  },
  {
    name: 'a single ampersand',
    script: ['route {\n', '\tif ($a & $b) exit;\n', '}\n'],
    says: [
      't.cfg:2:9: error: found `&` between conditions; write `&&`',
      '\tif ($a & $b) exit;',
      '\t       ^',
    ],
  },
  {
    name: 'an unequal sign of another language',
    script: ['route {\n', '\tif ($a <> 1) exit;\n', '}\n'],
    says: ['t.cfg:2:9: error: found `<>`; write `!=`', '\tif ($a <> 1) exit;', '\t       ^'],
  },
  {
    name: 'three equal signs in a condition',
    script: ['route {\n', '\tif ($a === 1) exit;\n', '}\n'],
    says: ['t.cfg:2:9: error: found `===`; write `==` or `!=`', '\tif ($a === 1) exit;', '\t       ^'],
  },
  {
    name: 'a comparison of a condition',
    script: ['route {\n', '\tif (($a) == 1) exit;\n', '}\n'],
    says: [
      't.cfg:2:11: error: found a comparison with what stands in parentheses; compare a variable',
      '\tif (($a) == 1) exit;',
      '\t         ^',
    ],
  },
  {
    name: 'an operator in upper case',
    script: ['route {\n', '\tif ($a AND $b) exit;\n', '}\n'],
    says: [
      't.cfg:2:9: error: found `AND`, and keywords are in lower case; write `and`',
      '\tif ($a AND $b) exit;',
      '\t       ^',
    ],
  },
  {
    name: 'a keyword in upper case',
    script: ['route {\n', '\tIF ($a) exit;\n', '}\n'],
    says: [
      't.cfg:2:2: error: found `IF`, and keywords are in lower case; write `if`',
      '\tIF ($a) exit;',
      '\t^',
    ],
  },
  {
    name: 'else in upper case',
    script: ['route {\n', '\tif ($a) exit; ELSE drop;\n', '}\n'],
    says: [
      't.cfg:2:16: error: found `ELSE`, and keywords are in lower case; write `else`',
      '\tif ($a) exit; ELSE drop;',
      '\t              ^',
    ],
  },
  {
    name: 'elseif',
    script: [
      'route {\n',
      '\tif ($a) {\n',
      '\t\texit;\n',
      '\t} elseif ($b) {\n',
      '\t\tdrop;\n',
      '\t} else {\n',
      '\t\texit;\n',
      '\t}\n',
      '}\n',
    ],
    says: ['t.cfg:4:4: error: found `elseif`; write `else if`', '\t} elseif ($b) {', '\t  ^'],
  },
  {
    name: 'else after a semicolon',
    script: [
      'route {\n',
      '\tif ($a) {\n',
      '\t\texit;\n',
      '\t};\n',
      '\telse {\n',
      '\t\tdrop;\n',
      '\t}\n',
      '}\n',
    ],
    says: [
      't.cfg:5:2: error: found `else` without an `if` before it; take out the `;` before it',
      '\telse {',
      '\t^',
    ],
  },
  {
    name: 'if without a body',
    script: ['route {\n', '\tif ($a) }\n', '}\n'],
    says: [
      't.cfg:2:10: error: expected a statement or a block after `if`, found `}`; write `{ }` when there is nothing to do',
      '\tif ($a) }',
      '\t        ^',
      't.cfg:3:1: error: found a `}` that closes nothing; take it out, or see where its `{` is missing',
      '}',
      '^',
    ],
  },
  {
    name: 'a word of OpenSIPS 1',
    script: ['route {\n', '\tif (msg:len >= 2048) exit;\n', '}\n'],
    says: [
      't.cfg:2:6: error: found the bare word `msg`; write `$ml`',
      '\tif (msg:len >= 2048) exit;',
      '\t    ^',
    ],
  },
  {
    name: 'myself',
    script: ['route {\n', '\tif ($rd == myself) exit;\n', '}\n'],
    says: [
      't.cfg:2:13: error: found `myself`, and a capture server has no addresses of its own to compare with; take this test out',
      '\tif ($rd == myself) exit;',
      '\t           ^',
    ],
  },
  {
    name: 'a mask that is none',
    script: ['route {\n', '\tif ($si == 10.0.0.0/x) exit;\n', '}\n'],
    says: [
      't.cfg:2:22: error: expected a mask after `/`, found `x`; write the length of the prefix in bits',
      '\tif ($si == 10.0.0.0/x) exit;',
      '\t                    ^',
    ],
  },
  {
    name: 'brackets that are not closed',
    script: ['route {\n', '\tif ([ $a + 1 ) exit;\n', '}\n'],
    says: [
      't.cfg:2:15: error: expected `]` after the arithmetic that begins in line 2, found `)`; close it with `]`',
      '\tif ([ $a + 1 ) exit;',
      '\t             ^',
    ],
  },
  {
    name: 'a transformation without its parentheses',
    script: ['route {\n', '\tif ($var(a){s.len} > 5) exit;\n', '}\n'],
    says: [
      't.cfg:2:13: error: found `{s.len}` after a variable; put it inside: `$(var(a){s.len})`',
      '\tif ($var(a){s.len} > 5) exit;',
      '\t           ^',
    ],
  },
])
