// What `explain` sees of a daemon that runs: capture on and off, routes and tables after a reload, databases that are away;
// and the forms in which a packet can be given, at every door.

import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { binding } from '../../lib/binding.js'
import type { Settings } from '../../lib/options/settings.js'
import type { Relays } from '../../lib/relay/relays.js'
import { Explainer } from '../../lib/trace/explain.js'
import { askAt } from '../support/asking.js'
import { hepcapd } from '../support/cli.js'
import { SETTINGS, sendUdp, startDaemon } from '../support/daemon.js'
import { type Explained, startExplaining } from '../support/explaining.js'
import { ethernet, ipv4, udp, writePcap } from '../support/frames.js'
import { chunk, hep1, hep3, options, packet } from '../support/packets.js'
import { heldBy } from '../support/process-status.js'
import { until } from '../support/tools.js'

t.setTimeout(240_000)

const SIP = options('c1@example.com', 'From: <sip:alice@example.com>;tag=f1')
const HEP = packet(SIP)

t.test('capture off, and on again', async (t) => {
  const { daemon, control, explain } = await startExplaining(t, {})
  t.match(await explain(HEP), {
    outcome: 'stored',
    reason: '',
    capture: 'on',
    rows: [{ table: 'sip_capture' }],
  })
  await askAt(control, 'sip_capture', ['off'])
  t.match(await explain(HEP), { outcome: 'discarded', reason: 'capture_off', capture: 'off', rows: [] })
  const { out } = await hepcapd(['ctl', 'explain', fileOf(t.name, HEP), '--control', control])
  t.match(out, /^capture: off\nsinks: sqlite:.*calls\.db\npacket: what was given\n {2}HEP 3, agent 7, /)
  t.match(out, /\noutcome: discarded \(capture_off\)\n$/)
  await askAt(control, 'sip_capture', ['on'])
  t.match(await explain(HEP), { outcome: 'stored', capture: 'on' })
  await daemon.stop()

  function fileOf(name: string, octets: Buffer): string {
    const path = join(control, '..', name.replaceAll(/\W/g, '_'))
    writeFileSync(path, octets)
    return path
  }
})

t.test('every form of a packet, at every door', async (t) => {
  const http = ['--http', '127.0.0.1:0']
  const { daemon, control, folder, ledger } = await startExplaining(
    t,
    {},
    ...http,
    '--mi-fifo',
    'FOLDER/fifo',
  )
  const before = await ledger()
  const wanted = {
    outcome: 'stored',
    rows: [{ table: 'sip_capture', columns: { callid: 'c1@example.com' } }],
  }
  const hex = HEP.toString('hex')
  const forms = {
    base64: HEP.toString('base64'),
    'base64 for addresses': HEP.toString('base64url'),
    hex,
    'hex in lines': `${hex.slice(0, 60).toUpperCase()}\n${hex.slice(60)}\n`,
    'SIP as it is': SIP,
    'SIP in base64': Buffer.from(SIP).toString('base64'),
  }
  for (const [form, given] of Object.entries(forms))
    t.match((await askAt(control, 'explain', { packet: given })).result, wanted, form)

  const url = `http://${/answering on http:([^,"]+)/.exec(daemon.err)?.[1]}/mi`
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'explain', params: [forms.base64] })
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  t.match(await answer.json(), { result: wanted }, 'HTTP')

  t.match(
    await throughFifo(`:explain:REPLY\n${forms.base64}\n\n`),
    /^200 OK\ncapture: on\n(?:.*\n)*outcome: stored\n$/,
  )
  const told = JSON.parse(await throughFifo(`:REPLY:${body}\n`))
  t.match(told, { result: wanted }, 'FIFO with JSON')

  const path = join(folder, 'calls.pcap')
  const ends = { source: '192.0.2.1', sourcePort: 5062, destination: '192.0.2.2', destinationPort: 9060 }
  writePcap(path, [
    ethernet(ipv4(ends, 17, udp(ends, Buffer.from('?')))),
    ethernet(ipv4(ends, 17, udp(ends, HEP))),
  ])
  const ofCapture = await hepcapd(['ctl', 'explain', path, '--json', '--control', control])
  t.match(JSON.parse(ofCapture.out), { ...wanted, frame: 2, message: { hep: { sender: { port: 5062 } } } })
  const noFrame = await hepcapd(['ctl', 'explain', path, '1', '--control', control])
  t.match(noFrame, { status: 2, err: /frame 1 of what was given carries no message: not_sip/ })
  const program = fileURLToPath(new URL('../../bin/hepcapd.js', import.meta.url))
  const piped = spawnSync(
    process.execPath,
    [program, 'ctl', 'explain', '-', '--json', '--control', control],
    {
      input: HEP,
    },
  )
  t.match(JSON.parse(String(piped.stdout)), wanted, 'standard input')
  t.same(await ledger(), before)
  await daemon.stop()

  async function throughFifo(command: string): Promise<string> {
    const reply = `reply_${Math.random().toString(36).slice(2)}`
    binding.makeFifo(join(folder, reply), 0o600)
    const cat = spawn('cat', [join(folder, reply)], { stdio: ['ignore', 'pipe', 'inherit'] })
    writeFileSync(join(folder, 'fifo'), command.replace('REPLY', reply))
    return text(cat.stdout)
  }
})

