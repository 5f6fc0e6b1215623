// The examples of the sipcapture manual that are parameters, 1.1 to 1.15: by modparam, flag, environment and file.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { UsageError } from '../../lib/errors.js'
import { environmentOf, flagOf } from '../../lib/options/option.js'
import { type Effective, effective } from '../../lib/options/settings.js'
import { expandUtc } from '../../lib/options/strftime.js'

type Value = string | number

interface Example {
  number: string
  name: string
  values: Value[]
  /** What else has to be there. */
  beside?: Record<string, Value>
}

const RAW = { raw_socket_listen: '10.0.0.1:5060' }

const examples: Example[] = [
  { number: '1.2', name: 'table_name', values: ['homer_capture', 'homer_%m_%d'] },
  { number: '1.3', name: 'rtcp_table_name', values: ['homer_capture', 'homer_%m_%d_%H'] },
  { number: '1.4', name: 'capture_on', values: [1] },
  { number: '1.5', name: 'hep_capture_on', values: [1] },
  { number: '1.6', name: 'max_async_queries', values: [3] },
  { number: '1.7', name: 'raw_ipip_capture_on', values: [1] },
  { number: '1.8', name: 'raw_moni_capture_on', values: [1], beside: RAW },
  { number: '1.9', name: 'raw_socket_listen', values: ['10.0.0.1:5060-5090', '10.0.0.1:5060'] },
  { number: '1.10', name: 'raw_interface', values: ['eth0'] },
  { number: '1.11', name: 'raw_sock_children', values: [6] },
  { number: '1.12', name: 'promiscuous_on', values: [1] },
  { number: '1.13', name: 'raw_moni_bpf_on', values: [1] },
  { number: '1.14', name: 'capture_node', values: ['homer03'] },
  { number: '1.15', name: 'hep_route', values: ['my_hep_route'] },
]

function fileOf(t: Test, name: string, text: string): string {
  const path = join(t.testdir(), name)
  writeFileSync(path, text)
  return path
}

function scriptOf(parameters: Record<string, Value>): string {
  const lines = Object.entries(parameters).map(
    ([name, value]) =>
      `modparam("sipcapture", "${name}", ${typeof value === 'number' ? value : `"${value}"`})`,
  )
  return [
    'socket = hep_udp:127.0.0.1:9060',
    'modparam("sipcapture", "hep_capture_on", 1)',
    ...lines,
    'route { sip_capture(); }',
    'onreply_route { sip_capture(); }',
    'route[my_hep_route] { hep_resume_sip(); }',
  ].join('\n')
}

/** The four ways to give the parameters, each with the configuration that it makes. */
const ways: Record<string, (t: Test, given: Record<string, Value>) => Effective> = {
  modparam: (t, given) =>
    effective({ command: 'run', argv: { _: [], script: fileOf(t, 's.cfg', scriptOf(given)) }, env: {} }),
  flag: (_, given) => {
    const flags = Object.entries(given).map(([name, value]) => [flagOf(name), String(value)])
    return effective({ command: 'run', argv: { _: [], ...Object.fromEntries(flags) }, env: {} })
  },
  environment: (_, given) => {
    const variables = Object.entries(given).map(([name, value]) => [environmentOf(name), String(value)])
    return effective({ command: 'run', argv: { _: [] }, env: Object.fromEntries(variables) })
  },
  TOML: (t, given) => {
    const lines = Object.entries(given).map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
    return effective({
      command: 'run',
      argv: { _: [], config: fileOf(t, 'c.toml', lines.join('\n')) },
      env: {},
    })
  },
}

for (const { number, name, values, beside = {} } of examples) {
  t.test(`${number} ${name}`, async (t) => {
    for (const value of values) {
      for (const [way, configure] of Object.entries(ways)) {
        const shown = configure(t, { ...beside, [name]: value }).values.get(name)
        const expected = name === 'raw_interface' ? [value] : value
        t.same(shown?.value, expected, `${way}: ${name} = ${value}`)
        t.not(shown?.origin, 'default')
      }
    }
  })
}

t.test('1.2 and 1.3: on 13 April at 13:05', async (t) => {
  const second = Date.parse('2026-04-13T13:05:00Z') / 1000
  t.equal(expandUtc('homer_%m_%d', second), 'homer_04_13')
  t.equal(expandUtc('homer_%m_%d_%H', second), 'homer_04_13_13')
})

t.test('1.1 db_url: the server of the manual, and its password nowhere', async (t) => {
  const url = 'mysql://user:passwd@host/dbname'
  const script = fileOf(t, 's.cfg', scriptOf({ db_url: url }))
  const { settings, values } = effective({ command: 'check', argv: { _: [], script }, env: {} })
  t.match(settings.targets, [
    { kind: 'database', at: { engine: 'mariadb', user: 'user', password: 'passwd', database: 'dbname' } },
  ])
  t.same(values.get('db_url')?.value, ['mariadb://user@host:3306/dbname'])
})

t.test('promiscuous_on has the name of the manual and that of the program', async (t) => {
  const { flag: _, ...others } = ways // whose other names are the command line's
  for (const configure of Object.values(others))
    t.equal(configure(t, { promiscious_on: 1 }).values.get('promiscuous_on')?.value, 1)
})

t.test('in a script the manual has the defaults, and higher ranks have the last word', async (t) => {
  const script = fileOf(t, 's.cfg', 'socket = hep_udp:127.0.0.1:9060\nroute { sip_capture(); }\n')
  const env = { HEPCAPD_HEP_CAPTURE_ON: '1' }
  const { values } = effective({ command: 'run', argv: { _: [], script }, env })
  const shown = ['capture_on', 'hep_capture_on', 'raw_moni_bpf_on', 'hep_route'].map((name) =>
    values.get(name),
  )
  const ofScripts = `default of scripts (${script})`
  t.same(shown, [
    { value: 0, origin: ofScripts },
    { value: 1, origin: 'HEPCAPD_HEP_CAPTURE_ON' },
    { value: 0, origin: ofScripts },
    { value: 'sip', origin: ofScripts },
  ])
})

t.test('a mirror port without ports is refused in a script', async (t) => {
  const script = fileOf(
    t,
    's.cfg',
    'modparam("sipcapture", "raw_moni_capture_on", 1)\nroute { sip_capture(); }\n',
  )
  const refused = () => effective({ command: 'run', argv: { _: [], script }, env: {} })
  t.throws(refused, UsageError)
  const argv = { _: [], script, 'raw-socket-listen': '0.0.0.0:5060' }
  t.equal(effective({ command: 'run', argv, env: {} }).settings.raw?.mode, 'moni')
})
