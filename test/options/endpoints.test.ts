// Listeners, databases, destinations and port ranges, in every way that they are written.

import t from 'tap'
import type { Target } from '../../lib/daemon.js'
import { dbUrl, destination, listenPoint, portRange, tableWindow } from '../../lib/options/endpoints.js'
import { ValueFault } from '../../lib/options/types.js'
import type { DatabaseTarget } from '../../lib/sink/database-target.js'
import { means, refuses } from '../support/values.js'

t.test('listeners', async (t) => {
  means(t, listenPoint, [
    ['hep_udp:*:9060', { proto: 'hep_udp', host: '*', port: 9060 }],
    ['hep_tcp:*', { proto: 'hep_tcp', host: '*', port: undefined }],
    ['HEP_UDP:192.0.2.1:0', { proto: 'hep_udp', host: '192.0.2.1', port: 0 }],
    ['hep_udp:[::1]:9060', { proto: 'hep_udp', host: '::1', port: 9060 }],
    ['hep_udp:[2001:db8::1]', { proto: 'hep_udp', host: '2001:db8::1', port: undefined }],
    ['hep_udp:eth0:9060', { proto: 'hep_udp', host: 'eth0', port: 9060 }],
    ['hep_tcp:homer.example.org:65535', { proto: 'hep_tcp', host: 'homer.example.org', port: 65535 }],
  ])
  refuses(t, listenPoint, ['hep_udp', ''], /has no address|begins with none/)
  refuses(
    t,
    listenPoint,
    ['::1', '*:9060', 'hep:*:9060', 'http://x'],
    /begins with none of hep_udp:, hep_tcp:/,
  )
  refuses(t, listenPoint, ['hep_udp:', 'hep_udp::9060'], /address is empty/)
  refuses(t, listenPoint, ['hep_udp:::1:9060', 'hep_udp:2001:db8::1', 'hep_udp:::1'], /stands in brackets/)
  refuses(t, listenPoint, ['hep_udp:a]:1', 'hep_udp:[::1]x'], /is no address with an optional port/)
  refuses(t, listenPoint, ['hep_udp:[192.0.2.1]:9060', 'hep_udp:[x]'], /is no IPv6 address/)
  refuses(t, listenPoint, ['hep_udp:192.0.2.256:9060', 'hep_udp:10.1'], /is no IPv4 address/)
  refuses(
    t,
    listenPoint,
    ['hep_udp:*:65536', 'hep_udp:*:', 'hep_udp:*:x', 'hep_udp:*:-1', 'hep_udp:*:1e3'],
    /is no port/,
  )
  refuses(t, listenPoint, ['hep_udp:a b:1', 'hep_udp:a/b:1'], /is no address, interface or host name/)
})

t.test('every protocol that can be listened on', async (t) => {
  for (const proto of ['hep_udp', 'hep_tcp', 'hep_tls', 'hep_ws', 'hep_wss', 'udp']) {
    means(t, listenPoint, [
      [`${proto}:*:7`, { proto, host: '*', port: 7 }],
      [`${proto.toUpperCase()}:[::1]`, { proto, host: '::1', port: undefined }],
    ])
  }
})

/** A MariaDB server on `db`, but for what is given. */
function server(more: Partial<DatabaseTarget>): Target {
  const usual: DatabaseTarget = {
    engine: 'mariadb',
    hosts: [{ host: 'db', port: 3306 }],
    user: 'hepcapd',
    password: '',
    database: 'hepcapd',
    tls: { mode: 'off' },
  }
  return { kind: 'database', at: { ...usual, ...more } }
}

