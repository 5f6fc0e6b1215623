// A headless Chromium, driven over the DevTools protocol: what it shows, what it asks for and what it complains of.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'
import { until } from './tools.js'

type Fields = Readonly<Record<string, unknown>>

interface Said {
  id?: number
  sessionId?: string
  method?: string
  params?: Fields
  result?: Fields
  error?: { message: string }
}

const FLAGS = [
  '--headless=new',
  '--no-sandbox', // it is root's in containers; it only ever sees pages of ours
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--remote-debugging-port=0',
]

export class Browser {
  readonly #process: ChildProcess
  readonly #folder: string
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, (said: Said) => void>()
  readonly #pages = new Map<string, (said: Said) => void>()
  #nextId = 1

  private constructor(process_: ChildProcess, folder: string, socket: WebSocket) {
    this.#process = process_
    this.#folder = folder
    this.#socket = socket
    socket.on('message', (octets) => this.#hear(JSON.parse(String(octets)) as Said))
  }

  /** `flags` go to the program, beside the usual ones. */
  static async open(flags: readonly string[] = [], program = 'chromium'): Promise<Browser> {
    const folder = await mkdtemp(join(tmpdir(), 'hepcapd-browser-'))
    const child = spawn(program, [...FLAGS, ...flags, `--user-data-dir=${folder}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const socket = new WebSocket(await addressOf(child))
    await once(socket, 'open')
    return new Browser(child, folder, socket)
  }

  async close(): Promise<void> {
    const ended = once(this.#process, 'exit')
    await this.call('Browser.close')
    await ended
    this.#socket.terminate()
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }

  async call(method: string, params: Fields = {}, sessionId?: string): Promise<Fields> {
    const id = this.#nextId++
    const said = new Promise<Said>((resolve) => this.#waiting.set(id, resolve))
    this.#socket.send(JSON.stringify({ id, method, params, ...(sessionId ? { sessionId } : {}) }))
    const { result, error } = await said
    if (error) throw new Error(`${method}: ${error.message}`)
    return result ?? {}
  }

  async page(): Promise<Page> {
    const { targetId } = await this.call('Target.createTarget', { url: 'about:blank' })
    const { sessionId } = await this.call('Target.attachToTarget', { targetId, flatten: true })
    const page = new Page(this, String(sessionId))
    this.#pages.set(String(sessionId), (said) => page.hear(said))
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await page.call(`${domain}.enable`)
    return page
  }

  #hear(said: Said): void {
    if (said.id === undefined) this.#pages.get(said.sessionId ?? '')?.(said)
    else this.#waiting.get(said.id)?.(said)
  }
}

export class Page {
  readonly #browser: Browser
  readonly #session: string
  /** URLs that it asked for. */
  readonly requests: string[] = []
  /** Errors and warnings of its console, and exceptions. */
  readonly complaints: string[] = []

  constructor(browser: Browser, session: string) {
    this.#browser = browser
    this.#session = session
  }

  call(method: string, params: Fields = {}): Promise<Fields> {
    return this.#browser.call(method, params, this.#session)
  }

  hear({ method, params = {} }: Said): void {
    if (method === 'Network.requestWillBeSent') this.requests.push((params.request as { url: string }).url)
    const isConsole =
      method === 'Runtime.consoleAPICalled' && /error|warning|assert/.test(String(params.type))
    const isLog =
      method === 'Log.entryAdded' && /error|warning/.test((params.entry as { level: string }).level)
    if (isConsole || isLog || method === 'Runtime.exceptionThrown')
      this.complaints.push(JSON.stringify(params))
  }

  async open(url: string): Promise<void> {
    await this.call('Page.navigate', { url })
    await this.until('document.readyState === "complete"')
  }

  /** The value of an expression, as JSON can say it. */
  async evaluate<T>(expression: string): Promise<T> {
    const said = await this.call('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true })
    if (said.exceptionDetails) throw new Error(JSON.stringify(said.exceptionDetails))
    return (said.result as { value: T }).value
  }

  async until(expression: string): Promise<void> {
    await until(() => this.evaluate<boolean>(`Boolean(${expression})`))
  }

  text(selector: string): Promise<string> {
    return this.evaluate(`document.querySelector(${JSON.stringify(selector)})?.textContent ?? ''`)
  }

  /** Each row of the table of a section: the texts of its cells by the titles of their columns. */
  rows(section: string): Promise<Record<string, string>[]> {
    return this.evaluate(
      `[...document.querySelectorAll('#${section} tbody tr')].map((row) =>
        Object.fromEntries([...row.children].map((cell) => [cell.dataset.column, cell.textContent])))`,
    )
  }

  async prefer(features: Readonly<Record<string, string>>): Promise<void> {
    const list = Object.entries(features).map(([name, value]) => ({ name, value }))
    await this.call('Emulation.setEmulatedMedia', { features: list })
  }

  async size(width: number, height: number): Promise<void> {
    const metrics = { width, height, deviceScaleFactor: 1, mobile: false }
    await this.call('Emulation.setDeviceMetricsOverride', metrics)
  }

  async press(key: string): Promise<void> {
    for (const type of ['keyDown', 'keyUp']) {
      await this.call('Input.dispatchKeyEvent', { type, key, code: key, ...KEYS[key] })
    }
  }

  async screenshot(): Promise<Buffer> {
    const { data } = await this.call('Page.captureScreenshot', { format: 'png', optimizeForSpeed: false })
    return Buffer.from(String(data), 'base64')
  }
}

const KEYS: Record<string, Fields> = {
  Tab: { windowsVirtualKeyCode: 9 },
  Enter: { windowsVirtualKeyCode: 13, text: '\r' },
}

async function addressOf(child: ChildProcess): Promise<string> {
  if (!child.stderr) throw new Error('no stderr')
  const lines = createInterface({ input: child.stderr })
  for await (const line of lines) {
    const url = /DevTools listening on (ws:\S+)/.exec(line)?.[1]
    if (url) {
      child.stderr.resume()
      return url
    }
  }
  throw new Error('chromium has not started')
}
