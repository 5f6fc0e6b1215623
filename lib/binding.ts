// The only file that loads the addon. It types every signature and adds nothing.

import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const { path: builtOrPrebuilt } = require('node-gyp-build') as { path(folder: string): string }

/** The addon's file, built here or before: Node loads it, and SQLite loads it again as an extension. */
export const addonPath = builtOrPrebuilt(fileURLToPath(new URL('../..', import.meta.url)))

/** Names one filling of one slab; 53 bits. A released handle names nothing. */
export type SlabHandle = number

/** A slab that an input has filled: `rows` records of input number `input`. */
export interface SealedSlab {
  handle: SlabHandle
  input: number
  rows: number
}

/** Messages of one input up to now. `received` is `accepted` plus the sum of `dropped`. */
export interface IntakeCounters {
  /** Messages, those that the kernel dropped included. */
  received: number
  /** Messages that became rows of slabs. */
  accepted: number
  /** By `stage/reason`; a reason that never happened is absent. */
  dropped: Record<string, number>
  /** Tolerated oddities of messages that were accepted, by name. */
  odd: Record<string, number>
}

export interface EngineOptions {
  /** Size of one slab in octets, 2 MiB at least. */
  slabBytes: number
  /** Number of slabs: with `slabBytes` the bound of the queue. */
  slabs: number
  /** A row waits this long for company, in milliseconds, while the consumers keep up. */
  flushMs: number
  /** A slab with so many rows is sealed. */
  maxRows: number
}

export interface UdpListenOptions {
  /** Numeric address, or '' for all of both families. */
  address: string
  /** 0 binds a free port. */
  port: number
  /** Wanted receive buffer in octets, in the measure of net.core.rmem_max. */
  rcvbufBytes: number
  /** Sockets on this port, each with a thread; the kernel spreads the senders (SO_REUSEPORT). */
  workers: number
  /** HEP alone, or what comes is told apart. */
  takes: 'hep' | 'sip' | 'sip_or_hep'
  /** Records say which address of ours a packet came to; it costs a little. */
  tellsReceiver?: boolean
  /** Of openUdp() with the same options: taken in place of new ones. */
  descriptors?: number[]
}

/** Of a connection: numeric addresses, '' for one that is not known. */
export interface StreamEnds {
  senderAddress: string
  senderPort: number
  /** Of ours. */
  receiverAddress: string
}

/** What a socket got: see `native/capture/udp_input.h`. */
export interface UdpListening {
  port: number
  rcvbufBytes: number
}

/** Which frames carry messages; every port when neither bound is given. */
export interface FrameOptions {
  firstPort?: number | undefined
  lastPort?: number | undefined
  /** Look inside of tunnels. */
  tunnels: boolean
}

export interface RawOptions extends FrameOptions {
  mode: 'moni' | 'ipip'
  /** '' is every interface. */
  interface: string
  /** Numeric IPv4 address that the IPIP socket is bound to; 0.0.0.0 is any. */
  address: string
  /** Threads that share the flows. */
  children: number
  promiscuous: boolean
  /** Compile the port filter and attach it. */
  filter: boolean
  /** The text of a `tcpdump -ddd` program that is attached in its place, or ''. */
  filterText: string
  snapLength: number
  /** Of each thread, in octets. */
  ringBytes: number
  /** Wanted receive buffer of an IPIP socket in octets, in the measure of net.core.rmem_max. */
  rcvbufBytes: number
  /** Of openIpip(): taken in place of new ones. */
  descriptors?: number[]
}

/** What the kernel granted to each thread, in octets: its ring, or its receive buffer. */
export interface RawListening {
  bufferBytes: number
}

/** Every frame of a raw input: `messages + held + sum of ignored` is their number. */
export interface FrameCounters {
  /** Frames that carried a message, or the last part of one. */
  messages: number
  /** Frames that were taken for reassembly: fragments, and segments of a stream. */
  held: number
  /** By reason; a reason that never happened is absent. */
  ignored: Record<string, number>
}

