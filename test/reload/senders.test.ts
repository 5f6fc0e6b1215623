// Who may send is loaded again with all else: lists, rates and keys, of the file.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { LedgerSnapshot } from '../../lib/ledger.js'
import { askAt } from '../support/asking.js'
import { sendUdp } from '../support/daemon.js'
import { chunk, hep3, options, packet } from '../support/packets.js'
import { ReloadingDaemon } from '../support/reloading.js'
import { until } from '../support/tools.js'

t.setTimeout(240_000)

const FRIEND = '127.0.0.1'

function keyed(callId: string, key: string): Buffer {
  return hep3(packet(options(callId)).subarray(6), chunk(0x0e, key))
}

t.test('networks, keys and rates are those of the newest file that can be used', async (t) => {
  const base = { db_url: 'none:' }
  const folder = t.testdir()
  const short = mkdtempSync(join(tmpdir(), 'hepcapd-senders-'))
  t.teardown(() => rmSync(short, { recursive: true, force: true }))
  const control = join(short, 'control')
  const reloading = await ReloadingDaemon.start(folder, base, '--control', control)
  const received = async () => {
    const { result } = await askAt<LedgerSnapshot>(control, 'stats')
    return Object.values(result!.inputs)[0]!.received
  }
  let sent = 0
  const port = reloading.daemon.port('hep_udp')
  const steps: [Parameters<ReloadingDaemon['reload']>[0], boolean, Buffer[]][] = [
    [{ ...base, hep_key: ['one', 'two'] }, true, [keyed('a', 'one'), keyed('b', 'two'), keyed('c', 'three')]],
    [{ ...base, hep_key: ['two'] }, true, [keyed('d', 'one'), keyed('e', 'two'), packet(options('f'))]],
    [{ ...base, hep_key: 'x'.repeat(300) }, false, [keyed('g', 'two'), keyed('h', 'x')]],
    [{ ...base, allow: ['192.0.2.0/24'] }, true, [packet(options('i'))]],
    [
      { ...base, allow: ['192.0.2.0/24', FRIEND], rate_limit: 2 },
      true,
      ['j', 'k', 'l', 'm'].map((id) => packet(options(id))),
    ],
    [base, true, [packet(options('n')), keyed('o', 'any')]],
  ]
  for (const [config, isGood, packets] of steps) {
    const { isApplied, said } = await reloading.reload(config)
    t.equal(isApplied, isGood, said)
    t.notMatch(said, /three|xxx/)
    await sendUdp(port, packets)
    sent += packets.length
    await until(async () => (await received()) === sent) // the next rules are for others
  }
  const { ledger } = await reloading.stop()
  const [{ dropped, stored, discarded }] = Object.values(ledger.inputs) as [(typeof ledger.inputs)[string]]
  t.same(dropped, { 'hep/bad_key': 3, 'hep/no_key': 1, 'acl/not_allowed': 1, 'rate/limited': 2 })
  t.equal(stored + Object.values(discarded).reduce((sum, count) => sum + count, 0), 8)
})

t.test('keys of a listener stay while other listeners are named, which takes a restart', async (t) => {
  const reloading = await ReloadingDaemon.start(t.testdir(), {
    db_url: 'none:',
    hep_key: ['hep_udp:127.0.0.1:0=own'],
  })
  const { isApplied, said } = await reloading.reload({
    db_url: 'none:',
    hep_key: ['hep_udp:127.0.0.1:0=new'],
  })
  t.ok(isApplied, said)
  await sendUdp(reloading.daemon.port('hep_udp'), [keyed('a', 'own'), keyed('b', 'new')])
  const { ledger } = await reloading.stop()
  t.match(Object.values(ledger.inputs)[0], { received: 2, dropped: { 'hep/bad_key': 1 } })
})
