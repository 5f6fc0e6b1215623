// What the page is told, without a browser: the configuration in force decides who sees calls, and the policy is strict.

import t from 'tap'
import { pageHandlers } from '../../lib/http/page/page.js'
import { pageSource } from '../../lib/http/page/source.js'
import { effective } from '../../lib/options/settings.js'

const DAEMON = { ledger: () => ({ inputs: {}, sinks: {} }), away: [] }
const REQUEST = { query: new URLSearchParams(), headers: {}, body: Buffer.alloc(0), hasToken: false }

function settingsOf(argv: Record<string, unknown>) {
  return effective({ command: 'run', argv: { _: [], ...argv }, env: {} }).settings
}

async function ask(argv: () => Record<string, unknown>, path: string, hasToken = false) {
  const source = pageSource(DAEMON, () => settingsOf(argv()), '1.2.3')
  const handler = pageHandlers(source).find((one) => one.path === path)
  const answer = await handler?.answer({ ...REQUEST, hasToken })
  source.calls.close()
  return answer
}

const said = (answer: Awaited<ReturnType<typeof ask>>) => JSON.parse(String(answer?.body))

t.test('calls are closed, open with the token, and open to all where that is said', async (t) => {
  const path = '/page-calls.json'
  const at = { 'db-url': 'sqlite:no-such-folder/none.db' }
  t.equal((await ask(() => at, path))?.status, 401)
  t.equal((await ask(() => at, path, true))?.status, 200)
  t.equal((await ask(() => ({ ...at, 'http-calls': '1' }), path))?.status, 200)
  t.equal(said(await ask(() => at, '/page.json')).calls, 'token')
  t.equal(said(await ask(() => at, '/page.json', true)).calls, 'open')
  t.equal(said(await ask(() => ({ ...at, 'http-calls': '1' }), '/page.json')).calls, 'open')
  t.equal(said(await ask(() => ({ 'db-url': 'none:', 'http-calls': '1' }), '/page.json')).calls, 'none')
})

t.test('a reload is heard', async (t) => {
  let node = 'one'
  const source = pageSource(DAEMON, () => settingsOf({ 'capture-node': node }), '1.2.3')
  t.equal(source.node(), 'one')
  node = 'two'
  t.equal(source.node(), 'two')
})

t.test(
  'its files are for everybody, its numbers are not; nothing inline and nothing from elsewhere',
  async (t) => {
    const handlers = pageHandlers(pageSource(DAEMON, () => settingsOf({}), '1.2.3'))
    for (const { path, isPublic, answer } of handlers) {
      t.equal(isPublic === true, !path.endsWith('.json'), path)
      if (!isPublic) continue
      const { headers, body } = await answer(REQUEST)
      const policy = headers?.['Content-Security-Policy'] ?? ''
      t.match(policy, /^default-src 'none'; script-src 'self';/)
      t.notMatch(policy, /unsafe|https?:|\*/)
      t.notMatch(
        String(body).replaceAll('http://www.w3.org/2000/svg', ''),
        /https?:\/\/|innerHTML|\son\w+=|style=/,
        path,
      )
    }
  },
)
