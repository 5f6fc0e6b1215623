// Options whose feature is still to come: off is taken, all else is refused with a sentence that names them.

import t from 'tap'
import { UsageError } from '../../lib/errors.js'
import { flagOf, type Option } from '../../lib/options/option.js'
import { effective } from '../../lib/options/settings.js'
import { daemonOptions } from '../../lib/options/table.js'

const options = Object.entries(daemonOptions as Record<string, Option>)
const features = options.filter(([, option]) => option.pending)

function faultsOf(name: string, text: string): string[] {
  try {
    effective({ command: 'run', argv: { _: [], [flagOf(name)]: text }, env: {} })
    return []
  } catch (error) {
    if (error instanceof UsageError) return error.faults.map(({ what }) => what)
    throw error
  }
}

t.test('off, 0, empty and the default are taken', async (t) => {
  t.ok(features.length > 0)
  for (const [name, { default: plain }] of features) {
    const usual = typeof plain === 'string' ? [plain] : []
    for (const text of ['off', '0', '', ...usual]) t.same(faultsOf(name, text), [], `${name} = "${text}"`)
  }
})

t.test('any other value is refused by name', async (t) => {
  const others = new Map([
    ['spool_full', 'drop-oldest'],
    ['spool_max', '1GiB'],
  ])
  for (const [name, { type }] of features) {
    if (type.bare !== undefined) continue // a switch has no other value than on and off
    const text = others.get(name) ?? '7'
    t.same(faultsOf(name, text), [`this version does not have ${name} yet`], `${name} = "${text}"`)
  }
})

t.test('a malformed value says so instead', async (t) => {
  t.match(faultsOf('raw_socket_listen', '0.0.0.0:5061-5060'), [/runs backwards/])
  t.match(faultsOf('snaplen', 'all'), [/is no whole number/])
})

t.test('both raw modes are refused as such too', async (t) => {
  const argv = { _: [], 'raw-ipip-capture-on': '1', 'raw-moni-capture-on': '1' }
  const call = () => effective({ command: 'run', argv, env: {} })
  t.throws(call, /raw_ipip_capture_on and raw_moni_capture_on are not possible together/)
})
