// Numbers that are too large: none is cut, rounded or read as infinity in silence.

import { wrong } from '../support/wrong-scripts.js'

wrong('ports', [
  {
    name: 'a port of more than 16 bits',
    script: ['socket = hep_udp:*:65536\n', 'port=5060\n'],
    says: [
      't.cfg:1:20: error: `65536` is too large for a port; write at most 65535',
      'socket = hep_udp:*:65536',
      '                   ^',
    ],
  },
  {
    name: 'a port that no number holds',
    script: [`socket = hep_udp:*:${'9'.repeat(400)}\n`],
    says: [
      `t.cfg:1:20: error: \`${'9'.repeat(40)}…\` is too large for a port; write at most 65535`,
      `socket = hep_udp:*:${'9'.repeat(81)}…`,
      '                   ^',
    ],
  },
  {
    name: 'ports that are too large, wherever one may stand',
    script: [
      'listen = example.net:70000\n',
      'listen = "udp.example.net:70001"\n',
      'listen = hep_tcp : [2001:db8::1] : 70002 use_workers 4\n',
      'listen = udp:*:5060 - 70003\n',
      'alias = udp:*:70004-70005\n',
      'socket = udp:10.0.0.1:5060 as 10.0.0.2:70006 anycast\n',
    ],
    says: [
      't.cfg:1:22: error: `70000` is too large for a port; write at most 65535',
      'listen = example.net:70000',
      '                     ^',
      't.cfg:2:27: error: `70001` is too large for a port; write at most 65535',
      'listen = "udp.example.net:70001"',
      '                          ^',
      't.cfg:3:36: error: `70002` is too large for a port; write at most 65535',
      'listen = hep_tcp : [2001:db8::1] : 70002 use_workers 4',
      '                                   ^',
      't.cfg:4:23: error: `70003` is too large for a port; write at most 65535',
      'listen = udp:*:5060 - 70003',
      '                      ^',
      't.cfg:5:15: error: `70004` is too large for a port; write at most 65535',
      'alias = udp:*:70004-70005',
      '              ^',
      't.cfg:6:40: error: `70006` is too large for a port; write at most 65535',
      'socket = udp:10.0.0.1:5060 as 10.0.0.2:70006 anycast',
      '                                       ^',
    ],
  },
])

wrong('seconds', [
  {
    name: 'a timer that no clock holds',
    script: ['timer_route[day, 2147484] {\n', '}\n'],
    says: [
      't.cfg:1:1: error: the time of `timer_route[day]` is more than a timer holds; write at most 2147483 seconds',
      'timer_route[day, 2147484] {',
      '^',
    ],
  },
])

wrong('whole numbers of more than 53 bits', [
  {
    name: 'wherever one may stand',
    script: [
      'children = 9007199254740992\n',
      'modparam("a", "b", -9007199254740992)\n',
      'socket = udp:*:1 use_workers 9007199254740992\n',
      'route[9007199254740992] {\n',
      '  f(9007199254740992);\n',
      '  switch ($x) { case 0x20000000000000: exit; }\n',
      '  return(-0400000000000000000);\n',
      '}\n',
    ],
    says: [
      ...tooLarge('1:12', '9007199254740992', 'children = 9007199254740992'),
      ...tooLarge('2:21', '9007199254740992', 'modparam("a", "b", -9007199254740992)'),
      ...tooLarge('3:30', '9007199254740992', 'socket = udp:*:1 use_workers 9007199254740992'),
      ...tooLarge('4:7', '9007199254740992', 'route[9007199254740992] {'),
      ...tooLarge('5:5', '9007199254740992', '  f(9007199254740992);'),
      ...tooLarge('6:22', '0x20000000000000', '  switch ($x) { case 0x20000000000000: exit; }'),
      ...tooLarge('7:11', '0400000000000000000', '  return(-0400000000000000000);'),
    ],
  },
])

function tooLarge(at: string, number: string, line: string): string[] {
  const cure = 'write at most 9007199254740991, or a text in quotes'
  const what = `t.cfg:${at}: error: \`${number}\` is too large for a number; ${cure}`
  return [what, line, `${' '.repeat(line.indexOf(number))}^`]
}
