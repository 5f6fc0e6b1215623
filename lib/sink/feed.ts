// A sink that stores: numbers the blocks, gives them to its store, and to the spool while the store is slow or away.
//
//   insert() --> store            while it keeps up
//            \-> spool --> store  from the first block on that it could not take, until the spool is empty again
//
// Whatever way a block goes, its number stays the same, and the store takes each number once. The store may be replaced
// by another one of the same database; what the one had not answered for goes to the other.

import { randomBytes } from 'node:crypto'
import type { Log } from '../log.js'
import { Batch } from '../message.js'
import type { RowBlock } from '../route/rows.js'
import { Durations } from './durations.js'
import { doubtful, everyRow, type Parcel, renumbered, type StorePort, summed, whenAway } from './parcel.js'
import { quarantined } from './quarantine.js'
import type { RefusedRow, Sink, SinkCounts } from './sink.js'
import type { SpoolLoss, SpoolPort } from './spool-port.js'
import type { BlockId, BlockRefusal, StoreBlock } from './store.js'

export interface FeedLimits {
  /** Blocks that may be held in memory; what is more goes to the spool. */
  heldBlocks: number
  /** Every block is written to the spool first. */
  spoolAlways: boolean
}

/** The ledger's name for rows that a full spool did not take, or gave up. */
const SPOOL_FULL: SpoolLoss = 'spool_full'
/** And for rows of a sink that no configuration names any more, where there is no spool to keep them. */
const REMOVED = 'removed'

export class Feed implements Sink {
  readonly counts: SinkCounts = { rows: 0, tables: new Map() }
  readonly durations = new Durations()
  #thread: StorePort
  /** Those that it took the place of, until they have ended. */
  readonly #leaving = new Set<StorePort>()
  #spool: SpoolPort | undefined
  readonly #limits: FeedLimits
  readonly #log: Log
  readonly #origin = randomBytes(16).toString('hex')
  #next = 1
  /** Our blocks below this number may have been with a store that nobody heard of any more. */
  #firstSure = 1
  /** Of stores and spools that were replaced. */
  #oddBefore: Readonly<Record<string, number>> = {}
  /** Not committed and not refused, in the order of their numbers. */
  readonly #unsettled = new Map<number, Parcel>()
  /** Of those: in memory, given to the store. */
  readonly #given = new Map<Parcel, Promise<void>>()
  /** Appends to the spool, one behind the other. */
  #appends: Promise<void> = Promise.resolve()
  #appending = 0
  /** Blocks that the spool was given, to be taken from it again. */
  #appended = 0
  /** The spool has blocks that were not taken from it. */
  #isBehind = false
  #taking: Promise<void> | undefined
  /** Taken from the spool, with the store. */
  readonly #replayed = new Map<StoreBlock, Promise<void>>()
  #isClosing = false
  #drained: (() => void)[] = []

  constructor(thread: StorePort, spool: SpoolPort | undefined, limits: FeedLimits, log: Log) {
    this.#thread = thread
    this.#spool = spool
    this.#limits = limits
    this.#log = log
    this.#attach(thread, spool)
  }

  get name(): string {
    return this.#thread.name
  }

  get spooledRows(): number {
    return this.#spool?.rows ?? 0
  }

  get spoolShare(): number {
    return this.#spool?.share ?? 0
  }

  get answers(): boolean {
    return !this.#thread.isAway
  }

  get isAway(): boolean {
    return this.#thread.isAway && this.#spool !== undefined
  }

