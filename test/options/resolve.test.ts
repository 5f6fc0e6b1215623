// Which source wins, what each of them refuses, and where it says that the fault is.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { RefusedError, renderFault, UsageError } from '../../lib/errors.js'
import type { Arguments } from '../../lib/options/command-line.js'
import { type Effective, effective } from '../../lib/options/settings.js'

interface Given {
  flags?: Record<string, unknown>
  env?: Record<string, string>
}

function resolved({ flags = {}, env = {} }: Given = {}): Effective {
  return effective({ command: 'run', argv: { _: [], ...flags } as Arguments, env })
}

/** Every fault that these sources have, as it is printed. */
function faults(given: Given): string[] {
  try {
    return resolved(given).warnings.map(renderFault)
  } catch (error) {
    if (error instanceof UsageError) return error.faults.map(renderFault)
    throw error
  }
}

function file(t: Test, toml: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'hepcapd-options-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'hepcapd.toml')
  writeFileSync(path, toml)
  return path
}

t.test('without any source', async (t) => {
  const { settings, warnings, values } = resolved()
  t.same(warnings, [])
  t.match(settings, {
    listen: [
      { proto: 'hep_udp', host: '*', port: 9060 },
      { proto: 'hep_tcp', host: '*', port: 9060 },
    ],
    targets: [{ kind: 'sqlite', path: 'hepcapd.db' }],
    tableName: 'sip_capture',
    rtcpTableName: 'rtcp_capture',
    captureOn: true,
    captureNode: 'homer01',
    tableWindow: { backMs: 172_800_000, aheadMs: 3_600_000 },
    udpWorkers: 1,
    rcvbufBytes: 64 * 2 ** 20,
    queueBytes: 256 * 2 ** 20,
    stopTimeoutMs: 30_000,
    logLevel: 'info',
  })
  for (const { origin } of values.values()) t.equal(origin, 'default')
})

t.test('default < file < environment < command line', async (t) => {
  const config = file(t, 'table_name = "file"\nrtcp_table_name = "file"\ncapture_node = "file"\n')
  const { settings, values } = resolved({
    flags: { config, 'table-name': 'flag' },
    env: { HEPCAPD_TABLE_NAME: 'environment', HEPCAPD_RTCP_TABLE_NAME: 'environment', PATH: '/bin' },
  })
  t.match(settings, { tableName: 'flag', rtcpTableName: 'environment', captureNode: 'file', captureOn: true })
  t.equal(values.get('table_name')?.origin, '--table-name')
  t.equal(values.get('rtcp_table_name')?.origin, 'HEPCAPD_RTCP_TABLE_NAME')
  t.equal(values.get('capture_node')?.origin, `${config}:3:1`)
})

t.test('lists replace each other, they do not add up', async (t) => {
  const config = file(t, 'listen = ["hep_udp:*:1", "hep_tcp:*:2"]\n')
  const hosts = (given: Given) => resolved(given).settings.listen.map(({ port }) => port)
  t.same(hosts({ flags: { config } }), [1, 2])
  const env = { HEPCAPD_CONFIG: config, HEPCAPD_LISTEN: 'hep_udp:*:3, hep_udp:*:4' }
  t.same(hosts({ env }), [3, 4])
  t.same(hosts({ env, flags: { listen: ['hep_udp:*:5', 'hep_udp:*:6'] } }), [5, 6])
})

t.test('hep_port is the port of listeners without one, implied ones too', async (t) => {
  const ports = (given: Given) => resolved(given).settings.listen.map(({ port }) => port)
  t.same(ports({ flags: { 'hep-port': '9070' } }), [9070, 9070])
  t.same(ports({ flags: { 'hep-port': '9070', listen: ['hep_udp:*', 'hep_udp:*:1'] } }), [9070, 1])
})

t.test('one that is not repeatable takes the last', async (t) => {
  t.equal(resolved({ flags: { 'table-name': ['a', 'b'] } }).settings.tableName, 'b')
})

