// Calls of a daemon's control socket, in JSON-RPC.

import { connect } from 'node:net'

export interface Answer<T = unknown> {
  result?: T
  error?: { code: number; message: string }
}

/** One call on a connection of its own. */
export function askAt<T = unknown>(path: string, method: string, params: unknown = []): Promise<Answer<T>> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    let text = ''
    socket.setEncoding('utf8')
    socket.on('error', reject)
    socket.on('data', (part: string) => {
      text += part
      if (text.includes('\n')) socket.end()
    })
    socket.on('close', () => resolve(JSON.parse(text) as Answer<T>))
    socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`)
  })
}
