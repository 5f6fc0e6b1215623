// Batches and messages as routes and sinks see them: views over a slab, which copy nothing until asked.
//
// A batch belongs to whoever took it, until release(); after that its view has length 0 and every read of it
// throws. A message is a cursor into its batch and is valid as long as the batch is.

import { binding, type SealedSlab, type SipField, type SlabHandle } from './binding.js'
import { chunkAt, firstOffset } from './hep/chunk-list.js'
import { chunkType } from './hep/chunks.js'
import { unfolded } from './sip/headers.js'

const { record: at, sip: sipAt, flags } = binding.layout

const EXTRA_CORRELATION = chunkType('extra_correlation')

const CLEAN = new TextDecoder('utf-8', { ignoreBOM: true })

/** Clean UTF-8: what is none, and NUL, is replaced. */
export function cleanText(octets: Buffer): string {
  return CLEAN.decode(octets).replaceAll('\0', '\ufffd')
}

/** One slab of messages of one input. */
export class Batch {
  readonly handle: SlabHandle
  /** Number of the input that the messages came from. */
  readonly input: number
  readonly #slab: SealedSlab
  readonly #view: ArrayBuffer
  readonly octets: Buffer
  readonly #u16: Uint16Array
  readonly #u32: Uint32Array
  #released = false