/** What one packet of a file is: see `native/batch/packet_file.h`. */
export interface PacketReading {
  /** A capture, or the octets of one packet; `other` is neither. */
  kind: 'capture' | 'hep' | 'sip' | 'other'
  /** Why there is no message, by a name; '' when there is one. */
  reason: string
  /** Of a capture: anything but `more` says that it ended there. */
  state: 'more' | 'end' | 'truncated' | 'damaged' | 'not_capture'
  /** Number of the frame that was read last. */
  frame: number
  /** Of those frames that were looked at. */
  frames: FrameCounters
  /** Octets of the address that the datagram went to; none when no datagram is alone in its frame. */
  receiver: Buffer
  receiverPort: number
}

export interface PacketOptions extends FrameOptions {
  /** Of a capture, from 1; 0 is the first that carries a message. */
  frame: number
}

/** How far a capture file was read. */
export interface FileReading {
  /** `more` while the file is read; any other state is the last one. */
  state: 'more' | 'end' | 'truncated' | 'damaged' | 'not_capture' | 'stopped' | 'failed'
  /** Octets of the file. */
  octets: number
  /** Why it failed. */
  error: string
}

/** Of a thread that receives: how often it came round to its socket, and whether something waits there now. */
export interface Pulse {
  input: number
  beats: number
  hasWork: boolean
}

export interface Engine {
  /** Opens sockets with a thread each. Throws a SystemError with `code`, `syscall` and `cure`. */
  listenUdp(input: number, options: UdpListenOptions): UdpListening
  /** Opens the sockets of a mirror port or of IPIP with a thread each. Throws a SystemError. */
  listenRaw(input: number, options: RawOptions): RawListening[]
  /** Opens a pcap or pcapng file, `-` is standard input, and reads it on a thread. Throws a SystemError. */
  readFile(input: number, path: string, options: FrameOptions): void
  /** Of an input with a file; the wake-up tells when its state changes. */
  reading(input: number): FileReading
  /** Of an input with frames; null for others. */
  frames(input: number): FrameCounters | null
  /** Asks every input with a thread to take what it holds, waiting for slabs up to `drainMs`, and to end. */
  stop(drainMs: number): void
  /** True when every input with a thread has ended. */
  ended(): boolean
  /** Hands datagrams to an input that has no socket: the i-th ends at `ends[i]` of `octets`. */
  feed(input: number, octets: Uint8Array, ends: Uint32Array): number
  /** Puts one packet of a file into an input that has no socket; `-` is standard input. Throws a SystemError. */
  readPacket(input: number, path: string, options: PacketOptions): PacketReading
  /** Counts messages of a fed input that never became rows, by the name of a drop. */
  drop(input: number, reason: string, messages: number): void
  /** Seals the aged slabs of the fed inputs, or all with `now`; true while rows wait. */
  flush(now: boolean): boolean
  /** What was sealed since the last call, in order. Each slab is to be released, once. */
  take(): SealedSlab[]
  counters(input: number): IntakeCounters
  /** Who may send to an input from here on, of listeners that are open and of those that will be. Throws a RangeError. */
  setSenders(input: number, rules: SenderRules): void
  /** May this address send at all, at whatever rate and with whatever key? */
  admits(input: number, address: string): boolean
  /** Who has sent to an input that is a listener. */
  agents(input: number): { agents: AgentCounts[]; others: number }
  /** Of the threads that receive, always in the same order; files have none. */
  pulses(): Pulse[]
  /** Ends the threads without draining. */
  close(): void
}

export interface SenderRules {
  /** CIDR; none is everybody. */
  networks: string[]
  /** Of HEP packets, 1 to 255 octets each; none is that no key is wanted. */
  keys: Buffer[]
  /** Packets of one address, over all inputs of the engine with the same number here; 0 is no limit. */
  ratePerSecond: number
}

