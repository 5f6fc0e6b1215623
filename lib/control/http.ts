// POST /mi: JSON-RPC 2.0 at the HTTP door.

import type { HttpHandler } from '../http/handler.js'
import type { JsonRpc } from './json-rpc.js'

const JSON_TYPE = 'application/json'

export function miHandler(rpc: JsonRpc): HttpHandler {
  return {
    method: 'POST',
    path: '/mi',
    takes: JSON_TYPE,
    async answer({ body }) {
      const answer = await rpc.answer(body.toString())
      if (answer === undefined) return { status: 204, type: JSON_TYPE, body: '' }
      return { status: 200, type: JSON_TYPE, body: `${answer}\n` }
    },
  }
}
