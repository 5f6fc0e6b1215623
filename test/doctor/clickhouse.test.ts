// `hepcapd doctor` on a ClickHouse server.

import t from 'tap'
import { ClickHouseServer, NO_CLICKHOUSE, READER } from '../support/clickhouse-server.js'
import { examinedAway, examinedDatabase, examinedWrongPassword } from '../support/doctor.js'

t.setTimeout(240_000)

t.test('login, rights, tables, and rows that are counted', { skip: NO_CLICKHOUSE }, async (t) => {
  const server = await ClickHouseServer.start()
  t.teardown(() => server.remove())
  const target = server.target()
  const tested = await examinedDatabase(t, target)
  t.equal(tested.status, 0, tested.worse())
  t.match(tested.of('tables'), { level: 'ok', what: /the daemon makes/ })
  t.match(tested.of('rows'), {
    level: 'hint',
    what: /found 3 of 3 messages, which are there, From user hepcapd-doctor/,
  })
  t.same(await server.query("SELECT count() FROM sip_capture WHERE from_user = 'hepcapd-doctor'"), '3')
  await server.query('ALTER TABLE sip_capture DROP COLUMN custom_field3, MODIFY COLUMN source_port UInt8')
  const poor = await examinedDatabase(t, { ...target, user: READER, password: '' }, '--no-self-test')
  t.equal(poor.status, 1)
  t.match(poor.of('insert'), { level: 'fault' })
  t.match(poor.of('tables'), { level: 'fault', what: /rtcp_capture does not exist yet/ })
  t.match(poor.of('columns'), { level: 'hint', what: /sip_capture lacks custom_field3/ })
  t.match(poor.of('widths')?.what, 'source_port UInt8')
  await examinedWrongPassword(t, target)
  await examinedAway(t, target)
})