t.test('a variable that is empty is not set', async (t) => {
  t.equal(resolved({ env: { HEPCAPD_TABLE_NAME: '' } }).values.get('table_name')?.origin, 'default')
})

t.test('unknown variables are one warning each', async (t) => {
  t.same(faults({ env: { HEPCAPD_PORT: 'tcp://192.0.2.1:1', HEPCAPD_TABLENAME: 'x' } }), [
    'HEPCAPD_PORT: warning: no option has this name, it is ignored; see hepcapd --help',
    'HEPCAPD_TABLENAME: warning: no option has this name, it is ignored; did you mean HEPCAPD_TABLE_NAME?',
  ])
})

t.test('all faults of a file at once, with their places', async (t) => {
  const config = file(
    t,
    `# a comment
tabel_name = "x"
comment = """
rcvbuf = "not this line"
"""
  rcvbuf = 5.5
"capture_on" = 2
capture_node = true
listen = [
  "hep_udp:*:0",
  "hep_dtls:*:0",
]
config = "other.toml"
since = 2024-01-01
`,
  )
  t.same(
    faults({ flags: { config } }).map((line) => line.replace(config, 'F')),
    [
      'F:2:1: error: no option has the name tabel_name; did you mean table_name?',
      'F:3:1: error: no option has the name comment; see hepcapd --help',
      'F:8:1: error: the value of capture_node has the wrong kind; write a text or a number',
      'F:13:1: error: config cannot stand in the file itself; give it as flag or in the environment',
      'F:14:1: error: no option has the name since; see hepcapd --help',
      'F:9:1: error: listen: it begins with none of hep_udp:, hep_tcp:, hep_tls:, hep_ws:, hep_wss:, udp:; write it like hep_udp:*:9060, hep_tcp:192.0.2.1:9060 or hep_udp:[::1]:9060',
      'F:6:3: error: rcvbuf: "5.5" is no size; write it like 65536, 512K, 64MiB or 1G',
      'F:7:1: error: capture_on: "2" is neither on nor off; write 0 or 1',
    ],
  )
})

t.test('a file with a syntax error', async (t) => {
  const config = file(t, 'table_name = "a"\ncapture_on = = 1\n')
  const [line, ...more] = faults({ flags: { config } })
  t.match(line, `${config}:2:14: error: this is no TOML`)
  t.same(more, [])
})

t.test('a file that cannot be read is the outside world saying no', async (t) => {
  t.throws(() => resolved({ flags: { config: join(tmpdir(), 'hepcapd-nowhere', 'x.toml') } }), RefusedError)
  t.throws(() => resolved({ env: { HEPCAPD_CONFIG: tmpdir() } }), { code: 'EISDIR', syscall: 'read' })
})

t.test('tables of the file decide without a route', async (t) => {
  const config = file(
    t,
    `
[discard]
methods = ["options", "NOTIFY"]
sources = ["10.0.0.0/8", "2001:db8::1"]
agents = "192.0.2.7"
types = [5, 100]
[tables]
register = "registrations_%Y%m%d"
default = "calls"
[[relay]]
to = "sip:192.0.2.1;transport=tcp"
[[relay]]
to = "sip:[2001:db8::2]:9061"
sticky = "call-id"
`,
  )
  const { rules } = resolved({ flags: { config } }).settings
  const ipv6 = (last: number) => [0x20, 1, 0x0d, 0xb8, ...Array(11).fill(0), last]
  t.same(rules.discard.methods, ['OPTIONS', 'NOTIFY'])
  t.same(
    rules.discard.sources.map(({ octets, prefix }) => [[...octets], prefix]),
    [
      [[10, 0, 0, 0], 8],
      [ipv6(1), 128],
    ],
  )
  t.same(
    rules.discard.agents.map(({ octets, prefix }) => [[...octets], prefix]),
    [[[192, 0, 2, 7], 32]],
  )
  t.same(rules.discard.types, [5, 100])
  t.same(
    [...rules.tables],
    [
      ['REGISTER', 'registrations_%Y%m%d'],
      ['default', 'calls'],
    ],
  )
  t.same(rules.relay, [
    { to: { proto: 'hep_tcp', host: '192.0.2.1', port: 9060 }, sticky: undefined },
    { to: { proto: 'hep_udp', host: '2001:db8::2', port: 9061 }, sticky: 'call-id' },
  ])
  t.same(faults({ flags: { config: file(t, '[discard]\nmethods = []\n[tables]\n') } }), [])
})

