// Every file of examples/ as it stands: `check` has nothing to say against it, and a daemon with it takes calls without
// a loss. Databases that it names are away, so their rows go to the spool.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { LedgerSnapshot } from '../../lib/ledger.js'
import { ROOT } from '../../packaging/run.js'
import { hepcapd } from '../support/cli.js'
import { noNamespaces } from '../support/namespace.js'
import { packet } from '../support/packets.js'
import { checkFile, folderOf, LEDGER, network, runBlock } from '../support/printed-commands.js'
import { missing } from '../support/tools.js'

t.setTimeout(240_000)

const EXAMPLES = readdirSync(join(ROOT, 'examples')).filter((name) => !name.endsWith('.md'))
/** These take frames, not HEP. */
const CAPTURES = ['agent.toml', 'mirror-port.toml']
/** It only sends on, and nobody takes what it sends. */
const UNANSWERED = 'balance.toml'
const MESSAGES = 14
const FLAGS: Readonly<Record<string, string>> = { toml: '--config', cfg: '-f', js: '--routes' }

t.test('examples/README.md names each', async (t) => {
  const text = readFileSync(join(ROOT, 'examples/README.md'), 'utf8')
  for (const name of EXAMPLES) t.ok(text.includes(`(${name})`), name)
})

t.test('nothing is wrong with any', { skip: missing('openssl') }, async (t) => {
  const folder = folderOf(t, [])
  for (const name of EXAMPLES) {
    const { status, stderr } = checkFile(folder, name)
    t.same([status, stderr], [0, ''], name)
  }
})

t.test('each runs', { skip: noNamespaces() || missing('openssl') }, async (t) => {
  const folder = folderOf(t, [])
  const namespace = network(t)
  for (const name of EXAMPLES) {
    const flag = FLAGS[name.split('.').at(-1) as string]
    const beside = `hepcapd ${flag} ${name} --log-level warn --stop-timeout 2s`
    const text = CAPTURES.includes(name) ? 'true' : `hepcapd send --count ${MESSAGES}`
    const { status, stderr } = runBlock(namespace, folder, { beside, text })
    t.equal(status, 0, `${name}\n${stderr}`)
    const { inputs } = JSON.parse(readFileSync(join(folder, LEDGER), 'utf8')) as LedgerSnapshot
    const all = Object.values(inputs)
    const received = all.reduce((sum, { received }) => sum + received, 0)
    t.equal(received, CAPTURES.includes(name) ? 0 : MESSAGES, name)
    if (name === UNANSWERED) continue
    for (const { dropped } of all) t.same(dropped, {}, name)
  }
})

t.test('failures.js has failed calls twice', async (t) => {
  const reply = ['SIP/2.0 503 Service Unavailable', 'Call-ID: c', 'CSeq: 1 INVITE', 'Server: gw7', '', '']
  const folder = t.testdir({ 'call.hep': packet(reply.join('\r\n')) as unknown as string })
  const routes = join(ROOT, 'examples/failures.js')
  const { status, out } = await hepcapd(['trace', '--routes', routes, join(folder, 'call.hep')])
  t.equal(status, 0)
  t.match(out, /row of sip_capture/)
  t.match(out, /row of failed_202311/)
  t.match(out, /custom_field1.*gw7/)
})
