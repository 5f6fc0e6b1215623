// The page in a real browser: its numbers are the ledger's, it asks nobody else, and nothing that a sender writes runs.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { PageSource } from '../../lib/http/page/page.js'
import type { LedgerSnapshot } from '../../lib/ledger.js'
import { Browser, type Page } from '../support/browser.js'
import { type Started, sendUdp, startDaemon } from '../support/daemon.js'
import { options, packet } from '../support/packets.js'
import { type PageServer, servePage, sourceOf, TOKEN } from '../support/page-server.js'
import { missing, until } from '../support/tools.js'

t.setTimeout(240_000)
const skip = missing('chromium')

const HOSTILE = `<img src=x onerror="globalThis.hit=1"><script>globalThis.hit=1</script>'"&`

interface Scene extends Started {
  server: PageServer
  page: Page
  ledger(): LedgerSnapshot
  source: ReturnType<typeof sourceOf>
}

t.test('the page', { skip }, async (t) => {
  const browser = await Browser.open()
  t.teardown(() => browser.close())

  /** A daemon with a database, its page open. */
  async function scene(test: typeof t, told: Partial<PageSource> = {}): Promise<Scene> {
    const folder = await mkdtemp(join(tmpdir(), 'hepcapd-page-'))
    const path = join(folder, 'page.db')
    const started = await startDaemon({ targets: [{ kind: 'sqlite', path }] })
    const ledger = () => started.daemon.ledger()
    const source = { ...sourceOf(started.daemon, path), ...told }
    const server = await servePage(source)
    const page = await browser.page()
    await page.open(`${server.url}/`)
    await page.until('["ok", "warning"].includes(document.body.dataset.state)')
    test.teardown(async () => {
      await page.call('Page.navigate', { url: 'about:blank' })
      await server.close().catch(() => {}) // some tests close it
      source.calls.close()
      await started.daemon.stop()
      await rm(folder, { recursive: true })
    })
    return { ...started, server, page, ledger, source }
  }

  await t.test('its numbers are those of the ledger', async (t) => {
    const { daemon, port, page, ledger } = await scene(t)
    const good = Array.from({ length: 1234 }, (_, at) => packet(options(`call-${at}`)))
    const bad = Array.from({ length: 7 }, () => Buffer.from('no HEP at all'))
    await sendUdp(port(), [...good, ...bad])
    await until(() => ledger().inputs[daemon.bound[0] ?? '']?.received === 1241)
    await daemon.stored()
    await page.until(`document.querySelector('#ledger tbody').textContent.includes('1,234')`)
    const name = daemon.bound[0] ?? ''
    const input = ledger().inputs[name]
    t.match(await page.rows('ledger'), [
      { input: name, received: '1,241', stored: '1,234', spooled: '0', dropped: '7', 'in flight': '0' },
    ])
    const why = await page.rows('why')
    const shown = why.map(({ outcome, reason, messages }) => [outcome, reason, Number(messages)])
    t.same(
      shown,
      Object.entries(input?.dropped ?? {}).map(([reason, count]) => ['dropped', reason, count]),
    )
    t.equal((await page.rows('sinks'))[0]?.rows, '1,234')
    t.match(await page.text('.figure:nth-child(3) .unit'), / 7 in all/)
    t.same(page.complaints, [])
  })

  await t.test('rates are made of what came in between', async (t) => {
    const { daemon, port, page } = await scene(t)
    t.equal(await page.evaluate(`document.querySelectorAll('#inputs .curve').length`), 1)
    const timer = setInterval(() => void sendUdp(port(), [packet(options('again'))]), 20)
    t.teardown(() => clearInterval(timer))
    await page.until(`parseFloat(document.getElementById('figure-received').textContent) > 1`)
    await page.until(`document.querySelector('#figures .line').getAttribute('d').includes('L')`)
    const [row] = await page.rows('inputs')
    t.equal(row?.input, daemon.bound[0])
    t.ok(Number(row?.['received/s']) > 0)
  })

  await t.test('it asks nobody but the daemon, and nothing is refused to it', async (t) => {
    const { page, server } = await scene(t)
    await page.until(
      `performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.json')).length > 1`,
    )
    t.ok(page.requests.length > 5)
    t.same(
      page.requests.filter((url) => new URL(url).origin !== server.url),
      [],
    )
    t.same(page.complaints, [])
  })

  await t.test('markup in names and Call-IDs is text', async (t) => {
    const odd = { [HOSTILE]: 3 }
    const input = { received: 5, stored: 0, spooled: 0, relayed: 0, in_flight: 0 }
    const hostile = {
      inputs: { [HOSTILE]: { ...input, discarded: odd, dropped: { [`x/${HOSTILE}`]: 2 } } },
      sinks: { [HOSTILE]: { rows: 1 } },
      odd: { [HOSTILE]: odd, ['__proto__']: { constructor: 1 } },
    }
    const { port, daemon, page } = await scene(t, {
      ledger: () => hostile,
      node: () => HOSTILE,
      health: () => ({ status: HOSTILE, reasons: [{ reason: 'sink_away', detail: HOSTILE }] }),
      agents: () => [{ address: '192.0.2.1', agent_id: 1, packets: 2, errors: { [HOSTILE]: 1 } }],
    })
    await sendUdp(port(), [packet(options(HOSTILE, `From: "${HOSTILE}" <sip:a@b>`))])
    await until(() => Object.values(daemon.ledger().inputs)[0]?.stored === 1)
    await giveToken(page, TOKEN)
    await page.until(`document.querySelector('#calls tbody td')`)
    t.equal((await page.rows('ledger'))[0]?.input, HOSTILE)
    t.equal((await page.rows('calls'))[0]?.['call-id'], HOSTILE)
    t.equal(await page.text('#reasons li'), `sink_away: ${HOSTILE}`)
    t.match((await page.rows('agents'))[0], { address: '192.0.2.1', packets: '2', errors: `${HOSTILE} 1` })
    t.equal(await page.evaluate(`document.querySelectorAll('main img, main script').length`), 0)
    t.equal(await page.evaluate('globalThis.hit ?? 0'), 0)
    t.same(page.complaints, [])
  })

  await t.test('the last calls open with the token, and close without', async (t) => {
    const { port, daemon, page, server } = await scene(t)
    const calls = ['one', 'two'].map((id) => packet(options(id, 'From: <sip:alice@example.com>')))
    await sendUdp(port(), calls)
    await until(() => Object.values(daemon.ledger().inputs)[0]?.stored === 2)
    t.match(await page.text('#calls-note'), /--http-token.*--http-calls 1/)
    t.same(await page.rows('calls'), [])
    t.notOk(page.requests.some((url) => url.endsWith('/page-calls.json')))
    const refused = await fetch(`${server.url}/page-calls.json`)
    t.equal(refused.status, 401)
    t.notMatch(await refused.text(), /alice/)

    await giveToken(page, TOKEN)
    await page.until(`document.querySelectorAll('#calls tbody tr').length === 2`)
    t.match(await page.rows('calls'), [
      { method: 'OPTIONS', from: 'alice@example.com', 'call-id': 'two', messages: '1' },
      { 'call-id': 'one' },
    ])
    t.equal(await page.evaluate('Object.keys(localStorage).length + document.cookie.length'), 0)
    t.equal(await page.evaluate(`document.getElementById('token').value`), '')

    await page.evaluate(`document.getElementById('forget').click()`)
    await page.until(`document.querySelectorAll('#calls tbody tr').length === 0`)
  })

  await t.test('a sink that is away is told, and which one', async (t) => {
    const ledger = { inputs: {}, sinks: { here: { rows: 1 }, there: { rows: 2, spooled_rows: 3 } } }
    const { page } = await scene(t, { ledger: () => ledger, away: () => ['there'] })
    t.equal(await page.text('#state'), 'A sink is away')
    t.match(await page.rows('sinks'), [
      { sink: 'here', state: 'here' },
      { sink: 'there', state: 'away', 'spooled rows': '3' },
    ])
  })

  await t.test('it says that the daemon is gone, and goes on when it is back', async (t) => {
    const { page, server, source } = await scene(t)
    await server.close()
    await page.until('document.body.dataset.state === "gone"')
    t.match(await page.text('#state'), /No answer from the daemon since/)
    const again = await servePage(source, server.port)
    t.teardown(() => again.close())
    await page.until('document.body.dataset.state === "ok"')
  })

  await t.test('dark and light, with enough contrast, on a phone too', async (t) => {
    const { page, port, daemon } = await scene(t)
    await sendUdp(port(), [packet(options('one')), Buffer.from('bad')])
    await until(() => Object.values(daemon.ledger().inputs)[0]?.received === 2)
    await page.until(`document.querySelector('#why tbody td')`)
    const grounds: string[] = []
    for (const scheme of ['light', 'dark']) {
      await page.prefer({ 'prefers-color-scheme': scheme, 'prefers-reduced-motion': 'reduce' })
      grounds.push(await page.evaluate('getComputedStyle(document.body).backgroundColor'))
      t.same(await page.evaluate(FAINT_TEXTS), [], scheme)
    }
    t.equal(new Set(grounds).size, 2)
    await page.size(360, 740)
    const sticksOut = 'document.documentElement.scrollWidth > document.documentElement.clientWidth'
    t.equal(await page.evaluate(sticksOut), false)
  })

  await t.test(
    'landmarks, headings and tables for who does not see it; the keyboard reaches all',
    async (t) => {
      const { page } = await scene(t)
      t.equal(await page.evaluate(`document.querySelectorAll('header, main, footer').length`), 3)
      t.equal(await page.evaluate(`document.querySelectorAll('h1').length`), 1)
      t.equal(await page.evaluate(`document.querySelectorAll('th:not([scope])').length`), 0)
      t.equal(await page.evaluate(`document.querySelectorAll('table:not(:has(caption))').length`), 0)
      t.equal(await page.evaluate(`document.querySelectorAll('section:not([aria-labelledby])').length`), 0)
      t.equal(await page.evaluate(`document.getElementById('state').getAttribute('role')`), 'status')
      const reached: string[] = []
      for (let times = 0; times < 12; times++) {
        await page.press('Tab')
        reached.push(await page.evaluate(`document.activeElement.id || document.activeElement.className`))
      }
      for (const wanted of ['skip', 'scroll', 'token']) t.ok(reached.includes(wanted), wanted)
    },
  )
})

async function giveToken(page: Page, token: string): Promise<void> {
  await page.evaluate(`document.getElementById('token').focus()`)
  await page.call('Input.insertText', { text: token })
  await page.press('Enter')
}

/** Texts whose colour differs from what is behind them by less than 4.5 to 1. */
const FAINT_TEXTS = `(() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number)
  const light = (colour) => {
    const [r, g, b] = channels(colour).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor
      if (channels(colour)[3] !== 0) return colour
    }
    return 'rgb(255, 255, 255)'
  }
  const texts = [...document.querySelectorAll('body *')].filter((one) =>
    [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()) && one.checkVisibility())
  return texts.filter((one) => {
    const [a, b] = [light(getComputedStyle(one).color), light(behind(one))].sort((x, y) => y - x)
    return (a + 0.05) / (b + 0.05) < 4.5
  }).map((one) => one.textContent)
})()`