/** A sender: an address, and each capture agent id that came from it by itself. */
export interface AgentCounts {
  address: string
  /** null: the packets name none, or were refused before anybody looked for it. */
  id: number | null
  /** Refused ones too. */
  packets: number
  octets: number
  /** Since the epoch, by our clock. */
  firstSeenMs: number
  lastSeenMs: number
  /** How far its clock was ahead of ours in the last minutes, at least; below 0: behind, at most. null: nobody knows. */
  skewMs: number | null
  /** Of HEP; 0 is SIP without HEP. */
  versions: number[]
  /** By the name of a drop. */
  refused: Record<string, number>
}

/** Why octets are no HEP packet of version 3. */
export type HepFault =
  | 'too_short'
  | 'bad_magic'
  | 'bad_family'
  | 'bad_length'
  | 'bad_chunk_length'
  | 'family_contradiction'

/**
 * Rows that routes changed, in slabs of their own. A row is of the open slab; its source is of any sealed slab, or of
 * the open one. -1 is no room: the open slab is full or has messages of another input, or none is free.
 */
export interface Derivation {
  /** The message with other HEP octets; throws for one that did not come in version 3. */
  edit(handle: SlabHandle, row: number, packet: Uint8Array): number | HepFault
  /**
   * The message as it is but for what is given: a correlation id, a protocol type (-1: as it is), the custom fields
   * (three texts, each behind its length in 16 bits, big-endian; no octets at all: none).
   */
  copy(
    handle: SlabHandle,
    row: number,
    correlation: Uint8Array | null,
    protocolType: number,
    custom: Uint8Array | null,
  ): number
  /** The handle that the open slab will have when it is sealed; null when none is open. */
  readonly open: SlabHandle | null
  /** A view of the open slab, good until the slab is released. */
  view(): ArrayBuffer
  /** Ends filling the open slab, which is to be released, once; null when none is open. */
  seal(): SealedSlab | null
}

export interface DerivationOptions {
  /** Size of one slab in octets, 2 MiB at least. */
  slabBytes: number
  /** Number of slabs, the open one included. */
  slabs: number
}

/** Slabs from the disk: `octets` as they lay from a slab's start, `records` as they lay at its end. */
export interface SlabLoader {
  /** The slab, to be released once; null when there is no room; undefined when no slab can have looked like this. */
  load(input: number, octets: Uint8Array, records: Uint8Array): SealedSlab | null | undefined
}

export interface SlabLoaderOptions {
  /** The largest slab that can be loaded, in octets, 2 MiB at least. */
  slabBytes: number
  slabs: number
}

export interface Framer {
  /**
   * Takes octets of the stream and returns how many are dealt with. Fewer than given: either `fault` is set
   * and the connection is to be closed, or the queue is full and the rest is to be pushed again later.
   * With `mayDrop` a full queue drops and counts.
   */
  push(octets: Uint8Array, mayDrop: boolean): number
  /** The connection or message is over: a packet that it cut short is counted as a drop of this name. */
  end(reason: string): void
  /** Octets of an incomplete packet. */
  readonly pending: number
  readonly fault: string | null
}

/** Byte offsets of the record's fields; spans are (offset, length) pairs. See `native/batch/record.h`. */
export interface RecordLayout {
  bytes: number
  microTs: number
  arrivalUs: number
  packet: number
  payload: number
  correlation: number
  custom: number
  agentId: number
  flags: number
  source: number
  destination: number
  sender: number
  receiver: number
  sourcePort: number
  destinationPort: number
  senderPort: number
  status: number
  contactPort: number
  originatorPort: number
  hepVersion: number
  family: number
  sourceFamily: number
  destinationFamily: number
  senderFamily: number
  receiverFamily: number
  protocol: number
  protocolType: number
  sipKind: number
}

