// One file of the spool: blocks, one behind the other, each as its slab lay in memory.
//
//   "HEPCAPD-SPOOL 1\n" length crc layout        the layout of the records, as JSON: a later version reads it
//   head meta rows octets records                a block, again and again
//
// `head` are nine 32-bit numbers of this machine's byte order (HEAD); `meta` is JSON; `rows` are 32-bit row numbers,
// table by table, none for a table that has every row; both checksums are CRC-32. Beside `N.seg` lies `N.done`: the
// ordinals of blocks that need not be kept.

import { type FileHandle, open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { binding, type Layout } from '../binding.js'
import { Batch } from '../message.js'
import type { StoreBlock } from '../sink/store.js'
import { slabPartsOf } from './slab-parts.js'

const MAGIC = 'HEPCAPD-SPOOL 1\n'
const BLOCK_MAGIC = 0x4b4c4248
/** Of a head. */
const HEAD = [
  'magic',
  'meta',
  'rows',
  'octets',
  'records',
  'count',
  'bodyCrc',
  'reserved',
  'headCrc',
] as const
const HEAD_BYTES = HEAD.length * 4
/** What a sound block cannot exceed: slabs are smaller. */
const LONGEST_PART = 64 << 20

type Head = Record<(typeof HEAD)[number], number>

/** What a block is, but for its slab. */
export type BlockMeta = Pick<StoreBlock, 'id' | 'node' | 'window'> & {
  input: number
  tables: { kind: StoreBlock['tables'][number]['kind']; table: string; rows: number; isWhole: boolean }[]
}

export type RecordLayout = Pick<Layout, 'record' | 'sip'>

/** Where a block stands in its file. */
export interface BlockPlace {
  ordinal: number
  offset: number
  bytes: number
  head: Head
  meta: BlockMeta
}

/** A block as it is on the disk. */
export interface BlockImage {
  rows: Uint32Array[]
  octets: Buffer
  records: Buffer
}

export class Segment {
  readonly path: string
  readonly number: number
  readonly layout: RecordLayout
  /** Octets of the file. */
  bytes: number
  /** Blocks that are kept, by ordinal. */
  readonly kept = new Set<number>()
  blocks = 0
  isDamaged = false
  readonly #file: FileHandle
  readonly #done: FileHandle

  private constructor(
    path: string,
    number: number,
    layout: RecordLayout,
    bytes: number,
    files: FileHandle[],
  ) {
    this.path = path
    this.number = number
    this.layout = layout
    this.bytes = bytes
    this.#file = files[0]!
    this.#done = files[1]!
  }

  static async create(path: string, number: number): Promise<Segment> {
    const layout: RecordLayout = { record: binding.layout.record, sip: binding.layout.sip }
    const text = Buffer.from(JSON.stringify(layout))
    const numbers = Buffer.from(Uint32Array.of(text.length, crc32(text)).buffer)
    const file = await open(path, 'wx+', 0o600)
    try {
      const start = Buffer.concat([Buffer.from(MAGIC), numbers, text])
      await writeAll(file, [start], 0)
      const done = await open(doneOf(path), 'a+', 0o600)
      return new Segment(path, number, layout, start.length, [file, done])
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** A file of an earlier process, and its blocks that are not done. `undefined`: no segment at all. */
  static async read(
    path: string,
    number: number,
  ): Promise<{ segment: Segment; places: BlockPlace[] } | undefined> {
    const file = await open(path, 'r+')
    const done = await open(doneOf(path), 'a+', 0o600)
    const start = await startOf(file)
    if (!start) {
      await file.close()
      await done.close()
      return undefined
    }
    const segment = new Segment(path, number, start.layout, start.bytes, [file, done])
    const finished = new Set(await ordinalsOf(done))
    const places = await segment.#scan()
    const left = places.filter(({ ordinal }) => !finished.has(ordinal))
    for (const { ordinal } of left) segment.kept.add(ordinal)
    return { segment, places: left }
  }

  /** Writes a block behind the others; when that fails, the file is as before, and the error is the system's. */
  async append(block: StoreBlock): Promise<BlockPlace> {
    const { parts, meta, head } = imageOf(block)
    const offset = this.bytes
    const bytes = parts.reduce((sum, part) => sum + part.length, 0)
    try {
      await writeAll(this.#file, parts, offset)
    } catch (error) {
      await this.#file.truncate(offset)
      throw error
    }
    this.bytes += bytes
    const ordinal = this.blocks++
    this.kept.add(ordinal)
    return { ordinal, offset, bytes, head, meta }
  }

  /** undefined when its octets are not those that were written. */
  async image({ offset, bytes, head, meta }: BlockPlace): Promise<BlockImage | undefined> {
    const body = Buffer.allocUnsafeSlow(bytes - HEAD_BYTES - head.meta)
    const { bytesRead } = await this.#file.read(body, 0, body.length, offset + HEAD_BYTES + head.meta)
    if (bytesRead < body.length || crc32(body) !== head.bodyCrc) return undefined
    const octetsAt = head.rows
    const recordsAt = octetsAt + head.octets
    return {
      rows: rowsOf(body.subarray(0, octetsAt), head.count, meta),
      octets: body.subarray(octetsAt, recordsAt),
      records: body.subarray(recordsAt),
    }
  }

  /** A block need not be kept any more. */
  async finish(ordinal: number): Promise<void> {
    this.kept.delete(ordinal)
    await this.#done.appendFile(new Uint8Array(Uint32Array.of(ordinal).buffer))
  }

  sync(): Promise<void> {
    return this.#file.datasync()
  }

  async close(): Promise<void> {
    await this.#file.close()
    await this.#done.close()
  }

  /** Every block whose head is sound; what comes behind the last is cut off: it was never acknowledged. */
  async #scan(): Promise<BlockPlace[]> {
    const { size } = await this.#file.stat()
    const places: BlockPlace[] = []
    for (
      let place = await this.#placeAt(this.bytes, size);
      place;
      place = await this.#placeAt(this.bytes, size)
    ) {
      places.push(place)
      this.bytes += place.bytes
      this.blocks++
    }
    return places
  }

  async #placeAt(offset: number, size: number): Promise<BlockPlace | undefined> {
    const octets = await this.#part(offset, HEAD_BYTES)
    if (octets.length < HEAD_BYTES) return undefined
    const head = headOf(octets)
    const parts = [head.meta, head.rows, head.octets, head.records]
    if (head.magic !== BLOCK_MAGIC || parts.some((part) => part > LONGEST_PART)) return undefined
    const bytes = HEAD_BYTES + parts.reduce((sum, part) => sum + part, 0)
    if (offset + bytes > size) return undefined
    const meta = await this.#part(offset + HEAD_BYTES, head.meta)
    if (crc32(meta, crc32(octets.subarray(0, HEAD_BYTES - 4))) !== head.headCrc) return undefined
    const ordinal = this.blocks
    return { ordinal, offset, bytes, head, meta: JSON.parse(meta.toString()) as BlockMeta }
  }

  async #part(offset: number, length: number): Promise<Buffer> {
    const octets = Buffer.alloc(length)
    const { bytesRead } = await this.#file.read(octets, 0, length, offset)
    return octets.subarray(0, bytesRead)
  }

  /** Octets behind the last sound block. */
  async tornBytes(): Promise<number> {
    return (await this.#file.stat()).size - this.bytes
  }

  cut(): Promise<void> {
    return this.#file.truncate(this.bytes)
  }
}

export function doneOf(path: string): string {
  return path.replace(/\.seg$/, '.done')
}

async function startOf(file: FileHandle): Promise<{ layout: RecordLayout; bytes: number } | undefined> {
  const fixed = Buffer.alloc(MAGIC.length + 8)
  const { bytesRead } = await file.read(fixed, 0, fixed.length, 0)
  if (bytesRead < fixed.length || fixed.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined
  const [length, crc] = numbersOf(fixed.subarray(MAGIC.length)) as unknown as [number, number]
  if (length > LONGEST_PART) return undefined
  const text = Buffer.alloc(length)
  await file.read(text, 0, length, fixed.length)
  if (crc32(text) !== crc) return undefined
  return { layout: JSON.parse(text.toString()) as RecordLayout, bytes: fixed.length + length }
}

async function ordinalsOf(done: FileHandle): Promise<Uint32Array> {
  const octets = await done.readFile()
  return numbersOf(octets.subarray(0, octets.length & ~3))
}

function imageOf(block: StoreBlock): { parts: Uint8Array[]; meta: BlockMeta; head: Head } {
  const batch = new Batch(block.slab)
  const { octets, records, count, rowOf } = slabPartsOf(batch, block.tables)
  const lists = block.tables.map(({ rows }) => (rowOf ? rows.map((row) => rowOf.get(row)!) : rows))
  const tables = block.tables.map(({ kind, table }, index) => {
    const rows = lists[index]!
    return { kind, table, rows: rows.length, isWhole: isWhole(rows, count) }
  })
  const meta: BlockMeta = {
    id: block.id,
    node: block.node,
    window: block.window,
    input: block.slab.input,
    tables,
  }
  const rows = lists.flatMap((list, index) =>
    tables[index]!.isWhole ? [] : [Buffer.from(list.buffer, list.byteOffset, list.byteLength)],
  )
  const metaText = Buffer.from(JSON.stringify(meta))
  const body = [...rows, octets, records]
  const head: Head = {
    magic: BLOCK_MAGIC,
    meta: metaText.length,
    rows: rows.reduce((sum, part) => sum + part.length, 0),
    octets: octets.length,
    records: records.length,
    count,
    bodyCrc: body.reduce((crc, part) => crc32(part, crc), 0),
    reserved: 0,
    headCrc: 0,
  }
  head.headCrc = crc32(metaText, crc32(headOctets(head).subarray(0, HEAD_BYTES - 4)))
  return { parts: [headOctets(head), metaText, ...body], meta, head }
}

/** Is it 0, 1, 2 and so on up to the last row? */
function isWhole(rows: Uint32Array, count: number): boolean {
  return rows.length === count && rows.every((row, index) => row === index)
}

function headOctets(head: Head): Buffer {
  return Buffer.from(Uint32Array.from(HEAD, (name) => head[name]).buffer)
}

function headOf(octets: Buffer): Head {
  const numbers = numbersOf(octets)
  return Object.fromEntries(HEAD.map((name, index) => [name, numbers[index]])) as Head
}

/** In this machine's byte order, wherever the octets lie. */
function numbersOf(octets: Uint8Array): Uint32Array {
  return new Uint32Array(Uint8Array.from(octets).buffer)
}

function rowsOf(octets: Buffer, count: number, { tables }: BlockMeta): Uint32Array[] {
  let at = 0
  return tables.map(({ rows, isWhole }) => {
    if (isWhole) return Uint32Array.from({ length: count }, (_, row) => row)
    const some = numbersOf(octets.subarray(at, at + rows * 4))
    at += rows * 4
    return some
  })
}

async function writeAll(file: FileHandle, parts: Uint8Array[], offset: number): Promise<void> {
  const total = parts.reduce((sum, part) => sum + part.length, 0)
  let { bytesWritten: written } = await file.writev(parts, offset)
  if (written === total) return
  const whole = Buffer.concat(parts) // a write that was cut short: a full disk, mostly
  while (written < total) {
    written += (await file.write(whole, written, total - written, offset + written)).bytesWritten
  }
}
