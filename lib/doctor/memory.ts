// Memory: receive buffers, rings and the queue, against what the kernel, the host and the container grant. Rings are
// the kernel's own memory: neither RLIMIT_MEMLOCK nor a control group bounds them.

import { about, type Finding, octetsText, sysctl } from './finding.js'

const say = about('memory')
/** Of the kernel's pages, which udp_mem counts. */
const PAGE = 4096
/** What the process needs beside its queue. */
const OWN_BYTES = 160 * 2 ** 20

export interface BufferFacts {
  /** `--rcvbuf`. */
  wanted: number
  /** UDP and IPIP sockets with such a buffer. */
  sockets: number
  /** net.core.rmem_max. */
  rmemMax: number | undefined
  /** With CAP_NET_ADMIN a socket may go beyond it. */
  mayForce: boolean
  /** net.ipv4.udp_mem: pages that all UDP sockets may have together, the third number. */
  udpPages: number | undefined
}

export function receiveBuffers(facts: BufferFacts): Finding[] {
  return facts.sockets === 0 ? [] : [...ownBuffer(facts), ...sharedBuffers(facts)]
}

function ownBuffer({ wanted, rmemMax, mayForce }: BufferFacts): Finding[] {
  if (rmemMax === undefined) return []
  const granted = `net.core.rmem_max is ${rmemMax} (${octetsText(rmemMax)}), --rcvbuf wants ${octetsText(wanted)}`
  if (rmemMax >= wanted) return [say.ok('rmem_max', granted)]
  const cure = sysctl('net.core.rmem_max', wanted)
  if (mayForce) {
    const what = `${granted}; CAP_NET_ADMIN goes beyond it`
    return [say.hint('rmem_max', what, { ...cure, why: 'a daemon without that capability is granted less' })]
  }
  const why = 'a burst that does not fit is lost, and counted'
  return [say.warning('rmem_max', granted, { ...cure, why })]
}

/** The kernel counts twice what we speak of: its own overhead. */
function sharedBuffers({ wanted, sockets, udpPages }: BufferFacts): Finding[] {
  if (udpPages === undefined) return []
  const needed = Math.ceil((2 * wanted * sockets) / PAGE)
  const what = `net.ipv4.udp_mem lets all UDP sockets have ${octetsText(udpPages * PAGE)}`
  if (needed <= udpPages) return [say.ok('udp_mem', what)]
  const cure = sysctl('net.ipv4.udp_mem', `${needed} ${Math.ceil(needed * 1.5)} ${needed * 2}`)
  const why = `${sockets} full buffers are ${octetsText(needed * PAGE)}: more than that is dropped`
  return [say.warning('udp_mem', what, { ...cure, why })]
}

export interface MemoryFacts {
  /** `--queue-max`. */
  queueBytes: number
  /** `--ring-size`, times the threads. */
  ringBytes: number
  /** Of the host. */
  available: number | undefined
  /** What the container or the unit may have, and has. */
  cgroup: { limit: number; used: number } | undefined
}

export function memory({ queueBytes, ringBytes, available, cgroup }: MemoryFacts): Finding[] {
  const findings: Finding[] = []
  const rings = ringBytes > 0 ? ` and rings of ${octetsText(ringBytes)}` : ''
  const wanted = `a queue of ${octetsText(queueBytes)}${rings}`
  if (available !== undefined) findings.push(ofHost(wanted, queueBytes + ringBytes, available))
  if (cgroup) findings.push(ofCgroup(queueBytes, cgroup))
  return findings
}

function ofHost(wanted: string, octets: number, available: number): Finding {
  const what = `${wanted}; the host has ${octetsText(available)} free`
  if (octets + OWN_BYTES <= available) return say.ok('memory', what)
  const cure = 'name less: --queue-max 64MiB --ring-size 16MiB'
  return say.warning('memory', what, { cure, why: 'memory that runs out ends the daemon in a burst' })
}

function ofCgroup(queueBytes: number, { limit, used }: { limit: number; used: number }): Finding {
  const what = `the container or unit may have ${octetsText(limit)}, and has ${octetsText(used)}`
  if (queueBytes + OWN_BYTES <= limit) return say.ok('memory_limit', what)
  const cure = `systemctl set-property hepcapd.service MemoryMax=${Math.ceil((queueBytes + 2 * OWN_BYTES) / 2 ** 20)}M`
  const why = `a queue of ${octetsText(queueBytes)} that fills would end the daemon`
  return say.warning('memory_limit', what, { cure: `${cure}, or name a smaller --queue-max`, why })
}
