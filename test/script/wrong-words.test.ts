// What is no word of the language, and all that is said of it, the line and the caret under it included.

import { wrong } from '../support/wrong-scripts.js'

wrong('lexical', [
  {
    name: 'a text that is not closed',
    script: ['route {\n', "\txlog('text);\n", '\texit;\n', '}\n'],
    says: [
      "t.cfg:2:7: error: the text that begins here is never closed; end it with `'`",
      "\txlog('text);",
      '\t     ^',
    ],
  },
  {
    name: 'a text that is closed in a later line',
    script: ['route {\n', '\txlog("text);\n', '\txlog("b");\n', '\texit;\n', '}\n'],
    says: [
      't.cfg:2:7: error: expected `,` or `)` after an argument, found `b` behind a text of 2 lines; end the text with `"` where it should end',
      '\txlog("text);',
      '\t     ^',
    ],
  },
  {
    name: 'a comment that is not closed',
    script: ['route {\n', '\texit; /* comment\n', '}\n'],
    says: [
      't.cfg:2:8: error: the comment that begins here is never closed; end it with `*/`',
      '\texit; /* comment',
      '\t      ^',
    ],
  },
  {
    name: 'slashes',
    script: ['route {\n', '\texit; // comment\n', '}\n'],
    says: [
      't.cfg:2:8: error: found `//`, which begins no comment here; begin a comment with `#`',
      '\texit; // comment',
      '\t      ^',
    ],
  },
  {
    name: 'typographic quotes',
    script: ['route {\n', '\txlog(“text”);\n', '}\n'],
    says: [
      't.cfg:2:7: error: found `“` for a quote; write straight quotes: `"`',
      '\txlog(“text”);',
      '\t     ^',
    ],
  },
  {
    name: 'a sign that means nothing',
    script: ['route {\n', '\texit?;\n', '}\n'],
    says: [
      't.cfg:2:6: error: found `?`, which means nothing in a script; take it out, or put it in quotes',
      '\texit?;',
      '\t    ^',
    ],
  },
  {
    name: 'a blank that is none',
    script: ['route {\n', '\texit\u00a0;\n', '}\n'],
    says: ['t.cfg:2:6: error: found the blank U+00A0; write a plain blank', '\texit\u00a0;', '\t    ^'],
  },
  {
    name: 'a blank without width',
    script: ['route {\n', '\texit;\u200b\n', '}\n'],
    says: ['t.cfg:2:7: error: found the blank U+200B; write a plain blank', '\texit;\u200b', '\t     ^'],
  },
  {
    name: 'a lone dollar',
    script: ['route {\n', '\t$ = 1;\n', '}\n'],
    says: [
      't.cfg:2:2: error: this `$` begins no variable; write a name after it: `$var(name)`, `$ru`',
      '\t$ = 1;',
      '\t^',
    ],
  },
  {
    name: 'an octal number that is none',
    script: ['route {\n', '\t$var(a) = 089;\n', '}\n'],
    says: [
      't.cfg:2:12: error: `089` begins with 0 and is no octal number; leave the 0 out',
      '\t$var(a) = 089;',
      '\t          ^',
    ],
  },
  {
    name: 'a number that is too large',
    script: ['route {\n', '\t$var(a) = 99999999999999999999;\n', '}\n'],
    says: [
      't.cfg:2:12: error: `99999999999999999999` is too large for a number; write at most 9007199254740991, or a text in quotes',
      '\t$var(a) = 99999999999999999999;',
      '\t          ^',
    ],
  },
  {
    name: 'a hexadecimal number that is none',
    script: ['route {\n', '\t$var(a) = 0xZZ;\n', '}\n'],
    says: [
      't.cfg:2:12: error: `0xZZ` is neither a number nor a name; begin a name with a letter, and write a text in quotes',
      '\t$var(a) = 0xZZ;',
      '\t          ^',
    ],
  },
  {
    name: 'a fraction',
    script: ['route {\n', '\t$var(a) = 1.5;\n', '}\n'],
    says: [
      't.cfg:2:12: error: `1.5` is no whole number; write a whole number, or a text in quotes',
      '\t$var(a) = 1.5;',
      '\t          ^',
    ],
  },
  {
    name: 'NUL',
    script: ['route {\n', '\texit;\u0000\n', '}\n'],
    says: ['t.cfg:2:7: error: found a NUL character; save the file as UTF-8 text', '\texit;�', '\t     ^'],
  },
  {
    name: 'NUL in a text',
    script: ['route {\n', '\txlog("a\u0000b");\n', '}\n'],
    says: [
      't.cfg:2:9: error: a text has a NUL character; save the file as UTF-8',
      '\txlog("a�b");',
      '\t       ^',
    ],
  },
  {
    name: 'a tab before the column',
    script: ['route {\n', '\t\t\tif ($a = 1) exit;\n', '}\n'],
    says: [
      't.cfg:2:11: error: found `=`, which assigns, in a condition; compare with `==`',
      '\t\t\tif ($a = 1) exit;',
      '\t\t\t       ^',
    ],
  },
  {
    name: 'a character of two units before the column',
    script: ['route {\n', '\txlog("😀") exit;\n', '}\n'],
    says: [
      't.cfg:2:11: error: expected `;` after the call of `xlog`, found `exit`; end the statement with `;`',
      '\txlog("😀") exit;',
      '\t         ^',
    ],
  },
  {
    name: 'a long line',
    script: [
      'route {\n',
      '\txlog("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx") exit; exit; exit; exit; exit; exit; exit; exit; exit; exit; exit; exit; exit; exit; exit; exit; exit; exit; exit; exit; exit;\n',
      '}\n',
    ],
    says: [
      't.cfg:2:160: error: expected `;` after the call of `xlog`, found `exit`; end the statement with `;`',
      '…xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx") exit; exit; exit; exit; exit; exit; exit; exit; e…',
      '                                                   ^',
    ],
  },
  {
    name: 'carriage returns',
    script: ['route {\r\n', '\texit\r\n', '}\r\n'],
    says: [
      't.cfg:2:6: error: expected `;` after `exit`, found `}`; end the statement with `;`',
      '\texit',
      '\t    ^',
    ],
  },
  {
    name: 'a byte order mark',
    script: ['\ufeffroute { exit }\n'],
    says: [
      't.cfg:1:13: error: expected `;` after `exit`, found `}`; end the statement with `;`',
      'route { exit }',
      '            ^',
    ],
  },
  {
    name: 'control characters',
    script: ['route {\n', '\tf("\u001b[31m") exit;\n', '}\n'],
    says: [
      't.cfg:2:12: error: expected `;` after the call of `f`, found `exit`; end the statement with `;`',
      '\tf("�[31m") exit;',
      '\t          ^',
    ],
  },
])
