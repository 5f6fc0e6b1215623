// The HTTP door: who comes in, what is answered, and that nobody keeps others waiting.

import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { hostname } from 'node:os'
import t, { type Test } from 'tap'
import { Admission } from '../../lib/http/admission.js'
import { HttpDoor } from '../../lib/http/door.js'
import type { HttpHandler, HttpRequest } from '../../lib/http/handler.js'

const JSON_TYPE = 'application/json'
const TOKEN = 'a-token'

interface Answered {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
}

interface Asked {
  method?: string
  path?: string
  headers?: Record<string, string>
  body?: string | Buffer
}

interface OpenDoor {
  door: HttpDoor
  port: number
  asked: HttpRequest[]
  faults: Error[]
  ask(asked?: Asked): Promise<Answered>
}

async function openDoor(t: Test, token = '', host = '127.0.0.1'): Promise<OpenDoor> {
  const asked: HttpRequest[] = []
  const faults: Error[] = []
  const handlers: HttpHandler[] = [
    { method: 'GET', path: '/told', answer: (request) => taken(asked, request) },
    { method: 'GET', path: '/open', isPublic: true, answer: (request) => taken(asked, request) },
    { method: 'POST', path: '/both', takes: JSON_TYPE, answer: (request) => taken(asked, request) },
    { method: 'GET', path: '/both', answer: (request) => taken(asked, request) },
    {
      method: 'GET',
      path: '/fault',
      answer() {
        throw new Error('with a secret in it')
      },
    },
  ]
  const door = new HttpDoor({ host, port: 0, token }, handlers, (error) => faults.push(error))
  const { port } = await door.open()
  t.teardown(() => door.close())
  return { door, port, asked, faults, ask: (one = {}) => ask(port, one) }
}

function taken(asked: HttpRequest[], request: HttpRequest) {
  asked.push(request)
  return {
    status: 200,
    type: 'text/plain',
    body: `caf\u00e9 ${request.body}`,
    headers: { 'Cache-Control': 'max-age=1' },
  }
}

