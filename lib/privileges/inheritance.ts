// What this program has from itself, from before it gave privileges up and began anew: sockets that wanted them, and
// the files of the configuration as they were read. Never anything that the configuration does not name.

import { closeSync, fstatSync, readSync, writeSync } from 'node:fs'
import { binding } from '../binding.js'

/** The descriptor of a file in memory that lists the rest. */
export const INHERITED = '_HEPCAPD_INHERITED'

/** By the name of what they are for, in the order of the listeners. */
type SocketLists = Record<string, number[][]>

interface Handed {
  sockets: SocketLists
  /** Octets in base 64, by path. */
  files: Record<string, string>
}

export class Inheritance {
  /** Did this program begin anew? */
  readonly isThere: boolean
  readonly #sockets: SocketLists
  readonly #handed: Map<string, Buffer>
  readonly #read = new Map<string, Buffer>()
  #isOver = false

  constructor(handed?: Handed) {
    this.isThere = handed !== undefined
    this.#sockets = handed?.sockets ?? {}
    const files = Object.entries(handed?.files ?? {})
    this.#handed = new Map(files.map(([path, octets]) => [path, Buffer.from(octets, 'base64')]))
  }

  /** Once: what the first caller takes, the second does not get. */
  takeSockets(name: string): number[] {
    return this.#sockets[name]?.shift() ?? []
  }

  /** The file as it was before, or as `read` reads it now. */
  file(path: string, read: (path: string) => Buffer): Buffer {
    const handed = this.#handed.get(path)
    if (handed) return handed
    const octets = read(path)
    if (!this.#isOver) this.#read.set(path, octets)
    return octets
  }

  /** Of the files that were read since the start. */
  get paths(): string[] {
    return [...this.#read.keys()]
  }

  /** Everything is open and read: from here on a file is what is on the disk. */
  end(): void {
    this.#isOver = true
    this.#handed.clear()
    this.#read.clear()
    for (const lists of Object.values(this.#sockets)) {
      for (const descriptors of lists.splice(0)) for (const fd of descriptors) closeSync(fd)
    }
  }

  /** A descriptor that the next program finds this in. */
  handOn(sockets: SocketLists): number {
    const read = Array.from(this.#read, ([path, octets]) => [path, octets.toString('base64')])
    const files: Handed['files'] = Object.fromEntries(read)
    const octets = Buffer.from(JSON.stringify({ sockets, files }))
    const fd = binding.memoryFile()
    for (let written = 0; written < octets.length; ) written += writeSync(fd, octets, written)
    return fd
  }

  /** What `environment` names, which does not name it any longer then. */
  static from(environment: NodeJS.ProcessEnv): Inheritance {
    const named = environment[INHERITED]
    delete environment[INHERITED]
    if (named === undefined) return new Inheritance()
    const handed = readHanded(Number(named))
    binding.keepFromChildren(Object.values(handed.sockets).flat(2))
    return new Inheritance(handed)
  }
}

function readHanded(fd: number): Handed {
  const octets = Buffer.alloc(fstatSync(fd).size)
  for (let at = 0; at < octets.length; ) at += readSync(fd, octets, at, octets.length - at, at)
  closeSync(fd)
  return JSON.parse(octets.toString()) as Handed
}

export const inheritance = Inheritance.from(process.env)
