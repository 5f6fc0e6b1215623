// Limits of the process: open files, processor time, threads; and whether Node and the kernel are new enough.

import { about, counted, type Finding } from './finding.js'

const say = about('limits')

/** Of a daemon without inputs: its databases, its doors, its own. */
const OWN_FILES = 96
/** Senders over TCP, TLS and WebSocket that a capture server is to bear. */
const USUAL_SENDERS = 1000
const OWN_TASKS = 24
const OLDEST_NODE = [20, 19]

export interface ProcessFacts {
  /** RLIMIT_NOFILE. */
  openFiles: number | undefined
  /** Sockets of inputs that are open from the start. */
  sockets: number
  /** Does each sender have a connection? */
  hasStreams: boolean
}

export function openFiles({ openFiles: limit, sockets, hasStreams }: ProcessFacts): Finding[] {
  if (limit === undefined) return []
  const shown = limit === Number.POSITIVE_INFINITY ? 'any number of' : limit
  const what = `the process may open ${shown} files`
  const least = OWN_FILES + sockets
  const more = { cure: 'ulimit -n 65536', keep: 'LimitNOFILE=65536 in the [Service] of the unit' }
  if (limit < least)
    return [say.fault('nofile', `${what}, and needs ${least}`, { ...more, why: 'it cannot even start' })]
  const senders = limit - least
  if (!hasStreams || senders >= USUAL_SENDERS) return [say.ok('nofile', what)]
  const why = `room for ${counted(senders, 'connection')} of senders`
  return [say.warning('nofile', what, { ...more, why })]
}

export interface CgroupFacts {
  /** Processors, of cpu.max; undefined is no limit. */
  cpus: number | undefined
  /** Threads and processes, of pids.max; undefined is no limit. */
  tasks: number | undefined
  /** Threads of inputs. */
  threads: number
  /** A systemd unit that this runs in. */
  unit: string | undefined
}

export function cgroupLimits({ cpus, tasks, threads, unit }: CgroupFacts): Finding[] {
  const who = unit ?? 'the container'
  const findings: Finding[] = []
  if (cpus !== undefined && cpus < 2) {
    findings.push(
      say.hint('cpu_max', `${who} may use ${Number(cpus.toFixed(2))} of a processor's time`, {
        cure: unit ? `systemctl set-property ${unit} CPUQuota=` : 'start the container without --cpus',
        why: 'packets wait in their buffers while it is held back',
      }),
    )
  }
  const wanted = OWN_TASKS + threads
  if (tasks !== undefined && tasks < wanted) {
    findings.push(
      say.fault('pids_max', `${who} may have ${counted(tasks, 'thread')}, and needs ${wanted}`, {
        cure: unit
          ? `systemctl set-property ${unit} TasksMax=512`
          : 'start the container with --pids-limit 512',
        why: 'each input has threads of its own',
      }),
    )
  }
  if (findings.length === 0 && (unit || cpus !== undefined || tasks !== undefined))
    findings.push(say.ok('cgroup', `${who} has processors and threads enough`))
  return findings
}

/** The unit that a process is in, from its /proc/PID/cgroup. */
export function unitOf(cgroup: string): string | undefined {
  return /\/([^/\n]+\.service)(?:\/|$)/m.exec(cgroup)?.[1]
}

export function nodeVersion(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  const [oldMajor = 0, oldMinor = 0] = OLDEST_NODE
  if (major > oldMajor || (major === oldMajor && minor >= oldMinor)) return say.ok('node', `Node ${version}`)
  return say.fault('node', `Node ${version} is too old`, {
    cure: `install Node ${OLDEST_NODE.join('.')} or newer`,
    why: 'the addon and the code are made for it',
  })
}

/** `overflow` is what SO_RXQ_OVFL came to. */
export function kernel(release: string, overflow: string): Finding {
  if (overflow === '') return say.ok('kernel', `Linux ${release}`)
  return say.warning('kernel', `Linux ${release} does not count what sockets lose (${overflow})`, {
    cure: 'use Linux 2.6.33 or newer',
    why: "losses before us would be in nobody's ledger",
  })
}
