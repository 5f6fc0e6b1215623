// What the host has lost so far, of all programs' traffic: counters of the kernel since its start.

import { about, counted, type Finding, sysctl } from './finding.js'

const say = about('losses')

export interface Losses {
  /** By interface: frames that it had no room for. */
  interfaces: Map<string, number>
  /** Frames that found the queue of their processor full (netdev_max_backlog). */
  backlog: number
  /** Times that a processor ran out of its time to take frames (netdev_budget). */
  squeezed: number
  /** Datagrams that found the buffer of their socket full, IPv4 and IPv6. */
  udpBuffers: number
}

export interface LossTexts {
  /** /proc/net/dev */
  dev: string
  /** /proc/net/softnet_stat */
  softnet: string
  /** /proc/net/snmp */
  snmp: string
  /** /proc/net/snmp6 */
  snmp6: string
}

/** Columns of /proc/net/dev behind the name: octets, packets, errors, dropped, fifo, frame, ... */
const DROPPED = 3
const FIFO = 4

export function lossesOf({ dev, softnet, snmp, snmp6 }: LossTexts): Losses {
  const rows = softnet.split('\n').flatMap((line) => (line === '' ? [] : [line.split(/\s+/)]))
  const sum = (column: number) =>
    rows.reduce((total, row) => total + Number.parseInt(row[column] ?? '0', 16), 0)
  return {
    interfaces: new Map(dev.split('\n').flatMap(interfaceLoss)),
    backlog: sum(1),
    squeezed: sum(2),
    udpBuffers: udpErrors(snmp) + Number(/^Udp6RcvbufErrors\s+(\d+)/m.exec(snmp6)?.[1] ?? 0),
  }
}

function interfaceLoss(line: string): [string, number][] {
  const [, name, counters] = /^\s*([^:\s]+):\s*(.*)$/.exec(line) ?? []
  if (name === undefined || counters === undefined) return []
  const columns = counters.trim().split(/\s+/).map(Number)
  return [[name, (columns[DROPPED] ?? 0) + (columns[FIFO] ?? 0)]]
}

/** Names stand in one line, numbers in the next. */
function udpErrors(snmp: string): number {
  const [names, numbers] = snmp.split('\n').filter((line) => line.startsWith('Udp:'))
  const at = names?.split(/\s+/).indexOf('RcvbufErrors') ?? -1
  return at < 0 ? 0 : Number(numbers?.split(/\s+/)[at] ?? 0)
}

export interface WatchedLosses {
  before: Losses
  /** A while later: what grew meanwhile is lost right now. */
  after: Losses
  /** Interfaces that are captured. */
  captured: readonly string[]
  listensUdp: boolean
}

export function losses({ before, after, captured, listensUdp }: WatchedLosses): Finding[] {
  const findings = captured.flatMap((name) => {
    const lost = [before, after].map(({ interfaces }) => interfaces.get(name) ?? 0)
    return lossOf(`${name} lost`, 'frame', lost, 'interface_drops', {
      cure: `ethtool -G ${name} rx 4096`,
      why: 'the card found no room for them in its ring',
    })
  })
  findings.push(
    ...lossOf('processors lost', 'frame', [before.backlog, after.backlog], 'softnet_dropped', {
      ...sysctl('net.core.netdev_max_backlog', 16384),
      why: 'the queue between card and sockets was full',
    }),
  )
  if (listensUdp) {
    findings.push(
      ...lossOf('full sockets lost', 'datagram', [before.udpBuffers, after.udpBuffers], 'udp_rcvbuf_errors', {
        cure: 'ss -uamn',
        why: 'ours among them are in the ledger; a larger --rcvbuf helps',
      }),
    )
  }
  if (after.squeezed > before.squeezed) {
    const more = { ...sysctl('net.core.netdev_budget', 1200), why: 'frames wait in the card longer' }
    findings.push(say.hint('softnet_squeezed', 'processors run out of time to take frames right now', more))
  }
  return findings.length > 0 ? findings : [say.ok('losses', 'the host has lost nothing since its start')]
}

function lossOf(
  who: string,
  what: string,
  [before = 0, after = 0]: number[],
  check: string,
  more: { cure: string; keep?: string; why: string },
): Finding[] {
  if (after > before)
    return [say.warning(check, `${who} ${counted(after - before, what)} while the doctor looked`, more)]
  return after > 0
    ? [say.hint(check, `${who} ${counted(after, what)} since the start of the host`, more)]
    : []
}
