// What is counted of traffic for dashboards: by known words, by targets, once a message, and never without a bound.

import t, { type Test } from 'tap'
import type { TrafficMetric } from '../../lib/traffic/series.js'
import type { NamedHost } from '../../lib/traffic/targets.js'
import { Traffic } from '../../lib/traffic/traffic.js'
import { METHODS } from '../../lib/traffic/vocabulary.js'
import { batchesOf, newEngine } from '../support/engine.js'
import { GATEWAY, PHONE, PROXY, packed, reply, request } from '../support/traffic.js'

interface Counting {
  count(packets: Buffer[], nowMs?: number): void
  /** Labels in their order with | between, and the number. */
  of(name: string): Record<string, number>
  metrics(): TrafficMetric[]
}

function counting(t: Test, targets: NamedHost[] = []): Counting {
  const engine = newEngine()
  t.teardown(() => engine.close())
  const traffic = new Traffic({ targets })
  return {
    count(packets, nowMs = 1000) {
      for (const batch of batchesOf(engine, packets)) {
        traffic.count(batch, nowMs)
        batch.release()
      }
    },
    of(name) {
      const metric = traffic.metrics.find((one) => one.name === name)!
      return Object.fromEntries(
        metric.samples.map(({ labels, value }) => [Object.values(labels).join('|'), value]),
      )
    },
    metrics: () => traffic.metrics,
  }
}

t.test('without targets a message that is seen twice counts once', async (t) => {
  const { count, of } = counting(t)
  const invite = packed(request('INVITE', 'one'))
  count([invite, invite, packed(request('INVITE', 'two')), packed(reply(180, 'INVITE', 'one'))])
  count([
    invite,
    packed(reply(200, 'INVITE', 'one')),
    packed(request('BYE', 'one', 'Reason: Q.850;cause=16')),
  ])
  t.same(of('heplify_method_response'), {
    '||7|INVITE|INVITE': 2,
    '||7|180|INVITE': 1,
    '||7|200|INVITE': 1,
    '||7|BYE|BYE': 1,
  })
  count([invite], 1000 + 600_001)
  t.equal(of('heplify_method_response')['||7|INVITE|INVITE'], 3, 'after ten minutes it is another one')
  t.same(of('heplify_packets_total'), { '7|sip': 8 })
  t.same(of('heplify_reason_isup_total'), { '|16|BYE': 1 })
})

t.test('packets by type and agent, and the size of the newest', async (t) => {
  const { count, of } = counting(t)
  const types = [1, 5, 34, 35, 38, 53, 100, 99, 200]
  count(
    types.map((type) => packed(type === 1 ? request('ACK', 'a') : 'x'.repeat(type), { type, agentId: 2001 })),
  )
  count([packed(request('ACK', 'a'), { agentId: 0 })])
  t.same(of('heplify_packets_total'), {
    '0|sip': 1,
    '2001|sip': 1,
    '2001|rtcp': 1,
    '2001|rtpagent': 1,
    '2001|rtcpxr': 1,
    '2001|horaclifix': 1,
    '2001|dns': 1,
    '2001|log': 1,
    '2001|other': 2,
  })
  t.match(of('heplify_packets_size'), { '2001|rtcp': 5, '2001|log': 100, '2001|other': 200 })
})

t.test('with targets every message counts, for each of its ends', async (t) => {
  const targets = [
    { address: PROXY, name: 'proxy' },
    { address: GATEWAY, name: 'gateway' },
    { address: '2001:db8::5', name: 'proxy' },
  ]
  const { count, of } = counting(t, targets)
  const invite = request('INVITE', 'one')
  count([
    packed(invite),
    packed(invite, { from: PROXY, to: GATEWAY }),
    packed(reply(503, 'INVITE', 'one', 'Reason: SIP;cause=503, Q.850;cause=41'), {
      from: GATEWAY,
      to: PROXY,
    }),
    packed(invite, { from: '2001:db8::1', to: '2001:db8::5' }),
    packed(invite, { from: '203.0.113.1', to: '203.0.113.2' }),
    packed(invite, { from: '203.0.113.1', to: '203.0.113.2' }),
  ])
  t.same(of('heplify_method_response'), {
    'proxy|dst|7|INVITE|INVITE': 2,
    'proxy|src|7|INVITE|INVITE': 1,
    'gateway|dst|7|INVITE|INVITE': 1,
    'gateway|src|7|503|INVITE': 1,
    'proxy|dst|7|503|INVITE': 1,
    'unknown||7|INVITE|INVITE': 2,
  })
  t.same(of('heplify_reason_isup_total'), { 'gateway|41|503': 1 })
})

