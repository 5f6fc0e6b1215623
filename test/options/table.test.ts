// The table of options against the public interface: every name is there, and says what it has to.

import t from 'tap'
import type { Option } from '../../lib/options/option.js'
import { daemonOptions } from '../../lib/options/table.js'

const options = Object.entries(daemonOptions as Record<string, Option>)

const flags = (
  'listen db-url table-name rtcp-table-name capture-on hep-capture-on max-async-queries raw-ipip-capture-on ' +
  'raw-moni-capture-on raw-socket-listen raw-interface raw-sock-children promiscuous-on raw-moni-bpf-on bpf-file ' +
  'capture-node hep-route hep-port hep-id hep-capture-id homer5-on homer5-delim compressed-payload script dialect ' +
  'routes read udp-workers tunnels rcvbuf ring-size snaplen queue-max http http-token http-calls heplify-metrics heplify-target mi-fifo control spool spool-max ' +
  'spool-full spool-always table-window user group hep-key allow rate-limit tls-cert tls-key tls-ca log-level ' +
  'log-format stop-timeout config hep-send-timeout hep-max-msg-chunks hep-async hep-async-max-postponed-chunks ' +
  'hep-async-local-write-timeout hep-async-local-connect-timeout hep-max-retries hep-retry-cooldown'
).split(' ')

t.test('every flag of the interface is known', async (t) => {
  for (const flag of flags) t.ok(Object.hasOwn(daemonOptions, flag.replaceAll('-', '_')), flag)
})

t.test('every column can be named', async (t) => {
  t.equal(options.filter(([name]) => name.endsWith('_column')).length, 45)
  t.ok(Object.hasOwn(daemonOptions, 'custom_field3_column'))
})

t.test('the default of each option is a value of it', async (t) => {
  for (const [name, { type, default: plain, repeatable }] of options) {
    t.equal(Array.isArray(plain), repeatable === true, `${name} has a list exactly if it may be repeated`)
    for (const text of [plain].flat()) t.doesNotThrow(() => type.parse(text as string), name)
  }
})

t.test('no flag has two meanings', async (t) => {
  const spellings = options.flatMap(([name, { short, alias, otherName }]) => [name, short, alias, otherName])
  const given = spellings.filter((spelling) => spelling !== undefined)
  t.equal(new Set(given).size, given.length)
})

t.test('each has one line of help', async (t) => {
  for (const [name, { help }] of options) t.match(help, /^[^\n]{8,120}$/, name)
})