  constructor(slab: SealedSlab, view = binding.lend(slab.handle)) {
    this.handle = slab.handle
    this.input = slab.input
    this.#slab = slab
    this.#view = view
    this.octets = Buffer.from(this.#view)
    this.#u16 = new Uint16Array(this.#view)
    this.#u32 = new Uint32Array(this.#view)
  }

  /** Number of messages. */
  get rows(): number {
    return this.#slab.rows
  }

  message(row: number): Message {
    if (this.#released) throw new Error('this batch was released')
    if (!(row >= 0 && row < this.rows)) throw new RangeError(`row ${row} of a batch of ${this.rows}`)
    return new Message(this, row)
  }

  *[Symbol.iterator](): Iterator<Message> {
    for (let row = 0; row < this.rows; row++) yield this.message(row)
  }

  /** Byte offset of a record: records lie from the slab's end downwards. */
  recordAt(row: number): number {
    return this.octets.byteLength - (row + 1) * at.bytes
  }

  /** True when the message goes to the SIP table. */
  isSip(row: number): boolean {
    return ((this.#u32[(this.recordAt(row) + at.flags) >>> 2] as number) & flags.sip) !== 0
  }

  /** The message's time in microseconds since the epoch. */
  microTs(row: number): number {
    return this.int64(this.recordAt(row) + at.microTs)
  }

  /** When the message arrived, in microseconds since the epoch. */
  arrivalUs(row: number): number {
    return this.int64(this.recordAt(row) + at.arrivalUs)
  }

  u8(offset: number): number {
    return this.octets[offset] as number
  }

  u16(offset: number): number {
    return this.#u16[offset >>> 1] as number
  }

  u32(offset: number): number {
    return this.#u32[offset >>> 2] as number
  }

  /** Exact up to 2^53: microseconds from the year 1684 until 2255. */
  int64(offset: number): number {
    return (this.u32(offset + 4) | 0) * 0x1_0000_0000 + this.u32(offset)
  }

  /** Hands the slab back to the engine. Nothing of the batch may be read afterwards. */
  release(): void {
    if (this.#released) throw new Error('this batch was released')
    this.#released = true
    binding.release(this.handle, this.#view)
  }
}

/** One captured message. Texts are made on demand; an absent text is '', an absent number 0. */
export class Message {
  readonly batch: Batch
  readonly row: number
  readonly #at: number

  constructor(batch: Batch, row: number) {
    this.batch = batch
    this.row = row
    this.#at = batch.recordAt(row)
  }

  /** Microseconds since the epoch: the packet's own time, else its arrival. */
  get microTs(): number {
    return this.batch.int64(this.#at + at.microTs)
  }

  /** Microseconds since the epoch: the kernel's time stamp. */
  get arrivalUs(): number {
    return this.batch.int64(this.#at + at.arrivalUs)
  }

  get hepVersion(): number {
    return this.batch.u8(this.#at + at.hepVersion)
  }

  /** The capture agent's id, or undefined when the packet names none. */
  get agentId(): number | undefined {
    return this.#flag(flags.hasAgent) ? this.batch.u32(this.#at + at.agentId) : undefined
  }

  /** 2 for IPv4, 10 for IPv6. */
  get family(): number {
    return this.batch.u8(this.#at + at.family)
  }

  /** IP protocol number as the HEP wire has it: UDP 17, TCP 6, TLS 22, SCTP 132, WS 50. */
  get protocol(): number {
    return this.batch.u8(this.#at + at.protocol)
  }

  /** HEP protocol type: 1 is SIP. */
  get protocolType(): number {
    return this.batch.u8(this.#at + at.protocolType)
  }

  get sourceIp(): string {
    return this.#address(at.source, at.sourceFamily)
  }

  get destinationIp(): string {
    return this.#address(at.destination, at.destinationFamily)
  }

  /** Who sent the HEP packet. */
  get senderIp(): string {
    return this.#address(at.sender, at.senderFamily)
  }

  /** The address of ours that the HEP packet came to; '' when nobody told. */
  get receiverIp(): string {
    return this.#address(at.receiver, at.receiverFamily)
  }

  /** 4 or 16 octets in the slab, none when the address is absent. */
  get sourceOctets(): Uint8Array {
    return this.#addressOctets(at.source, at.sourceFamily)
  }

  get senderOctets(): Uint8Array {
    return this.#addressOctets(at.sender, at.senderFamily)
  }

  get sourcePort(): number {
    return this.batch.u16(this.#at + at.sourcePort)
  }

  get destinationPort(): number {
    return this.batch.u16(this.#at + at.destinationPort)
  }

  get senderPort(): number {
    return this.batch.u16(this.#at + at.senderPort)
  }

  /** True when the packet says, or shows, that it carries SIP. */
  get isSip(): boolean {
    return this.#flag(flags.sip)
  }

  /** 1 for a request, 2 for a reply, 0 when the first line cannot be read. */
  get sipKind(): number {
    return this.batch.u8(this.#at + at.sipKind)
  }

  /** Status code of a reply. */
  get status(): number {
    return this.batch.u16(this.#at + at.status)
  }

  get contactPort(): number {
    return this.batch.u16(this.#at + at.contactPort)
  }

  get originatorPort(): number {
    return this.batch.u16(this.#at + at.originatorPort)
  }

  /** True when the payload came compressed and stands here inflated. */
  get inflated(): boolean {
    return this.#flag(flags.inflated)
  }

  /** True when the payload came compressed and stands here as it came. */
  get inflateFailed(): boolean {
    return this.#flag(flags.inflateFailed)
  }

  /** Chunk 0x11, else the `sip` member of chunk 101, else X-CID, else Call-ID. */
  get correlationId(): string {
    return this.#text(this.#bytesAt(at.correlation))
  }

  /** Chunk 101 as it came, as clean text. */
  get extraCorrelation(): string {
    if (this.hepVersion !== 3) return ''
    const { packet } = this
    const octets = chunkAt(packet, firstOffset(packet, 0, EXTRA_CORRELATION))
    return octets ? cleanText(octets) : ''
  }

  /** custom_field1 to 3, which a route gave to its row. */
  customField(number: 1 | 2 | 3): string {
    let rest = this.#bytesAt(at.custom)
    for (let before = 1; before < number && rest.length > 0; before++) {
      rest = rest.subarray(2 + rest.readUInt16BE(0))
    }
    return rest.length === 0 ? '' : this.#text(rest.subarray(2, 2 + rest.readUInt16BE(0)))
  }

  /** The method of a request, the status code of a reply. */
  get method(): string {
    return this.sip('method')
  }

  get callId(): string {
    return this.sip('callId')
  }

  /** A part of the SIP message as clean text of any length, unfolded where it is of a header. */
  sip(field: SipField): string {
    const span = this.#at + sipAt[field]
    const length = this.batch.u16(span + 2)
    if (length === 0) return ''
    const start = this.batch.u32(this.#at + at.payload) + this.batch.u16(span)
    const octets = this.batch.octets.subarray(start, start + length)
    return field === 'body' ? cleanText(octets) : this.#text(octets)
  }

  /** Is this part of the SIP message these octets, letters in any case? Makes no text of it. */
  sipIs(field: SipField, lowerCase: Uint8Array): boolean {
    const span = this.#at + sipAt[field]
    if (this.batch.u16(span + 2) !== lowerCase.length) return false
    const start = this.batch.u32(this.#at + at.payload) + this.batch.u16(span)
    for (let i = 0; i < lowerCase.length; i++) {
      if (lowerOf(this.batch.u8(start + i)) !== lowerCase[i]) return false
    }
    return true
  }

  /** True when this part of the SIP message is there. */
  hasSip(field: SipField): boolean {
    return this.batch.u16(this.#at + sipAt[field] + 2) > 0
  }

  /** The payload byte for byte, in the slab: copy it to keep it. */
  get payload(): Buffer {
    return this.#bytesAt(at.payload)
  }

  /** The HEP packet byte for byte, in the slab: copy it to keep it. */
  get packet(): Buffer {
    return this.#bytesAt(at.packet)
  }

  #flag(flag: number): boolean {
    return (this.batch.u32(this.#at + at.flags) & flag) !== 0
  }

  #bytesAt(field: number): Buffer {
    const start = this.batch.u32(this.#at + field)
    return this.batch.octets.subarray(start, start + this.batch.u32(this.#at + field + 4))
  }

  #text(octets: Buffer): string {
    const text = cleanText(octets)
    return this.#flag(flags.folded) ? unfolded(text) : text
  }

  #address(octets: number, family: number): string {
    const address = this.#addressOctets(octets, family)
    return address.length === 16 ? ipv6Text(address) : address.join('.')
  }

  #addressOctets(octets: number, family: number): Uint8Array {
    const start = this.#at + octets
    const version = this.batch.u8(this.#at + family)
    return this.batch.octets.subarray(start, start + (version === 2 ? 4 : version === 10 ? 16 : 0))
  }
}

function lowerOf(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet
}

/** RFC 5952, as inet_ntop(3) writes it: the longest run of zeros is `::`, mapped IPv4 keeps its dots. */
export function ipv6Text(octets: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((octets[i * 2] as number) << 8) | (octets[i * 2 + 1] as number)).toString(16),
  )
  const run = longestZeroRun(groups)
  const dotted = dottedTail(octets, run)
  const words = dotted ? [...groups.slice(0, 6), dotted] : groups
  if (run.length < 2) return words.join(':')
  const tail = words.slice(run.start + run.length)
  return `${words.slice(0, run.start).join(':')}::${tail.join(':')}`
}

function longestZeroRun(groups: string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start++) {
    let end = start
    while (groups[end] === '0') end++
    if (end - start > best.length) best = { start, length: end - start }
  }
  return best
}

/** ::a.b.c.d and ::ffff:a.b.c.d, as glibc prints them. */
function dottedTail(octets: Uint8Array, run: { start: number; length: number }): string | undefined {
  const mapped = run.start === 0 && run.length === 5 && octets[10] === 0xff && octets[11] === 0xff
  if (!mapped && !(run.start === 0 && run.length === 6)) return undefined
  return octets.subarray(12, 16).join('.')
}
