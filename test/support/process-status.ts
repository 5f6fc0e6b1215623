// What the kernel says that a process holds.

import { readdirSync, readFileSync } from 'node:fs'

export interface Held {
  /** Of sockets, files, pipes: everything in its table. */
  descriptors: number
  threads: number
  residentBytes: number
}

export function heldBy(pid: number): Held {
  const pages = readFileSync(`/proc/${pid}/status`, 'utf8')
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
    residentBytes: Number(/^VmRSS:\s+(\d+) kB/m.exec(pages)?.[1]) * 1024,
  }
}

export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN
}
