// Scripts for Kamailio: one sentence, whatever else is wrong with them.

import { wrong } from '../support/wrong-scripts.js'

wrong('kamailio', [
  {
    name: 'its first line',
    script: ['#!KAMAILIO\n', 'route { exit }\n'],
    says: [
      't.cfg:1:1: error: this is a Kamailio script, as `#!KAMAILIO` shows, and hepcapd runs scripts of OpenSIPS; rewrite its capture part as OpenSIPS routes, or as a module for `--routes`',
      '#!KAMAILIO',
      '^',
    ],
  },
  {
    name: 'a directive',
    script: ['exit;\n', '  #!define WITH_X\n', 'route { exit }\n'],
    says: [
      't.cfg:2:3: error: this is a Kamailio script, as `#!define` shows, and hepcapd runs scripts of OpenSIPS; rewrite its capture part as OpenSIPS routes, or as a module for `--routes`',
      '  #!define WITH_X',
      '  ^',
    ],
  },
  {
    name: 'a conditional part',
    script: ['route {\n', '#!ifdef WITH_X\n', '\texit\n', '#!endif\n', '}\n'],
    says: [
      't.cfg:2:1: error: this is a Kamailio script, as `#!ifdef` shows, and hepcapd runs scripts of OpenSIPS; rewrite its capture part as OpenSIPS routes, or as a module for `--routes`',
      '#!ifdef WITH_X',
      '^',
    ],
  },
  {
    name: 'request_route',
    script: ['debug=2\n', 'request_route {\n', '\texit\n', '}\n'],
    says: [
      't.cfg:2:1: error: this is a Kamailio script, as `request_route` shows, and hepcapd runs scripts of OpenSIPS; rewrite its capture part as OpenSIPS routes, or as a module for `--routes`',
      'request_route {',
      '^',
    ],
  },
  {
    name: 'an event with a colon',
    script: ['event_route[sipcapture:request] {\n', '}\n'],
    says: [
      't.cfg:1:13: error: this is a Kamailio script, as the name `sipcapture:` shows, and hepcapd runs scripts of OpenSIPS; rewrite its capture part as OpenSIPS routes, or as a module for `--routes`',
      'event_route[sipcapture:request] {',
      '            ^',
    ],
  },
  {
    name: 'a selection',
    script: ['route {\n', '\tif (@ruri.user == "x") exit\n', '}\n'],
    says: [
      't.cfg:2:6: error: this is a Kamailio script, as `@` shows, and hepcapd runs scripts of OpenSIPS; rewrite its capture part as OpenSIPS routes, or as a module for `--routes`',
      '\tif (@ruri.user == "x") exit',
      '\t    ^',
    ],
  },
  {
    name: 'a module that OpenSIPS never had',
    script: ['loadmodule "/usr/lib/kamailio/modules/pv.so"\n'],
    says: [
      't.cfg:1:1: error: this is a Kamailio script, as its module `/usr/lib/kamailio/modules/pv.so` shows, and hepcapd runs scripts of OpenSIPS; rewrite its capture part as OpenSIPS routes, or as a module for `--routes`',
      'loadmodule "/usr/lib/kamailio/modules/pv.so"',
      '^',
    ],
  },
  {
    name: 'a setting of a group',
    script: ['server.log = 1 desc "x"\n'],
    says: [
      't.cfg:1:1: error: this is a Kamailio script, as the setting `server.` shows, and hepcapd runs scripts of OpenSIPS; rewrite its capture part as OpenSIPS routes, or as a module for `--routes`',
      'server.log = 1 desc "x"',
      '^',
    ],
  },
])
