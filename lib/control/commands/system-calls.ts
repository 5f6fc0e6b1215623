// What /proc/PID/task/TID/syscall says (proc_pid_syscall(5)), for those calls that threads of ours wait in. The numbers are
// those of the kernel, which differ by architecture.

export interface SystemCall {
  name: string
  /** What it waits for, where that is its first argument. */
  descriptor?: number
}

type Numbers = Readonly<Record<number, string>>

const X64: Numbers = {
  0: 'read',
  1: 'write',
  7: 'poll',
  17: 'pread64',
  18: 'pwrite64',
  35: 'nanosleep',
  74: 'fsync',
  75: 'fdatasync',
  202: 'futex',
  230: 'clock_nanosleep',
  232: 'epoll_wait',
  271: 'ppoll',
  281: 'epoll_pwait',
  299: 'recvmmsg',
  307: 'sendmmsg',
}
const ARM64: Numbers = {
  22: 'epoll_pwait',
  63: 'read',
  64: 'write',
  67: 'pread64',
  68: 'pwrite64',
  73: 'ppoll',
  82: 'fsync',
  83: 'fdatasync',
  98: 'futex',
  101: 'nanosleep',
  115: 'clock_nanosleep',
  243: 'recvmmsg',
  269: 'sendmmsg',
}
const BY_ARCHITECTURE: Readonly<Record<string, Numbers>> = { x64: X64, arm64: ARM64 }
const OF_DESCRIPTOR = /^(read|write|pread64|pwrite64|fsync|fdatasync|recvmmsg|sendmmsg)$/

/** undefined for a thread that runs, that waits in no system call, and where the kernel does not tell. */
export function callOf(line: string, architecture: string = process.arch): SystemCall | undefined {
  const [number = '', first = ''] = line.split(' ')
  if (!/^\d+$/.test(number)) return undefined
  const name = BY_ARCHITECTURE[architecture]?.[Number(number)] ?? `system call ${number}`
  return OF_DESCRIPTOR.test(name) ? { name, descriptor: Number(first) } : { name }
}
