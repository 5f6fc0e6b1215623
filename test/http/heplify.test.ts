// --heplify-metrics: the metrics that dashboards made for heplify-server ask for, of the real program.

import { spawnSync } from 'node:child_process'
import t, { type Test } from 'tap'
import { hepcapd, RunningDaemon } from '../support/cli.js'
import { sendUdp } from '../support/daemon.js'
import { missing, until } from '../support/tools.js'
import { GATEWAY, PHONE, PROXY, packed, reply, request } from '../support/traffic.js'

t.setTimeout(240_000)

const NO_PROMTOOL = missing('promtool')

async function start(t: Test, ...args: string[]) {
  const daemon = await RunningDaemon.start([
    ...['--listen', 'hep_udp:127.0.0.1:0', '--db-url', 'none:', '--http', '127.0.0.1:0'],
    ...args,
  ])
  t.teardown(() => daemon.child.kill('SIGKILL'))
  const url = `http://${/answering on http:(\S+?)"/.exec(daemon.err)?.[1]}`
  const scrape = async () => (await fetch(`${url}/metrics`)).text()
  const send = async (...packets: Buffer[]) => {
    const sum = packets.length + received(await scrape())
    await sendUdp(daemon.port('hep_udp'), packets)
    await until(async () => settled(await scrape()) === sum)
  }
  return { daemon, scrape, send }
}

function received(text: string): number {
  return Number(/^hepcapd_received_total\{.*\} (\d+)$/m.exec(text)?.[1] ?? 0)
}

function settled(text: string): number {
  const counts = text.matchAll(/^hepcapd_messages_total\{.*\} (\d+)$/gm)
  return Array.from(counts).reduce((sum, [, count]) => sum + Number(count), 0)
}

function complaints(text: string): string[] {
  const { stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
  return `${stdout}${stderr}`.split('\n').filter(Boolean)
}

const CALL = [
  packed(request('INVITE', 'one')),
  packed(reply(180, 'INVITE', 'one'), { from: PROXY, to: PHONE, timeMs: 1_700_000_000_250 }),
  packed(reply(486, 'INVITE', 'one', 'Reason: Q.850;cause=17'), { from: PROXY, to: PHONE }),
  packed('{"report_blocks":[{"fraction_lost":2}]}', { type: 5 }),
]

t.test('they are there where somebody wants them', async (t) => {
  const { daemon, scrape, send } = await start(t, '--heplify-metrics')
  await send(...CALL)
  const text = await scrape()
  const of = (name: string) => text.split('\n').filter((line) => line.startsWith(`${name}{`))
  const call = (response: string) =>
    `heplify_method_response{target_name="",direction="",node_id="7",response="${response}",method="INVITE"} 1`
  t.same(of('heplify_method_response'), ['INVITE', '180', '486'].map(call))
  t.same(of('heplify_packets_total'), [
    'heplify_packets_total{node_id="7",type="sip"} 3',
    'heplify_packets_total{node_id="7",type="rtcp"} 1',
  ])
  t.same(of('heplify_kpi_srd'), ['heplify_kpi_srd{target_name="",node_id="7"} 250000000'])
  t.same(of('heplify_rtcp_fraction_lost'), [
    'heplify_rtcp_fraction_lost{target_name="",direction="",node_id="7"} 2',
  ])
  t.same(of('heplify_reason_isup_total'), [
    'heplify_reason_isup_total{target_name="",cause="17",method="486"} 1',
  ])
  t.equal((await daemon.stop()).status, 0)
})

t.test('promtool complains of one foreign name', { skip: NO_PROMTOOL }, async (t) => {
  const { daemon, scrape, send } = await start(t, '--heplify-metrics')
  await send(...CALL)
  const complained = complaints(await scrape())
  t.same(complained, ['heplify_method_response counter metrics should have "_total" suffix'])
  const own = (await scrape()).split('\n').filter((line) => !/heplify_|horaclifix_/.test(line))
  t.same(complaints(`${own.join('\n')}\n`), [])
  await daemon.stop()
})

t.test('by default there is none of them', async (t) => {
  const { daemon, scrape, send } = await start(t)
  await send(...CALL)
  t.notMatch(await scrape(), /heplify|horaclifix/)
  await daemon.stop()
})

t.test('targets have the names that they were given, whatever these are', async (t) => {
  const name = 'a "b\\c} 1'
  const args = [
    '--heplify-metrics',
    '--heplify-target',
    `${PROXY}=${name}`,
    '--heplify-target',
    `${GATEWAY}=gw`,
  ]
  const { daemon, scrape, send } = await start(t, ...args)
  await send(...CALL, packed(request('BYE', 'one'), { from: GATEWAY, to: PROXY }))
  const text = await scrape()
  const escaped = 'target_name="a \\"b\\\\c} 1"'
  t.ok(
    text.includes(
      `heplify_method_response{${escaped},direction="src",node_id="7",response="180",method="INVITE"} 1`,
    ),
  )
  t.ok(
    text.includes(
      `heplify_method_response{${escaped},direction="dst",node_id="7",response="BYE",method="BYE"} 1`,
    ),
  )
  t.ok(text.includes('{target_name="gw",direction="src",node_id="7",response="BYE",method="BYE"} 1'))
  if (!NO_PROMTOOL) t.equal(complaints(text).length, 1)
  await daemon.stop()
})

t.test('a target is an address and a name', async (t) => {
  for (const text of [
    'proxy',
    'proxy.example=a',
    '192.0.2.1=',
    '192.0.2.1',
    'fe80::1%lo=a',
    `192.0.2.1=${'x'.repeat(65)}`,
  ]) {
    const { status, err } = await hepcapd(['check', '--heplify-target', text])
    t.equal(status, 2, text)
    t.match(err, /--heplify-target: error: .*write it like 192\.0\.2\.1=proxy/s)
  }
  const { status, out } = await hepcapd(['check', '--heplify-target', '2001:db8::1=a=b'])
  t.equal(status, 0)
  t.match(out, /2001:db8::1=a=b/)
})
