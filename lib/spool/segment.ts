// One file of the spool: blocks, one behind the other, each as its slab lay in memory.
//
//   "HEPCAPD-SPOOL 1\n" length crc layout        the layout of the records, as JSON: a later version reads it; and the
//                                                 salt, by which no message can hold what looks like a block
//   head meta rows octets records                a block, again and again
//
// `head` are nine 32-bit numbers of this machine's byte order (HEAD); `meta` is JSON; `rows` are 32-bit row numbers,
// table by table, none for a table that has every row; both checksums are CRC-32. Beside `N.seg` lies `N.done`: where
// the blocks start that need not be kept.

import { randomBytes } from 'node:crypto'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { binding, type Layout } from '../binding.js'
import { Batch } from '../message.js'
import type { StoreBlock } from '../sink/store.js'
import { slabPartsOf } from './slab-parts.js'

const MAGIC = 'HEPCAPD-SPOOL 1\n'
const BLOCK_MAGIC = 0x4b4c4248
/** Of a head. */
const HEAD = ['magic', 'meta', 'rows', 'octets', 'records', 'count', 'bodyCrc', 'salt', 'headCrc'] as const
const HEAD_BYTES = HEAD.length * 4
const BLOCK_START = Buffer.from(Uint32Array.of(BLOCK_MAGIC).buffer)
const CHUNK = 1 << 20
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
  /** Where the blocks start that are kept. */
  readonly kept = new Set<number>()
  isDamaged = false
  /** When it was read: octets among its blocks that are none, and those of a block at its end that is not whole. */
  damagedBytes = 0
  tornBytes = 0
  readonly #salt: number
  readonly #file: FileHandle
  readonly #done: FileHandle

  private constructor(
    path: string,
    number: number,
    { layout, salt, bytes }: SegmentStart,
    files: FileHandle[],
  ) {
    this.path = path
    this.number = number
    this.layout = layout
    this.#salt = salt
    this.bytes = bytes
    this.#file = files[0]!
    this.#done = files[1]!
  }

  /** Leaves no file when it fails. */
  static async create(path: string, number: number): Promise<Segment> {
    const layout: RecordLayout = { record: binding.layout.record, sip: binding.layout.sip }
    const salt = randomBytes(4).readUInt32LE()
    const text = Buffer.from(JSON.stringify({ ...layout, salt }))
    const numbers = Buffer.from(Uint32Array.of(text.length, crc32(text)).buffer)
    const file = await open(path, 'wx+', 0o600)
    try {
      const start = Buffer.concat([Buffer.from(MAGIC), numbers, text])
      await writeAll(file, [start], 0)
      const done = await open(doneOf(path), 'a+', 0o600)
      return new Segment(path, number, { layout, salt, bytes: start.length }, [file, done])
    } catch (error) {
      await file.close()
      await unlink(path)
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
    const segment = new Segment(path, number, start, [file, done])
    const finished = new Set(await offsetsOf(done))
    const places = await segment.#scan()
    const left = places.filter(({ offset }) => !finished.has(offset))
    for (const { offset } of left) segment.kept.add(offset)
    return { segment, places: left }
  }

  /** Writes a block behind the others; when that fails, the file is as before, and the error is the system's. */
  async append(block: StoreBlock): Promise<BlockPlace> {
    const { parts, meta, head } = imageOf(block, this.#salt)
    const offset = this.bytes
    const bytes = parts.reduce((sum, part) => sum + part.length, 0)
    try {
      await writeAll(this.#file, parts, offset)
    } catch (error) {
      await this.#file.truncate(offset)
      throw error
    }
    this.bytes += bytes
    this.kept.add(offset)
    return { offset, bytes, head, meta }
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

  /** A block that is kept no more is not there for the next process either. */
  async mark(offset: number): Promise<void> {
    await this.#done.appendFile(new Uint8Array(Uint32Array.of(offset).buffer))
  }

  sync(): Promise<void> {
    return this.#file.datasync()
  }

  async close(): Promise<void> {
    await this.#file.close()
    await this.#done.close()
  }

  /** Every block whose head is sound; what is none between them costs no other one. */
  async #scan(): Promise<BlockPlace[]> {
    const { size } = await this.#file.stat()
    const places: BlockPlace[] = []
    while (this.bytes < size) {
      const place = (await this.#placeAt(this.bytes, size)) ?? (await this.#placeBehind(this.bytes, size))
      if (!place) {
        if (await this.#isTorn(this.bytes, size)) this.tornBytes = size - this.bytes
        else this.damagedBytes += size - this.bytes
        break
      }
      places.push(place)
      this.damagedBytes += place.offset - this.bytes
      this.bytes = place.offset + place.bytes
    }
    return places
  }

  /** The first block that starts behind this octet. */
  async #placeBehind(from: number, size: number): Promise<BlockPlace | undefined> {
    for (let start = from + 1; start + HEAD_BYTES <= size; start += CHUNK - HEAD_BYTES) {
      const chunk = await this.#part(start, CHUNK)
      for (let at = chunk.indexOf(BLOCK_START); at >= 0; at = chunk.indexOf(BLOCK_START, at + 1)) {
        if (at + HEAD_BYTES > chunk.length || headOf(chunk.subarray(at, at + HEAD_BYTES)).salt !== this.#salt)
          continue
        const place = await this.#placeAt(start + at, size)
        if (place) return place
      }
    }
    return undefined
  }

  /** Did a write end here before its time: within a head, or before where the head says? Else it was damaged later. */
  async #isTorn(offset: number, size: number): Promise<boolean> {
    const octets = await this.#part(offset, HEAD_BYTES)
    if (octets.length < HEAD_BYTES || octets.every((octet) => octet === 0)) return true
    const head = headOf(octets)
    return head.magic === BLOCK_MAGIC && head.salt === this.#salt && offset + blockBytes(head) > size
  }

  async #placeAt(offset: number, size: number): Promise<BlockPlace | undefined> {
    const octets = await this.#part(offset, HEAD_BYTES)
    if (octets.length < HEAD_BYTES) return undefined
    const head = headOf(octets)
    const bytes = blockBytes(head)
    if (head.magic !== BLOCK_MAGIC || head.salt !== this.#salt || offset + bytes > size) return undefined
    const meta = await this.#part(offset + HEAD_BYTES, head.meta)
    if (crc32(meta, crc32(octets.subarray(0, HEAD_BYTES - 4))) !== head.headCrc) return undefined
    return { offset, bytes, head, meta: JSON.parse(meta.toString()) as BlockMeta }
  }

  async #part(offset: number, length: number): Promise<Buffer> {
    const octets = Buffer.alloc(length)
    const { bytesRead } = await this.#file.read(octets, 0, length, offset)
    return octets.subarray(0, bytesRead)
  }

  /** Leaves out what is behind the last block. */
  cut(): Promise<void> {
    return this.#file.truncate(this.bytes)
  }
}

export function doneOf(path: string): string {
  return path.replace(/\.seg$/, '.done')
}

interface SegmentStart {
  layout: RecordLayout
  salt: number
  bytes: number
}

async function startOf(file: FileHandle): Promise<SegmentStart | undefined> {
  const fixed = Buffer.alloc(MAGIC.length + 8)
  const { bytesRead } = await file.read(fixed, 0, fixed.length, 0)
  if (bytesRead < fixed.length || fixed.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined
  const [length, crc] = numbersOf(fixed.subarray(MAGIC.length)) as unknown as [number, number]
  if (length > LONGEST_PART) return undefined
  const text = Buffer.alloc(length)
  await file.read(text, 0, length, fixed.length)
  if (crc32(text) !== crc) return undefined
  const { record, sip, salt } = JSON.parse(text.toString()) as RecordLayout & { salt: number }
  return { layout: { record, sip }, salt, bytes: fixed.length + length }
}

async function offsetsOf(done: FileHandle): Promise<Uint32Array> {
  const octets = await done.readFile()
  return numbersOf(octets.subarray(0, octets.length & ~3))
}

function imageOf(block: StoreBlock, salt: number): { parts: Uint8Array[]; meta: BlockMeta; head: Head } {
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
    salt,
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

function blockBytes({ meta, rows, octets, records }: Head): number {
  return HEAD_BYTES + meta + rows + octets + records
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