t.test('databases', async (t) => {
  means(t, dbUrl, [
    ['sqlite:hepcapd.db', { kind: 'sqlite', path: 'hepcapd.db' }],
    ['sqlite://hepcapd.db', { kind: 'sqlite', path: 'hepcapd.db' }],
    ['sqlite:/var/lib/hepcapd/%Y%m%d.db', { kind: 'sqlite', path: '/var/lib/hepcapd/%Y%m%d.db' }],
    ['sqlite:///var/lib/hep.db', { kind: 'sqlite', path: '/var/lib/hep.db' }],
    ['SQLite:a b@c:d%%.db', { kind: 'sqlite', path: 'a b@c:d%%.db' }],
    ['none:', { kind: 'none' }],
    ['none://', { kind: 'none' }],
    ['hep_udp:h:1', { kind: 'relay', to: { proto: 'hep_udp', host: 'h', port: 1 } }],
    ['HEP_TCP://192.0.2.1/', { kind: 'relay', to: { proto: 'hep_tcp', host: '192.0.2.1', port: 9060 } }],
    ['hep_tls:[::1]:7', { kind: 'relay', to: { proto: 'hep_tls', host: '::1', port: 7 } }],
    ['mysql://u%40@db/calls', server({ user: 'u@', database: 'calls' })],
    ['mariadb:db', server({})],
    [
      'mariadb://u@[::1]:7,db/calls?tls=verify&ca=/ca.pem',
      server({
        hosts: [
          { host: '::1', port: 7 },
          { host: 'db', port: 3306 },
        ],
        user: 'u',
        database: 'calls',
        tls: { mode: 'verify', ca: '/ca.pem' },
      }),
    ],
    [
      'postgres:///calls?socket=/run/postgresql',
      server({
        engine: 'postgres',
        hosts: [{ host: 'localhost', port: 5432 }],
        socketPath: '/run/postgresql',
        database: 'calls',
      }),
    ],
    [
      'clickhouse://db?tls=on&cert=/c&key=/k',
      server({
        engine: 'clickhouse',
        hosts: [{ host: 'db', port: 8443 }],
        user: 'default',
        database: 'default',
        tls: { mode: 'on', cert: '/c', key: '/k' },
      }),
    ],
  ])
  t.same(dbUrl.parse('mysql://u:p%40%2F:@db'), server({ user: 'u', password: 'p@/:' }))
  t.equal(dbUrl.show(dbUrl.parse('postgresql://u:hush@[::1]/d')), 'postgres://u@[::1]:5432/d')
  refuses(t, dbUrl, ['mysql:', 'mysql:///d', 'postgres://u:p@/d'], /names no host/)
  refuses(
    t,
    dbUrl,
    ['mysql://h:0', 'mysql://h:x/', 'mysql://::1/d', 'mysql://u:p/w@h/d', 'mysql://a,/d'],
    /./,
  )
  refuses(t, dbUrl, ['mysql://h/d;x', 'mysql://h/d%20'], /no sound name/)
  refuses(t, dbUrl, ['mysql://h/d?port=1'], /no such parameter/)
  refuses(t, dbUrl, ['mysql://h/d?tls=yes'], /none of off, on and verify/)
  refuses(t, dbUrl, ['mysql://h/d?cert=/c'], /belong together/)
  refuses(t, dbUrl, ['mysql://%zz@h/d'], /hexadecimal/)
  refuses(t, dbUrl, ['clickhouse://h?socket=/x'], /no Unix socket/)
  t.equal(dbUrl.show(dbUrl.parse('hep_tls://[::1]')), 'hep_tls:[::1]:9060')
  refuses(t, dbUrl, ['hep_udp:*', 'hep_tcp:h:0'], /names no receiver/)
  refuses(t, dbUrl, ['hep_tcp:', 'hep_tcp:h:x', 'hep_tcp:::1', 'hep_tcp:h:1/x'], /.*/)
  refuses(t, dbUrl, ['sqlite:', 'sqlite://', 'sqlite:a\0b'], /names no file/)
  refuses(t, dbUrl, ['sqlite:%Q.db', 'sqlite:100%'], /%Q is no conversion|single %/)
  refuses(t, dbUrl, ['', 'hepcapd.db', 'none', '/a/b'], /is no database URL/)
  refuses(t, dbUrl, ['none:x'], /takes nothing/)
  refuses(t, dbUrl, ['text:///x', 'unixodbc:x', 'flatstore:x'], /is a driver of OpenSIPS/)
  refuses(t, dbUrl, ['mongodb://h'], /no database that hepcapd knows/)
})

t.test('a refused URL does not tell its password', async (t) => {
  for (const engine of ['mysql', 'unixodbc', 'mongodb']) {
    try {
      dbUrl.parse(`${engine}://user:hush@ho st/db`)
      t.fail('was taken')
    } catch (error) {
      t.ok(error instanceof ValueFault)
      t.notMatch(JSON.stringify(error), /hush/)
    }
  }
})

t.test('destinations', async (t) => {
  means(t, destination, [
    ['hep_udp:192.0.2.1', { proto: 'hep_udp', host: '192.0.2.1', port: 9060 }],
    ['hep_tcp:[::1]:1', { proto: 'hep_tcp', host: '::1', port: 1 }],
  ])
  refuses(t, destination, ['hep_udp:*', 'hep_udp:192.0.2.1:0'], /names no receiver/)
  refuses(t, destination, ['udp:192.0.2.1', 'hep_tls:192.0.2.1', 'hep_ws:192.0.2.1:1'], /nothing is sent by/)
})

t.test('port ranges', async (t) => {
  means(t, portRange, [
    ['', null],
    ['off', null],
    ['10.0.0.0', { address: '10.0.0.0' }],
    ['10.0.0.0:5060', { address: '10.0.0.0', firstPort: 5060, lastPort: 5060 }],
    ['0.0.0.0:5060-5061', { address: '0.0.0.0', firstPort: 5060, lastPort: 5061 }],
    ['[::]:5060-5061', { address: '::', firstPort: 5060, lastPort: 5061 }],
  ])
  refuses(t, portRange, ['0.0.0.0:5061-5060'], /runs backwards/)
  refuses(
    t,
    portRange,
    ['0.0.0.0:', '0.0.0.0:5060-', '0.0.0.0:-5060', '0.0.0.0:1-2-3', '0.0.0.0:70000'],
    /is no port/,
  )
  refuses(t, portRange, ['0.0.0.0:0', '0.0.0.0:0-5'], /port 0/)
  refuses(t, portRange, ['eth0:5060', '5060', '[1.2.3.4]:1'], /is no IP address/)
  refuses(t, portRange, ['::1:5060'], /stands in brackets/)
})

t.test('the window of tables', async (t) => {
  means(t, tableWindow, [
    ['2d,1h', { backMs: 172_800_000, aheadMs: 3_600_000 }],
    ['90, 0', { backMs: 90_000, aheadMs: 0 }],
    ['off', null],
  ])
  refuses(t, tableWindow, ['2d', '1d,2d,3d'], /is not two times/)
  refuses(t, tableWindow, ['2d,', 'x,1h'], /is no time/)
})
