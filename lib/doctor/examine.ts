// Looks at the host for the daemon with these settings: every check, in the order in which they are told.

import { availableParallelism, release } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { binding } from '../binding.js'
import { RefusedError } from '../errors.js'
import { isDatagram } from '../listen/protocols.js'
import type { Settings } from '../options/settings.js'
import { planOf, shownAccount } from '../privileges/plan.js'
import { cgroupOf } from './cgroup.js'
import { clock } from './clock.js'
import { databaseFindings } from './databases.js'
import { diskOf, spoolFindings } from './disks.js'
import { type Losses, losses, lossesOf } from './drops.js'
import type { Finding } from './finding.js'
import { fieldsOf, kibibytes, numberOf, softLimit, textOf } from './host.js'
import { everyInterface, interfaceFindings, missingInterface, threads } from './interfaces.js'
import { cgroupLimits, kernel, nodeVersion, openFiles, unitOf } from './limits.js'
import { memory, receiveBuffers } from './memory.js'
import { ownerOf, portFindings, socketTables } from './ports.js'
import { capabilities, packetSockets, statusOf, user, type WantedUser } from './privileges.js'
import { wantedPorts } from './self-test-trials.js'

/** Losses are watched for so long at least. */
const WATCH_MS = 500

/** `meanwhile` is done while the host is watched. */
export async function examine(
  settings: Settings,
  meanwhile: () => Promise<Finding[]> = async () => [],
): Promise<Finding[]> {
  const [wall, steady, before] = [Date.now(), performance.now(), lossesNow()]
  const system = [...systemFindings(settings), ...privilegeFindings(settings), ...memoryFindings(settings)]
  const interfaces = captureFindings(settings)
  const ports = await portsOf(settings)
  const stores = [...(await databaseFindings(settings)), ...spoolOf(settings)]
  const tested = await meanwhile()
  await sleep(Math.max(0, WATCH_MS - (performance.now() - steady)))
  const jumpMs = Date.now() - wall - (performance.now() - steady)
  return [
    ...system,
    ...clock({ state: quietly(() => binding.clockState()), source: clockSource(), jumpMs }),
    ...interfaces,
    ...ports,
    ...losses({
      before,
      after: lossesNow(),
      captured: interfacesOf(settings),
      listensUdp: udpSockets(settings) > 0,
    }),
    ...stores,
    ...tested,
  ]
}

function systemFindings(settings: Settings): Finding[] {
  const { cpus, tasks } = cgroupOf(textOf('/proc/self/cgroup') ?? '')
  const unit = unitOf(textOf('/proc/self/cgroup') ?? '')
  const limits = textOf('/proc/self/limits')
  return [
    nodeVersion(process.version),
    kernel(release(), binding.packetSocketState().overflow),
    ...openFiles({
      openFiles: softLimit(limits, 'Max open files'),
      sockets: socketsOf(settings),
      hasStreams: settings.listen.some(({ proto }) => !isDatagram(proto)),
    }),
    ...cgroupLimits({ cpus, tasks, threads: threadsOf(settings), unit }),
  ]
}

function privilegeFindings(settings: Settings): Finding[] {
  const { raw, listen } = settings
  const status = statusOf(textOf('/proc/self/status') ?? '')
  const needs = {
    raw: raw !== undefined,
    ports: listen.map(({ port }) => port),
    firstFreePort: numberOf('/proc/sys/net/ipv4/ip_unprivileged_port_start') ?? 1024,
  }
  const findings = [
    ...capabilities(status, needs),
    ...user({ ...wantedUser(settings), isRoot: status.isRoot }),
  ]
  if (raw?.mode !== 'moni') return findings
  const profile = textOf('/proc/self/attr/current')?.replaceAll('\0', '').trim() ?? ''
  const confinement = { seccomp: status.seccomp, profile }
  return [...findings, ...packetSockets(binding.packetSocketState(), status.has('NET_RAW'), confinement)]
}

