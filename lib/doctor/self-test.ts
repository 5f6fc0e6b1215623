// The self-test: starts the daemon with these options, sends its own messages through every input, and counts what
// came of them in the ledger and in the databases. Where a hepcapd runs already, that one is sent to.
//
// The daemon has no spool meanwhile: what waits in the real one is not its to touch. Of the interfaces only the
// loopback one is captured, and of that one port, which nobody else has: traffic is never stored twice because of us.

import { setTimeout as sleep } from 'node:timers/promises'
import { Daemon } from '../daemon.js'
import { RefusedError } from '../errors.js'
import type { LedgerSnapshot } from '../ledger.js'
import type { BoundListen } from '../listen/protocols.js'
import type { RawSettings } from '../listen/raw.js'
import type { SenderSettings } from '../listen/senders.js'
import { Log } from '../log.js'
import type { Settings } from '../options/settings.js'
import { targetName } from '../relay/target.js'
import { soundRoutes } from '../route/load.js'
import type { Finding } from './finding.js'
import { isHepcapd, ownerOf, socketTables, takenPorts, type Wanted } from './ports.js'
import {
  inputFinding,
  notStarted,
  notTested,
  relayFinding,
  storeFinding,
  tested,
} from './self-test-findings.js'
import type { HeldPort } from './self-test-send.js'
import { type CountedStore, TestedStores } from './self-test-stores.js'
import { heldPort, LOOPBACK, nameOf, rawName, type Trial, trialsOf, wantedPorts } from './self-test-trials.js'

/** What was sent is stored within this, or will not be. */
const SETTLE_MS = 5000
const ASK_MS = 50
const ASK_DATABASES_MS = 250
const QUEUE_BYTES = 64 << 20

export async function selfTest(settings: Settings): Promise<Finding[]> {
  const findings = await testedInputs(settings)
  const isSent = findings.some(({ check }) => check === 'input')
  const relays = settings.targets.flatMap((target) =>
    target.kind === 'relay' ? [targetName(target.to)] : [],
  )
  return [...findings, ...(isSent ? relays.map(relayFinding) : [])]
}

async function testedInputs(settings: Settings): Promise<Finding[]> {
  if (settings.read.length > 0) return [notTested('files are read: there is no input to send to')]
  const wanted = await wantedPorts(settings.listen)
  const taken = takenPorts(wanted, socketTables())
  const owners = taken.map(({ inode }) => ownerOf(inode))
  const isOurs = owners.every((owner) => owner && isHepcapd(owner))
  if (!isOurs) return [notTested('a port is taken by another program: the daemon cannot be started')]
  const stores = new TestedStores(settings, owners.length === 0)
  const held = await heldPort(settings.raw)
  try {
    const running = owners[0]
    return running
      ? await runningDaemon(settings, { stores, held, pid: running.pid, wanted })
      : await ownDaemon(settings, stores, held)
  } finally {
    held?.close()
  }
}

async function ownDaemon(
  settings: Settings,
  stores: TestedStores,
  held: HeldPort | undefined,
): Promise<Finding[]> {
  const raw = settings.raw && held && capturedPort(settings.raw, held.port)
  const untested = settings.raw && !raw ? [rawFinding(settings.raw)] : []
  if (settings.listen.length === 0 && !raw) return untested
  const log = new Log({ logLevel: 'fatal', logFormat: 'json' }, { write: () => {} })
  try {
    const routes = await soundRoutes(settings.routeSources)
    const daemon = new Daemon({ ...settings, raw, senders: anySender(settings), ...MILD }, log, routes)
    await daemon.start()
    const trials = trialsOf(settings, daemon.listeners, daemon.bound, held)
    const failures = await sendAll(trials)
    await settle(async () => isSettled(trials, failures, daemon.ledger()), ASK_MS)
    await daemon.stop()
    return [...untested, ...(await judged(trials, failures, daemon.ledger(), stores))]
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    return [notStarted(`the daemon does not start: ${error.message}`, error.cure)]
  } finally {
    log.close()
  }
}

const MILD = {
  spool: { folder: '', isNamed: false, always: false, maxBytes: 0, full: 'drop-newest' },
  queueBytes: QUEUE_BYTES,
  stopTimeoutMs: SETTLE_MS,
} as const

/** The same filter, tunnels and threads, for one port of the loopback interface. */
function capturedPort(raw: RawSettings, port: number): RawSettings {
  const range = { address: raw.range.address, firstPort: port, lastPort: port }
  return { ...raw, interfaces: [LOOPBACK], range, promiscuous: false, filterFile: '' }
}

