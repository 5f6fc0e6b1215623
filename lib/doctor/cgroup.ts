// What the control group of this process may use: version 2, and version 1 where a host still has it.

import { numberOf, textOf } from './host.js'

export interface CgroupLimits {
  memory: { limit: number; used: number } | undefined
  cpus: number | undefined
  tasks: number | undefined
}

/** Version 1 says "no limit" with the largest number of pages. */
const NO_LIMIT = 2 ** 60

/** `cgroup` is the text of /proc/self/cgroup; each limit is the least of the group and those above it. */
export function cgroupOf(cgroup: string, root = '/sys/fs/cgroup'): CgroupLimits {
  const [two, memory, cpu, pids] = ['', 'memory', 'cpu', 'pids'].map((name) => foldersOf(cgroup, name, root))
  return {
    memory: memoryOf(two ?? [], memory ?? []),
    cpus: least([...(two ?? []).map(cpuMax), ...(cpu ?? []).map(cpuQuota)]),
    tasks: least([...(two ?? []), ...(pids ?? [])].map((folder) => numberOf(`${folder}/pids.max`))),
  }
}

/** The folder of the group and those above it; in a container the group is the root of what is mounted. */
function foldersOf(cgroup: string, controller: string, root: string): string[] {
  const line = cgroup.split('\n').find((one) => one.split(':')[1]?.split(',').includes(controller))
  const path = line?.split(':').slice(2).join(':')
  if (path === undefined) return []
  const parts = path.split('/').filter((part) => part !== '' && part !== '..')
  const base = controller === '' ? root : `${root}/${controller}`
  return [base, ...parts.map((_, at) => `${base}/${parts.slice(0, at + 1).join('/')}`)]
}

function memoryOf(two: string[], one: string[]): CgroupLimits['memory'] {
  const found = [
    ...two.map((folder) => pair(`${folder}/memory.max`, `${folder}/memory.current`)),
    ...one.map((folder) => pair(`${folder}/memory.limit_in_bytes`, `${folder}/memory.usage_in_bytes`)),
  ].flatMap((limits) => (limits ? [limits] : []))
  return found.sort((a, b) => a.limit - b.limit)[0]
}

function pair(limitPath: string, usedPath: string): CgroupLimits['memory'] {
  const limit = numberOf(limitPath)
  return limit === undefined || limit > NO_LIMIT ? undefined : { limit, used: numberOf(usedPath) ?? 0 }
}

/** `MAX PERIOD`, in microseconds; `max` is no limit. */
function cpuMax(folder: string): number | undefined {
  const [quota, period] = (textOf(`${folder}/cpu.max`) ?? '').trim().split(' ').map(Number)
  return quota && period ? quota / period : undefined
}

function cpuQuota(folder: string): number | undefined {
  const [quota, period] = ['quota', 'period'].map((name) => numberOf(`${folder}/cpu.cfs_${name}_us`))
  return quota && period ? quota / period : undefined
}

function least(numbers: (number | undefined)[]): number | undefined {
  const known = numbers.filter((one) => one !== undefined)
  return known.length > 0 ? Math.min(...known) : undefined
}
