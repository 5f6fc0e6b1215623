// Numbers by labels, in a bounded number of sets of labels: what comes after those is counted under `other`.

export type Labels = Readonly<Record<string, string>>

export interface Sample {
  labels: Labels
  value: number
}

/** What /metrics says of one metric. */
export interface TrafficMetric {
  name: string
  type: 'counter' | 'gauge'
  help: string
  samples: Sample[]
}

/** By a key that is a whole number, made of the numbers of labels. */
export class Counts {
  readonly #counts = new Map<number, number>()
  readonly #most: number
  readonly #folded: (key: number) => number

  /** `folded` gives the key of the rest, of which there are few. */
  constructor(most: number, folded: (key: number) => number) {
    this.#most = most
    this.#folded = folded
  }

  add(key: number): void {
    const before = this.#counts.get(key)
    if (before !== undefined) this.#counts.set(key, before + 1)
    else if (this.#counts.size < this.#most) this.#counts.set(key, 1)
    else {
      const rest = this.#folded(key)
      this.#counts.set(rest, (this.#counts.get(rest) ?? 0) + 1)
    }
  }

  samples(labels: (key: number) => Labels): Sample[] {
    return Array.from(this.#counts, ([key, value]) => ({ labels: labels(key), value }))
  }
}

const MOST_GAUGES = 256

/** The newest value of each, by metric and labels. Of labels that find no room there is none: they have no sum. */
export class Gauges {
  readonly #names: ReadonlyMap<string, string>
  readonly #values = new Map<string, Map<string, Sample>>()

  /** Their help, by name. */
  constructor(names: ReadonlyMap<string, string>) {
    this.#names = names
  }

  /** `key` says the labels. */
  set(name: string, key: string, labels: Labels, value: number): void {
    const samples = this.#values.get(name) ?? new Map<string, Sample>()
    this.#values.set(name, samples)
    if (samples.size < MOST_GAUGES || samples.has(key)) samples.set(key, { labels, value })
  }

  get metrics(): TrafficMetric[] {
    return Array.from(this.#names, ([name, help]) => {
      return { name, type: 'gauge', help, samples: [...(this.#values.get(name)?.values() ?? [])] }
    })
  }
}
