// `hepcapd doctor` on a MariaDB server.

import t from 'tap'
import { examinedAway, examinedDatabase, examinedWrongPassword } from '../support/doctor.js'
import { MariadbServer, NO_MARIADB } from '../support/mariadb-server.js'

t.setTimeout(240_000)

t.test('login, rights, tables, and rows that are counted', { skip: NO_MARIADB }, async (t) => {
  const server = await MariadbServer.start()
  t.teardown(() => server.remove())
  const target = server.target()
  const empty = await examinedDatabase(t, target, '--no-self-test')
  t.equal(empty.status, 0, empty.worse())
  t.match(empty.of('database')?.what, /@127\.0\.0\.1:\d+\/calls: server \d+\./)
  t.match(empty.of('tables'), { level: 'ok', what: /do not exist yet; the daemon makes/ })
  const tested = await examinedDatabase(t, target)
  t.equal(tested.status, 0, tested.worse())
  t.match(tested.of('rows'), { level: 'ok', what: /found 3 of 3 messages, and removed them/ })
  t.same(await server.query('SELECT count(*) AS n FROM sip_capture', 'calls'), [{ n: 0 }])
  t.match((await examinedDatabase(t, target, '--no-self-test')).of('table'), {
    level: 'ok',
    what: /may insert/,
  })
  await server
    .query(
      [
        "CREATE USER looks@'%' IDENTIFIED BY 'l00ks'",
        "GRANT SELECT ON calls.* TO looks@'%'",
        'ALTER TABLE sip_capture DROP COLUMN custom_field3, DROP COLUMN msg, MODIFY callid varchar(40), MODIFY source_port smallint',
      ],
      'calls',
    )
    .catch(() => undefined) // there is no table of reports yet
  const poor = await examinedDatabase(t, { ...target, user: 'looks', password: 'l00ks' }, '--no-self-test')
  t.equal(poor.status, 1)
  t.match(poor.of('insert'), { level: 'fault', cure: /^GRANT INSERT/ })
  t.match(poor.of('tables'), { level: 'fault', what: /rtcp_capture does not exist yet.*may not make it/ })
  t.match(poor.of('columns'), { level: 'warning', what: /sip_capture lacks msg, custom_field3/ })
  t.match(poor.of('widths'), {
    level: 'hint',
    what: /source_port smallint.*callid varchar\(40\)|callid varchar\(40\).*source_port/,
  })
  await examinedWrongPassword(t, target)
  await examinedAway(t, target)
})
