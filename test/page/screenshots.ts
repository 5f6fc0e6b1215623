// `npm run screenshots`: pictures of the page for the README, of a daemon that hears made-up calls over loopback. All
// addresses in them are such as documentation has (RFC 5737). Two minutes, so that the graphs are full.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { encodeHep } from '../../lib/hep/writer.js'
import { Browser, type Page } from '../support/browser.js'
import { type Started, startDaemon } from '../support/daemon.js'
import { servePage, sourceOf, TOKEN } from '../support/page-server.js'

const SECONDS = Number(process.env.HEPCAPD_SCREENSHOT_SECONDS ?? 125)
const TICKS_A_SECOND = 10
const SIZE = [1120, 980] as const
const USERS = ['alice', 'bob', 'carol', 'reception', 'sales', '+4930901820', '1001', '1002']
const AUDIO =
  'v=0\r\no=- 1 1 IN IP4 192.0.2.20\r\ns=call\r\nc=IN IP4 192.0.2.20\r\nt=0 0\r\nm=audio 16384 RTP/AVP 8\r\n'

/** A request and its replies, by number: methods and answers in a mix like that of a small provider. */
function transaction(index: number): string[] {
  const method = ['INVITE', 'REGISTER', 'OPTIONS', 'INVITE', 'SUBSCRIBE'][index % 5] ?? 'INVITE'
  const end =
    method === 'INVITE' ? ['200 OK', '486 Busy Here', '200 OK', '404 Not Found'][(index >> 2) % 4] : '200 OK'
  const [from, to] = [index * 3, index * 5 + 1].map((at) => USERS[at % USERS.length])
  const head = [
    `Via: SIP/2.0/UDP 192.0.2.${host(index)};branch=z9hG4bK${index}`,
    `From: <sip:${from}@example.com>;tag=a${index}`,
    `To: <sip:${to}@example.net>`,
    `Call-ID: ${(index * 2_654_435_761).toString(16)}@192.0.2.${host(index)}`,
    `CSeq: 1 ${method}`,
    'Max-Forwards: 70',
  ].join('\r\n')
  const body = method === 'INVITE' ? AUDIO : ''
  const type = body === '' ? '' : 'Content-Type: application/sdp\r\n'
  const request = `${method} sip:${to}@example.net SIP/2.0\r\n${head}\r\n${type}Content-Length: ${body.length}\r\n\r\n${body}`
  const replies = [...(method === 'INVITE' ? ['100 Trying', '180 Ringing'] : []), end]
  return [request, ...replies.map((status) => `SIP/2.0 ${status}\r\n${head}\r\nContent-Length: 0\r\n\r\n`)]
}

const host = (index: number) => 20 + (index % 40)

/** As an agent would send them: each a little after the one before. */
function packets(index: number): Buffer[] {
  const [phone, server] = [Uint8Array.of(192, 0, 2, host(index)), Uint8Array.of(198, 51, 100, 1)]
  return transaction(index).map((text, at) =>
    encodeHep(3, {
      protocol: 17,
      source: at === 0 ? phone : server,
      destination: at === 0 ? server : phone,
      sourcePort: 5060,
      destinationPort: 5060,
      timeUs: Date.now() * 1000 + at,
      agentId: 100,
      type: 1,
      payload: Buffer.from(text),
    }),
  )
}

/** Transactions of this moment: a wave, and less of it from the agent that sends over TCP. */
const wave = (tick: number) =>
  Math.round(9 + 4 * Math.sin(tick / 90) + 3 * Math.sin(tick / 17) * Math.sin(tick / 41))

async function load(started: Started, ended: AbortSignal): Promise<void> {
  const udp = createSocket('udp4')
  const tcp = connect(started.port(1), '127.0.0.1')
  await once(tcp, 'connect')
  let made = 0
  for (let tick = 0; !ended.aborted; tick++) {
    for (let left = wave(tick); left > 0; left--, made++) {
      for (const packet of packets(made)) {
        if (made % 4 === 0) tcp.write(packet)
        else udp.send(packet, started.port(0), '127.0.0.1')
      }
    }
    if (tick % 290 === 140) udp.send('not HEP', started.port(0), '127.0.0.1')
    await delay(1000 / TICKS_A_SECOND)
  }
  udp.close()
  tcp.destroy()
}

async function take(page: Page, scheme: string, folder: string): Promise<void> {
  await page.prefer({ 'prefers-color-scheme': scheme, 'prefers-reduced-motion': 'reduce' })
  await delay(200) // it is drawn again
  const file = join(folder, `page-${scheme}.png`)
  const octets = await page.screenshot()
  await writeFile(file, octets)
  console.log(`${file}: ${octets.length} octets`)
}

async function main(folder: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'hepcapd-screenshots-'))
  process.chdir(work) // so that the name of the database is short
  const listen = (['hep_udp', 'hep_tcp'] as const).map((proto) => ({ proto, host: '127.0.0.1', port: 0 }))
  const started = await startDaemon({ listen, targets: [{ kind: 'sqlite', path: 'hepcapd.db' }] })
  const source = { ...sourceOf(started.daemon, 'hepcapd.db'), version }
  const server = await servePage(source)
  const browser = await Browser.open()
  const page = await browser.page()
  await page.size(...SIZE)
  await page.call('Emulation.setScrollbarsHidden', { hidden: true })
  await page.open(server.url)
  await page.evaluate(`sessionStorage.setItem('hepcapd token', ${JSON.stringify(TOKEN)})`)
  const ended = new AbortController()
  const loaded = load(started, ended.signal)
  await delay(SECONDS * 1000)
  for (const scheme of ['light', 'dark']) await take(page, scheme, folder)
  ended.abort()
  await loaded
  await browser.close()
  await server.close()
  source.calls.close()
  await started.daemon.stop()
  await rm(work, { recursive: true })
}

const root = new URL('../../../', import.meta.url)
const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as { version: string }
const docs = fileURLToPath(new URL('docs/', root))
await mkdir(docs, { recursive: true })
await main(docs)