function rawFinding({ mode, interfaces, range }: RawSettings): Finding {
  const where = mode === 'ipip' ? 'IPIP' : interfaces.join(', ') || 'the mirror port'
  const { firstPort, lastPort = firstPort } = range
  const ports = firstPort === undefined ? '' : ` portrange ${firstPort}-${lastPort}`
  const filter = mode === 'ipip' ? 'ip proto 4' : `udp${ports}`
  const why = 'messages can be sent past the loopback interface alone'
  return notTested(`${where} is not tested`, {
    cure: `tcpdump -ni ${interfaces[0] ?? 'any'} -c 10 ${filter}`,
    why,
  })
}

interface Running {
  stores: TestedStores
  held: HeldPort | undefined
  pid: number
  wanted: readonly Wanted[]
}

/** The one that has the ports has the databases too: what is found there by its Call-ID came in and was stored. */
async function runningDaemon(settings: Settings, { stores, held, pid, wanted }: Running): Promise<Finding[]> {
  const listeners = wanted.flatMap(({ listen: { proto, port }, addresses }) =>
    addresses.map((address): BoundListen => ({ proto, address, port })),
  )
  const names = wanted.flatMap(({ listen, addresses }) => addresses.map((one) => nameOf(listen, one)))
  if (settings.raw && held) names.push(rawName(settings.raw))
  const trials = trialsOf(settings, listeners, names, held)
  const failures = await sendAll(trials)
  const sent = sentOf(trials, failures)
  await settle(
    async () => (await stores.count(sent, false)).every(({ found }) => found >= sent.length),
    ASK_DATABASES_MS,
  )
  const untested = settings.raw && !held ? [rawFinding(settings.raw)] : []
  const asked = tested(`a hepcapd runs here (process ${pid}): it was sent to`)
  return [asked, ...untested, ...(await judged(trials, failures, undefined, stores))]
}

/** Resolves with what could not be sent, by input. */
async function sendAll(trials: readonly Trial[]): Promise<Map<string, string>> {
  const failures = new Map<string, string>()
  for (const { name, send } of trials) {
    await send().catch((error: Error) => failures.set(name, error.message || String(error)))
  }
  return failures
}

/** Until all has its outcome, or the time is up. */
async function settle(isDone: () => Promise<boolean>, askMs: number): Promise<void> {
  for (const end = Date.now() + SETTLE_MS; Date.now() < end && !(await isDone()); ) await sleep(askMs)
}

function sentOf(trials: readonly Trial[], failures: ReadonlyMap<string, string>): string[] {
  return trials.filter(({ name }) => !failures.has(name)).flatMap(({ callIds }) => callIds)
}

function isSettled(
  trials: readonly Trial[],
  failures: ReadonlyMap<string, string>,
  ledger: LedgerSnapshot,
): boolean {
  return trials.every(({ name, callIds }) => {
    const input = ledger.inputs[name]
    return failures.has(name) || (input && input.received >= callIds.length && input.in_flight === 0)
  })
}

async function judged(
  trials: readonly Trial[],
  failures: ReadonlyMap<string, string>,
  ledger: LedgerSnapshot | undefined,
  stores: TestedStores,
): Promise<Finding[]> {
  const inputs: Finding[] = []
  for (const { name, callIds, wantsCertificate } of trials) {
    const found = ledger ? 0 : mostOf(await stores.count(callIds, false))
    const tried = { name, sent: callIds.length, failure: failures.get(name), wantsCertificate }
    inputs.push(inputFinding({ ...tried, counted: ledger?.inputs[name], found }))
  }
  const arrived = trials.filter(({ name }) => ledger?.inputs[name]?.received !== 0)
  const sent = sentOf(arrived, failures)
  const counts = sent.length > 0 ? await stores.count(sent, true) : []
  return [...inputs, ...counts.map((count) => countFinding(count, sent.length, ledger))]
}

function mostOf(counts: readonly CountedStore[]): number {
  return Math.max(0, ...counts.map(({ found }) => found))
}

function countFinding(count: CountedStore, sent: number, ledger: LedgerSnapshot | undefined): Finding {
  if (count.failure !== undefined)
    return notTested(`${count.name}: nothing could be counted: ${count.failure}`)
  return storeFinding({ ...count, sent, stored: ledger?.sinks[count.name]?.rows })
}

/** Its own packets come from this host and all at once; keys they have. */
function anySender({ senders }: Settings): SenderSettings {
  return { ...senders, networks: [], ratePerSecond: 0 }
}
