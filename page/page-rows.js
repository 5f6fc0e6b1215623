// Tables whose rows stay where they are while their numbers change, so that nothing flickers and no focus is lost. All
// text comes in by textContent: whatever a sender has written into it is shown, never obeyed.

import { Graph } from './page-rates.js'

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const tenths = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })

export function number(value) {
  return whole.format(value)
}

/** A rate: small ones with a digit more. */
export function perSecond(rate) {
  if (rate === undefined) return '–'
  return rate > 0 && rate < 10 ? tenths.format(rate) : whole.format(rate)
}

/** Changes the text only where it has changed. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text
}

export function make(name, className, text) {
  const element = document.createElement(name)
  if (className) element.className = className
  if (text !== undefined) element.textContent = text
  return element
}

/** Columns: { title, kind: 'name' | 'text' | 'number' | 'rate' | 'graph' }. */
export class Table {
  #columns
  #body = make('tbody')
  #rows = new Map()

  constructor(section, caption, columns) {
    this.#columns = columns
    const table = make('table')
    table.append(make('caption', 'quiet', caption), head(columns), this.#body)
    const frame = make('div', 'scroll')
    frame.tabIndex = 0
    frame.setAttribute('role', 'region')
    frame.setAttribute('aria-label', caption)
    frame.append(table)
    section.append(frame)
  }

  /** Rows are { key, cells }, with a value for each column, in the order in which they are to stand. */
  show(rows) {
    const keys = new Set(rows.map(({ key }) => key))
    for (const [key, { element }] of this.#rows) {
      if (keys.has(key)) continue
      element.remove()
      this.#rows.delete(key)
    }
    for (const [index, { key, cells }] of rows.entries()) this.#put(index, key, cells)
  }

  #put(index, key, values) {
    const row = this.#rows.get(key) ?? this.#add(key)
    const there = this.#body.children[index]
    if (there !== row.element) this.#body.insertBefore(row.element, there ?? null)
    for (const [at, { kind }] of this.#columns.entries()) fill(row.cells[at], kind, values[at])
  }

  #add(key) {
    const element = make('tr')
    const cells = this.#columns.map(({ kind, title }) => newCell(kind, title))
    element.append(...cells.map(({ element: cell }) => cell))
    const row = { element, cells }
    this.#rows.set(key, row)
    return row
  }
}

function head(columns) {
  const row = make('tr')
  for (const { title, kind } of columns) {
    const cell = make('th', kind, title)
    cell.scope = 'col'
    row.append(cell)
  }
  const thead = make('thead')
  thead.append(row)
  return thead
}

function newCell(kind, title) {
  const element = make(kind === 'name' ? 'th' : 'td', kind)
  if (kind === 'name') element.scope = 'row'
  element.dataset.column = title
  const graph = kind === 'graph' ? new Graph() : undefined
  if (graph) element.append(graph.element)
  return { element, graph }
}

function fill({ element, graph }, kind, value) {
  if (graph) graph.draw(value)
  else if (kind === 'number') write(element, number(value))
  else if (kind === 'rate') write(element, perSecond(value))
  else write(element, String(value))
  if (kind === 'number' || kind === 'rate') element.classList.toggle('zero', !value)
}