t.test('a key that is missing, wrong, and right', async (t) => {
  const { daemon, control, ledger, explain } = await startExplaining(t, {}, '--hep-key', 'open sesame')
  const withKey = (key: string) => hep3(HEP.subarray(6), chunk(14, key))
  const right = await explain(withKey('open sesame'))
  t.match(right, { outcome: 'stored', rows: [{ table: 'sip_capture' }] })
  const cases: [Buffer, string][] = [
    [HEP, 'hep/no_key'],
    [hep1(SIP), 'hep/no_key'],
    [withKey('open says me'), 'hep/bad_key'],
  ]
  for (const [octets, reason] of cases) {
    t.match(await explain(octets), { outcome: 'dropped', reason, message: null, steps: [], rows: [] })
    await sendUdp(daemon.port('hep_udp'), [octets])
    await until(async () => reason in Object.values((await ledger()).inputs)[0]!.dropped)
  }
  t.match((await askAt<Explained>(control, 'explain', [SIP])).result, { outcome: 'stored' }, 'SIP has none')
  await daemon.stop()
})

t.test('what is no packet is an error that says so', async (t) => {
  const { daemon, control } = await startExplaining(t, {})
  const cases: [unknown, RegExp][] = [
    [[], /explain needs packet/],
    [[''], /the packet is empty/],
    [
      ['hello, world'],
      /^what was given is neither a capture nor one HEP packet or SIP message: not_sip_or_hep$/,
    ],
    [['00ff'], /neither a capture nor one HEP packet/],
    [[{ packet: 1 }], /packet is neither a text nor a number/],
    [[HEP.toString('hex'), 'first'], /frame is a number/],
    [[HEP.toString('hex'), '1', '2'], /at most 2/],
    [{ octets: '00' }, /no parameter "octets"/],
    [[Buffer.alloc((512 << 10) + 1, 'x').toString('base64')], /more than 524288 octets/],
  ]
  for (const [params, message] of cases)
    t.match(await askAt(control, 'explain', params), { error: { code: -32602, message } }, String(message))
  const long = join(control, '..', 'long')
  writeFileSync(long, Buffer.alloc((512 << 10) + 1))
  const { status, err } = await hepcapd(['ctl', 'explain', long, '--control', control])
  t.equal(status, 1)
  t.match(err, /has more than 524288 octets \(EFBIG\); name one packet/)
  t.match(await hepcapd(['ctl', 'explain', '/nowhere', '--control', control]), { status: 1, err: /ENOENT/ })
  await daemon.stop()
})

