// `ps`: the threads of this process, as the kernel has them (proc(5)).

import { readdirSync, readFileSync } from 'node:fs'
import type { ControlCommand } from '../command.js'

interface Thread {
  [key: string]: string | number
  id: number
  name: string
  /** The letter of proc_pid_stat(5): R runs, S waits, D waits for a disk. */
  state: string
  /** The kernel's function that it waits in; '0' when it runs, or when that is not told. */
  waits_in: string
  /** Seconds of processor time. */
  seconds: number
}

const TICKS_PER_SECOND = 100
const FIELDS = { state: 0, utime: 11, stime: 12 } as const

export const ps: ControlCommand = {
  name: 'ps',
  help: 'the threads of the daemon: what each is called, does, and waits in',
  parameters: [],
  run: () => readdirSync('/proc/self/task').flatMap(threadOf),
  lines: (answer) =>
    (answer as unknown as Thread[]).map(
      ({ id, name, state, waits_in: where, seconds }) =>
        `${String(id).padStart(8)}  ${state}  ${seconds.toFixed(2).padStart(9)} s  ${name.padEnd(16)} ${where === '0' ? '' : where}`,
    ),
}

/** Nothing for one that has ended meanwhile. */
function threadOf(id: string): Thread[] {
  const folder = `/proc/self/task/${id}`
  try {
    const stat = readFileSync(`${folder}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = Number(fields[FIELDS.utime]) + Number(fields[FIELDS.stime])
    return [
      {
        id: Number(id),
        name: readFileSync(`${folder}/comm`, 'utf8').trim(),
        state: fields[FIELDS.state]!,
        waits_in: readFileSync(`${folder}/wchan`, 'utf8').trim() || '0',
        seconds: ticks / TICKS_PER_SECOND,
      },
    ]
  } catch (error) {
    if (
      (error as NodeJS.ErrnoException).code === 'ENOENT' ||
      (error as NodeJS.ErrnoException).code === 'ESRCH'
    )
      return []
    throw error
  }
}
