// What the page shows of one answer of the daemon, and of those before it. It asks for nothing.

import { Graph, History } from './page-rates.js'
import { make, number, perSecond, Table, write } from './page-rows.js'

const name = (title) => ({ title, kind: 'name' })
const text = (title) => ({ title, kind: 'text' })
const count = (title) => ({ title, kind: 'number' })
const rate = (title) => ({ title, kind: 'rate' })
const GRAPH = { title: 'last 2 minutes', kind: 'graph' }

/** By the id of their section: what a screen reader calls them, and their columns. */
const TABLES = {
  inputs: [
    'Inputs, live',
    [name('input'), GRAPH, rate('received/s'), rate('stored/s'), rate('dropped/s'), count('dropped')],
  ],
  sinks: [
    'Sinks, live',
    [name('sink'), GRAPH, rate('rows/s'), count('rows'), count('spooled rows'), text('state')],
  ],
  relays: [
    'Relays, live',
    [
      name('to'),
      GRAPH,
      rate('packets/s'),
      count('relayed'),
      count('waiting'),
      count('dropped'),
      text('state'),
    ],
  ],
  ledger: [
    'Messages by outcome',
    [
      name('input'),
      ...['received', 'stored', 'spooled', 'relayed', 'discarded', 'dropped', 'in flight'].map(count),
    ],
  ],
  why: [
    'Why messages were discarded or dropped',
    [name('input'), text('outcome'), text('reason'), rate('per second'), count('messages')],
  ],
  frames: ['Captured frames', [name('input'), text('what'), count('frames')]],
  odd: ['Oddities', [name('where'), text('what'), rate('per second'), count('times')]],
  calls: [
    'Last calls, the newest first',
    [
      name('time (UTC)'),
      text('method'),
      text('from'),
      text('to'),
      text('answer'),
      count('messages'),
      text('call-id'),
    ],
  ],
}

const FIGURES = [
  { key: 'received', title: 'received', unit: 'per second' },
  { key: 'stored', title: 'stored', unit: 'per second' },
  { key: 'dropped', title: 'dropped', unit: 'per second' },
  { key: 'flight', title: 'in flight', unit: 'messages now' },
]

const element = (id) => document.getElementById(id)
const sum = (counts) => Object.values(counts ?? {}).reduce((total, one) => total + one, 0)

export class View {
  #history = new History()
  #started
  #tables = {}
  #figures = new Map()
  #agents

  constructor() {
    for (const [id, [caption, columns]] of Object.entries(TABLES)) {
      this.#tables[id] = new Table(element(id), caption, columns)
    }
    for (const figure of FIGURES) this.#figures.set(figure.key, newFigure(figure))
  }

  show(state) {
    if (state.started_ms !== this.#started) this.#history.clear()
    this.#started = state.started_ms
    this.#history.add(state.uptime_ms, countersOf(state.ledger))
    this.#showHead(state)
    this.#showFigures(state.ledger)
    this.#showLive(state)
    this.#showLedger(state.ledger)
    this.#showAgents(state.agents)
  }

  /** `fault` says why there are none. */
  showCalls({ calls, fault }) {
    write(element('calls-note'), fault ?? (calls.length === 0 ? 'Nothing is stored yet.' : ''))
    this.#put(
      'calls',
      calls.map((call) => ({
        key: call.call_id,
        cells: [
          clock(call.time_ms),
          call.method,
          call.from,
          call.to,
          call.answer,
          call.messages,
          call.call_id,
        ],
      })),
    )
  }

  /** Why the last calls cannot be seen. */
  closeCalls(why) {
    write(element('calls-note'), why)
    this.#tables.calls.show([])
    element('calls').classList.add('empty')
  }

  #showHead({ version, node, uptime_ms: uptime, health }) {
    write(element('node'), node)
    write(element('facts'), `version ${version} · up ${duration(uptime)}`)
    const reasons = health?.reasons ?? []
    element('health').hidden = reasons.length === 0
    const lines = reasons.map(({ reason, detail }) => `${reason}: ${detail}`)
    if (element('reasons').dataset.lines === JSON.stringify(lines)) return
    element('reasons').dataset.lines = JSON.stringify(lines)
    element('reasons').replaceChildren(...lines.map((line) => make('li', '', line)))
  }

  #showFigures({ inputs }) {
    const dropped = Object.values(inputs).reduce((total, input) => total + sum(input.dropped), 0)
    for (const [key, { value, note, graph, box }] of this.#figures) {
      write(
        value,
        key === 'flight' ? number(this.#history.values(key).at(-1).rate) : perSecond(this.#history.rate(key)),
      )
      if (key === 'dropped') write(note, `per second · ${number(dropped)} in all`)
      box.classList.toggle('bad', key === 'dropped' && this.#history.rate(key) > 0)
      graph.draw(key === 'flight' ? this.#history.values(key) : this.#history.rates(key))
    }
  }

  #showLive({ ledger, away }) {
    const history = this.#history
    const live = (key) => [history.rates(key), history.rate(key)]
    this.#put(
      'inputs',
      rowsOf(ledger.inputs, (input, { dropped }) => [
        input,
        ...live(`received ${input}`),
        history.rate(`stored ${input}`),
        history.rate(`dropped ${input}`),
        sum(dropped),
      ]),
    )
    this.#put(
      'sinks',
      rowsOf(ledger.sinks, (sink, { rows, spooled_rows: spooled = 0 }) => [
        sink,
        ...live(`rows ${sink}`),
        rows,
        spooled,
        away.includes(sink) ? 'away' : 'here',
      ]),
    )
    this.#put(
      'relays',
      rowsOf(ledger.relays, (to, { relayed, queued, dropped, state }) => [
        to,
        ...live(`relayed ${to}`),
        relayed,
        queued,
        sum(dropped),
        state,
      ]),
    )
  }

  #showLedger({ inputs, odd }) {
    this.#put(
      'ledger',
      rowsOf(inputs, (input, one) => [
        input,
        one.received,
        one.stored,
        one.spooled,
        one.relayed,
        sum(one.discarded),
        sum(one.dropped),
        one.in_flight,
      ]),
    )
    const why = (outcome) => (input, one) =>
      Object.entries(one[outcome]).map(([reason, messages]) =>
        counted(input, [outcome, reason], this.#history.rate(`${outcome} ${input} ${reason}`), messages),
      )
    const each = Object.entries(inputs)
    this.#put(
      'why',
      each.flatMap(([input, one]) => [...why('dropped')(input, one), ...why('discarded')(input, one)]),
    )
    this.#put(
      'frames',
      each.flatMap(([input, { frames }]) => frameRows(input, frames)),
    )
    this.#put(
      'odd',
      Object.entries(odd ?? {}).flatMap(([where, counts]) =>
        Object.entries(counts).map(([what, times]) =>
          counted(where, [what], this.#history.rate(`odd ${where} ${what}`), times),
        ),
      ),
    )
  }

  /** Whatever is told of each of them. */
  #showAgents(agents) {
    const rows = Array.isArray(agents) ? agents : (agents?.agents ?? [])
    element('agents').hidden = rows.length === 0
    if (rows.length === 0) return
    const titles = Object.keys(rows[0])
    this.#agents ??= new Table(
      element('agents'),
      'Agents',
      titles.map((title, at) => columnOf(title, at, rows[0][title])),
    )
    this.#agents.show(rows.map((agent) => cellsOf(agent, titles)))
  }

  /** A section that has nothing to say is not shown, except those that are always there. */
  #put(id, rows) {
    this.#tables[id].show(rows)
    const section = element(id)
    if (['relays', 'why', 'frames', 'odd'].includes(id)) section.hidden = rows.length === 0
    section.classList.toggle('empty', rows.length === 0)
  }
}