t.test('routes and tables as they were loaded last', async (t) => {
  const script = (table: string) =>
    'modparam("sipcapture", "capture_on", 1)\nmodparam("sipcapture", "hep_capture_on", 1)\n' +
    `route { sip_capture("${table}"); }\n`
  const files = { 's.cfg': script('first'), 'h.toml': 'capture_node = "one"\n' }
  const args = ['--script', 'FOLDER/s.cfg', '--config', 'FOLDER/h.toml']
  const { daemon, control, folder, explain } = await startExplaining(t, files, ...args)
  t.match(await explain(HEP), { rows: [{ table: 'first', columns: { node: 'one:7' } }] })
  writeFileSync(join(folder, 's.cfg'), script('second'))
  t.match(await explain(HEP), { rows: [{ table: 'first' }] }, 'what lies on the disk is not in force')
  writeFileSync(join(folder, 'h.toml'), 'capture_node = "two"\ndb_url = "none:"\n')
  t.match(await askAt(control, 'reload'), { result: { applied: true } })
  t.match(await explain(HEP), {
    rows: [{ table: 'second', columns: { node: 'two:7' } }],
    steps: [{ title: 'route' }, { text: 'sip_capture("second")', values: 'gives 1' }],
  })
  writeFileSync(join(folder, 's.cfg'), 'route { nothing(); }\n')
  t.match(await askAt(control, 'reload'), { error: { message: /the old one stays/ } })
  t.match(await explain(HEP), { rows: [{ table: 'second' }] })
  await daemon.stop()
})

const MODULE = `let started = 0
let seen = 0
export function startup() { started++ }
export function request(msg, capture) {
  seen++
  capture.updateStat('requests', 1)
  capture.sipCapture({ custom: [String(seen), String(started), String(capture.stat('requests'))] })
}
`

t.test('a module keeps what it has in its variables', async (t) => {
  const { daemon, control, folder, explain } = await startExplaining(
    t,
    { 'routes.mjs': MODULE },
    ...['--routes', 'FOLDER/routes.mjs'],
  )
  const custom = ({ rows: [row] }: Explained) =>
    [1, 2, 3].map((field) => row?.columns[`custom_field${field}`]).join(' ')
  t.equal(custom(await explain(HEP)), '1 1 1')
  t.equal(custom(await explain(HEP)), '2 1 1', 'the copy has variables of its own')
  await sendUdp(daemon.port('hep_udp'), [HEP, HEP])
  await until(async () => (await askAt<{ rows: number }[]>(control, 'sinks')).result![0]!.rows === 2)
  t.equal(custom(await explain(HEP)), '3 1 3', 'counters are those of the daemon')
  writeFileSync(join(folder, 'routes.mjs'), 'export function request() {}\n')
  t.equal(custom(await explain(HEP)), '4 1 3')
  t.match(await askAt(control, 'reload'), { result: { applied: true } })
  t.match(await explain(HEP), { outcome: 'discarded', reason: 'route' })
  await daemon.stop()
  const other = await startExplaining(t, { 'routes.mjs': MODULE }, ...['--routes', 'FOLDER/routes.mjs'])
  writeFileSync(join(other.folder, 'routes.mjs'), 'export function request() {}\n')
  t.match(await askAt(other.control, 'explain', [HEP.toString('hex')]), {
    error: {
      code: -32000,
      message: /routes\.mjs is not there any more as it was loaded: reload, then ask again/,
    },
  })
  await other.daemon.stop()
})