t.test('delays, from the first request to the first sign of life, at the host that asked', async (t) => {
  const { count, of } = counting(t, [{ address: PROXY, name: 'proxy' }])
  const at = 1_700_000_000_000
  count([
    packed(request('INVITE', 'one'), { timeMs: at }),
    packed(request('INVITE', 'one'), { from: PROXY, to: GATEWAY, timeMs: at + 5 }),
    packed(request('INVITE', 'one'), { timeMs: at + 500 }), // again
    packed(reply(100, 'INVITE', 'one'), { from: PROXY, to: PHONE, timeMs: at + 510 }),
    packed(reply(180, 'INVITE', 'one'), { from: GATEWAY, to: PROXY, timeMs: at + 605 }),
  ])
  t.same(of('heplify_kpi_srd'), { 'proxy|7': 600e6 }, "the proxy's own request")
  count([packed(reply(180, 'INVITE', 'one'), { from: PROXY, to: PHONE, timeMs: at + 610 })])
  t.same(of('heplify_kpi_srd'), { 'proxy|7': 610e6 }, "the phone's")
  count([packed(reply(200, 'INVITE', 'one'), { from: PROXY, to: PHONE, timeMs: at + 9000 })])
  t.same(of('heplify_kpi_srd'), { 'proxy|7': 610e6 }, 'it was answered already')
  count([
    packed(request('REGISTER', 'two'), { timeMs: at }),
    packed(reply(401, 'REGISTER', 'two'), { from: PROXY, to: PHONE, timeMs: at + 10 }),
    packed(request('REGISTER', 'two'), { timeMs: at + 20 }),
    packed(reply(200, 'REGISTER', 'two'), { from: PROXY, to: PHONE, timeMs: at + 30 }),
  ])
  t.same(of('heplify_kpi_rrd'), { 'proxy|7': 30e6 })
})

t.test('reports on quality, the newest of each', async (t) => {
  const { count, of } = counting(t, [{ address: PROXY, name: 'proxy' }])
  const rtcp = (lost: unknown) =>
    JSON.stringify({
      report_blocks: [{ fraction_lost: lost, packets_lost: 4_294_967_295, ia_jitter: '12' }],
      report_blocks_xr: { round_trip_delay: 80 },
    })
  count([packed(rtcp(1), { type: 5 }), packed(rtcp(3), { type: 5 })])
  t.same(of('heplify_rtcp_fraction_lost'), { 'proxy|dst|7': 3 })
  t.same(of('heplify_rtcp_packets_lost'), { 'proxy|dst|7': 0 }, 'an absurd number is none')
  t.same(of('heplify_rtcp_jitter'), { 'proxy|dst|7': 12 })
  t.same(of('heplify_rtcpxr_round_trip_delay'), { 'proxy|dst|7': 80 })
  count([
    packed('VQSessionReport\r\nPacketLoss:NLR=5.0 JDR=2.5\r\nQualityEst:MOSLQ=4.1 MOSCQ=4.0\r\n', {
      type: 35,
    }),
  ])
  t.same(of('heplify_vqrtcpxr_nlr'), { 7: 5 })
  t.same(of('heplify_vqrtcpxr_moscq'), { 7: 4 })
  count([packed('{"DELTA":20.1,"JITTER":3,"MOS":4.3,"PACKET_LOSS":2}', { type: 34 })])
  t.same(of('heplify_rtpagent_packets_lost'), { 7: 2 })
  count([
    packed('{"NAME":"sbc1","INC_REALM":"in","OUT_REALM":"out","INC_MOS":430,"OUT_MOS":410}', { type: 38 }),
  ])
  t.same(of('horaclifix_rtp_mos'), { 'sbc1|inc|in|out': 4.3, 'sbc1|out|in|out': 4.1 })
  const stat = 'X-RTP-Stat: CS=1500;PR=500;PS=498;PL=1,2;JI=3,4;DL=20,19,25'
  count([packed(request('BYE', 'b', stat), { from: PROXY, to: PHONE })])
  for (const [name, value] of Object.entries({ cs: 1.5, plr: 1, pls: 2, jir: 3, jis: 4, dle: 20 }))
    t.same(of(`heplify_xrtp_${name}`), { proxy: value }, name)
  const { proxy: mos = 0 } = of('heplify_xrtp_mos')
  t.ok(mos > 4 && mos < 4.5, String(mos))
})

