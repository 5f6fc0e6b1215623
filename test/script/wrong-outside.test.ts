// What is wrong outside of routes and between them, and all that is said of it.

import { wrong } from '../support/wrong-scripts.js'

wrong('outside', [
  {
    name: 'two main routes',
    script: ['route {\n', '}\n', 'route[0] {\n', '}\n'],
    says: [
      't.cfg:3:1: error: `route` is defined a second time; the first one is in line 1: join them, or give one another name',
      'route[0] {',
      '^',
    ],
  },
  {
    name: 'two routes of one name',
    script: ['route[a] {\n', '}\n', 'onreply_route[a] {\n', '}\n', 'route["a"] {\n', '}\n'],
    says: [
      't.cfg:5:1: error: `route[a]` is defined a second time; the first one is in line 1: join them, or give one another name',
      'route["a"] {',
      '^',
    ],
  },
  {
    name: 'a block that is not closed',
    script: ['route {\n', '\tif ($a) {\n', '\t\texit;\n', '\t\n', 'route[x] {\n', '\texit;\n', '}\n'],
    says: [
      't.cfg:2:10: error: the block that begins here is never closed; end it with `}` before `route` in line 5',
      '\tif ($a) {',
      '\t        ^',
    ],
  },
  {
    name: 'a block that is not closed at the end',
    script: ['route {\n', '\tif ($a) {\n', '\t\texit;\n', '}\n'],
    says: [
      't.cfg:1:7: error: the block that begins here is never closed; end it with `}` before the end of the file',
      'route {',
      '      ^',
    ],
  },
  {
    name: 'a brace too many',
    script: ['route {\n', '\texit;\n', '}\n', '}\n', 'route[x] {\n', '}\n'],
    says: [
      't.cfg:4:1: error: found a `}` that closes nothing; take it out, or see where its `{` is missing',
      '}',
      '^',
    ],
  },
  {
    name: 'a block without a route',
    script: ['{\n', '\texit\n', '}\n'],
    says: [
      't.cfg:1:1: error: found a block outside of a route; write `route[NAME]` before it',
      '{',
      '^',
      't.cfg:2:6: error: expected `;` after `exit`, found `}`; end the statement with `;`',
      '\texit',
      '\t    ^',
    ],
  },
  {
    name: 'a statement outside',
    script: ['if ($a) {\n', '\texit\n', '}\n', 'route {\n', '}\n'],
    says: [
      't.cfg:1:1: error: found `if` outside of a route; put statements into a route',
      'if ($a) {',
      '^',
      't.cfg:2:6: error: expected `;` after `exit`, found `}`; end the statement with `;`',
      '\texit',
      '\t    ^',
    ],
  },
  {
    name: 'a call outside',
    script: ['xlog("text");\n', 'route {\n', '}\n'],
    says: [
      't.cfg:1:1: error: found `xlog` outside of a route; put statements into a route',
      'xlog("text");',
      '^',
    ],
  },
  {
    name: 'an assignment outside',
    script: ['$var(a) = 1;\n', 'route {\n', '}\n'],
    says: [
      't.cfg:1:1: error: found `$var(a)` outside of a route; put statements into a route',
      '$var(a) = 1;',
      '^',
    ],
  },
  {
    name: 'a mistyped kind of route',
    script: ['rout[x] {\n', '\texit\n', '}\n'],
    says: [
      't.cfg:1:1: error: `rout` is no kind of route; write `route`',
      'rout[x] {',
      '^',
      't.cfg:2:6: error: expected `;` after `exit`, found `}`; end the statement with `;`',
      '\texit',
      '\t    ^',
    ],
  },
  {
    name: 'a kind of route in wrong case',
    script: ['Route {\n', '}\n'],
    says: ['t.cfg:1:1: error: `Route` is no kind of route; write `route`', 'Route {', '^'],
  },
  {
    name: 'a name with a dash',
    script: ['route[my-route] {\n', '\texit;\n', '}\n'],
    says: [
      't.cfg:1:9: error: expected `]` after the name of the route, found `-`; write `route[NAME]`, with quotes around a name that is more than letters, digits and `_`',
      'route[my-route] {',
      '        ^',
    ],
  },
  {
    name: 'an empty name',
    script: ['route[] {\n', '}\n'],
    says: [
      't.cfg:1:7: error: expected the name of a route, found `]`; write `route[NAME]`, with quotes around a name that is more than letters, digits and `_`',
      'route[] {',
      '      ^',
    ],
  },
  {
    name: 'a timer without seconds',
    script: ['timer_route[x] {\n', '}\n'],
    says: [
      't.cfg:1:1: error: `timer_route` needs a name and a number of seconds; write `timer_route[NAME, 60]`',
      'timer_route[x] {',
      '^',
    ],
  },
  {
    name: 'an event without a name',
    script: ['event_route {\n', '}\n'],
    says: [
      't.cfg:1:1: error: `event_route` needs the name of an event; write `event_route[NAME]`',
      'event_route {',
      '^',
    ],
  },
  {
    name: 'a route without a block',
    script: ['route[x]\n', 'route[y] {\n', '}\n'],
    says: [
      't.cfg:1:9: error: expected `{` after `route[x]`, found `route`; begin its statements with `{`',
      'route[x]',
      '        ^',
    ],
  },
  {
    name: 'a setting without a value',
    script: ['children =\n', 'port = 5060\n'],
    says: [
      't.cfg:1:11: error: expected a value for `children`, found the end of the line; write one',
      'children =',
      '          ^',
    ],
  },
  {
    name: 'a setting with blanks in its value',
    script: ['log_level = 3 4\n', 'port = 5060\n'],
    says: [
      't.cfg:1:15: error: expected the end of the line after the value of `log_level`, found `4`; put a text with blanks or signs in quotes',
      'log_level = 3 4',
      '              ^',
    ],
  },
  {
    name: 'a setting of brackets',
    script: ['log_level = [3]\n', 'port = 5060\n'],
    says: [
      't.cfg:1:13: error: expected a value for `log_level`, found `[`; write a number, a word or a text in quotes',
      'log_level = [3]',
      '            ^',
    ],
  },
  {
    name: 'a word alone',
    script: ['children\n', 'port = 5060\n'],
    says: [
      't.cfg:1:9: error: expected `=` after `children`, found `port`; write `NAME = VALUE`, or correct the word',
      'children',
      '        ^',
    ],
  },
  {
    name: 'a setting with a text of two lines by mistake',
    script: ['mpath = "/usr/lib\n', 'db_default_url = "sqlite:x"\n', 'route { }\n'],
    says: [
      't.cfg:1:9: error: expected the end of the line after the value of `mpath`, found `sqlite` behind a text of 2 lines; end the text with `"` where it should end',
      'mpath = "/usr/lib',
      '        ^',
    ],
  },
  {
    name: 'loadmodule without quotes',
    script: ['loadmodule sipcapture.so\n', 'route {\n', '}\n'],
    says: [
      't.cfg:1:12: error: expected the file of the module after `loadmodule`, found `sipcapture`; write `loadmodule "NAME.so"`',
      'loadmodule sipcapture.so',
      '           ^',
    ],
  },
  {
    name: 'modparam without a value',
    script: ['modparam("a", "b")\n', 'route {\n', '}\n'],
    says: [
      't.cfg:1:18: error: expected `,` after the name of the parameter, found `)`; write `modparam("MODULE", "NAME", VALUE)`',
      'modparam("a", "b")',
      '                 ^',
    ],
  },
  {
    name: 'modparam with a word',
    script: ['modparam("a", "b", yes)\n'],
    says: [
      't.cfg:1:20: error: the value `yes` has no quotes; write `"yes"`, or a number',
      'modparam("a", "b", yes)',
      '                   ^',
    ],
  },
  {
    name: 'modparam without quotes',
    script: ['modparam(a, "b", 1)\n'],
    says: [
      't.cfg:1:10: error: expected the name of a module in quotes, found `a`; write `modparam("MODULE", "NAME", VALUE)`',
      'modparam(a, "b", 1)',
      '         ^',
    ],
  },
  {
    name: 'modparam with a variable',
    script: ['modparam("a", "b", $x)\n'],
    says: [
      't.cfg:1:20: error: expected a text in quotes or a number, found `$x`; write `modparam("MODULE", "NAME", VALUE)`',
      'modparam("a", "b", $x)',
      '                   ^',
    ],
  },
  {
    name: 'a socket without an address',
    script: ['socket =\n', 'port = 5060\n'],
    says: [
      't.cfg:1:9: error: expected an address after `socket=`, found `port`; write `socket = hep_udp:ADDRESS:PORT`',
      'socket =',
      '        ^',
    ],
  },
  {
    name: 'a socket of IPv6 without brackets',
    script: ['socket = udp:2001:db8::1:5060\n', 'port=5060\n'],
    says: [
      't.cfg:1:22: error: expected the end of the line after the address of `socket`, found `::1:5060`; write an IPv6 address in brackets',
      'socket = udp:2001:db8::1:5060',
      '                     ^',
    ],
  },
  {
    name: 'two sockets in one line',
    script: ['socket = udp:*:1, udp:*:2\n', 'port=5060\n'],
    says: [
      't.cfg:1:17: error: expected the end of the line after the address of `socket`, found `,`; write one socket a line',
      'socket = udp:*:1, udp:*:2',
      '                ^',
    ],
  },
  {
    name: 'an option of a socket without a value',
    script: ['socket = udp:*:1 use_workers\n'],
    says: [
      't.cfg:1:29: error: expected a value after `use_workers`, found the end of the file; write `use_workers VALUE`',
      'socket = udp:*:1 use_workers',
      '                            ^',
    ],
  },
  {
    name: 'a listen without an equal sign',
    script: ['listen udp:*:5060\n', 'route {\n', '}\n'],
    says: [
      't.cfg:1:8: error: expected `=` after `listen`, found `udp`; write `listen = hep_udp:ADDRESS:PORT`',
      'listen udp:*:5060',
      '       ^',
    ],
  },
  {
    name: 'include without quotes',
    script: ['include_file other.cfg\n', 'route {\n', '}\n'],
    says: [
      't.cfg:1:1: error: expected a file name in quotes after `include_file`, found `other`; write `include_file "FILE"`',
      'include_file other.cfg',
      '^',
    ],
  },
  {
    name: 'a file that does not exist',
    script: ['include_file "other.cfg"\n', 'route {\n', '}\n'],
    says: [
      't.cfg:1:14: error: the file `other.cfg` does not exist; correct its name, or write `import_file`, which may be missing',
      'include_file "other.cfg"',
      '             ^',
    ],
  },
  {
    name: 'a sign alone',
    script: ['=\n', 'route {\n', '}\n'],
    says: [
      't.cfg:1:2: error: expected a setting, `loadmodule`, `modparam` or a route, found `=`; take it out',
      '=',
      ' ^',
    ],
  },
])