  get odd(): Readonly<Record<string, number>> {
    return summed(summed(this.#oddBefore, this.#thread.odd), this.#spool?.odd ?? {})
  }

  async open(): Promise<void> {
    await this.#spool?.open()
    await this.#thread.open()
    this.#isBehind = this.spooledRows > 0
    if (!this.#isBehind) return
    this.#log.info(`${this.name}: ${this.spooledRows} rows wait in the spool from before`)
    this.#replay()
  }

  async insert(rowBlock: RowBlock, spooled: (batch: Batch) => void): Promise<RefusedRow[]> {
    const batches = new Set(rowBlock.tables.map(({ batch }) => batch))
    const refused = await Promise.all(
      Array.from(batches, (batch) => this.#insert(rowBlock, batch, () => spooled(batch))),
    )
    return refused.flat()
  }

  #insert(rowBlock: RowBlock, batch: Batch, spooled: () => void): Promise<RefusedRow[]> {
    const places = rowBlock.tables.flatMap((one, place) => (one.batch === batch ? [place] : []))
    const block = this.#blockOf(rowBlock, batch, places)
    return new Promise((resolve) => {
      const settle = (refused: BlockRefusal[]) =>
        resolve(refused.map((one) => ({ ...one, table: places[one.table]! })))
      this.#take({ block, batch, places, spooled, settle })
    })
  }

  /** Resolves when all is stored, or cannot be for now and has a place on the disk. */
  async drained(): Promise<void> {
    while (!this.#isSettled) await new Promise<void>((resolve) => this.#drained.push(resolve))
  }

  /** What the store has not taken by now goes to the spool. */
  close(): Promise<void> {
    return this.#end('soon')
  }

  /** As close(), but the process goes on: rows that find no place on the disk are lost, and nothing stays behind. */
  async remove(): Promise<void> {
    await this.#end('ended')
    await this.#taking
    for (const { slab } of this.#replayed.keys()) new Batch(slab).release()
    this.#replayed.clear()
    this.#given.clear()
    for (const { block } of [...this.#unsettled.values()])
      if (!block.isSpooled) this.#tell(block, everyRow(block, REMOVED))
  }

  /** After remove(): it is named again. Counts go on, and so do those who wait for what lies in the spool. */
  async reopen(thread: StorePort, spool: SpoolPort | undefined): Promise<void> {
    this.#isClosing = false
    this.#firstSure = this.#next
    this.#oddBefore = summed(this.#oddBefore, this.#spool?.odd ?? {})
    this.#spool = spool
    this.#replace(thread)
    this.#attach(thread, spool)
    await this.open()
  }

  /** Another store of the same database, which is open: new blocks go there at once. */
  async change(thread: StorePort): Promise<void> {
    const old = this.#replace(thread)
    this.#leaving.add(old)
    const [given, replayed] = [[...this.#given], [...this.#replayed]]
    const answered = Promise.all([...given, ...replayed].map(([, answer]) => answer))
    await Promise.race([answered, new Promise<void>((resolve) => whenAway(old, resolve))])
    await old.close('ended')
    this.#leaving.delete(old)
    if (this.#isClosing) return
    for (const [parcel] of given) if (this.#given.has(parcel)) this.#give(doubtful(parcel))
    for (const [block] of replayed) if (this.#replayed.has(block)) this.#writeReplayed(block, true)
    this.#tellIfDrained()
  }

  #attach(thread: StorePort, spool: SpoolPort | undefined): void {
    thread.turned = () => this.#tellIfDrained()
    spool?.onGivenUp((blocks, loss) => this.#gaveUp(blocks, loss))
  }

  /** Gives back the one before. */
  #replace(thread: StorePort): StorePort {
    const old = this.#thread
    this.#oddBefore = summed(this.#oddBefore, old.odd)
    this.#thread = thread
    thread.turned = () => this.#tellIfDrained()
    return old
  }

  async #end(until: 'soon' | 'ended'): Promise<void> {
    this.#isClosing = true
    await Promise.all(Array.from([this.#thread, ...this.#leaving], (thread) => thread.close(until)))
    if (!this.#spool) return
    for (const parcel of this.#given.keys()) if (!parcel.block.isSpooled) this.#keep(parcel)
    for (const parcel of this.#given.keys()) if (parcel.block.isSpooled) parcel.spooled()
    await this.#appends
    await this.#spool.close()
  }

  get #isSettled(): boolean {
    if (this.isAway) return true
    return this.#unsettled.size === 0 && !this.#isBehind && this.#replayed.size === 0
  }

  #tellIfDrained(): void {
    if (!this.#isSettled) return
    for (const resolve of this.#drained.splice(0)) resolve()
  }

  #blockOf({ node, window, tables }: RowBlock, batch: Batch, places: number[]): StoreBlock {
    const { handle, input, rows } = batch
    const number = this.#next++
    return {
      id: { origin: this.#origin, number },
      settledBefore: number,
      isSpooled: false,
      node,
      window,
      slab: { handle, input, rows },
      tables: places.map((place) => {
        const { kind, table, rows } = tables[place]!
        return { kind, table, rows }
      }),
    }
  }

  #take(parcel: Parcel): void {
    this.#unsettled.set(parcel.block.id.number, parcel)
    if (this.#mustSpool) this.#keep(parcel)
    else this.#give(parcel)
  }

  get #mustSpool(): boolean {
    if (!this.#spool) return false
    const { heldBlocks, spoolAlways } = this.#limits
    const isInOrder = !this.#isBehind && this.#appending === 0
    return spoolAlways || !isInOrder || this.#thread.isAway || this.#given.size >= heldBlocks
  }

  #give(parcel: Parcel): void {
    const { block, batch } = parcel
    block.settledBefore = this.#oldestUnsettled(block)
    const answer = this.#timed(this.#thread.write(block)).then((refused) => {
      this.#given.delete(parcel)
      this.#settle(block, batch, refused)
    })
    this.#given.set(parcel, answer)
  }

  async #timed<T>(work: Promise<T>): Promise<T> {
    const began = performance.now()
    const done = await work
    this.durations.add((performance.now() - began) / 1000)
    return done
  }

  #keep(parcel: Parcel): void {
    this.#appending++
    this.#appends = this.#appends.then(() => this.#append(parcel)).finally(() => this.#appending--)
  }

  /** Where the spool cannot be written to either, the block waits in memory. */
  async #append(parcel: Parcel): Promise<void> {
    const { block } = parcel
    const stays = this.#staysInMemory
    block.isSpooled = true
    try {
      const verdict = await this.#spool!.append(block, stays)
      if (verdict === 'full') this.#refuse(parcel)
      else if (stays) this.#give(parcel)
      else this.#left(parcel)
    } catch (error) {
      block.isSpooled = false
      const { code = 'ERROR', message, cure } = error as Error & { code?: string; cure?: string }
      this.#log.repeated(`spool of ${this.name}: ${message} (${code}); ${cure ?? 'rows wait in memory'}`)
      if (!this.#isClosing) this.#give(parcel)
    }
  }

  /** A block that is in the spool too goes to the store from memory while that keeps up. */
  get #staysInMemory(): boolean {
    if (!this.#limits.spoolAlways || this.#isBehind || this.#isClosing) return false
    return !this.#thread.isAway && this.#given.size < this.#limits.heldBlocks
  }

  #left(parcel: Parcel): void {
    this.#appended++
    this.#isBehind = true
    this.#given.delete(parcel)
    parcel.spooled()
    this.#replay()
  }

  #refuse({ block, batch }: Parcel): void {
    block.isSpooled = false
    this.#settle(block, batch, everyRow(block, SPOOL_FULL))
  }

  #replay(): void {
    if (this.#taking || this.#isClosing || !this.#spool) return
    this.#taking = this.#takeOut(this.#spool).finally(() => {
      this.#taking = undefined
      this.#tellIfDrained()
    })
  }

  /** Takes the oldest blocks out of the spool, as many as the store has lanes and one to wait. */
  async #takeOut(spool: SpoolPort): Promise<void> {
    while (!this.#isClosing && this.#replayed.size <= this.#thread.lanes) {
      const appended = this.#appended
      const block = await spool.next()
      if (block && this.#isClosing) new Batch(block.slab).release()
      else if (block) this.#writeReplayed(block, this.#isFromBefore(block.id))
      else if (appended === this.#appended) {
        this.#isBehind = false
        break
      }
    }
  }

  #writeReplayed(block: StoreBlock, isFromBefore: boolean): void {
    block.isFromBefore = isFromBefore
    this.#replayed.set(block, Promise.resolve())
    this.#replayed.set(block, this.#replayOne(block))
  }

  #isFromBefore({ origin, number }: BlockId): boolean {
    return origin !== this.#origin || number < this.#firstSure
  }

  async #replayOne(block: StoreBlock): Promise<void> {
    block.settledBefore = this.#oldestUnsettled(block)
    const refused = await this.#timed(this.#thread.write(block))
    const batch = new Batch(block.slab)
    this.#replayed.delete(block)
    this.#settle(block, batch, refused)
    batch.release()
    this.#replay()
  }

  /** Of the block's origin: blocks of other processes are in the spool only, which gives them in their order. */
  #oldestUnsettled({ id: { origin, number } }: StoreBlock): number {
    if (origin === this.#origin) return this.#unsettled.keys().next().value ?? number
    const numbers = Array.from(this.#replayed.keys(), ({ id }) => (id.origin === origin ? id.number : number))
    return Math.min(number, ...numbers)
  }

  #settle(block: StoreBlock, batch: Batch, refused: BlockRefusal[]): void {
    this.#count(block, refused)
    if (refused.length > 0) this.#quarantine(block, batch, refused)
    if (block.isSpooled) this.#spool?.done(block.id)
    this.#tell(block, refused)
    this.#tellIfDrained()
  }

  #tell({ id, tables }: StoreBlock, refused: BlockRefusal[]): void {
    const parcel = this.#waitingFor(id)
    if (!parcel) return
    this.#unsettled.delete(id.number)
    parcel.settle(renumbered(refused, tables, parcel.block.tables))
  }

  /** undefined for a block of another process: nobody here waits for it. */
  #waitingFor({ origin, number }: BlockId): Parcel | undefined {
    return origin === this.#origin ? this.#unsettled.get(number) : undefined
  }

  #count({ tables }: StoreBlock, refused: BlockRefusal[]): void {
    for (const [place, { table, rows }] of tables.entries()) {
      const stored = rows.length - refused.filter((one) => one.table === place).length
      this.counts.rows += stored
      this.counts.tables.set(table, (this.counts.tables.get(table) ?? 0) + stored)
    }
  }

  #quarantine(block: StoreBlock, batch: Batch, refused: BlockRefusal[]): void {
    const [{ reason, table }] = refused as [BlockRefusal]
    if (reason === SPOOL_FULL) return
    this.#log.repeated(`${this.name}: refuses rows of ${block.tables[table]!.table} (${reason})`)
    this.#spool?.quarantine(quarantined(block, batch, refused, this.#thread.shapes))
  }

  #gaveUp(blocks: readonly StoreBlock[], loss: SpoolLoss): void {
    for (const { id } of blocks) {
      const block = this.#waitingFor(id)?.block // with its rows as they were sent: those of the spool are none
      if (block) this.#tell(block, everyRow(block, loss))
    }
    this.#tellIfDrained()
  }
}
