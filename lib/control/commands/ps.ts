// `ps`: the threads of this process, what each is called and waits for, as the kernel has them (proc(5)).

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { ControlCommand } from '../command.js'
import { callOf, type SystemCall } from './system-calls.js'

interface Thread {
  [key: string]: string | number
  id: number
  name: string
  /** The letter of proc_pid_stat(5): R runs, S waits, D waits for a disk. */
  state: string
  /** In words. */
  waits_for: string
  /** The kernel's function that it waits in; '0' when it runs, or when that is not told. */
  waits_in: string
  /** Seconds of processor time. */
  seconds: number
}

const TICKS_PER_SECOND = 100
const FIELDS = { state: 0, utime: 11, stime: 12 } as const
const NOT_TOLD = 'the kernel does not tell'

export const ps: ControlCommand = {
  name: 'ps',
  help: 'the threads of the daemon: what each is called, does, and waits for',
  parameters: [],
  run: () => readdirSync('/proc/self/task').flatMap(threadOf),
  lines: (answer) =>
    (answer as unknown as Thread[]).map(({ id, name, state, waits_for: what, seconds }) =>
      `${String(id).padStart(8)}  ${state}  ${seconds.toFixed(2).padStart(9)} s  ${name.padEnd(16)} ${what}`.trimEnd(),
    ),
}

/** Nothing for one that has ended meanwhile. */
function threadOf(id: string): Thread[] {
  const folder = `/proc/self/task/${id}`
  try {
    const stat = readFileSync(`${folder}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = Number(fields[FIELDS.utime]) + Number(fields[FIELDS.stime])
    const state = fields[FIELDS.state]!
    const where = told(`${folder}/wchan`) || '0'
    return [
      {
        id: Number(id),
        name: readFileSync(`${folder}/comm`, 'utf8').trim(),
        state,
        waits_for: state === 'R' ? '' : waitsFor(callOf(told(`${folder}/syscall`)), where),
        waits_in: where,
        seconds: ticks / TICKS_PER_SECOND,
      },
    ]
  } catch (error) {
    if (isGone(error)) return []
    throw error
  }
}

/** '' where the kernel does not tell: kernels can be made without these files, and may keep them to root. */
function told(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    if (isGone(error)) throw error
    return ''
  }
}

function isGone(error: unknown): boolean {
  const { code, path = '' } = error as NodeJS.ErrnoException
  return code === 'ESRCH' || (code === 'ENOENT' && !/(wchan|syscall)$/.test(path))
}

/** The system call, of what, and where in the kernel: as far as each is known. */
function waitsFor(call: SystemCall | undefined, where: string): string {
  const inside = where === '0' ? '' : where
  if (!call) return inside || NOT_TOLD
  const of = call.descriptor === undefined ? '' : ` of ${descriptorName(call.descriptor)}`
  return `${call.name}${of}${inside ? ` (${inside})` : ''}`
}

/** `socket:[NUMBER]`, `pipe:[NUMBER]`, a path. */
function descriptorName(descriptor: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`)
  } catch {
    return `descriptor ${descriptor}`
  }
}
