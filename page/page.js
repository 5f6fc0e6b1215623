// Asks the daemon what it counts, once a second, and says so when there is no answer. It changes nothing there.

import { write } from './page-rows.js'
import { View } from './page-view.js'

const EVERY_MS = 1000
/** While nobody looks. */
const HIDDEN_EVERY_MS = 5000
const PATIENCE_MS = 5000
/** Calls are read from a disk: not as often as numbers. */
const CALLS_EVERY = 2
const TOKEN = 'hepcapd token'

const HOW_TO_OPEN =
  'Closed: they name people. Give the token of --http-token below, or start the daemon with --http-calls 1.'
const NO_DATABASE = 'No SQLite database is written, and others are asked with their own clients.'

const view = new View()
const element = (id) => document.getElementById(id)
let answeredAt
let rounds = 0
let timer

async function ask(path) {
  const token = sessionStorage.getItem(TOKEN)
  const headers = token ? { Authorization: `Bearer ${token}` } : {}
  const response = await fetch(path, { headers, cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS) })
  return { status: response.status, said: response.ok ? await response.json() : undefined }
}

async function round() {
  try {
    const { status, said } = await ask('/page.json')
    if (said) await show(said)
    else refused(status)
  } catch {
    gone()
  }
  clearTimeout(timer)
  timer = setTimeout(round, document.hidden ? HIDDEN_EVERY_MS : EVERY_MS)
}

async function show(said) {
  answeredAt = new Date()
  view.show(said)
  const isWell = (said.health?.status ?? 'ok') === 'ok'
  say(isWell && said.away.length === 0 ? 'ok' : 'warning', stateOf(said, isWell))
  if (said.calls === 'open') {
    if (rounds++ % CALLS_EVERY === 0) await showCalls()
  } else {
    rounds = 0
    view.closeCalls(said.calls === 'none' ? NO_DATABASE : HOW_TO_OPEN)
  }
}

function stateOf({ health, away }, isWell) {
  if (away.length > 0) return `${away.length === 1 ? 'A sink is' : `${away.length} sinks are`} away`
  return isWell ? 'Capturing' : String(health.status)
}

async function showCalls() {
  const { said } = await ask('/page-calls.json')
  if (said) view.showCalls(said)
}

function refused(status) {
  if (status === 401 || status === 403) say('closed', 'The daemon wants the token: give it below')
  else say('gone', `The daemon answers ${status}; asking again`)
}

function gone() {
  const since = answeredAt ? ` since ${answeredAt.toLocaleTimeString()}` : ''
  say('gone', `No answer from the daemon${since}; asking again`)
}

/** Read out only when it changes. */
function say(state, text) {
  document.body.dataset.state = state
  element('state').dataset.state = state
  write(element('state'), text)
}

function useToken(token) {
  if (token) sessionStorage.setItem(TOKEN, token)
  else sessionStorage.removeItem(TOKEN)
  element('token').value = ''
  element('forget').hidden = !token
  rounds = 0
  clearTimeout(timer)
  void round()
}

element('token-form').addEventListener('submit', (event) => {
  event.preventDefault()
  useToken(element('token').value.trim())
})
element('forget').addEventListener('click', () => useToken(''))
element('forget').hidden = !sessionStorage.getItem(TOKEN)
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return
  clearTimeout(timer)
  void round()
})
void round()
