// Plain settings: what they discard, which table they choose, where they relay to.

import t, { type Test } from 'tap'
import type { Message } from '../../lib/message.js'
import { NO_RULES, parseNetwork } from '../../lib/options/rules.js'
import { isWithin, Rules } from '../../lib/route/match-rules.js'
import type { RelayRule, RuleSettings } from '../../lib/route/rules.js'
import { batchOf, newEngine } from '../support/engine.js'
import { chunk, hep1, hep3, options, packet, u8 } from '../support/packets.js'

function messages(t: Test, packets: Buffer[]): Message[] {
  const engine = newEngine()
  t.teardown(() => engine.close())
  return [...batchOf(engine, packets)]
}

function request(method: string, callId = 'a'): string {
  return `${method} sip:b@example.com SIP/2.0\r\nCall-ID: ${callId}\r\nCSeq: 1 ${method}\r\n\r\n`
}

function reply(cseqMethod: string): string {
  return `SIP/2.0 200 OK\r\nCall-ID: a\r\nCSeq: 1 ${cseqMethod}\r\n\r\n`
}

function discarding(discard: Partial<RuleSettings['discard']>): Rules {
  return new Rules({ ...NO_RULES, discard: { ...NO_RULES.discard, ...discard } })
}

t.test('a method is discarded, and its replies with it', async (t) => {
  const rules = discarding({ methods: ['OPTIONS'] })
  const all = [
    request('OPTIONS'),
    request('INVITE'),
    reply('OPTIONS'),
    reply('INVITE'),
    request('options'),
    'no SIP',
  ]
  t.same(
    messages(
      t,
      all.map((text) => packet(text)),
    ).map((message) => rules.discards(message)),
    ['discard_method', undefined, 'discard_method', undefined, 'discard_method', undefined],
  )
})

t.test('by captured source, by agent, by type', async (t) => {
  const [udp, v6, rtcp] = messages(t, [
    packet(options('a')),
    hep1(options('b'), 10),
    packet('{}', { type: 5 }),
  ])
  const source = discarding({ sources: [parseNetwork('10.0.0.0/30')] })
  t.equal(source.discards(udp!), 'discard_source')
  t.equal(source.discards(v6!), undefined)
  t.equal(discarding({ sources: [parseNetwork('2001:db8::/33')] }).discards(v6!), 'discard_source')
  t.equal(discarding({ types: [5] }).discards(rtcp!), 'discard_type')
  t.equal(discarding({ types: [5] }).discards(udp!), undefined)
  t.equal(discarding({ agents: [parseNetwork('0.0.0.0/0')] }).discards(udp!), undefined, 'nobody sent it')
})

t.test('a message without addresses is no source of any network', async (t) => {
  const [message] = messages(t, [hep3(chunk(1, u8(2)), chunk(15, options('a')))])
  t.equal(discarding({ sources: [parseNetwork('0.0.0.0/0')] }).discards(message!), undefined)
})

t.test('networks by their prefix, bit by bit', async (t) => {
  const octets = (text: string) => parseNetwork(text).octets
  const cases: [string, string, boolean][] = [
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3', '10.1.2.2/31', true],
    ['10.1.2.4', '10.1.2.2/31', false],
    ['10.1.2.3', '0.0.0.0/0', true],
    ['127.255.255.255', '127.0.0.0/8', true],
    ['128.0.0.0', '127.0.0.0/8', false],
    ['2001:db8:7fff::1', '2001:db8::/33', true],
    ['2001:db8:8000::1', '2001:db8::/33', false],
    ['::ffff:10.0.0.1', '10.0.0.0/8', false],
    ['::ffff:10.0.0.1', '::ffff:10.0.0.0/104', true],
  ]
  for (const [address, network, isIn] of cases)
    t.equal(isWithin(octets(address), [parseNetwork(network)]), isIn, `${address} in ${network}`)
})

t.test('the table of a method, of its replies, and of all others', async (t) => {
  const rules = new Rules({
    ...NO_RULES,
    tables: new Map([
      ['REGISTER', 'registrations'],
      ['default', 'calls'],
    ]),
  })
  const all = messages(
    t,
    [request('REGISTER'), reply('REGISTER'), request('INVITE')].map((text) => packet(text)),
  )
  t.same(
    all.map((message) => rules.tableOf(message)),
    ['registrations', 'registrations', 'calls'],
  )
  t.equal(new Rules(NO_RULES).tableOf(all[0]!), undefined)
})

t.test('every message to every relay; to one of the sticky ones, by its Call-ID', async (t) => {
  const rule = (host: string, sticky?: 'call-id'): RelayRule => ({
    to: { proto: 'hep_udp', host, port: 9060 },
    sticky,
  })
  const rules = new Rules({ ...NO_RULES, relay: [rule('all'), rule('a', 'call-id'), rule('b', 'call-id')] })
  const calls = Array.from({ length: 64 }, (_, i) => `call-${i}`)
  const of = (texts: string[]) =>
    messages(
      t,
      texts.map((text) => packet(text)),
    ).map((message) => rules.relaysOf(message))
  const requests = of(calls.map((callId) => request('INVITE', callId)))
  const byes = of(calls.map((callId) => request('BYE', callId)))
  for (const [i, targets] of requests.entries()) {
    t.same(targets.map(({ host }) => host).slice(0, 1), ['all'])
    t.equal(targets.length, 2)
    t.equal(targets[1], byes[i]![1], `${calls[i]} stays where it is`)
  }
  t.equal(new Set(requests.map((targets) => targets[1])).size, 2, 'both get some')
})
