// `hepcapd send`: real HEP traffic, from a capture file or from dialogs that we make.

import { randomInt } from 'node:crypto'
import type { CaptureFile } from '../binding.js'
import { type Fault, renderFault } from '../errors.js'
import type { HepVersion } from '../hep/writer.js'
import { type Captured, Packer, type PacketRun } from '../send/packets.js'
import { type FileOutcome, fromDialogs, fromFile, openFile, UnreadableFile } from '../send/source.js'
import { type Destination, hostPort, openTransport, type Transport } from '../send/transport.js'
import { type Output, processOutput } from './output.js'

export interface SendOptions {
  to: Destination
  hep: HepVersion
  /** A pcap or pcapng file, `-` is standard input; without one, or with '', dialogs are made. */
  read?: string | undefined
  /** Messages at most; 0 or nothing is the whole file, or one call's worth. */
  count?: number | undefined
  /** Messages a second; 0 is as fast as possible. */
  rate: number
  agentId: number
  authKey?: string | undefined
  compress: boolean
}

const ONE_CALL = 7
const BATCH = 4096
/** One call of the addon sends so much at most. */
const RUN_BYTES = 16 << 20
/** At full speed, so much is made before the clock runs: making is slower than sending. */
const AHEAD_BYTES = 512 << 20
/** With a rate, messages are made no earlier than this before they leave. */
const FRESH_SECONDS = 0.1

/** Resolves to the exit status. */
export async function send(options: SendOptions, output: Output = processOutput()): Promise<number> {
  const say = (faults: Fault[]) => {
    for (const each of faults) output.err(renderFault(each))
  }
  const misuse = misuseOf(options)
  if (misuse) {
    say([misuse])
    return 2
  }
  const outcome: FileOutcome = { frames: 0, skipped: new Map(), state: 'more' }
  try {
    const file = options.read ? openFile(options.read) : undefined
    const job = new Job(options, await openTransport(options.to, options.rate), file, outcome)
    const failed = await job.run()
    output.out(JSON.stringify(job.summary()))
    say([...warningsOf(options, job.refused, outcome), ...(failed ? [failed] : [])])
    return failed ? 1 : 0
  } catch (error) {
    say([faultOf(options, error)])
    return 1
  }
}

class Job {
  readonly #options: SendOptions
  readonly #transport: Transport
  readonly #file: CaptureFile | undefined
  readonly #outcome: FileOutcome
  readonly #packer: Packer
  #seconds = 0
  #left: number

  constructor(
    options: SendOptions,
    transport: Transport,
    file: CaptureFile | undefined,
    outcome: FileOutcome,
  ) {
    this.#options = options
    this.#transport = transport
    this.#file = file
    this.#outcome = outcome
    this.#packer = new Packer(options)
    this.#left = options.count || (file ? Number.POSITIVE_INFINITY : ONE_CALL)
  }

