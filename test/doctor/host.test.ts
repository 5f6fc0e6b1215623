// `hepcapd doctor` on this machine, whose limits it names, and on hosts that are broken on purpose.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hepcapd } from '../support/cli.js'
import { examined } from '../support/doctor.js'
import { noNamespaces } from '../support/namespace.js'
import { missing } from '../support/tools.js'

t.setTimeout(240_000)

const LISTEN = ['--listen', 'hep_udp:127.0.0.1:0', '--db-url', 'none:', '--no-self-test']
const NO_ROOT = process.getuid?.() !== 0 && 'only root can give capabilities away'

t.test('the limits of this machine', async (t) => {
  const { status, of } = await examined([...LISTEN, '--rcvbuf', '512MiB'])
  t.equal(status, 0)
  const rmemMax = readFileSync('/proc/sys/net/core/rmem_max', 'utf8').trim()
  t.match(of('rmem_max')?.what, `net.core.rmem_max is ${rmemMax} `)
  t.match(of('kernel')?.what, `Linux ${readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim()}`)
  t.match(of('node')?.what, process.version)
  const pages = readFileSync('/proc/sys/net/ipv4/udp_mem', 'utf8').trim().split(/\s+/)[2]
  const shown = Number(pages) * 4096
  const [, number, unit] = /have ([\d.]+) (\w+)/.exec(of('udp_mem')?.what ?? '') ?? []
  const units = ['octets', 'KiB', 'MiB', 'GiB', 'TiB']
  t.ok(Math.abs(Number(number) * 1024 ** units.indexOf(unit ?? '') - shown) <= shown / 10)
  t.ok(of('clock_sync'))
})

t.test('as text, and unusable options', async (t) => {
  const { status, out, err } = await hepcapd(['doctor', ...LISTEN])
  t.equal(status, 0, err)
  t.match(out, /^limits\n {2}ok {7}Node v/)
  t.notMatch(out, '\u001b')
  const wrong = await hepcapd(['doctor', '--raw-moni-capture-on', '1', '--ipip'])
  t.equal(wrong.status, 2)
  t.equal(wrong.out, '')
})

t.test('without capabilities', { skip: NO_ROOT || missing('setpriv') }, async (t) => {
  const bare = ['setpriv', '--bounding-set=-all', '--inh-caps=-all']
  const args = ['--moni', '-i', 'lo', '--listen', 'udp:127.0.0.1:80', '--db-url', 'none:', '--no-self-test']
  const { status, of } = await examined(args, bare)
  t.equal(status, 1)
  t.match(of('cap_net_raw'), { level: 'fault', cure: /--cap-add NET_RAW/ })
  t.equal(of('packet_socket'), undefined)
  const reduced = await examined([...LISTEN, '--rcvbuf', '1GiB'], bare)
  t.match(reduced.of('rmem_max'), { level: 'warning', cure: 'sysctl -w net.core.rmem_max=1073741824' })
})

t.test('a user that is not there, and one that is', { skip: NO_ROOT }, async (t) => {
  const nobody = await examined([...LISTEN, '--user', 'nobody'])
  t.match(nobody.of('user'), { level: 'ok', what: /becomes nobody/ })
  const missing = await examined([...LISTEN, '--user', 'no-such-user'])
  t.equal(missing.status, 1)
  t.match(missing.of('user'), { level: 'fault', what: /no user no-such-user/ })
  t.match((await examined(LISTEN)).of('user'), { level: 'hint', cure: /--user/ })
})

t.test('few files may be open', { skip: missing('prlimit') }, async (t) => {
  const args = ['--listen', 'hep_tcp:127.0.0.1:0', '--db-url', 'none:', '--no-self-test']
  const few = await examined(args, ['prlimit', '--nofile=64:64'])
  t.equal(few.status, 1)
  t.match(few.of('nofile'), { level: 'fault', what: /may open 64 files/, keep: /LimitNOFILE/ })
  const some = await examined(args, ['prlimit', '--nofile=512:512'])
  t.equal(some.status, 0)
  t.match(some.of('nofile'), { level: 'warning', why: /room for \d+ connections/ })
})

t.test('a spool on a small disk in memory', { skip: noNamespaces() || missing('unshare') }, async (t) => {
  const folder = t.testdir()
  const path = join(folder, 'calls.db')
  const args = ['--listen', 'hep_udp:127.0.0.1:0', '--no-self-test', '--db-url', `sqlite:${path}`]
  const mount = [
    'unshare',
    '--mount',
    'sh',
    '-c',
    `mount -t tmpfs -o size=16m spool '${folder}' && exec "$@"`,
    'sh',
  ]
  const { status, of } = await examined([...args, '--spool', join(folder, 'spool')], mount)
  t.equal(status, 1)
  t.match(of('spool'), {
    level: 'fault',
    what: /may have 4 GiB, its disk has 16 MiB free/,
    cure: /--spool-max \d+MiB/,
  })
  t.match(of('spool_memory'), { level: 'warning' })
  t.match(of('sqlite_disk'), { level: 'fault' })
})

t.test('folders and files that are not there', async (t) => {
  const path = join(t.testdir({ 'text.db': 'no database at all, and longer than that' }), 'none', 'calls.db')
  const { status, of } = await examined([
    ...['--listen', 'hep_udp:127.0.0.1:0', '--db-url', `sqlite:${path}`, '--spool', 'off'],
  ])
  t.equal(status, 1)
  t.match(of('sqlite_folder'), { level: 'fault', cure: /^mkdir -p .*\/none$/ })
  t.match(of('self_test'), { level: 'fault', what: /the daemon does not start/ })
  const text = join(path, '..', '..', 'text.db')
  const broken = await examined([
    '--listen',
    'hep_udp:127.0.0.1:0',
    '--db-url',
    `sqlite:${text}`,
    '--no-self-test',
  ])
  t.match(broken.of('database'), { level: 'fault', cure: /no sound SQLite database/ })
})
