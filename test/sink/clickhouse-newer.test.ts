// What newer servers are asked for, by a server that only says that it is one: its catalogue, and what it was sent.

import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import t from 'tap'
import { ClickhouseStore } from '../../lib/sink/clickhouse.js'
import { persist } from '../support/clickhouse-rows.js'
import { batchOf, newEngine } from '../support/engine.js'
import { options, packet } from '../support/packets.js'
import { Blocks } from '../support/store-blocks.js'

interface Insert {
  token: string | null
  asynchronous: string | null
  octets: string
}

class NewServer {
  readonly inserts: Insert[] = []
  readonly made: string[] = []
  /** Inserts that get no answer. */
  silent = 0
  readonly #http: Server

  private constructor() {
    this.#http = createServer((request, response) => void this.#serve(request, response))
  }

  static async start(): Promise<NewServer> {
    const server = new NewServer()
    await new Promise<void>((resolve) => server.#http.listen(0, '127.0.0.1', resolve))
    return server
  }

  get port(): number {
    return (this.#http.address() as { port: number }).port
  }

  close(): void {
    this.#http.close()
    this.#http.closeAllConnections()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const asked = new URL(request.url ?? '/', 'http://localhost').searchParams
    const insert = asked.get('query')
    if (insert === null) {
      const rows = this.#answer(Buffer.concat(parts).toString())
      response.end(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
      return
    }
    this.inserts.push({
      token: asked.get('insert_deduplication_token'),
      asynchronous: asked.get('async_insert'),
      octets: createHash('sha256').update(Buffer.concat(parts)).digest('hex'),
    })
    if (this.silent-- > 0) request.socket.destroy()
    else response.end()
  }

  #answer(query: string): object[] {
    if (query.startsWith('CREATE')) this.made.push(query)
    if (query.includes('version()')) return [{ version: '26.7.2.1' }]
    if (query.includes('system.settings')) {
      return ['insert_deduplication_token', 'async_insert'].map((name) => ({ name, changed: 0 }))
    }
    if (query.includes('system.merge_tree_settings')) return [{ name: 'non_replicated_deduplication_window' }]
    const [create] = this.made
    if (!create) return []
    if (query.includes('system.tables')) {
      return [{ engine: 'MergeTree', full: create.slice(create.indexOf('ENGINE = ') + 9), views: 0 }]
    }
    const columns = Array.from(create.matchAll(/^ {2}`(\w+)` ([^\n]+?),?$/gm))
    return query.includes('system.columns')
      ? columns.map(([, name, type]) => ({ name, type, default_kind: '' }))
      : []
  }
}

t.test('a server that knows inserts again gets the same octets with the same token', async (t) => {
  const engine = newEngine()
  const server = await NewServer.start()
  const advice: string[] = []
  const store = new ClickhouseStore(
    {
      engine: 'clickhouse',
      hosts: [{ host: '127.0.0.1', port: server.port }],
      user: 'default',
      password: '',
      database: 'default',
      tls: { mode: 'off' },
    },
    { statementsInFlight: 5 },
    (message) => advice.push(message),
  )
  t.teardown(async () => {
    await store.close()
    server.close()
    engine.close()
  })
  await store.open()
  const blocks = new Blocks()
  const batch = batchOf(engine, [packet(options('one')), packet(options('two'))])
  const block = blocks.of(batch)
  server.silent = 2
  t.same(await persist(store, block), [])
  t.equal(server.inserts.length, 3)
  t.equal(new Set(server.inserts.map((insert) => JSON.stringify(insert))).size, 1, 'three times the same')
  t.match(server.inserts[0], { token: new RegExp(block.id.origin), asynchronous: '0' })
  t.same(await store.write({ ...block, isFromBefore: true }), [])
  t.same(server.inserts[3], server.inserts[0], 'and in another process')
  t.same(await store.write(blocks.of(batch)), [])
  t.not(server.inserts[4]?.token, server.inserts[0]?.token, 'another block of the same rows is another')
  t.equal(server.made.length, 1)
  t.match(server.made[0], /non_replicated_deduplication_window = \d+/)
  t.match(server.made[0], /INDEX `by_from_user` `from_user` TYPE bloom_filter/)
  t.same(advice, [])
})