t.test('every fault of these tables, with its place', async (t) => {
  const config = file(
    t,
    `
discard.methods = ["OPTIONS", "NO TIFY"]
discard.kinds = []
discard.sources = ["10.0.0.0/33", "example.com"]
discard.types = [256]
[tables]
INVITE = "ca;lls"
BYE = 5
[[relay]]
to = "x"
stiky = ""
[[relay]]
sticky = "call-id"
[[relay]]
to = "sip:192.0.2.1"
sticky = "source"
`,
  )
  t.same(
    faults({ flags: { config } }).map((line) => line.replace(config, 'F')),
    [
      'F:3:1: error: discard has no kinds; it has methods, sources, agents, types',
      'F:2:1: error: "NO TIFY" is no SIP method; write it like "OPTIONS"',
      'F:4:1: error: "10.0.0.0/33" is neither an address nor a network; write it like 192.0.2.0/24 or 2001:db8::/32',
      'F:4:1: error: "example.com" is neither an address nor a network; write it like 192.0.2.0/24 or 2001:db8::/32',
      'F:5:1: error: "256" is no HEP protocol type; write a number from 0 to 255',
      'F:7:1: error: "ca;lls" is no table name; use 1 to 64 letters, digits and _',
      'F:8:1: error: the table of BYE is no text; write METHOD = "table"',
      'F:11:1: error: relay has no stiky; it has to, sticky',
      'F:9:1: error: relay.to: "x" is no destination; write it like to = "sip:192.0.2.1:9060;transport=tcp"',
      'F:12:1: error: relay has no to; write it like to = "sip:192.0.2.1:9060;transport=tcp"',
      'F:14:1: error: relay.sticky: "source" is nothing to stick to; write sticky = "call-id", or leave it out',
    ],
  )
})

t.test('both names of a parameter', async (t) => {
  const config = file(t, 'promiscious_on = false\nauthorization_column = "auth"\n')
  const { values } = resolved({ flags: { config } })
  t.equal(values.get('promiscuous_on')?.origin, `${config}:1:1`)
  t.equal(values.get('auth_column')?.origin, `${config}:2:1`)
  t.equal(resolved({ env: { HEPCAPD_PROMISCIOUS_ON: '1' } }).values.get('promiscuous_on')?.value, 1)
})

t.test('the same place twice', async (t) => {
  t.match(faults({ flags: { listen: ['hep_udp:*:9060', 'hep_udp:*'] } }), [/hep_udp:\*:9060 is named twice/])
  t.same(faults({ flags: { listen: ['hep_udp:*:0', 'hep_udp:*:0'] } }), [], 'port 0 is another one each time')
  t.match(faults({ flags: { 'db-url': ['sqlite:a', 'sqlite://a'] } }), [/sqlite:a is named twice/])
})

t.test('nothing to capture from, or nowhere to store, is no configuration', async (t) => {
  t.match(faults({ flags: { 'hep-capture-on': '0' } }), [/nothing to capture from/])
  const config = file(t, 'listen = []\ndb_url = []\n')
  t.match(faults({ flags: { config } }), [/names no listener/, /names no database/])
})

t.test('reload() reads the file again', async (t) => {
  const config = file(t, 'table_name = "before"\n')
  const before = resolved({ flags: { config } })
  writeFileSync(config, 'table_name = "after"\n')
  t.equal(before.reload().settings.tableName, 'after')
  writeFileSync(config, 'table_name = "a b"\n')
  t.throws(() => before.reload(), UsageError)
  t.equal(before.settings.tableName, 'before')
})
