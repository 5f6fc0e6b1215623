// Privileges: what the inputs need of capabilities, and whether something else forbids what these allow.

import type { PacketSocketState } from '../binding.js'
import { about, type Finding } from './finding.js'
import { fieldsOf } from './host.js'

const say = about('privileges')

export const CAPABILITIES = { NET_BIND_SERVICE: 10, NET_ADMIN: 12, NET_RAW: 13 } as const
export type Capability = keyof typeof CAPABILITIES

export interface ProcessStatus {
  has(capability: Capability): boolean
  /** Could a program that is started from here have it? */
  mayHave(capability: Capability): boolean
  isRoot: boolean
  noNewPrivileges: boolean
  /** 2 is a filter. */
  seccomp: number
}

/** Of /proc/self/status. */
export function statusOf(text: string): ProcessStatus {
  const fields = fieldsOf(text)
  const set = (name: string) => BigInt(`0x${fields.get(name) ?? '0'}`)
  const holds = (bits: bigint, capability: Capability) =>
    ((bits >> BigInt(CAPABILITIES[capability])) & 1n) === 1n
  return {
    has: (capability) => holds(set('CapEff'), capability),
    mayHave: (capability) => holds(set('CapBnd'), capability),
    isRoot: fields.get('Uid')?.split(/\s+/)[1] === '0',
    noNewPrivileges: fields.get('NoNewPrivs') === '1',
    seccomp: Number(fields.get('Seccomp') ?? 0),
  }
}

export interface Needs {
  raw: boolean
  /** Ports of listeners. */
  ports: readonly number[]
  /** net.ipv4.ip_unprivileged_port_start. */
  firstFreePort: number
}

export function capabilities(status: ProcessStatus, { raw, ports, firstFreePort }: Needs): Finding[] {
  const low = ports.filter((port) => port > 0 && port < firstFreePort)
  const findings: Finding[] = []
  if (raw) findings.push(needed(status, 'NET_RAW', 'raw capture'))
  if (low.length > 0) findings.push(needed(status, 'NET_BIND_SERVICE', `port ${low.join(', ')}`))
  if (findings.length === 0) findings.push(say.ok('capabilities', 'these options need no capability'))
  return findings
}

function needed(status: ProcessStatus, capability: Capability, what: string): Finding {
  const name = `CAP_${capability}`
  if (status.has(capability)) return say.ok(name.toLowerCase(), `${name} is there for ${what}`)
  const bounded = status.mayHave(capability) ? '' : ', and it is not in the bounding set'
  return say.fault(name.toLowerCase(), `${what} needs ${name}${bounded}`, {
    cure: cureOf(status, capability),
    keep: `AmbientCapabilities=${name} in the [Service] of the unit`,
    why: 'the daemon cannot start',
  })
}

/** File capabilities give nothing where new privileges are forbidden, nor beyond the bounding set. */
function cureOf(status: ProcessStatus, capability: Capability): string {
  if (!status.mayHave(capability)) return `start the container with --cap-add ${capability}`
  if (status.noNewPrivileges) return `NoNewPrivileges is on: give AmbientCapabilities=CAP_${capability}`
  return `setcap cap_${capability.toLowerCase()}+ep $(readlink -f $(command -v node))`
}

export interface Confinement {
  seccomp: number
  /** Of AppArmor or SELinux; '' or `unconfined` is none. */
  profile: string
}

/** What opening packet sockets came to, and whom to ask where it failed. */
export function packetSockets(
  state: PacketSocketState,
  hasRaw: boolean,
  confinement: Confinement,
): Finding[] {
  if (state.socket !== '') return hasRaw ? [refused(state.socket, confinement)] : [] // without it, that is the finding
  const old = Object.entries({ TPACKET_V3: state.version, PACKET_RX_RING: state.ring }).filter(
    ([, error]) => error !== '',
  )
  const faults = old.map(([what, error]) =>
    say.fault('packet_socket', `the kernel refuses ${what} (${error})`, {
      cure: error === 'ENOMEM' ? 'free memory of the host' : 'use Linux 3.2 or newer',
      why: 'rings of mirror ports are made of it',
    }),
  )
  if (state.fanout !== '') {
    const cure = 'capture with one thread: --raw-sock-children 1'
    faults.push(
      say.warning('fanout', `the kernel refuses PACKET_FANOUT (${state.fanout})`, {
        cure,
        why: 'threads cannot share an interface',
      }),
    )
  }
  return faults.length > 0 ? faults : [say.ok('packet_socket', 'packet sockets, TPACKET_V3 and fan-out work')]
}

function refused(error: string, { seccomp, profile }: Confinement): Finding {
  const isConfined = profile !== '' && !profile.startsWith('unconfined')
  const by =
    error === 'EAFNOSUPPORT'
      ? 'RestrictAddressFamilies= of the unit, or a kernel without them'
      : isConfined
        ? `the profile ${profile}`
        : seccomp > 0
          ? 'a seccomp filter'
          : 'something beside capabilities'
  const cure =
    error === 'EAFNOSUPPORT'
      ? 'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_PACKET AF_NETLINK in the unit; else: modprobe af_packet'
      : isConfined
        ? 'allow `network packet raw` in the profile'
        : 'allow socket(AF_PACKET) in the seccomp profile of the container or unit'
  return say.fault('packet_socket', `packet sockets are refused (${error}) by ${by}`, {
    cure,
    why: 'a mirror port is captured with them',
  })
}

export interface WantedUser {
  /** Whom the daemon becomes; undefined: it stays who it is. */
  becomes: string | undefined
  /** Why it cannot become what it is told to. */
  refusal: { message: string; cure: string } | undefined
  isRoot: boolean
}

export function user({ becomes, refusal, isRoot }: WantedUser): Finding[] {
  if (refusal)
    return [say.fault('user', refusal.message, { cure: refusal.cure, why: 'the daemon cannot start' })]
  if (becomes !== undefined)
    return [say.ok('user', `the daemon becomes ${becomes} once its sockets are open`)]
  if (!isRoot) return []
  const more = { cure: '--user nobody, or a user of its own', why: "what goes wrong in it would be root's" }
  return [say.hint('user', 'the daemon would run as root', more)]
}
