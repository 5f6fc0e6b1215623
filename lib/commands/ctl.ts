// `hepcapd ctl COMMAND [ARG...]`: asks a running daemon at its control socket, and prints what it says.

import { createReadStream } from 'node:fs'
import { connect } from 'node:net'
import type { Json } from '../control/command.js'
import { MOST_OCTETS } from '../control/octets.js'
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
  const words = command === 'explain' ? await packetWords(args) : args
  const call = json ? ([command, words] as const) : ([SHOWN, [command, ...words]] as const)
  const { result = null, error } = await ask(path, ...call)
  if (error) throw faultOf(command, error)
  output.out(json ? JSON.stringify(result) : (result as string[]).join('\n'))
  return 0
}

/** The one command that takes a file: the daemon gets what is in it. */
async function packetWords([file, ...rest]: readonly string[]): Promise<string[]> {
  if (file === undefined) return rest
  return [(await readPacket(file)).toString('base64'), ...rest]
}

async function readPacket(file: string): Promise<Buffer> {
  let octets: Buffer
  try {
    octets = await readStart(file, MOST_OCTETS + 1)
  } catch (error) {
    const { code = 'ERROR', message, syscall } = error as NodeJS.ErrnoException
    const cure = 'name a file with one packet, or a capture'
    throw new RefusedError({ code, syscall, message: `cannot read ${file}: ${message}`, cure })
  }
  if (octets.length <= MOST_OCTETS) return octets
  const message = `${file} has more than ${MOST_OCTETS} octets`
  throw new RefusedError({ code: 'EFBIG', message, cure: 'name one packet, or a capture with fewer frames' })
}

/** `-` is standard input. */
async function readStart(file: string, most: number): Promise<Buffer> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of file === '-' ? process.stdin : createReadStream(file, { end: most - 1 })) {
    parts.push(part as Buffer)
    length += (part as Buffer).length
    if (length >= most) break
  }
  return Buffer.concat(parts)
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
