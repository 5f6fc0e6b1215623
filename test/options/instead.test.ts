// Parameters of OpenSIPS that mean nothing here: old configurations have them, so they are taken, and what is done
// instead is said.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Fault } from '../../lib/errors.js'
import { flagOf, type Option } from '../../lib/options/option.js'
import { effective } from '../../lib/options/settings.js'
import { daemonOptions } from '../../lib/options/table.js'

const options = Object.entries(daemonOptions as Record<string, Option>)
const meaningless = options.filter(([, { instead }]) => instead !== undefined)
const OTHERS = new Map([['hep_async', '0']])

function warnings(argv: Record<string, string>): Fault[] {
  return effective({ command: 'run', argv: { _: [], ...argv }, env: {} }).warnings
}

t.test('the default is taken without a word, any other value with a warning', async (t) => {
  t.ok(meaningless.length > 0)
  for (const [name, { default: plain, instead }] of meaningless) {
    t.same(warnings({ [flagOf(name)]: String(plain) }), [])
    const other = OTHERS.get(name) ?? '7'
    t.match(warnings({ [flagOf(name)]: other }), [
      { severity: 'warning', what: `${name} has no effect: ${instead}`, cure: 'leave it out' },
    ])
  }
})

t.test('in an old script too, with the line', async (t) => {
  const path = join(t.testdir(), 'opensips.cfg')
  writeFileSync(
    path,
    [
      'listen=hep_udp:127.0.0.1:9060',
      'loadmodule "proto_hep.so"',
      'loadmodule "sipcapture.so"',
      'modparam("proto_hep", "hep_async", 0)',
      'modparam("proto_hep", "hep_max_msg_chunks", 64)',
      'modparam("sipcapture", "hep_capture_on", 1)',
      'route { sip_capture(); }',
    ].join('\n'),
  )
  const said = warnings({ script: path }).filter(({ what }) => what.includes('has no effect'))
  t.same(
    said.map(({ where }) => where.replace(path, 'FILE').replace(/:\d+$/, '')),
    ['FILE:5', 'FILE:4'],
  )
})

t.test('a malformed value is a fault all the same', async (t) => {
  t.throws(() => warnings({ 'hep-max-msg-chunks': 'many' }), /is no whole number/)
  t.throws(() => warnings({ snaplen: 'all' }), /is no whole number/)
  t.throws(() => warnings({ 'raw-socket-listen': '0.0.0.0:5061-5060' }), /runs backwards/)
})

t.test('both raw modes are refused', async (t) => {
  const call = () => warnings({ 'raw-ipip-capture-on': '1', 'raw-moni-capture-on': '1' })
  t.throws(call, /raw_ipip_capture_on and raw_moni_capture_on are not possible together/)
})