function wantedUser(settings: Settings): Pick<WantedUser, 'becomes' | 'refusal'> {
  try {
    const account = planOf(settings)?.account
    return { becomes: account && shownAccount(account), refusal: undefined }
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    return { becomes: undefined, refusal: error }
  }
}

function memoryFindings(settings: Settings): Finding[] {
  const { raw, rcvbufBytes, queueBytes } = settings
  const status = statusOf(textOf('/proc/self/status') ?? '')
  const pages = textOf('/proc/sys/net/ipv4/udp_mem')?.trim().split(/\s+/)[2]
  const host = fieldsOf(textOf('/proc/meminfo') ?? '')
  const rings = raw?.mode === 'moni' ? raw.ringBytes * raw.children * Math.max(raw.interfaces.length, 1) : 0
  return [
    ...receiveBuffers({
      wanted: rcvbufBytes,
      sockets: udpSockets(settings),
      rmemMax: numberOf('/proc/sys/net/core/rmem_max'),
      mayForce: status.has('NET_ADMIN'),
      udpPages: pages === undefined ? undefined : Number(pages),
    }),
    ...memory({
      queueBytes,
      ringBytes: rings,
      available: kibibytes(host.get('MemAvailable')),
      cgroup: cgroupOf(textOf('/proc/self/cgroup') ?? '').memory,
    }),
  ]
}

function captureFindings({ raw }: Settings): Finding[] {
  if (raw?.mode !== 'moni') return []
  const known = knownInterfaces()
  const every = raw.interfaces.length === 0 ? [everyInterface(known.filter(isUp))] : []
  const named = raw.interfaces.flatMap((name) => {
    const state = quietly(() => binding.interfaceState(name))
    return state ? interfaceFindings(name, state, raw) : [missingInterface(name, known)]
  })
  return [...every, ...named, ...threads(raw.children, availableParallelism())]
}

/** What is captured; of every interface those that are there now. */
function interfacesOf({ raw }: Settings): string[] {
  if (!raw) return []
  return raw.interfaces.length > 0 ? raw.interfaces : knownInterfaces()
}

function knownInterfaces(): string[] {
  return [...lossesNow().interfaces.keys()]
}

function isUp(name: string): boolean {
  return quietly(() => binding.interfaceState(name).up) ?? false
}

async function portsOf({ listen }: Settings): Promise<Finding[]> {
  return portFindings(await wantedPorts(listen), socketTables(), ownerOf)
}

function spoolOf({ spool, targets }: Settings): Finding[] {
  const { folder, maxBytes, isNamed } = spool
  const databases = targets.filter(({ kind }) => kind === 'sqlite' || kind === 'database').length
  if (folder === '' || databases === 0) return []
  return spoolFindings({ folder, maxBytes, isNamed, databases }, diskOf(folder))
}

function lossesNow(): Losses {
  const [dev = '', softnet = '', snmp = '', snmp6 = ''] = ['dev', 'softnet_stat', 'snmp', 'snmp6'].map(
    (name) => textOf(`/proc/net/${name}`),
  )
  return lossesOf({ dev, softnet, snmp, snmp6 })
}

function clockSource(): string | undefined {
  return textOf('/sys/devices/system/clocksource/clocksource0/current_clocksource')?.trim()
}

/** Sockets with a receive buffer of ours. */
function udpSockets({ listen, udpWorkers, raw }: Settings): number {
  const datagrams = listen.filter(({ proto }) => isDatagram(proto)).length * udpWorkers
  return datagrams + (raw?.mode === 'ipip' ? Math.max(raw.interfaces.length, 1) : 0)
}

function socketsOf(settings: Settings): number {
  return settings.listen.length * settings.udpWorkers + threadsOf(settings)
}

/** Of inputs. */
function threadsOf({ listen, udpWorkers, raw }: Settings): number {
  const captures = raw ? raw.children * Math.max(raw.interfaces.length, 1) : 0
  return listen.filter(({ proto }) => isDatagram(proto)).length * udpWorkers + captures
}

function quietly<T>(ask: () => T): T | undefined {
  try {
    return ask()
  } catch {
    return undefined
  }
}
