// Health is of what we lose, for a minute; what others send that is no good is theirs.

import t from 'tap'
import { HealthWatch } from '../../lib/http/health.js'
import type { InputLedger } from '../../lib/ledger.js'

function watchOf(dropped: Record<string, number>) {
  let nowMs = 0
  const input: InputLedger = {
    received: 0,
    stored: 0,
    spooled: 0,
    relayed: 0,
    discarded: {},
    dropped,
    in_flight: 0,
  }
  const source = {
    ledger: () => ({ inputs: { in: input }, sinks: {} }),
    sinks: () => [],
    heldUpMs: () => 0,
    threads: () => [],
    agents: () => [],
  }
  const watch = new HealthWatch(
    source,
    () => nowMs,
    () => nowMs,
  )
  return {
    watch,
    after(ms: number) {
      nowMs += ms
      watch.sample()
    },
  }
}

for (const stage of ['kernel/rxq_ovfl', 'kernel/tp_drops', 'queue/full', 'sink/quarantined']) {
  t.test(`${stage} is told for a minute`, async (t) => {
    const dropped: Record<string, number> = {}
    const { watch, after } = watchOf(dropped)
    t.equal(watch.health.status, 'ok')
    dropped[stage] = 3
    t.match(watch.health, {
      status: 'failing',
      reasons: [{ reason: 'dropping', detail: `in ${stage}: 3 messages in the last minute` }],
    })
    after(1)
    after(60_000)
    t.equal(watch.health.status, 'ok')
  })
}

for (const refusal of [
  'hep/bad_magic',
  'hep/bad_key',
  'acl/not_allowed',
  'rate/limited',
  'tcp/timeout',
  'udp/stun',
]) {
  t.test(`${refusal} makes nobody ill`, async (t) => {
    const dropped: Record<string, number> = {}
    const { watch } = watchOf(dropped)
    dropped[refusal] = 1000
    t.equal(watch.health.status, 'ok')
  })
}
