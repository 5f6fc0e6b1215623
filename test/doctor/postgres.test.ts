// `hepcapd doctor` on a PostgreSQL server.

import t from 'tap'
import { examinedAway, examinedDatabase, examinedWrongPassword } from '../support/doctor.js'
import { NO_POSTGRES, PostgresServer } from '../support/postgres-server.js'

t.setTimeout(240_000)

t.test('login, rights, tables, and rows that are counted', { skip: NO_POSTGRES }, async (t) => {
  const server = await PostgresServer.start()
  t.teardown(() => server.remove())
  const target = server.target()
  const tested = await examinedDatabase(t, target)
  t.equal(tested.status, 0, tested.worse())
  t.match(tested.of('tables'), { level: 'ok', what: /the daemon makes/ })
  t.match(tested.of('rows'), { level: 'ok', what: /found 3 of 3 messages, and removed them/ })
  t.match((await examinedDatabase(t, target, '--no-self-test')).of('table'), {
    level: 'ok',
    what: /may insert/,
  })
  for (const statement of [
    "CREATE ROLE looks LOGIN PASSWORD 'l00ks'",
    'GRANT SELECT ON sip_capture TO looks',
    'REVOKE CREATE ON SCHEMA public FROM public',
    'ALTER TABLE sip_capture DROP COLUMN custom_field3, ALTER callid TYPE varchar(40), ALTER source_port TYPE smallint',
  ])
    await server.query(statement, 'calls')
  const poor = await examinedDatabase(t, { ...target, user: 'looks', password: 'l00ks' }, '--no-self-test')
  t.equal(poor.status, 1)
  t.match(poor.of('insert'), { level: 'fault' })
  t.match(poor.of('tables'), { level: 'fault', what: /rtcp_capture does not exist yet/ })
  t.match(poor.of('columns'), { level: 'hint', what: /sip_capture lacks custom_field3/ })
  t.match(poor.of('widths')?.what, 'callid varchar(40)')
  t.match(poor.of('widths')?.what, 'source_port int2')
  await examinedWrongPassword(t, target)
  await examinedAway(t, target)
})
