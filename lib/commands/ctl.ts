// `hepcapd ctl COMMAND [ARG...]`: asks a running daemon at its control socket, and prints what it says.

import { connect } from 'node:net'
import type { Json } from '../control/command.js'
import { SHOWN } from '../control/registry.js'
import { RefusedError, UsageError } from '../errors.js'
import { type Output, processOutput } from './output.js'

export interface CtlOptions {
  path: string
  json: boolean
  command: string
  args: readonly string[]
}

const NOT_FOUND = -32601
const BAD_ARGUMENT = -32602

interface Answer {
  result?: Json
  error?: { code: number; message: string }
}

/**
 * Resolves to the exit status. Rejects with a RefusedError when no daemon answers or it refuses, and with a UsageError for
 * a command that is none.
 */
export async function ctl(
  { path, json, command, args }: CtlOptions,
  output: Output = processOutput(),
): Promise<number> {
  const call = json ? ([command, args] as const) : ([SHOWN, [command, ...args]] as const)
  const { result = null, error } = await ask(path, ...call)
  if (error) throw faultOf(command, error)
  output.out(json ? JSON.stringify(result) : (result as string[]).join('\n'))
  return 0
}

function faultOf(command: string, { code, message }: NonNullable<Answer['error']>): Error {
  if (code !== NOT_FOUND && code !== BAD_ARGUMENT)
    return new RefusedError({
      code: 'REFUSED',
      message: `${command}: ${message}`,
      cure: 'see the log of the daemon',
    })
  const cure = 'see hepcapd ctl commands'
  return new UsageError([{ where: `ctl ${command}`, severity: 'error', what: message, cure }])
}

function ask(path: string, method: string, params: readonly string[]): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    let text = ''
    socket.setEncoding('utf8')
    socket.on('data', (part: string) => {
      text += part
      if (text.includes('\n')) socket.end()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => reject(unreachable(path, error)))
    socket.on('close', () => {
      const [line] = text.split('\n')
      if (line) resolve(JSON.parse(line) as Answer)
      else
        reject(unreachable(path, { name: '', message: 'it went away without an answer', code: 'ECONNRESET' }))
    })
    socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`)
  })
}

const CURES: Record<string, string> = {
  ENOENT: 'start hepcapd, or name its socket with --control',
  ECONNREFUSED: 'nobody listens there any more: start hepcapd, or name its socket with --control',
  EACCES: 'only its user and group may ask: try as one of them, or as root',
}

function unreachable(
  path: string,
  { code = 'ERROR', message, syscall }: NodeJS.ErrnoException,
): RefusedError {
  return new RefusedError({
    code,
    syscall,
    message: `no daemon answers at ${path}: ${message}`,
    cure: CURES[code] ?? 'name the socket of a running hepcapd with --control',
  })
}