export type SipField =
  | 'method'
  | 'replyReason'
  | 'ruri'
  | 'ruriUser'
  | 'ruriDomain'
  | 'fromUser'
  | 'fromDomain'
  | 'fromTag'
  | 'toUser'
  | 'toDomain'
  | 'toTag'
  | 'pidUser'
  | 'contactUser'
  | 'contactHost'
  | 'authUser'
  | 'auth'
  | 'callId'
  | 'xCid'
  | 'via'
  | 'viaBranch'
  | 'cseq'
  | 'cseqMethod'
  | 'reason'
  | 'contentType'
  | 'userAgent'
  | 'diversion'
  | 'originatorHost'
  | 'rtpStat'
  | 'body'

export interface Layout {
  record: RecordLayout
  /** Offset of each field's span in the record. */
  sip: Record<SipField, number>
  flags: {
    sip: number
    hasAgent: number
    hasTime: number
    inflated: number
    inflateFailed: number
    folded: number
  }
  smallestSlab: number
}

export interface ColumnShape {
  name: string
  kind: 'integer' | 'text' | 'octets'
  /** Octets that a text may have at most, or a number needs at most. */
  width: number
}

export interface ChunkDescription {
  type: number
  name: string
  kind: 'octets' | 'uint8' | 'uint16' | 'uint32' | 'uint64' | 'inet4' | 'inet6'
}

export interface NamedNumber {
  number: number
  name: string
}

/** SIP datagrams of a capture file in columns; the octets are a copy. */
export interface CapturedSip {
  /** Frames read for this batch: those with rows, and those that were skipped. */
  frames: number
  /** Any state but `more` is the last one; the rows that come with it are good. */
  state: 'more' | 'end' | 'truncated' | 'damaged' | 'not_capture'
  /** The i-th payload ends at `ends[i]`. */
  octets: Buffer
  ends: Uint32Array
  /** Microseconds since the epoch; 0 when the file has no time. */
  timesUs: Float64Array
  /** 32 octets a row: source, then destination; an IPv4 address is the first 4 of its 16. */
  addresses: Uint8Array
  /** 2 for IPv4, 10 for IPv6. */
  families: Uint8Array
  /** Two a row: source, then destination. */
  ports: Uint16Array
  /** IP protocol numbers. */
  protocols: Uint8Array
  /** Frames without a row, by reason. */
  skipped: Record<string, number>
}

export interface CaptureFile {
  /** The next rows; one call at a time. Rejects with a SystemError. */
  read(): Promise<CapturedSip>
}

/** What became of datagrams: each is one of `sent`, `tooLong`, `noRoom`, `failed`. */
export interface SendCounters {
  /** Taken by the kernel. */
  sent: number
  /** Of those. */
  octets: number
  tooLong: number
  /** The kernel had no buffers for longer than we wait. */
  noRoom: number
  /** Any other error. */
  failed: number
  /** Times that the receiver's host said that nobody listens: a lower bound. */
  refused: number
  /** Name of the last error that cost a datagram, or ''. */
  lastError: string
}

export interface UdpSender {
  /**
   * Sends datagrams on a worker, the i-th ends at `ends[i]` of `octets`. One call at a time, and neither array
   * may change until then. With `outcomes`, the i-th of them is what became of the i-th datagram: an index of
   * `sendOutcomes`.
   */
  send(octets: Uint8Array, ends: Uint32Array, outcomes?: Uint8Array): Promise<SendCounters>
}

export interface FilterOptions {
  /** LINKTYPE_ number of the pcap registry; without meaning for `ipip`. */
  linkType: number
  /** Ports of either end; without meaning for `allPorts`. */
  firstPort?: number | undefined
  lastPort?: number | undefined
  allPorts?: boolean
  /** Pass what is in tunnels, whatever its ports. */
  tunnels: boolean
  /** Pass IPv6 packets with headers before the ports, which tcpdump's `portrange` does not look behind; true. */
  ipv6Chains?: boolean
  /** Octets of a frame that are kept; 0 is all of them. */
  snapLength: number
  /** The filter of IPIP sockets, whose packets begin with the outer IPv4 header. */
  ipip?: boolean
}

