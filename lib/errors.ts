// The two errors that a user can cure, and how they read. Hostile input is never an error here: it is a
// counter of the ledger.

export interface Fault {
  /** FILE:LINE:COL, or the flag or the environment variable. */
  where: string
  severity: 'error' | 'warning'
  what: string
  cure: string
  /** The line of a script that it is about, and a second one with a caret under the column. */
  excerpt?: string
}

/** `WHERE: error: WHAT; CURE`, and the excerpt on the lines after. */
export function renderFault({ where, severity, what, cure, excerpt }: Fault): string {
  const line = `${where}: ${severity}: ${what}; ${cure}`
  return excerpt === undefined ? line : `${line}\n${excerpt}`
}

/** Options or configuration that cannot be used, every fault of them: exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    super(faults.map(renderFault).join('\n'))
    this.faults = faults
  }
}

export interface Refusal {
  /** As the system or the library names it: EADDRINUSE, SQLITE_CANTOPEN. */
  code: string
  /** The system call that was refused, where there was one. */
  syscall?: string | undefined
  message: string
  cure: string
  /** What was refused, where that is not the program as a whole: a flag, a place in a file. */
  where?: string | undefined
}

/** The world said no: exit status 1. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  readonly code: string
  readonly syscall: string | undefined
  readonly cure: string
  readonly where: string | undefined

  constructor({ code, syscall, message, cure, where }: Refusal) {
    super(message)
    this.code = code
    this.syscall = syscall
    this.cure = cure
    this.where = where
  }

  /** The fault to print; `where` is who was refused: the program or one of its commands. */
  fault(where = this.where ?? 'hepcapd'): Fault {
    const what = this.message.includes(this.code) ? this.message : `${this.message} (${this.code})`
    return { where, severity: 'error', what, cure: this.cure }
  }
}