t.test('a database that is away, and a destination that is ourselves', async (t) => {
  const relay = '[[relay]]\nto = "sip:127.0.0.1:PORT"\n'
  const { daemon, control, folder, explain, ledger } = await startExplaining(
    t,
    { 'h.toml': '' },
    ...['--config', 'FOLDER/h.toml'],
    ...['--db-url', 'mysql://u:secret@127.0.0.1:1/d', '--spool', 'FOLDER/spool'],
  )
  writeFileSync(join(folder, 'h.toml'), relay.replace('PORT', String(daemon.port('hep_udp'))))
  t.match(await askAt(control, 'reload'), { result: { applied: true } })
  const found = await explain(HEP)
  t.match(found, { outcome: 'spooled', rows: [{ table: 'sip_capture' }], packets: [] })
  t.match(found.steps[0], { step: 'refused', reason: 'loop' })
  t.notMatch(JSON.stringify(found), 'secret')
  const { result } = await askAt<string[]>(control, 'shown', ['explain', HEP.toString('base64')])
  t.match(result!.join('\n'), /^sinks: .*127\.0\.0\.1.* \(is away\)$/m)
  t.match(result!.join('\n'), / is refused: loop$/m)
  t.notOk((await ledger()).relays, 'no destination was made for it')
  await sendUdp(daemon.port('hep_udp'), [HEP])
  await until(async () => Object.values((await ledger()).inputs)[0]!.spooled === 1)
  await daemon.stop()
})

function mappedBytes(pid: number): number {
  return Number(/^VmSize:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}

t.test('rows that are sent on, and a destination that takes none', async (t) => {
  const to = { proto: 'hep_udp', host: '127.0.0.1', port: 9 } as const
  const { daemon } = await startDaemon({ targets: [{ kind: 'relay', to }] })
  let refusal: 'resting' | undefined
  const relays = { refusalOf: () => refusal } as unknown as Relays
  const settings = { ...SETTINGS, targets: [{ kind: 'relay', to }] } as unknown as Settings
  const explainer = new Explainer({
    settings: () => settings,
    inForce: () => ({ ...daemon.inForce, relays }),
  })
  const outcome = async () => {
    const { outcome, reason, packets, steps } = (await explainer.explain(HEP, 0)).report!.routed
    return [outcome, reason, packets.length, steps.at(-1)?.step]
  }
  t.same(await outcome(), ['relayed', '', 1, 'send'])
  refusal = 'resting'
  t.same(await outcome(), ['dropped', 'relay/resting', 0, 'refused'])
  t.notOk(daemon.ledger().relays)
  explainer.close()
  await t.rejects(explainer.explain(HEP, 0), /stopping/)
  await daemon.stop()
})

t.test('many of them leave nothing behind', async (t) => {
  const { daemon, control, ledger } = await startExplaining(
    t,
    { 'routes.mjs': MODULE },
    '--routes',
    'FOLDER/routes.mjs',
  )
  const ask = () => askAt<Explained>(control, 'explain', [HEP.toString('base64')])
  const rounds = async (times: number) => {
    for (let at = 0; at < times; at++) await ask()
  }
  await rounds(100)
  const pid = daemon.child.pid!
  const before = { ...heldBy(pid), mapped: mappedBytes(pid) }
  await rounds(400)
  const after = { ...heldBy(pid), mapped: mappedBytes(pid) }
  t.ok(
    after.descriptors <= before.descriptors + 2,
    `${before.descriptors} -> ${after.descriptors} descriptors`,
  )
  t.ok(
    after.residentBytes < before.residentBytes + (40 << 20),
    `${before.residentBytes} -> ${after.residentBytes}`,
  )
  // slabs of an engine each would be ten times that, and a process has 512 of them
  t.ok(after.mapped < before.mapped + (256 << 20), `${before.mapped} -> ${after.mapped} mapped`)
  t.equal(after.threads, before.threads)
  const answers = await Promise.all(Array.from({ length: 40 }, ask))
  t.ok(answers.some(({ result }) => result?.outcome === 'stored'))
  for (const { error } of answers) t.match(error?.message ?? 'others are asked', /others are asked/)
  t.match(Object.values((await ledger()).inputs), [{ received: 0, stored: 0 }])
  const { ledger: last, err } = await daemon.stop()
  t.match(Object.values(last.sinks), [{ rows: 0 }])
  t.notMatch(err, /"level":"(warn|error)"/)
})
