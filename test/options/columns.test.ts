// Names of columns: which are taken, and what two columns with one name are told.

import { join } from 'node:path'
import t from 'tap'
import { UsageError } from '../../lib/errors.js'
import { flagOf } from '../../lib/options/option.js'
import { effective } from '../../lib/options/settings.js'
import { columnOptions } from '../../lib/options/table-columns.js'
import { defaultShapes } from '../../lib/sink/schema.js'

type Named = Record<string, string>

function renamedBy(flags: Named, env: Named = {}): Readonly<Named> {
  return effective({ command: 'run', argv: { _: [], ...flags }, env }).settings.tableLayout.renamed
}

function faultsOf(flags: Named): { where: string; what: string }[] {
  try {
    renamedBy(flags)
    return []
  } catch (error) {
    if (error instanceof UsageError) return error.faults.map(({ where, what }) => ({ where, what }))
    throw error
  }
}

t.test('the options are those of the columns', async (t) => {
  const { id, sip } = defaultShapes
  const columns = [id.sip, ...sip.map(({ name }) => name)]
  t.same(new Set(Object.keys(columnOptions)), new Set(columns.map((name) => `${name}_column`)))
})

t.test('every column can have another name, its default name and nothing mean the default', async (t) => {
  for (const [name, { default: plain }] of Object.entries(columnOptions)) {
    t.same(renamedBy({ [flagOf(name)]: 'Other_1' }), { [plain as string]: 'Other_1' }, name)
    t.same(renamedBy({ [flagOf(name)]: plain as string }), {})
    t.same(renamedBy({ [flagOf(name)]: '' }), {})
  }
  t.same(renamedBy({}, { HEPCAPD_CALLID_COLUMN: 'call_id' }), { callid: 'call_id' })
})

t.test('a configuration file and a script name them too', async (t) => {
  const folder = t.testdir({
    'hepcapd.toml': 'authorization_column = "a"\nmsg_column = "payload"\n',
    'capture.cfg':
      'loadmodule "sipcapture.so"\nmodparam("sipcapture", "to_tag_column", "tag2")\n' +
      'socket = hep_udp:127.0.0.1:9060\nmodparam("sipcapture", "hep_capture_on", 1)\nroute { sip_capture(); }\n',
  })
  const config = join(folder, 'hepcapd.toml')
  t.same(renamedBy({ config }), { auth: 'a', msg: 'payload' })
  const script = join(folder, 'capture.cfg')
  t.same(renamedBy({ script }), { to_tag: 'tag2' })
})

t.test('what no engine takes unquoted is refused', async (t) => {
  for (const name of ['call-id', 'x"; DROP TABLE y', 'caf\u00e9', '%Y', 'a b', 'a'.repeat(65)]) {
    t.same(
      faultsOf({ 'callid-column': name }),
      [{ where: '--callid-column', what: `"${name}" is no name of a column` }],
      name,
    )
  }
  t.same(faultsOf({ 'callid-column': 'a'.repeat(64) }), [])
})

t.test('two columns with one name are a fault of the one that was renamed', async (t) => {
  t.same(faultsOf({ 'callid-column': 'METHOD' }), [
    { where: '--callid-column', what: 'METHOD is the name of the column method already' },
  ])
  const [fault] = faultsOf({ 'via-1-column': 'x', 'msg-column': 'x' })
  t.equal(fault?.where, '--msg-column')
  t.match(fault?.what, /x is the name of the column via_1 already/)
  t.match(faultsOf({ 'msg-column': 'id' })[0]?.what, /id is the name of the column id already/)
  t.same(renamedBy({ 'from-user-column': 'to_user', 'to-user-column': 'from_user' }), {
    from_user: 'to_user',
    to_user: 'from_user',
  })
})