/** As `tcpdump` prints programs with -d, -dd and -ddd. */
export type FilterFormat = 'listing' | 'initializers' | 'numbers'

/** A column of a ClickHouse table and the column of the slab's rows that fills it. */
export interface RowBinaryColumn {
  /** Name in `columns`. */
  from: string
  type:
    | 'String'
    | 'FixedString'
    | 'UInt8'
    | 'UInt16'
    | 'UInt32'
    | 'UInt64'
    | 'Int8'
    | 'Int16'
    | 'Int32'
    | 'Int64'
    | 'Date'
    | 'DateTime'
    | 'DateTime64'
  isNullable: boolean
  /** Octets of a FixedString, decimal places of a DateTime64, else 0. */
  size: number
}

/** Rows as ClickHouse's RowBinary, and how many values are not what the message has. */
export interface RowBinaryRows {
  /** Octets that they take. */
  size: number
  /** The memory at whose start they stand; undefined: the room that was given. */
  room?: Buffer
  /** To their width. */
  cut: number
  /** To UTF-8. */
  cleaned: number
  /** To the nearest number that the column holds. */
  clamped: number
  /** Dates that the column cannot hold, or that are outside of the window: the arrival stands there. */
  arrivals: number
}

/** A column of a PostgreSQL table and what fills it. */
export interface CopyColumn {
  /** Name in `columns`; '' for a constant. */
  from: string
  type:
    | 'text'
    | 'bytea'
    | 'int2'
    | 'int4'
    | 'int8'
    | 'float4'
    | 'float8'
    | 'timestamp'
    | 'date'
    | 'json'
    | 'jsonb'
    | 'constant'
  /** Characters that a text may have; 0: as many as it has. */
  size: number
  /** Of a constant: the value in every row. */
  octets?: Buffer
}

/** How many values are not what the message has. */
export interface ChangedValues {
  /** To their width. */
  cut: number
  /** To UTF-8. */
  cleaned: number
  /** To the nearest number that the column holds. */
  clamped: number
  /** Times that the column cannot hold: the arrival stands there. */
  arrivals: number
}

/** A CopyData message of PostgreSQL's protocol at the start of the room. */
export interface CopyMessage extends ChangedValues {
  /** That found room, from the first. */
  rows: number
  /** Octets; 0 without rows. */
  size: number
  /** Without rows: octets of room that the first one may need. */
  wanted: number
}

/** A column of a table and what fills it, as values for a driver. */
export interface ValueColumn {
  /** Name in `columns`. */
  from: string
  /** `octets` is of a column of that kind alone, and gives its place in the slab. */
  type: 'text' | 'int32' | 'int64' | 'octets' | 'time'
  /** Of a text. */
  characters?: number | undefined
  /** Of a text or octets. */
  octets?: number | undefined
  /** Of a text: the last that its character set has; 0xff is latin1 as MySQL means it. */
  lastCodePoint?: number | undefined
  /** Of a number, or the seconds of a time. */
  least?: number | undefined
  most?: number | undefined
  /** Of a time. */
  hasMicros?: boolean | undefined
}

/** Values of rows, one row behind the other; within a row in the order of the columns. */
export interface RowValues extends ChangedValues {
  rows: number
  /** Of all values, about. */
  octets: number
  /** All texts and times in one. */
  text: string
  /** Of each text and time in `text`. */
  ends: Uint32Array
  int32s: Int32Array
  int64s: BigInt64Array
  /** Of each value of octets its offset in the slab, and its length. */
  spans: Uint32Array
  /** Of each column, 0: none of these rows has a text there, or a number but 0. */
  filled: Uint8Array
}

