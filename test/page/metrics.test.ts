// The page of the real program, at its own door, under load: its numbers are those of /metrics, and the browser asks
// nobody else for anything.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Browser, type Page } from '../support/browser.js'
import { RunningDaemon } from '../support/cli.js'
import { sendUdp } from '../support/daemon.js'
import { TcpLoad, UdpLoad } from '../support/load.js'
import { packet } from '../support/packets.js'
import { RecordingProxy } from '../support/recording-proxy.js'
import { missing, until } from '../support/tools.js'
import { request } from '../support/traffic.js'

t.setTimeout(240_000)
const skip = missing('chromium')

const LOOKS = 3
/** Whom Chromium asks on its own account, whatever page it shows; it gets no answer. */
const CHROMIUM = /(^|\.)(google|googleapis|gvt1|gstatic)\.com(:443)?$/

/** By what the page calls it: input and column, reason, or sink. */
type Numbers = Map<string, number>

const OUTCOMES = ['stored', 'relayed', 'discarded', 'dropped'] as const

async function start(t: Test) {
  const folder = t.testdir()
  const config = join(folder, 'hepcapd.toml')
  writeFileSync(config, '[discard]\nmethods = ["REGISTER"]\n')
  const daemon = await RunningDaemon.start([
    ...['--config', config, '--http', '127.0.0.1:0', '--db-url', `sqlite:${join(folder, 'a.db')}`],
    ...['--listen', 'hep_udp:127.0.0.1:0', '--listen', 'hep_tcp:127.0.0.1:0'],
  ])
  t.teardown(() => daemon.child.kill('SIGKILL'))
  const door = /answering on http:(\S+?)"/.exec(daemon.err)![1]!
  return { daemon, door }
}

/** Of /metrics, under the names of numbersOf(). */
async function scrape(door: string): Promise<Numbers> {
  const text = await (await fetch(`http://${door}/metrics`)).text()
  const numbers: Numbers = new Map()
  const add = (key: string, value: number) => numbers.set(key, (numbers.get(key) ?? 0) + value)
  for (const [, name, labelled = '', value] of text.matchAll(/^hepcapd_(\w+)\{(.*)\} (\d+)$/gm)) {
    const of = Object.fromEntries(
      Array.from(labelled.matchAll(/(\w+)="([^"]*)"/g), ([, key, text]) => [key, text]),
    )
    if (name === 'received_total') add(`${of.input} received`, Number(value))
    if (name === 'messages_total') add(`${of.input} ${of.outcome}`, Number(value))
    if (name === 'in_flight') add(`${of.input} in flight`, Number(value))
    if (name === 'dropped_total') add(`${of.input} dropped ${of.stage}/${of.reason}`, Number(value))
    if (name === 'discarded_total') add(`${of.input} discarded ${of.reason}`, Number(value))
    if (name === 'stored_rows_total') add(`${of.sink} rows`, Number(value))
  }
  return numbers
}

const plain = (text: string | undefined) => Number((text ?? '').replaceAll(',', ''))

/** Of one answer: the page writes all of it in one turn. */
async function numbersOf(page: Page): Promise<Numbers> {
  const sections = ['ledger', 'why', 'sinks']
  const rows = await page.evaluate<Record<string, Record<string, string>[]>>(
    `Object.fromEntries(${JSON.stringify(sections)}.map((id) => [id, [...document.querySelectorAll('#' + id + ' tbody tr')].map((row) =>
      Object.fromEntries([...row.children].map((cell) => [cell.dataset.column, cell.textContent])))]))`,
  )
  const numbers: Numbers = new Map()
  for (const row of rows.ledger!) {
    for (const column of ['received', ...OUTCOMES]) numbers.set(`${row.input} ${column}`, plain(row[column]))
    numbers.set(`${row.input} in flight`, plain(row['in flight']) + plain(row.spooled))
  }
  for (const { input, outcome, reason, messages } of rows.why!)
    numbers.set(`${input} ${outcome} ${reason}`, plain(messages))
  for (const { sink, rows: stored } of rows.sinks!) numbers.set(`${sink} rows`, plain(stored))
  return numbers
}

/** Until the page shows an answer that it asked for after now. */
async function anew(page: Page): Promise<void> {
  const asked = `performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/page.json')).length`
  const before = await page.evaluate<number>(asked)
  await page.until(`${asked} >= ${before + 3}`) // one may be on its way, and the next is shown when the third is asked for
}

t.test('the page at the door, under load and after it', { skip }, async (t) => {
  const { daemon, door } = await start(t)
  const proxy = await RecordingProxy.start(door)
  t.teardown(() => proxy.close())
  const browser = await Browser.open(proxy.flags)
  t.teardown(() => browser.close())
  const page = await browser.page()
  await page.open(`http://${door}/`)

  const mixed = ['no HEP', packet(request('REGISTER', 'r')), packet('x', { type: 5 })].map((one) =>
    Buffer.from(one),
  )
  await sendUdp(
    daemon.port('hep_udp'),
    Array.from({ length: 300 }, (_, at) => mixed[at % 3]!),
  )
  await until(async () => sumOf(await scrape(door), 'received') === 300)
  const loads = [new UdpLoad(daemon.port('hep_udp')), await TcpLoad.start(daemon.port('hep_tcp'))]
  for (let look = 0; look < LOOKS; look++) {
    const before = await scrape(door)
    await anew(page)
    const shown = await numbersOf(page)
    const after = await scrape(door)
    const outside = [...shown].filter(
      ([name, value]) =>
        !name.endsWith('in flight') && !(value >= (before.get(name) ?? 0) && value <= (after.get(name) ?? 0)),
    )
    t.same(outside, [], 'between one scrape and the next')
    for (const input of inputsOf(shown)) {
      const settled = OUTCOMES.reduce((sum, outcome) => sum + shown.get(`${input} ${outcome}`)!, 0)
      t.equal(
        shown.get(`${input} received`),
        settled + shown.get(`${input} in flight`)!,
        `${input}: one moment`,
      )
    }
  }
  for (const load of loads) await load.stop()

  await until(async () => sumOf(await scrape(door), 'in flight') === 0)
  await anew(page)
  const [shown, said] = [await numbersOf(page), await scrape(door)]
  t.same([...shown].sort(), [...said].sort())
  t.equal(inputsOf(shown).length, 2)
  t.ok(
    [...shown.keys()].some((name) => /discarded \w/.test(name)),
    'discards have their reason',
  )
  t.equal([...shown].find(([name]) => / dropped hep\/\w/.test(name))?.[1], 100)

  const asked = page.requests.filter((url) => url !== 'about:blank').map((url) => new URL(url).host)
  t.same([...new Set(asked)], [door], 'of all that the page asked for')
  t.ok(asked.length > LOOKS)
  t.same(
    [...new Set(proxy.asked)].filter((host) => !CHROMIUM.test(host)),
    [door],
    'and of what anybody in the browser did',
  )
  t.same(page.complaints, [])
  t.equal((await daemon.stop()).status, 0)
})

function inputsOf(numbers: Numbers): string[] {
  return [...numbers.keys()].flatMap((name) =>
    / received$/.exec(name) ? [name.replace(/ received$/, '')] : [],
  )
}

function sumOf(numbers: Numbers, column: string): number {
  return [...numbers].reduce((sum, [name, value]) => sum + (name.endsWith(` ${column}`) ? value : 0), 0)
}
