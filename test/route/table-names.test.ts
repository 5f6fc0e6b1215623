// Names of tables that routes make of what they find in messages: stored or refused, never more than a name.

import { join } from 'node:path'
import t from 'tap'
import { options, packet } from '../support/packets.js'
import { runRoutes, runScript } from '../support/scripts.js'

const REFUSED = [
  'x; drop table y',
  'x`',
  'x"',
  "x'",
  'x--',
  'a.b',
  '../x',
  'caf\u00e9',
  '%Q',
  '%',
  'x'.repeat(65),
]
const TAKEN = ['y_1', 'Calls_%Y_%m', 'select', 'x'.repeat(64)]

const packets = [...REFUSED, ...TAKEN].map((name) => packet(options(name, `User-Agent: ${name}`)))
const WARNING = 'bad_table: a route named a table with more than letters, digits and _'
const discarded = { bad_table: REFUSED.length }
const tables = ['y_1', 'Calls_2023_11', 'select', 'x'.repeat(64)]

t.test('of a script', async (t) => {
  const { stored, ledger, log, state } = await runScript(t, 'route { sip_capture("$ua"); }', packets)
  t.same(
    stored.map(({ table }) => table),
    tables,
  )
  t.match(ledger, { stored: TAKEN.length, discarded, dropped: {} })
  t.ok(log.every((line) => line.includes(WARNING)))
  t.equal(state.log.faults.get('bad_table'), REFUSED.length)
  const own = await runScript(t, 'route { if (!sip_capture("$ua")) sip_capture("refused"); }', packets)
  t.equal(own.stored.filter(({ table }) => table === 'refused').length, REFUSED.length)
})

t.test('of reports', async (t) => {
  const text = 'route { report_capture("c-1", "$ua"); }'
  const { stored, ledger } = await runScript(t, text, packets)
  t.same(
    stored.map(({ table, kind }) => [kind, table]),
    tables.map((table) => ['report', table]),
  )
  t.match(ledger, { discarded })
})

t.test('of a module', async (t) => {
  const module = join(
    t.testdir({
      'routes.mjs': `export function request(msg, capture) {
        if (!capture.sipCapture({ table: capture.header('User-Agent') })) capture.sipCapture({ table: 'refused' })
      }`,
    }),
    'routes.mjs',
  )
  const { stored } = await runRoutes(t, { module }, packets)
  t.same(
    stored.map(({ table }) => table).filter((table) => table !== 'refused'),
    tables,
  )
  t.equal(stored.length, packets.length)
})