function ask(port: number, { method = 'GET', path = '/told', headers = {}, body }: Asked): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { port, host: '127.0.0.1', method, path, headers, agent: false },
      (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.on('end', () => {
          resolve({
            status: answer.statusCode!,
            headers: answer.headers,
            body: Buffer.concat(parts).toString(),
          })
        })
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

t.test('an answer has its headers and those of the door', async (t) => {
  const { ask, asked } = await openDoor(t)
  const { status, headers, body } = await ask({ path: '/told?a=1&b=%20' })
  t.equal(status, 200)
  t.equal(body, 'caf\u00e9 ')
  t.match(headers, {
    'content-type': 'text/plain',
    'cache-control': 'max-age=1',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'content-security-policy': /default-src 'none'/,
  })
  t.notOk('access-control-allow-origin' in headers)
  t.equal(asked[0]!.query.get('b'), ' ')
  const head = await ask({ method: 'HEAD' })
  t.match(head, { status: 200, body: '', headers: { 'content-length': headers['content-length'] } })
})

t.test('what is not there, or not so, is told by its status', async (t) => {
  const { ask, asked, faults } = await openDoor(t)
  t.match(await ask({ path: '/' }), { status: 404, body: /not_found/ })
  t.match(await ask({ path: '/told/../told' }), { status: 404 })
  t.match(await ask({ method: 'POST', path: '/told' }), { status: 405, headers: { allow: 'GET, HEAD' } })
  t.match(await ask({ method: 'DELETE', path: '/both' }), {
    status: 405,
    headers: { allow: 'POST, GET, HEAD' },
  })
  t.match(await ask({ method: 'POST', path: '/both', body: '{}' }), { status: 415 })
  const headers = { 'Content-Type': 'application/json; charset=utf-8' }
  t.match(await ask({ method: 'POST', path: '/both', headers, body: '{"a":1}' }), {
    status: 200,
    body: /\{"a":1\}$/,
  })
  t.match(await ask({ method: 'POST', path: '/both', headers, body: Buffer.alloc(1 << 20) }), { status: 200 })
  t.match(await ask({ path: '/fault' }), { status: 500, body: /see its log/ })
  t.equal(faults.length, 1)
  t.equal(asked.length, 2)
})

t.test('a body that is too large is refused, with and without a length', async (t) => {
  const { ask, asked } = await openDoor(t)
  const body = Buffer.alloc((1 << 20) + 1)
  const headers = { 'Content-Type': JSON_TYPE }
  const asks = [headers, { ...headers, 'Transfer-Encoding': 'chunked' }]
  for (const one of asks) {
    const answer = await ask({ method: 'POST', path: '/both', headers: one, body }).catch(
      (error: Error) => error,
    )
    if (answer instanceof Error) t.match(answer.message, /EPIPE|ECONNRESET/)
    else t.equal(answer.status, 413)
  }
  t.equal(asked.length, 0)
})

t.test('Host: addresses and names of this host, or whoever has the token', async (t) => {
  const { ask, door } = await openDoor(t, TOKEN)
  const good = [
    '127.0.0.1',
    '127.0.0.1:80',
    'localhost',
    'LOCALHOST:9',
    '[::1]:9',
    '192.0.2.1',
    `${hostname()}:9096`,
  ]
  for (const host of good) t.match(await ask({ headers: { host } }), { status: 200 }, host)
  const bad = [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '[::1',
    'a@localhost',
    'x y',
  ]
  for (const host of bad) t.match(await ask({ headers: { host } }), { status: /^4(00|21)$/ }, host)
  const authorization = `Bearer ${TOKEN}`
  t.match(await ask({ headers: { host: 'capture.example', authorization } }), { status: 200 })
  t.ok(door.refused.host! >= bad.length)
})

t.test('Origin: our own page only', async (t) => {
  const { ask, port } = await openDoor(t)
  const own = { host: `localhost:${port}`, origin: `http://localhost:${port}` }
  t.match(await ask({ headers: own }), { status: 200 })
  for (const origin of [
    'http://evil.example',
    'null',
    `http://localhost:${port + 1}`,
    `http://127.0.0.1:${port}`,
    '',
  ])
    t.match(await ask({ headers: { ...own, origin } }), { status: 403 }, origin)
})

t.test('the token: wrong ones are refused everywhere, and none is needed on loopback', async (t) => {
  const { ask, asked } = await openDoor(t, TOKEN)
  t.match(await ask(), { status: 200 })
  t.match(await ask({ headers: { authorization: `Bearer ${TOKEN}` } }), { status: 200 })
  t.same(
    asked.map(({ hasToken }) => hasToken),
    [false, true],
  )
  for (const authorization of [
    'Bearer a-toke',
    `Bearer ${TOKEN}x`,
    `Basic ${TOKEN}`,
    'Bearer',
    `bearer${TOKEN}`,
  ])
    t.match(await ask({ headers: { authorization } }), { status: 401 }, authorization)
  t.match(await ask({ path: '/open', headers: { authorization: 'Bearer x' } }), { status: 401 })
})

t.test('off loopback everybody needs it, but for what is public', async (t) => {
  const away = new Admission('192.0.2.1', TOKEN)
  const host = '192.0.2.1'
  t.match(away.of({ host }, false), { refusal: { status: 401 } })
  t.match(away.of({ host, authorization: `Bearer ${TOKEN}` }, false), { refusal: undefined, hasToken: true })
  t.match(away.of({ host }, true), { refusal: undefined, hasToken: false })
  for (const address of ['::', '0.0.0.0', '::ffff:192.0.2.1', '2001:db8::1'])
    t.match(new Admission(address, TOKEN).of({ host }, false), { refusal: { status: 401 } }, address)
  for (const address of ['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])
    t.match(new Admission(address, TOKEN).of({ host }, false), { refusal: undefined }, address)
})

t.test('200 connections that say nothing, or half of something, keep nobody waiting', async (t) => {
  const { ask, port } = await openDoor(t)
  const sockets = Array.from({ length: 200 }, (_, at) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    if (at % 2 === 0) socket.write('GET /told HTTP/1.1\r\nHost: local')
    return socket
  })
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
  for (let i = 0; i < 20; i++) t.equal((await ask()).status, 200)
  for (const socket of sockets) socket.destroy()
})

t.test('what is no HTTP is counted and closed', async (t) => {
  const { ask, door, port } = await openDoor(t)
  for (const text of [
    '\x16\x03\x01\x00',
    'GET / HTTP/9.9\r\n\r\n',
    `GET /${'x'.repeat(40_000)} HTTP/1.1\r\n\r\n`,
  ]) {
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      socket.on('close', () => resolve())
      socket.resume()
      socket.end(text)
    })
  }
  t.ok(door.refused.malformed! >= 2)
  t.equal((await ask()).status, 200)
})

t.test('closing waits for nobody', async (t) => {
  const { door, port } = await openDoor(t)
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await new Promise((resolve) => socket.once('connect', resolve))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.resume()
  await door.close()
  await closed
  t.ok(socket.destroyed)
})