/** What the kernel says of a network interface. */
export interface InterfaceState {
  up: boolean
  loopback: boolean
  /** Something is at the other end of its cable. */
  carrier: boolean
  /** By hand: a capture's own membership does not show. */
  promiscuous: boolean
  mtu: number
  /** LINKTYPE_ number of what is captured from it. */
  linkType: number
  /** Offloads that are on, by the kernel's names: `rx-gro`, `rx-lro`, ...; none where it does not tell. */
  features: string[]
}

/** What came of opening a packet socket as a ring does: '' or the name of the error, by step. */
export interface PacketSocketState {
  /** The others are not tried after it failed. */
  socket: string
  /** TPACKET_V3. */
  version: string
  ring: string
  fanout: string
  /** SO_RXQ_OVFL. */
  overflow: string
}

export interface ClockState {
  /** Something keeps it right, and has told the kernel so. */
  synchronized: boolean
  maxErrorUs: number
}

/** Who a program may run as. */
export interface Account {
  /** '' for a number that the system has no name for. */
  name: string
  home: string
  uid: number
  gid: number
  /** `gid` among them. */
  groups: number[]
}

interface Binding {
  Engine: new (options: EngineOptions, wake: () => void) => Engine
  /** `fault` names the drop that stands for all faults of the framing. */
  Framer: new (
    engine: Engine,
    input: number,
    ends: StreamEnds,
    fault?: string,
  ) => Framer
  Derivation: new (options: DerivationOptions) => Derivation
  SlabLoader: new (options: SlabLoaderOptions) => SlabLoader
  /** Opens a pcap or pcapng file, `-` is standard input. Throws a SystemError. */
  CaptureFile: new (
    path: string,
  ) => CaptureFile
  /** To a numeric address; `datagramsPerSecond` 0 is as fast as possible. Throws a SystemError. */
  UdpSender: new (
    address: string,
    port: number,
    datagramsPerSecond: number,
  ) => UdpSender
  /** What can become of a datagram: `sent`, `too_long`, `no_room`, `failed`. */
  sendOutcomes: string[]
  /** A view of a sealed slab; the slab must not be released before the view's last use. */
  lend(handle: SlabHandle): ArrayBuffer
  /** How much of a sealed slab messages have, from its start; its records lie at its end. */
  filledOctets(handle: SlabHandle): number
  /** Gives the slab back and detaches the view; false when the handle names nothing (any more). */
  release(handle: SlabHandle, view?: ArrayBuffer): boolean
  /** One datagram to $NOTIFY_SOCKET (sd_notify(3)); false without one. Throws a SystemError. */
  notify(state: string): boolean
  /** Locks a file for this process as long as it is open (flock(2)); false when another one has it. Throws a SystemError. */
  lock(fd: number): boolean
  /** What the calling thread is called, in 15 octets (pthread_setname_np(3)). */
  nameThread(name: string): void
  /** A named pipe with this mode, whatever the umask is (mkfifo(3)). Throws a SystemError. */
  makeFifo(path: string, mode: number): void
  /** Octets of a TCP connection that its peer's kernel has not confirmed. Throws a SystemError. */
  unacknowledged(fd: number): number
  /** A name or a number each: '' is who we are, or the group of the user. Throws a SystemError. */
  account(user: string, group: string): Account
  /** Numbers of capabilities(7) that this thread holds or could raise. Throws a SystemError. */
  permittedCapabilities(): number[]
  /**
   * This thread keeps `keep` of what it holds, and gains nothing any more; the process becomes the account.
   * replaceProcess() has to follow. Throws a SystemError.
   */
  givePrivilegesUp(account: Account | null, keep: number[]): void
  /** execve(2), with these descriptors open. Throws a SystemError. */
  replaceProcess(path: string, argv: string[], environment: string[], descriptors: number[]): never
  /** Programs that this one starts do not get them. Throws a SystemError for one that is not open. */
  keepFromChildren(descriptors: number[]): void
  /** A file without a name, in memory: its descriptor. */
  memoryFile(): number
  /** No core file, and no process of the same user reads our memory. */
  hideMemory(): void
  /** Sockets as Engine.listenUdp() would make them; the descriptors are the caller's. Throws a SystemError. */
  openUdp(options: UdpListenOptions): number[]
  /** One, bound to a port, that does not listen yet. Throws a SystemError. */
  openTcp(address: string, port: number): number[]
  /** The two of an IPIP input, which receive nothing yet. Throws a SystemError. */
  openIpip(rcvbufBytes: number): number[]
  /** Ends the process without a word to its threads: process.exit() waits for them, and may abort instead. */
  exitAtOnce(status: number): never
  /** Rows of a sealed slab in their order, written into `room` if they fit; the same rows give the same octets. */
  rowBinary(
    handle: SlabHandle,
    rows: Uint32Array,
    node: string,
    columns: RowBinaryColumn[],
    room?: Buffer,
    window?: { backMs: number; aheadMs: number } | undefined,
  ): RowBinaryRows
  /** As many of these rows of a sealed slab as find room, as PostgreSQL's COPY takes them in binary. */
  copyRows(
    handle: SlabHandle,
    rows: Uint32Array,
    node: string,
    columns: CopyColumn[],
    room: Buffer,
  ): CopyMessage
  /** The first of these rows of a sealed slab that together have about `octets` at most, one at least. */
  rowValues(
    handle: SlabHandle,
    rows: Uint32Array,
    node: string,
    columns: ValueColumn[],
    octets: number,
  ): RowValues
  /**
   * Values that the SQLite table of slab rows cut to their width, texts that it made clean, and dates that became the
   * arrival's.
   */
  rowsTableCounts(): { cut: number; cleaned: number; arrivals: number }
  /**
   * Reads HEP packets as numbers and returns how many are good: the i-th ends at `ends[i]`, and its numbers go
   * to `fields` in the order of `decodedHepFields`, version 0 for a packet that is refused.
   */
  decodeHep(octets: Uint8Array, ends: Uint32Array, fields: Uint32Array): number
  decodedHepFields: string[]
  /** Of a JSON object the octets of a top-level string, letters of its name in any case; none when there is none. */
  jsonText(json: Uint8Array, name: string): Buffer
  /**
   * Likewise with all of SIP: behind the numbers of HEP those of `decodedSipFields`, each field as its offset in the
   * payload, and 65,536 times its length.
   */
  decodeSip(octets: Uint8Array, ends: Uint32Array, fields: Uint32Array): number
  decodedSipFields: string[]
  /** The packet filter that a raw input attaches. */
  compileFilter(options: FilterOptions & { format: FilterFormat }): string
  /** Instructions of a program in numbers; throws an Error with the `line` that is at fault. */
  parseFilter(numbers: string): number
  /** A program in numbers, cut to `snapLength` as a ring attaches it; throws as parseFilter() does. */
  printFilter(numbers: string, format: FilterFormat, snapLength?: number): string
  /** LINKTYPE_ number of what is captured from an interface. Throws a SystemError. */
  linkTypeOf(interfaceName: string): number
  /** Throws a SystemError. */
  interfaceState(name: string): InterfaceState
  /** Opens what a mirror port needs, and closes it. */
  packetSocketState(): PacketSocketState
  /** Throws a SystemError. */
  clockState(): ClockState
  /** Octets that the program keeps of each packet, 0 for none: the i-th ends at `ends[i]` of `octets`. */
  filterVerdicts(numbers: string, octets: Uint8Array, ends: Uint32Array): Uint32Array
  layout: Layout
  columns: ColumnShape[]
  chunks: ChunkDescription[]
  protocolTypes: NamedNumber[]
  vendors: NamedNumber[]
}

export const binding = require(addonPath) as Binding
