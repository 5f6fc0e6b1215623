// Rates out of counters that are read again and again, and the small graphs of them. Nothing here asks or writes text.

const SVG = 'http://www.w3.org/2000/svg'
const WIDTH = 240
const HEIGHT = 48
/** Seconds that a graph shows, and over which a written rate is taken. */
const SHOWN_S = 120
const WINDOW_S = 3

/** Values of counters over the last two minutes; `at` is the daemon's own even clock, in milliseconds. */
export class History {
  #samples = []

  add(at, counters) {
    this.#samples.push({ at, counters })
    const oldest = at - SHOWN_S * 1000
    while (this.#samples[0].at < oldest) this.#samples.shift()
  }

  clear() {
    this.#samples = []
  }

  /** A second's worth, over the last few seconds; undefined where nothing can be said yet. */
  rate(name) {
    const last = this.#samples.at(-1)
    if (!last) return undefined
    const from = this.#samples.find(({ at }) => last.at - at <= WINDOW_S * 1000)
    return between(from, last, name)
  }

  /** For each two samples that follow each other: seconds before the last one, and the rate. */
  rates(name) {
    const samples = this.#samples
    const points = []
    for (let next = 1; next < samples.length; next++) {
      const rate = between(samples[next - 1], samples[next], name)
      if (rate !== undefined) points.push({ ago: (samples.at(-1).at - samples[next].at) / 1000, rate })
    }
    return points
  }

  /** The counter itself, which may fall, at each sample. */
  values(name) {
    const last = this.#samples.at(-1)
    return this.#samples.map(({ at, counters }) => ({
      ago: (last.at - at) / 1000,
      rate: counters.get(name) ?? 0,
    }))
  }
}

function between(from, to, name) {
  const elapsed = to.at - from.at
  if (elapsed <= 0) return undefined
  const [before, after] = [from.counters.get(name) ?? 0, to.counters.get(name) ?? 0]
  return Math.max(((after - before) / elapsed) * 1000, 0)
}

/** The last two minutes, the newest at the right; the highest rate reaches the top. For eyes only: numbers say the same. */
export class Graph {
  #line = shape('path', 'line')
  #area = shape('path', 'area')

  constructor() {
    this.element = shape('svg', 'curve')
    this.element.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`)
    this.element.setAttribute('preserveAspectRatio', 'none')
    this.element.setAttribute('aria-hidden', 'true')
    this.element.append(this.#area, this.#line)
  }

  draw(points) {
    const highest = Math.max(1, ...points.map(({ rate }) => rate))
    const places = points.map(({ ago, rate }) => {
      const x = WIDTH * (1 - ago / SHOWN_S)
      const y = HEIGHT - 1 - (HEIGHT - 4) * (rate / highest)
      return `${x.toFixed(1)} ${y.toFixed(1)}`
    })
    const isShown = places.length > 1
    this.#line.setAttribute('d', isShown ? `M${places.join('L')}` : '')
    const first = isShown ? places[0].split(' ')[0] : ''
    this.#area.setAttribute('d', isShown ? `M${first} ${HEIGHT}L${places.join('L')}L${WIDTH} ${HEIGHT}Z` : '')
  }
}

function shape(name, className) {
  const element = document.createElementNS(SVG, name)
  element.setAttribute('class', className)
  return element
}
