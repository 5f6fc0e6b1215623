// The page of a daemon behind a plain server of node: its handlers, and a token.

import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Daemon } from '../../lib/daemon.js'
import type { HttpHandler } from '../../lib/http/handler.js'
import { CallsReader } from '../../lib/http/page/calls.js'
import { type PageSource, pageHandlers } from '../../lib/http/page/page.js'

export const TOKEN = 'a token for tests'

/** SQLite calls of `path`, closed without the token. */
export function sourceOf(daemon: Pick<Daemon, 'ledger' | 'away'>, path?: string): PageSource {
  const place = path === undefined ? undefined : { path, tableName: 'sip_capture', renamed: {} }
  return {
    version: '1.2.3',
    node: () => 'homer01',
    ledger: () => daemon.ledger(),
    away: () => daemon.away,
    calls: new CallsReader(() => place),
    callsAreOpen: () => false,
  }
}

export interface PageServer {
  url: string
  port: number
  close(): Promise<void>
}

/** `port` 0 is a free one. */
export async function servePage(source: PageSource, port = 0): Promise<PageServer> {
  const handlers = pageHandlers(source)
  const server = createServer((request, response) => void answer(handlers, request, response))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const bound = (server.address() as AddressInfo).port
  return { url: `http://127.0.0.1:${bound}`, port: bound, close: () => close(server) }
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}

async function answer(
  handlers: HttpHandler[],
  { url = '/', headers }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams: query } = new URL(url, 'http://localhost')
  const handler = handlers.find(({ method, path }) => method === 'GET' && path === pathname)
  if (!handler) return void response.writeHead(404).end()
  const hasToken = headers.authorization === `Bearer ${TOKEN}`
  const said = await handler.answer({ query, headers, body: Buffer.alloc(0), hasToken })
  response.writeHead(said.status, { 'Content-Type': said.type, ...said.headers }).end(said.body)
}
