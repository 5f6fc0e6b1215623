// Where a command writes: the process's own streams, unless a test listens.

export interface Output {
  /** One line, or several, for whoever reads the result. */
  out(text: string): void
  /** One line for the operator. */
  err(text: string): void
  /** True when `out` goes to a terminal that shows colours. */
  colours: boolean
}

export function processOutput(): Output {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0) // the reader has seen enough: `hepcapd show | head`
    throw error
  })
  return {
    out: (text) => process.stdout.write(`${text}\n`),
    err: (text) => process.stderr.write(`${text}\n`),
    colours: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
  }
}
