// Variables that are written wrong, and all that is said of them.

import { wrong } from '../support/wrong-scripts.js'

wrong('variables', [
  {
    name: 'an empty name',
    script: ['route {\n', '\t$() = 1;\n', '}\n'],
    says: ['t.cfg:2:2: error: this `$` begins no variable; write `$(NAME)`', '\t$() = 1;', '\t^'],
  },
  {
    name: 'a name with a digit first',
    script: ['route {\n', '\t$(1) = 1;\n', '}\n'],
    says: ['t.cfg:2:2: error: this `$` begins no variable; write `$(NAME)`', '\t$(1) = 1;', '\t^'],
  },
  {
    name: 'a bracket that is not closed',
    script: ['route {\n', '\t$var(a) = $(avp(x)[0);\n', '}\n'],
    says: [
      't.cfg:2:20: error: this `[` is never closed; close it with `]`',
      '\t$var(a) = $(avp(x)[0);',
      '\t                  ^',
    ],
  },
  {
    name: 'an index that is none',
    script: ['route {\n', '\t$var(a) = $(avp(x)[a]);\n', '}\n'],
    says: [
      't.cfg:2:21: error: expected a number, `*` or a variable as index, found `a`; write `[0]`, `[-1]` or `[*]`',
      '\t$var(a) = $(avp(x)[a]);',
      '\t                   ^',
    ],
  },
  {
    name: 'an index of a variable and more',
    script: ['route {\n', '\t$var(a) = $(avp(x)[$b c]);\n', '}\n'],
    says: [
      't.cfg:2:21: error: expected a number, `*` or a variable as index, found `$b c`; write `[0]`, `[-1]` or `[*]`',
      '\t$var(a) = $(avp(x)[$b c]);',
      '\t                   ^',
    ],
  },
  {
    name: 'a transformation without a class',
    script: ['route {\n', '\t$var(a) = $(var(x){len});\n', '}\n'],
    says: [
      't.cfg:2:21: error: expected a transformation, found `len`; write `{CLASS.NAME}`, for example `{s.len}`',
      '\t$var(a) = $(var(x){len});',
      '\t                   ^',
    ],
  },
  {
    name: 'a transformation that is not closed',
    script: ['route {\n', '\t$var(a) = $(var(x){s.len);\n', '}\n'],
    says: [
      't.cfg:2:20: error: this `{` is never closed; close it with `}`',
      '\t$var(a) = $(var(x){s.len);',
      '\t                  ^',
    ],
  },
  {
    name: 'something else after the name',
    script: ['route {\n', '\t$var(a) = $(var(x) y);\n', '}\n'],
    says: [
      't.cfg:2:21: error: expected `[INDEX]`, `{TRANSFORMATION}` or `)` in a variable, found `y`; write `$(NAME(x)[0]{s.len})`',
      '\t$var(a) = $(var(x) y);',
      '\t                   ^',
    ],
  },
  {
    name: 'a context',
    script: ['route {\n', '\t$var(a) = $(<reply>rs);\n', '}\n'],
    says: [
      't.cfg:2:14: error: found `<reply>`, and there is only one message here; take it out',
      '\t$var(a) = $(<reply>rs);',
      '\t            ^',
    ],
  },
  {
    name: 'an argument of a variable and more',
    script: ['route {\n', '\t$var(a) = $(var(x){s.select,$var(n)x,:});\n', '}\n'],
    says: [
      't.cfg:2:37: error: expected `,` or `}` after a variable, found `x`; an argument is a variable or a text',
      '\t$var(a) = $(var(x){s.select,$var(n)x,:});',
      '\t                                   ^',
    ],
  },
  {
    name: 'a lone dollar within',
    script: ['route {\n', '\t$var(a) = $avp(a$);\n', '}\n'],
    says: [
      't.cfg:2:18: error: this `$` begins no variable; write `$$` for the character itself, or a name after it',
      '\t$var(a) = $avp(a$);',
      '\t                ^',
    ],
  },
  {
    name: 'two faults in one',
    script: ['route {\n', '\t$var(a) = $avp($avp($))   + $(x[y]);\n', '}\n'],
    says: [
      't.cfg:2:22: error: this `$` begins no variable; write `$$` for the character itself, or a name after it',
      '\t$var(a) = $avp($avp($))   + $(x[y]);',
      '\t                    ^',
      't.cfg:2:34: error: expected a number, `*` or a variable as index, found `y`; write `[0]`, `[-1]` or `[*]`',
      '\t$var(a) = $avp($avp($))   + $(x[y]);',
      '\t                                ^',
    ],
  },
])
