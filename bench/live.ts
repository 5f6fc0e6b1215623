// Claims: a mirror port is captured from without a loss at every rate at which tcpdump loses nothing, and frames
// that the filter refuses cost next to nothing. Needs root, for network namespaces, and tcpdump.

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { droppedOf } from '../lib/ledger.js'
import { RunningDaemon } from '../test/support/cli.js'
import { noNamespaces } from '../test/support/namespace.js'
import { missing } from '../test/support/tools.js'
import { THERE, Wire } from '../test/support/wire.js'
import { Child } from './support/child.js'
import { type Claim, mustEqual, present } from './support/claim.js'
import { figure, spread, spreadText } from './support/measure.js'
import type { Order, Sent } from './support/sender-process.js'

const MESSAGES = 300_000
const ROUNDS = 3
const LEAST_RATIO = 0.95
const IDLE_NS = 50
/** Shares of the full speed that are tried until nothing is lost. */
const SHARES = [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]
const PORT = 5060
const OTHER_PORT = 7000
const RING_KIB = 64 << 10
const LOSS_FREE = `the highest rate without a loss is at least ${LEAST_RATIO} of tcpdump's, or neither loses any at full speed`
const REFUSED = `a frame that the filter refuses costs under ${IDLE_NS} ns`

type Sender = Child<Order, Sent>
/** Datagrams that were seen, of those that were sent. */
type Capture = (send: () => Promise<Sent>) => Promise<{ seen: number; sent: Sent }>

await present(async () => {
  const reason = noNamespaces() || missing('tcpdump')
  if (reason) return [LOSS_FREE, REFUSED].map((claim) => ({ claim, missing: reason }))
  const wire = new Wire()
  const sender: Sender = await Child.start('sender-process.js', [String(MESSAGES), 'sip'], [], wire.near.exec)
  try {
    return [await rate(wire, sender), await idle(wire, sender)]
  } finally {
    sender.end()
    wire.delete()
  }
})

async function rate(wire: Wire, sender: Sender): Promise<Claim> {
  const full: number[] = []
  const lossless = { hepcapd: [] as number[], tcpdump: [] as number[] }
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, capture] of [
      ['hepcapd', captureWithUs],
      ['tcpdump', captureWithTcpdump],
    ] as const) {
      const found = await highestRate(sender, (send) => capture(wire, send))
      lossless[name].push(found.rate)
      if (found.share === 1) full.push(found.rate)
    }
  }
  const [ours, theirs] = [spread(lossless.hepcapd), spread(lossless.tcpdump)]
  const allFull = full.length === 2 * ROUNDS
  return {
    claim: LOSS_FREE,
    holds: allFull || ours.median >= LEAST_RATIO * theirs.median,
    method:
      `${figure(MESSAGES)} distinct SIP messages by UDP over a veth pair between network namespaces, at the sender's full ` +
      `speed and at less until nothing is lost; rings of ${RING_KIB / 1024} MiB; hepcapd --db-url none: with the port's ` +
      `filter against tcpdump -w /dev/null with the same filter; ${ROUNDS} rounds in turns.`,
    figures: [
      ['hepcapd, nothing lost at', spreadText(ours, 'messages/s')],
      ['tcpdump, nothing lost at', spreadText(theirs, 'messages/s')],
      ['both at full speed', allFull ? 'yes' : `${full.length} of ${2 * ROUNDS} times`],
    ],
  }
}

async function highestRate(sender: Sender, capture: Capture): Promise<{ rate: number; share: number }> {
  let fullRate = 0
  for (const share of SHARES) {
    const { seen, sent } = await capture(() =>
      sender.ask({ address: THERE, port: PORT, rate: share === 1 ? 0 : Math.round(fullRate * share) }),
    )
    mustEqual(sent.sent, MESSAGES, 'messages that the kernel took')
    if (share === 1) fullRate = MESSAGES / sent.seconds
    if (seen === MESSAGES) return { rate: MESSAGES / sent.seconds, share }
  }
  return { rate: 0, share: 0 }
}

async function captureWithUs(wire: Wire, send: () => Promise<Sent>) {
  const daemon = await startDaemon(wire)
  const sent = await send()
  const { ledger, status, err } = await daemon.stop()
  const [input] = Object.values(ledger.inputs)
  if (status !== 0 || !input) throw new Error(`the daemon ended with ${status}: ${err}`)
  mustEqual(input.received, (input.discarded.no_sink ?? 0) + droppedOf(input), 'outcomes')
  return { seen: input.discarded.no_sink ?? 0, sent }
}

function startDaemon(wire: Wire): Promise<RunningDaemon> {
  const ports = `0.0.0.0:${PORT}`
  const args = ['--moni', '--raw-interface', wire.device, '--raw-socket-listen', ports, '--db-url', 'none:']
  return RunningDaemon.start(args, {}, wire.far.exec)
}

async function captureWithTcpdump(wire: Wire, send: () => Promise<Sent>) {
  const args = ['-i', wire.device, '-B', String(RING_KIB), '-w', '/dev/null', `udp port ${PORT}`]
  const tcpdump = wire.far.spawn('tcpdump', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const said = textOf(tcpdump)
  while (!/listening on/.test(said())) await once(tcpdump.stderr as NodeJS.ReadableStream, 'data')
  const sent = await send()
  await settled(wire)
  tcpdump.kill('SIGINT')
  await once(tcpdump, 'close')
  const [, captured, dropped] =
    /(\d+) packets? captured.*?(\d+) packets? dropped by kernel/s.exec(said()) ?? []
  if (captured === undefined) throw new Error(`tcpdump said: ${said()}`)
  return { seen: Number(dropped) > 0 ? MESSAGES - Number(dropped) : Number(captured), sent }
}

/** Until a millisecond of blocks has been handed over: tcpdump does not take what it finds at its end. */
async function settled(wire: Wire): Promise<void> {
  await wire.far.run('sleep', ['2'])
}

function textOf(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.on('data', (part: Buffer) => {
    text += part.toString()
  })
  return () => text
}

async function idle(wire: Wire, sender: Sender): Promise<Claim> {
  const ns: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const daemon = await startDaemon(wire)
    const pid = daemon.child.pid as number
    const before = threadsNs(pid)
    const { sent } = await sender.ask({ address: THERE, port: OTHER_PORT })
    mustEqual(sent, MESSAGES, 'messages that the kernel took')
    ns.push((threadsNs(pid) - before) / MESSAGES)
    const { ledger } = await daemon.stop()
    mustEqual(Object.values(ledger.inputs)[0]?.received, 0, 'messages')
  }
  const cost = spread(ns)
  return {
    claim: REFUSED,
    holds: cost.median < IDLE_NS,
    method: `${figure(MESSAGES)} messages to another port; processor time of all threads of the daemon, ${ROUNDS} rounds.`,
    figures: [['processor time a frame', spreadText(cost, 'ns')]],
  }
}

/** Processor time of all threads so far (the kernel's scheduler/sched-stats). */
function threadsNs(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`)
  return tasks
    .map((task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]))
    .reduce((sum, one) => sum + one, 0)
}
