// Capture files as input: one after the other, each on a thread of the engine.

import { statSync } from 'node:fs'
import type { Engine, FileReading } from '../binding.js'
import { RefusedError, renderFault } from '../errors.js'
import type { Log } from '../log.js'
import type { PortRange } from '../options/endpoints.js'
import type { InputList } from './raw.js'

export interface FileSettings {
  /** Paths; `-` is standard input. */
  read: string[]
  readRange: PortRange
  tunnels: boolean
}

export interface Progress {
  file: string
  /** Octets read of it. */
  octets: number
  /** Octets of it; 0 when nobody knows. */
  size: number
}

const FAULTS: Partial<Record<FileReading['state'], { message: string; cure: string }>> = {
  damaged: {
    message: 'is damaged: behind its last good frame there is a record that cannot be',
    cure: 'the frames before it are stored; try `editcap` on the file',
  },
  not_capture: { message: 'is neither pcap nor pcapng', cure: 'convert it with `editcap`' },
}

export class FileQueue {
  readonly #engine: Engine
  readonly #settings: FileSettings
  readonly #log: Log
  readonly #inputs: InputList
  readonly #faults: RefusedError[] = []
  #next = 0
  #closed = false
  #current: { file: string; input: number; size: number } | undefined
  #done!: () => void
  #failed!: (error: RefusedError) => void
  /** Resolves after the last file; rejects with the first fault then, the others are logged. Stays open when there are no files. */
  readonly read: Promise<void>

  constructor(engine: Engine, settings: FileSettings, log: Log, inputs: InputList) {
    this.#engine = engine
    this.#settings = settings
    this.#log = log
    this.#inputs = inputs
    this.read = new Promise((resolve, reject) => {
      this.#done = resolve
      this.#failed = reject
    })
    this.read.catch(() => {}) // whoever does not ask does not hear
  }

  /** Begins with the first. Throws a RefusedError when it cannot be opened. */
  open(): void {
    if (this.#settings.read.length > 0) this.#openNext()
  }

  /** Opens no further file. */
  close(): void {
    this.#closed = true
  }

  get progress(): Progress | undefined {
    if (!this.#current) return undefined
    const { file, input, size } = this.#current
    return { file, octets: this.#engine.reading(input).octets, size }
  }

  /** Has the file come to its end? */
  look(): void {
    if (!this.#current || this.#closed) return
    const { file, input } = this.#current
    const { state, error } = this.#engine.reading(input)
    if (state === 'more' || state === 'stopped') return
    this.#current = undefined
    if (state === 'truncated') {
      this.#log.warn(`${file}: warning: it ends in the middle of a record; all frames before are taken`)
    } else if (state !== 'end') {
      const { message, cure } = FAULTS[state] ?? { message: error, cure: 'see whether it can be read' }
      this.#faults.push(new RefusedError({ code: state, message: `${file}: ${message}`, cure }))
    }
    this.#goOn()
  }

  #goOn(): void {
    const [fault, ...others] = this.#faults
    if (this.#next < this.#settings.read.length) {
      try {
        this.#openNext()
      } catch (error) {
        this.#faults.push(error as RefusedError)
        this.#goOn()
      }
    } else if (fault) {
      for (const other of others) this.#log.error(renderFault(other.fault()))
      this.#failed(fault)
    } else {
      this.#done()
    }
  }

  #openNext(): void {
    const file = this.#settings.read[this.#next++] as string
    const { firstPort, lastPort } = this.#settings.readRange
    const input = this.#inputs.next
    try {
      this.#engine.readFile(input, file, { firstPort, lastPort, tunnels: this.#settings.tunnels })
    } catch (error) {
      const { code = 'ERROR', message, cure } = error as Error & { code?: string; cure?: string }
      const usual = 'name a pcap or pcapng file that can be read'
      throw new RefusedError({ code, message: `cannot read ${file}: ${message}`, cure: cure || usual })
    }
    this.#inputs.add(`read:${file}`)
    this.#current = { file, input, size: sizeOf(file) }
  }
}

/** 0 for what is no file: nobody knows how much will come. */
function sizeOf(file: string): number {
  const stat = file === '-' ? undefined : statSync(file, { throwIfNoEntry: false })
  return stat?.isFile() ? stat.size : 0
}
