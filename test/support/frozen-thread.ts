// One thread of a process, held where it is, as a debugger holds it (ptrace(2)): the others go on.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { missing } from './tools.js'

/** PTRACE_SEIZE and PTRACE_INTERRUPT; whoever holds a thread lets go of it by ending. */
const HOLD = `import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
thread = int(sys.argv[1])
for request in (0x4206, 0x4207):
    if libc.ptrace(request, thread, None, None) != 0:
        sys.exit(os.strerror(ctypes.get_errno()))
os.waitpid(thread, 0x40000000)
print('held', flush=True)
sys.stdin.read()`

export function noFreezing(): string | false {
  if (process.getuid?.() !== 0) return 'ptrace(2) of other processes needs root'
  return missing('python3')
}

/** The thread of this name. */
export function threadNamed(pid: number | undefined, name: string): number {
  const folder = `/proc/${pid}/task`
  const found = readdirSync(folder).find((id) => readFileSync(`${folder}/${id}/comm`, 'utf8').trim() === name)
  if (found === undefined) throw new Error(`no thread is called ${name}`)
  return Number(found)
}

export class FrozenThread {
  readonly #holder: ChildProcess

  private constructor(holder: ChildProcess) {
    this.#holder = holder
  }

  static async hold(thread: number): Promise<FrozenThread> {
    const holder = spawn('python3', ['-c', HOLD, String(thread)], { stdio: ['pipe', 'pipe', 'inherit'] })
    await Promise.race([
      once(holder.stdout, 'data'),
      once(holder, 'exit').then(([status]) => {
        throw new Error(`the thread is not held: ${status}`)
      }),
    ])
    return new FrozenThread(holder)
  }

  async release(): Promise<void> {
    const ended = once(this.#holder, 'exit')
    this.#holder.stdin?.end()
    await ended
  }
}