function rowsOf(byName, cells) {
  return Object.entries(byName ?? {}).map(([key, one]) => ({ key, cells: cells(key, one) }))
}

function counted(where, words, perSecondOf, times) {
  return { key: JSON.stringify([where, ...words]), cells: [where, ...words, perSecondOf, times] }
}

function frameRows(input, frames) {
  if (!frames) return []
  const { total, messages, held, ignored } = frames
  const counts = Object.entries({ total, 'carried a message': messages, 'held for the rest': held })
  const refused = Object.entries(ignored).map(([reason, times]) => [`ignored: ${reason}`, times])
  return [...counts, ...refused].map(([what, times]) => ({
    key: JSON.stringify([input, what]),
    cells: [input, what, times],
  }))
}

/** Counters under the names by which their rates are asked for. */
function countersOf({ inputs, sinks, relays, odd }) {
  const counters = new Map()
  const add = (key, more) => counters.set(key, (counters.get(key) ?? 0) + more)
  for (const [input, one] of Object.entries(inputs)) {
    for (const [outcome, times] of Object.entries({
      received: one.received,
      stored: one.stored,
      dropped: sum(one.dropped),
    })) {
      add(outcome, times)
      add(`${outcome} ${input}`, times)
    }
    add('flight', one.in_flight)
    for (const outcome of ['dropped', 'discarded']) {
      for (const [reason, times] of Object.entries(one[outcome])) add(`${outcome} ${input} ${reason}`, times)
    }
  }
  for (const [sink, { rows }] of Object.entries(sinks)) add(`rows ${sink}`, rows)
  for (const [to, { relayed }] of Object.entries(relays ?? {})) add(`relayed ${to}`, relayed)
  for (const [where, counts] of Object.entries(odd ?? {})) {
    for (const [what, times] of Object.entries(counts)) add(`odd ${where} ${what}`, times)
  }
  return counters
}

function newFigure({ key, title, unit }) {
  const box = make('div', 'figure')
  const value = make('strong', 'value', '–')
  const note = make('span', 'unit', unit)
  value.id = `figure-${key}`
  box.append(make('h3', '', title), value, note)
  const graph = new Graph()
  box.append(graph.element)
  element('figures').append(box)
  return { box, value, note, graph }
}

function columnOf(title, at, value) {
  const words = title.replaceAll('_', ' ')
  if (at === 0) return name(words)
  return typeof value === 'number' && !title.endsWith('_ms') ? count(words) : text(words)
}

function cellsOf(agent, titles) {
  const cells = titles.map((title) =>
    typeof agent[title] === 'number' && !title.endsWith('_ms') ? agent[title] : plain(agent[title]),
  )
  return { key: JSON.stringify([agent.address, agent.agent_id, cells[0], cells[1]]), cells }
}

function plain(value) {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.map(plain).join(', ')
  if (typeof value !== 'object') return String(value)
  return Object.entries(value)
    .map(([key, one]) => `${key} ${plain(one)}`)
    .join(', ')
}

function clock(ms) {
  const at = new Date(ms)
  return Number.isNaN(at.getTime()) ? '' : at.toISOString().slice(0, 19).replace('T', ' ')
}

/** The two largest units of a time. */
export function duration(ms) {
  const units = [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ]
  let rest = Math.floor(ms / 1000)
  const parts = units.map(([unit, seconds]) => {
    const times = Math.floor(rest / seconds)
    rest -= times * seconds
    return { times, unit }
  })
  const first = Math.max(
    parts.findIndex(({ times }) => times > 0),
    0,
  )
  return (ms < 1000 ? parts.slice(-1) : parts.slice(first, first + 2))
    .map(({ times, unit }) => `${times} ${unit}`)
    .join(' ')
}
