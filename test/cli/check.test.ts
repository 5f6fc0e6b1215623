// `hepcapd check` as users call it: what it prints, on which stream, and its exit status.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'smol-toml'
import t from 'tap'
import { hepcapd } from '../support/cli.js'

t.setTimeout(240_000)

const folder = mkdtempSync(join(tmpdir(), 'hepcapd-check-'))
t.teardown(() => rmSync(folder, { recursive: true }))

function file(name: string, toml: string): string {
  const path = join(folder, name)
  writeFileSync(path, toml)
  return path
}

t.test('prints every option with its value and its origin', async (t) => {
  const { status, out, err } = await hepcapd(['check', '--table-name', 'calls_%Y'], {
    HEPCAPD_CAPTURE_NODE: 'node7',
  })
  t.equal(status, 0)
  t.equal(err, '')
  t.match(out, /^table_name +=.*"calls_%Y" +# --table-name$/m)
  t.match(out, /^capture_node +=.*"node7" +# HEPCAPD_CAPTURE_NODE$/m)
  t.match(out, /^listen +=.*\["hep_udp:\*:9060", "hep_tcp:\*:9060"\] +# default$/m)
  t.match(out, /^callid_column +=.*"callid" +# default$/m)
})

t.test('what it prints is a configuration file that means the same', async (t) => {
  const flags = [
    '--listen',
    'hep_udp:[::1]:0',
    '--db-url',
    'none:',
    '--rcvbuf',
    '1M',
    '--table-window',
    'off',
  ]
  const first = await hepcapd(['check', ...flags])
  const again = await hepcapd(['check', '--config', file('again.toml', first.out)])
  t.equal(again.status, 0, again.err)
  t.same(parse(again.out), parse(first.out))
  t.match(parse(again.out), {
    listen: ['hep_udp:[::1]:0'],
    db_url: ['none:'],
    rcvbuf: '1MiB',
    table_window: 'off',
  })
})

t.test('--json', async (t) => {
  const config = file('json.toml', 'udp_workers = 2\n')
  const { status, out } = await hepcapd(['check', '--json', '--config', config])
  t.equal(status, 0)
  const values = JSON.parse(out) as Record<string, unknown>
  t.same(values.udp_workers, { value: 2, origin: `${config}:1:1` })
  t.same(values.capture_on, { value: 1, origin: 'default' })
  t.same(values.listen, { value: ['hep_udp:*:9060', 'hep_tcp:*:9060'], origin: 'default' })
})

t.test('a warning leaves 0', async (t) => {
  const { status, err } = await hepcapd(['check'], { HEPCAPD_SERVICE_HOST: '192.0.2.1' })
  t.equal(status, 0)
  t.match(err, /^HEPCAPD_SERVICE_HOST: warning: [^\n]+; [^\n]+\n$/)
})

t.test('faults of every source come at once, and nothing is printed on stdout', async (t) => {
  const config = file('bad.toml', 'capture_on = 1\nrcvbuf = "much"\n')
  const { status, out, err } = await hepcapd(
    ['check', '--config', config, '--udp-workers', '0', 'stray', '--lisen=x'],
    {
      HEPCAPD_TABLE_NAME: 'a-b',
    },
  )
  t.equal(status, 2)
  t.equal(out, '')
  const lines = err.trimEnd().split('\n')
  t.equal(lines.length, 5)
  for (const line of lines) t.match(line, /^\S+: error: .+; .+$/)
  t.match(err, `${config}:2:1: error: rcvbuf: `)
  t.match(err, '--udp-workers: error: ')
  t.match(err, 'HEPCAPD_TABLE_NAME: error: ')
  t.match(err, 'stray: error: ')
  t.match(err, '--lisen: error: no option has this name; did you mean --listen?')
})

t.test('a file that is not there is exit 1', async (t) => {
  const { status, err } = await hepcapd(['check', '--config', join(folder, 'none.toml')])
  t.equal(status, 1)
  t.match(err, /cannot read the configuration file .*none\.toml \(ENOENT\); name a file/)
})

t.test('it opens no database', async (t) => {
  const path = join(folder, 'untouched')
  const { status } = await hepcapd(['check', '--db-url', `sqlite:${path}/x.db`])
  t.equal(status, 0)
  t.notOk(readdirSync(folder).includes('untouched'))
})

t.test('no secret is printed', async (t) => {
  const { out, err, status } = await hepcapd(
    ['check', '--http-token', 'hush1', '--db-url', 'mysql://u:hush2@h/d'],
    {
      HEPCAPD_HEP_KEY: 'hush3',
    },
  )
  t.equal(status, 0, err)
  t.notMatch(out + err, /hush/)
})