t.test('what is no report says nothing', async (t) => {
  const { count, of, metrics } = counting(t)
  const nothings = [
    '',
    '{',
    'null',
    '[]',
    '7',
    '{"report_blocks":[]}',
    '{"report_blocks":{"0":{"fraction_lost":{}}}}',
  ]
  const hostile = `${'['.repeat(4000)}`
  const texts = [
    ...nothings,
    hostile,
    '{"__proto__":{"MOS":1}}',
    '{"MOS":"1e400"}',
    `{"MOS":1${'0'.repeat(400)}}`,
  ]
  count([5, 34, 35, 38].flatMap((type) => texts.map((text) => packed(text, { type }))))
  count([packed(request('BYE', 'b', 'X-RTP-Stat: CS=;PL=a,1;JI=a,b;DL=,,', 'Reason: Q.850;cause=99999'))])
  for (const { name, samples, type } of metrics()) {
    if (type === 'gauge' && name !== 'heplify_packets_size') t.same(samples, [], name)
  }
  t.same(of('heplify_reason_isup_total'), { '|other|BYE': 1 })
})

t.test('what nobody knows is other', async (t) => {
  const { count, of } = counting(t, [{ address: PHONE, name: 'phone' }])
  count([
    packed(request('EVIL', 'a')),
    packed(request('INVITES', 'a')),
    packed(request('IxxxxE', 'a')),
    packed(reply(499, 'BREW', 'a')),
    packed(reply(999, 'INVITE', 'a')),
    packed('no SIP at all'),
  ])
  t.same(of('heplify_method_response'), {
    'phone|src|7|other|other': 4,
    'phone|src|7|other|INVITE': 1,
  })
})

t.test('the number of series has a bound', async (t) => {
  const { count, of, metrics } = counting(t)
  const methods = METHODS.slice(1, 11)
  const packets = Array.from({ length: 40_000 }, (_, n) => {
    const [method, code] = [methods[n % 10]!, 400 + (Math.floor(n / 10) % 90)]
    return packed(n % 7 === 0 ? request(method, `c-${n}`) : reply(code, method, `c-${n}`), {
      agentId: 1 + Math.floor(n / 400),
    })
  })
  for (let at = 0; at < packets.length; at += 4000) count(packets.slice(at, at + 4000))
  count(Array.from({ length: 2000 }, (_, n) => packed(`{"NAME":"sbc${n}","INC_MOS":1}`, { type: 38 })))
  const answers = of('heplify_method_response')
  const many = Object.keys(answers).length
  t.ok(many > 9_999 && many < 11_000, String(many))
  t.equal(
    Object.values(answers).reduce((sum, one) => sum + one, 0),
    40_000,
    'none is left out',
  )
  t.equal(
    new Set(Object.keys(of('heplify_packets_total')).map((key) => key.split('|')[0])).size,
    63,
    'agents, and the rest',
  )
  for (const { name, samples } of metrics()) t.ok(samples.length < 11_000, name)
  t.equal(Object.keys(of('horaclifix_rtp_mos')).length, 256)
})
