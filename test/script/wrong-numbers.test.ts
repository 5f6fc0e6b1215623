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