  /** What went wrong, if anything did. */
  async run(): Promise<Fault | undefined> {
    try {
      await (this.#file ? this.#readAndSend(this.#file) : this.#makeAndSend())
      await this.#timed(() => this.#transport.close())
    } catch (error) {
      return faultOf(this.#options, error)
    }
    return stateFault(this.#options, this.#outcome)
  }

  get refused(): number {
    return this.#transport.counts.refused
  }

  summary(): object {
    const { to, hep, read } = this.#options
    const { sent, bytes, refused, unsent } = this.#transport.counts
    const skipped = Object.fromEntries([...this.#outcome.skipped, ...unsent].sort())
    return {
      to: `${to.proto}:${hostPort(to)}`,
      hep,
      read: read || null,
      ...(this.#file ? { frames: this.#outcome.frames } : {}),
      sent,
      bytes,
      skipped,
      refused,
      seconds: Number(this.#seconds.toFixed(6)),
    }
  }

  /** Each batch of a file leaves as it was read: a pipe may be somebody's live traffic. */
  async #readAndSend(file: CaptureFile): Promise<void> {
    for await (const batch of fromFile(file, this.#outcome)) {
      this.#pack(batch)
      await this.#send([this.#packer.take()])
      if (this.#left <= 0) return
    }
  }

  async #makeAndSend(): Promise<void> {
    const { rate } = this.#options
    const batchSize = rate > 0 ? Math.min(BATCH, Math.max(1, Math.floor(rate * FRESH_SECONDS))) : BATCH
    let ahead: PacketRun[] = []
    let aheadBytes = 0
    for (const batch of fromDialogs(this.#left, randomInt(2 ** 32), batchSize)) {
      this.#pack(batch)
      if (rate === 0 && this.#packer.octets < RUN_BYTES) continue
      aheadBytes += this.#packer.octets
      ahead.push(this.#packer.take())
      if (rate === 0 && aheadBytes < AHEAD_BYTES) continue
      await this.#send(ahead)
      ahead = []
      aheadBytes = 0
    }
    if (this.#packer.packets > 0) ahead.push(this.#packer.take())
    await this.#send(ahead)
  }

  #pack(batch: Captured[]): void {
    for (const captured of batch) {
      if (this.#left <= 0) return
      if (this.#packer.add(captured)) this.#left--
      else this.#outcome.skipped.set('too_long', (this.#outcome.skipped.get('too_long') ?? 0) + 1)
    }
  }

  #send(runs: PacketRun[]): Promise<void> {
    return this.#timed(async () => {
      for (const run of runs) await this.#transport.send(run)
    })
  }

  async #timed(work: () => Promise<void>): Promise<void> {
    const began = performance.now()
    try {
      await work()
    } finally {
      this.#seconds += (performance.now() - began) / 1000
    }
  }
}

function misuseOf({ to, hep, agentId, authKey, compress }: SendOptions): Fault | undefined {
  if (hep === 3) return undefined
  const misuse = (where: string, what: string): Fault => ({
    where,
    severity: 'error',
    what: `HEP version ${hep} ${what}`,
    cure: 'use --hep 3',
  })
  if (to.proto === 'hep_tcp') return misuse('--hep', 'has no length to find packets by in TCP')
  if (authKey) return misuse('--auth-key', 'carries no key')
  if (compress) return misuse('--compress', 'carries no compressed payload')
  if (hep === 2 && agentId > 65535)
    return misuse('--agent-id', `has 16 bits for the agent, ${agentId} needs more`)
  return undefined
}

type SystemError = Error & { code?: string; syscall?: string; cure?: string }

function faultOf({ to, read }: SendOptions, error: unknown): Fault {
  if (error instanceof UnreadableFile) {
    const { message, cure } = error.cause as SystemError
    return fault(`cannot read ${read}: ${message}`, cure || 'name a capture file that this user may read')
  }
  const { message, code, syscall, cure } = error as SystemError
  if (code === undefined) throw error // not the world's doing
  if (syscall?.startsWith('getaddrinfo')) {
    return fault(`the name ${to.host} is unknown (${code})`, 'check its spelling, or give an address')
  }
  if (code === 'ECONNREFUSED') {
    return fault(nobodyListens(to), `start the receiver: \`hepcapd --listen ${to.proto}:*:${to.port}\``)
  }
  return fault(`${hostPort(to)}: ${message}`, cure || 'what the receiver logs may say why')
}

function stateFault({ read }: SendOptions, { state }: FileOutcome): Fault | undefined {
  if (state === 'damaged') {
    return fault(`${read} is damaged; what came before was sent`, 'capture again, or cut it with `editcap`')
  }
  if (state === 'not_capture') {
    const cure = 'a compressed file is read by `gunzip -c FILE | hepcapd send --read - ...`'
    return fault(`${read} is neither a pcap nor a pcapng file`, cure)
  }
  return undefined
}

/** The summary said what left all the same. */
function warningsOf({ to, read }: SendOptions, refused: number, { state }: FileOutcome): Fault[] {
  const warnings: Fault[] = []
  if (refused > 0) warnings.push(fault(nobodyListens(to), 'what was sent there is lost', 'warning'))
  if (state === 'truncated') {
    warnings.push(fault(`${read} ends inside of a packet`, 'what came before it was sent', 'warning'))
  }
  return warnings
}

function nobodyListens(to: Destination): string {
  return `nobody listens on ${to.proto === 'hep_tcp' ? 'TCP' : 'UDP'} ${hostPort(to)}`
}

function fault(what: string, cure: string, severity: Fault['severity'] = 'error'): Fault {
  return { where: 'hepcapd send', severity, what, cure }
}