wrong('several', [
  {
    name: 'all of them are listed',
    script: [
      'children =\n',
      'route {\n',
      '\tsip_capture;\n',
      '\tif ($a = 1) {\n',
      '\t\txlog("a" + "b");\n',
      '\t} elseif ($b) {\n',
      '\t\tdrop\n',
      '\t}\n',
      '}\n',
      'route {\n',
      '\tcase 1: exit;\n',
      '}\n',
      'modparam("a", b, 1)\n',
    ],
    says: [
      't.cfg:1:11: error: expected a value for `children`, found the end of the line; write one',
      'children =',
      '          ^',
      't.cfg:3:2: error: bare word `sip_capture` found, calls need (); write `sip_capture()`',
      '\tsip_capture;',
      '\t^',
      't.cfg:4:9: error: found `=`, which assigns, in a condition; compare with `==`',
      '\tif ($a = 1) {',
      '\t       ^',
      't.cfg:5:12: error: expected `,` or `)` after an argument, found `+`, and a call takes no expressions; assign the result to a variable, and give that',
      '\t\txlog("a" + "b");',
      '\t\t         ^',
      't.cfg:6:4: error: found `elseif`; write `else if`',
      '\t} elseif ($b) {',
      '\t  ^',
      't.cfg:7:7: error: expected `;` after `drop`, found `}`; end the statement with `;`',
      '\t\tdrop',
      '\t\t    ^',
      't.cfg:10:1: error: `route` is defined a second time; the first one is in line 2: join them, or give one another name',
      'route {',
      '^',
      't.cfg:11:2: error: found `case` outside of `switch`; put it right inside of the block of a `switch`',
      '\tcase 1: exit;',
      '\t^',
      't.cfg:13:15: error: expected the name of a parameter in quotes, found `b`; write `modparam("MODULE", "NAME", VALUE)`',
      'modparam("a", b, 1)',
      '              ^',
    ],
  },
])
