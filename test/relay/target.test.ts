// Destinations as users write them.

import t from 'tap'
import { ValueFault } from '../../lib/options/types.js'
import { parseHepId, parseRelayUri, targetName } from '../../lib/relay/target.js'

t.test('SIP URIs that name a destination', (t) => {
  const good: [string, string][] = [
    ['sip:192.0.2.1', 'hep_udp:192.0.2.1:9060'],
    ['sip:192.0.2.1:9061', 'hep_udp:192.0.2.1:9061'],
    ['SIP:hep.example.org;transport=TCP', 'hep_tcp:hep.example.org:9060'],
    ['sip:hep.example.org:5;transport=tls;lr', 'hep_tls:hep.example.org:5'],
    ['sip:hep.example.org;lr;transport=udp', 'hep_udp:hep.example.org:9060'],
    ['sips:hep.example.org', 'hep_tls:hep.example.org:9060'],
    ['sips:hep.example.org;transport=tcp', 'hep_tls:hep.example.org:9060'],
    ['sip:[2001:db8::1]', 'hep_udp:[2001:db8::1]:9060'],
    ['sip:[::1]:9061;transport=tcp', 'hep_tcp:[::1]:9061'],
    ['sip:alice:secret@192.0.2.1:7?subject=x', 'hep_udp:192.0.2.1:7'],
    ['sip:a;b=c@192.0.2.1', 'hep_udp:192.0.2.1:9060'],
    ['sip:my_host-1.local', 'hep_udp:my_host-1.local:9060'],
  ]
  for (const [uri, name] of good) t.equal(targetName(parseRelayUri(uri)!), name, uri)
  t.end()
})

t.test('what names none', (t) => {
  const bad = [
    '',
    'sip:',
    'sip:@',
    '192.0.2.1',
    'tel:+123',
    'sip:192.0.2.1:0',
    'sip:192.0.2.1:65536',
    'sip:192.0.2.1:x',
    'sip:192.0.2.999',
    'sip:2001:db8::1',
    'sip:[192.0.2.1]',
    'sip:[nonsense]',
    'sip:a b',
    'sip:host;transport=sctp',
    'sip:host;transport=ws',
    'sip:host;transport=',
    'sips:host;transport=udp',
    'sip:host\r\n',
    `sip:${'h'.repeat(300)}`,
  ]
  for (const uri of bad) t.equal(parseRelayUri(uri), undefined, uri)
  t.end()
})

t.test('hep_id', (t) => {
  const good: [string, string, string, number, boolean][] = [
    ['[a] 192.0.2.1', 'a', 'hep_tcp:192.0.2.1:9060', 3, false],
    ['[a]host:9061;transport=udp;version=2;', 'a', 'hep_udp:host:9061', 2, false],
    [' [ a-b ] host ; version = 3 ; transport = TLS ', 'a-b', 'hep_tls:host:9060', 3, false],
    ['[a] host; version=1; transport=tcp', 'a', 'hep_udp:host:9060', 1, true],
    ['[a] host; version=2', 'a', 'hep_udp:host:9060', 2, true],
    ['[a] [2001:db8::1]:9061; transport=udp; transport=tcp', 'a', 'hep_tcp:[2001:db8::1]:9061', 3, false],
  ]
  for (const [text, name, target, version, isForcedToUdp] of good) {
    const found = parseHepId(text)
    t.same({ ...found, target: targetName(found.target) }, { name, target, version, isForcedToUdp }, text)
  }
  t.end()
})

function faultOf(parse: () => unknown): string {
  try {
    parse()
    return 'it was taken'
  } catch (error) {
    if (error instanceof ValueFault) return error.what
    throw error
  }
}

t.test('hep_id that is none', (t) => {
  const bad: [string, RegExp][] = [
    ['192.0.2.1', /\[name\]/],
    ['[] host', /\[name\]/],
    ['[a]', /no host/],
    ['[a] transport=udp', /no host/],
    ['[a] 2001:db8::1', /no host/],
    ['[a] [nonsense]', /no host/],
    ['[a] host:0', /no port/],
    ['[a] host:99999', /no port/],
    ['[a] host;;version=3', /no transport= or version=/],
    ['[a] host;version=', /no transport= or version=/],
    ['[a] host;Transport=tcp', /no transport= or version=/],
    ['[a] host;version=4', /no version 4/],
    ['[a] host;transport=sctp', /not sent over "sctp"/],
  ]
  for (const [text, what] of bad) {
    t.match(
      faultOf(() => parseHepId(text)),
      what,
      text,
    )
  }
  t.end()
})
