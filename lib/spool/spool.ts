// Blocks of rows on the disk, in their order, until their database has them: in this process or in the next one.
//
// Files: `N.seg` (segment.ts), N counting up, `N.done` beside it, `lock`, and what was refused (quarantine-file.ts).
// The file that is written is the last; a file goes when none of its blocks is wanted any more, or becomes `N.damaged`
// where one of them was not what had been written.

import { readdir, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { binding, type SealedSlab } from '../binding.js'
import type { Log } from '../log.js'
import type { QuarantinedRow } from '../sink/quarantine.js'
import type { GaveUp, OpenSpool } from '../sink/spool-port.js'
import type { BlockId, StoreBlock } from '../sink/store.js'
import { openFolder, type SpoolFolder } from './folder.js'
import { translated } from './old-layout.js'
import { QuarantineFile } from './quarantine-file.js'
import { type BlockPlace, doneOf, Segment } from './segment.js'

export interface SpoolLimits {
  maxBytes: number
  full: 'drop-newest' | 'drop-oldest'
  /** Force it onto the disk so soon after a write; undefined: the kernel writes when it likes. */
  syncMs?: number | undefined
}

const SEGMENT_BYTES = 64 << 20
/** Slabs of blocks that are on their way back; none is larger than the largest of the engine. */
const SLAB_BYTES = 8 << 20
const SLABS = 6
const WAIT_MS = 5

interface Kept {
  segment: Segment
  place: BlockPlace
  isTaken: boolean
}

export class Spool implements OpenSpool {
  readonly #folder: SpoolFolder
  readonly #name: string
  readonly #limits: SpoolLimits
  readonly #log: Log
  readonly #quarantine: QuarantineFile
  readonly #loader = new binding.SlabLoader({ slabBytes: SLAB_BYTES, slabs: SLABS })
  /** By the number of their file. */
  readonly #segments = new Map<number, Segment>()
  #last: Segment | undefined
  #nextSegment = 1
  /** In their order. */
  readonly #kept = new Map<string, Kept>()
  #rows = 0
  #gaveUp: GaveUp = () => {}
  /** Changes of the files, one behind the other. */
  #turn: Promise<unknown> = Promise.resolve()
  #isClosing = false
  #syncTimer: NodeJS.Timeout | undefined
  /** Octets of files that were put aside. */
  #asideBytes = 0
  /** Rows of blocks that were not what had been written, and octets that are no block any more. */
  #damagedRows = 0
  #damagedOctets = 0

  private constructor(folder: SpoolFolder, name: string, limits: SpoolLimits, log: Log) {
    this.#folder = folder
    this.#name = name
    this.#limits = limits
    this.#log = log
    this.#quarantine = new QuarantineFile(folder.path, limits.maxBytes)
  }

  /** Makes the folder where there is none, and takes what an earlier process left. Rejects with a RefusedError. */
  static async open(path: string, name: string, limits: SpoolLimits, log: Log): Promise<Spool> {
    const folder = openFolder(path)
    try {
      const spool = new Spool(folder, name, limits, log)
      await spool.#recover()
      return spool
    } catch (error) {
      folder.unlock()
      throw error
    }
  }

  get rows(): number {
    return this.#rows
  }

  get odd(): Readonly<Record<string, number>> {
    const counts = { spool_damaged_rows: this.#damagedRows, spool_damaged_octets: this.#damagedOctets }
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))
  }

  /** Octets of its files. */
  get bytes(): number {
    let bytes = this.#asideBytes + this.#quarantine.bytes
    for (const segment of this.#segments.values()) bytes += segment.bytes
    return bytes
  }

  get share(): number {
    return this.#limits.maxBytes > 0 ? this.bytes / this.#limits.maxBytes : 0
  }

  append(block: StoreBlock, isTaken: boolean): Promise<'kept' | 'full'> {
    return this.#inTurn(async () => {
      const needed = boundOf(block)
      if (this.bytes + needed > this.#limits.maxBytes && !(await this.#makeRoom(needed))) return 'full'
      const segment = await this.#segmentFor()
      const place = await segment.append(block)
      this.#keep(segment, place, isTaken)
      this.#syncSoon(segment)
      return 'kept'
    })
  }

  async next(): Promise<StoreBlock | undefined> {
    for (const [key, kept] of this.#kept) {
      if (kept.isTaken) continue
      kept.isTaken = true
      const block = await this.#load(kept)
      if (block || this.#isClosing) return block
      this.#damaged(key, kept)
    }
    return undefined
  }

  done(id: BlockId): void {
    const key = keyOf(id)
    const kept = this.#kept.get(key)
    if (!kept) return // given up meanwhile
    this.#forget(key, kept)
    void this.#inTurn(() => this.#finish(kept)).catch((error: Error) => this.#complain(error))
  }

  quarantine(rows: readonly QuarantinedRow[]): void {
    this.#quarantine.add(rows, (error) => this.#complain(error))
  }

  onGivenUp(gaveUp: GaveUp): void {
    this.#gaveUp = gaveUp
  }

  async close(): Promise<void> {
    this.#isClosing = true
    clearTimeout(this.#syncTimer)
    await this.#turn.catch(() => {})
    await this.#quarantine.close()
    for (const segment of this.#segments.values()) {
      if (segment.kept.size > 0) await segment.close()
      else await this.#remove(segment)
    }
    this.#folder.unlock()
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work, work)
    this.#turn = done.catch(() => {})
    return done
  }

  async #segmentFor(): Promise<Segment> {
    const last = this.#last
    if (last && last.bytes < SEGMENT_BYTES) return last
    const number = this.#nextSegment++
    const path = join(this.#folder.path, `${String(number).padStart(16, '0')}.seg`)
    const segment = await Segment.create(path, number)
    this.#segments.set(number, segment)
    this.#last = segment
    if (last && last.kept.size === 0) await this.#remove(last)
    return segment
  }

  #keep(segment: Segment, place: BlockPlace, isTaken: boolean): void {
    this.#kept.set(keyOf(place.meta.id), { segment, place, isTaken })
    this.#rows += rowsOf(place)
  }

  #forget(key: string, { place }: Kept): void {
    this.#kept.delete(key)
    this.#rows -= rowsOf(place)
  }

  async #finish({ segment, place }: Kept): Promise<void> {
    segment.kept.delete(place.offset)
    if (segment.kept.size > 0 || segment === this.#last) await segment.mark(place.offset)
    else if (this.#segments.has(segment.number)) await this.#remove(segment)
  }

  async #remove(segment: Segment): Promise<void> {
    this.#segments.delete(segment.number)
    if (this.#last === segment) this.#last = undefined
    await segment.close()
    if (segment.isDamaged) await this.#setAside(segment.path, segment.bytes)
    else await unlink(segment.path)
    await unlink(doneOf(segment.path))
  }

  /** Gives up the oldest files; true when there is room then. */
  async #makeRoom(needed: number): Promise<boolean> {
    if (this.#limits.full === 'drop-newest') return false
    for (const segment of this.#segments.values()) {
      if (this.bytes + needed <= this.#limits.maxBytes) return true
      if (segment === this.#last) this.#last = undefined
      await this.#giveUp(segment)
    }
    return this.bytes + needed <= this.#limits.maxBytes
  }

  /** Blocks that are on their way to the database stay its business. */
  async #giveUp(segment: Segment): Promise<void> {
    const lost: StoreBlock[] = []
    for (const [key, kept] of this.#kept) {
      if (kept.segment !== segment) continue
      this.#forget(key, kept)
      if (!kept.isTaken) lost.push(blockOf(kept.place))
    }
    await this.#remove(segment)
    const rows = lost.reduce(
      (sum, { tables }) => sum + tables.reduce((all, { rows }) => all + rows.length, 0),
      0,
    )
    this.#log.repeated(`spool of ${this.#name}: it is full, the oldest rows make room`)
    this.#log.debug(`spool of ${this.#name}: ${rows} rows are given up`)
    this.#gaveUp(lost, 'spool_full')
  }

  async #load({ segment, place }: Kept): Promise<StoreBlock | undefined> {
    const image = await segment.image(place).catch((error: Error) => this.#complain(error))
    if (!image) return undefined
    const records = translated(image.records, segment.layout)
    let slab: SealedSlab | null | undefined
    for (;;) {
      slab = this.#loader.load(place.meta.input, image.octets, records)
      if (slab !== null) break
      if (this.#isClosing) return undefined // it waits for the next process
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS))
    }
    if (!slab) return undefined
    const { handle, input, rows: count } = slab
    if (image.rows.some((rows) => rows.some((row) => row >= count))) {
      binding.release(handle)
      return undefined
    }
    const block = blockOf(place)
    const tables = block.tables.map((one, index) => ({ ...one, rows: image.rows[index]! }))
    return { ...block, slab: { handle, input, rows: count }, tables }
  }

  #damaged(key: string, kept: Kept): void {
    const { segment, place } = kept
    segment.isDamaged = true
    this.#damagedRows += rowsOf(place)
    this.#log.error(
      `spool of ${this.#name}: ${rowsOf(place)} rows of ${segment.path} are not what was written, and are left out; ` +
        'see to the disk',
    )
    this.#forget(key, kept)
    void this.#inTurn(() => this.#finish(kept)).catch((error: Error) => this.#complain(error))
    this.#gaveUp([blockOf(place)], 'spool_damaged')
  }

  async #recover(): Promise<void> {
    const names = (await readdir(this.#folder.path)).filter((name) =>
      /^\d{16}\.(seg|done|damaged)$/.test(name),
    )
    for (const name of names) this.#nextSegment = Math.max(this.#nextSegment, Number.parseInt(name, 10) + 1)
    await this.#removeOrphans(names)
    for (const name of names.filter((name) => name.endsWith('.damaged'))) await this.#countAside(name)
    await this.#quarantine.open()
    const files = names.filter((name) => name.endsWith('.seg')).sort()
    for (const name of files) {
      const path = join(this.#folder.path, name)
      const read = await Segment.read(path, Number.parseInt(name, 10))
      if (!read) await this.#putAside(path)
      else await this.#adopt(read.segment, read.places, name === files.at(-1))
    }
  }

  /** Marks without their file: a process ended between the removal of the one and of the other. */
  async #removeOrphans(names: string[]): Promise<void> {
    const orphans = names.filter(
      (name) => name.endsWith('.done') && !names.includes(name.replace('.done', '.seg')),
    )
    for (const name of orphans) await unlink(join(this.#folder.path, name))
  }

  async #adopt(segment: Segment, places: BlockPlace[], isLast: boolean): Promise<void> {
    const { path, tornBytes, damagedBytes } = segment
    if (isLast && tornBytes > 0) {
      this.#log.warn(
        `spool of ${this.#name}: the last ${tornBytes} octets of ${path} are no whole block, and are left out`,
      )
      await segment.cut()
    }
    const lost = damagedBytes + (isLast ? 0 : tornBytes)
    if (lost > 0) {
      segment.isDamaged = true
      this.#damagedOctets += lost
      this.#log.error(
        `spool of ${this.#name}: ${lost} octets of ${path} are damaged, with rows that nobody can count; it is kept as *.damaged`,
      )
    }
    this.#segments.set(segment.number, segment)
    for (const place of places) this.#keep(segment, place, false)
    if (places.length === 0) await this.#remove(segment)
  }

  async #countAside(name: string): Promise<void> {
    this.#asideBytes += (await stat(join(this.#folder.path, name))).size
  }

  async #setAside(path: string, bytes: number): Promise<void> {
    await rename(path, path.replace(/\.seg$/, '.damaged'))
    this.#asideBytes += bytes
  }

  async #putAside(path: string): Promise<void> {
    this.#log.error(`spool of ${this.#name}: ${path} is none of its files, and is put aside`)
    const { size } = await stat(path)
    this.#damagedOctets += size
    await this.#setAside(path, size)
    await unlink(doneOf(path)).catch(() => {})
  }

  #syncSoon(segment: Segment): void {
    const { syncMs } = this.#limits
    if (syncMs === undefined) return
    this.#syncTimer ??= setTimeout(() => {
      this.#syncTimer = undefined
      void this.#inTurn(() => segment.sync()).catch((error: Error) => this.#complain(error))
    }, syncMs)
  }

  #complain(error: Error & { code?: string }): void {
    this.#log.repeated(`spool of ${this.#name}: ${error.message}`)
  }
}

function keyOf({ origin, number }: BlockId): string {
  return `${origin} ${number}`
}

function rowsOf({ meta }: BlockPlace): number {
  return meta.tables.reduce((sum, { rows }) => sum + rows, 0)
}

/** More than the block takes on the disk. */
function boundOf({ slab, tables }: StoreBlock): number {
  const rows = tables.reduce((sum, one) => sum + one.rows.byteLength, 0)
  return binding.filledOctets(slab.handle) + slab.rows * binding.layout.record.bytes + rows + 4096
}

/** A block without its slab. */
function blockOf({ meta: { id, node, window, input, tables } }: BlockPlace): StoreBlock {
  return {
    id,
    node,
    window,
    settledBefore: id.number,
    isSpooled: true,
    slab: { handle: 0, input, rows: 0 },
    tables: tables.map(({ kind, table, rows }) => ({ kind, table, rows: new Uint32Array(rows) })),
  }
}
