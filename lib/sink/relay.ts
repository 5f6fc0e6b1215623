// The sink that sends rows on: each message of a block once, as the HEP packet that it came in, or in one that we make.
//
// A destination that is away is not waited for: what it does not take is refused, by name. Only where the inputs
// wait for us, as files do, a full queue is waited for.

import { type AgentOptions, agentPacket } from '../hep/agent.js'
import type { Batch, Message } from '../message.js'
import type { Relays, RelayTicket } from '../relay/relays.js'
import { targetName } from '../relay/target.js'
import type { RowBlock, TableRows } from '../route/rows.js'
import type { RelayTarget } from '../route/rules.js'
import type { RefusedRow, Sink, SinkCounts } from './sink.js'

export interface RelaySinkOptions {
  to: RelayTarget
  agent: AgentOptions
  /** Wait for room in the queue, rather than refuse what finds none. */
  waits: boolean
}

export class RelaySink implements Sink {
  readonly name: string
  readonly counts: SinkCounts = { rows: 0, tables: new Map() }
  readonly sends = true
  readonly #relays: Relays
  #options: RelaySinkOptions
  /** Blocks that wait go in their order. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(relays: Relays, options: RelaySinkOptions) {
    this.name = targetName(options.to)
    this.#relays = relays
    this.#options = options
  }

  /** Whether the destination is there shows when there is something to send. */
  async open(): Promise<void> {}

  async insert(block: RowBlock): Promise<RefusedRow[]> {
    const parcel = new Parcel()
    if (this.#options.waits) this.#turn = this.#turn.then(() => this.#sendWaiting(block, parcel))
    else for (const message of messagesOf(block)) parcel.note(message, this.#send(message, parcel))
    await this.#turn
    await parcel.settled()
    this.counts.rows += parcel.relayed
    return refusedRows(block.tables, parcel)
  }

  /** For the packets that come from here on. */
  change(options: RelaySinkOptions): void {
    this.#options = options
  }

  /** What is under way is the business of the relays. */
  async close(): Promise<void> {}

  async remove(): Promise<void> {
    this.#relays.rest(this.#options.to)
  }

  async #sendWaiting(block: RowBlock, parcel: Parcel): Promise<void> {
    for (const message of messagesOf(block)) {
      let refusal = this.#send(message, parcel)
      while (refusal === 'queue_full') {
        await this.#relays.room(this.#options.to)
        refusal = this.#send(message, parcel)
      }
      parcel.note(message, refusal)
    }
  }

  #send(message: Message, parcel: Parcel): string | undefined {
    const { to, agent } = this.#options
    const packet = message.hepVersion > 0 ? message.packet : agentPacket(message, agent)
    return packet ? this.#relays.send(to, packet, parcel.ticket(message)) : 'too_long'
  }
}

/** A message may be a row of several tables. */
function* messagesOf(block: RowBlock): Iterable<Message> {
  const seen = new Map<Batch, Uint8Array>()
  for (const { batch, rows } of block.tables) {
    const marks = seen.get(batch) ?? new Uint8Array(batch.rows)
    seen.set(batch, marks)
    for (const row of rows) {
      if (marks[row] === 0) yield batch.message(row)
      marks[row] = 1
    }
  }
}

function refusedRows(tables: readonly TableRows[], parcel: Parcel): RefusedRow[] {
  if (parcel.isWhole) return []
  return tables.flatMap(({ batch, rows }, table) =>
    Array.from(rows).flatMap((row) => {
      const reason = parcel.reasonFor(batch, row)
      return reason === undefined ? [] : [{ table, row, reason }]
    }),
  )
}

/** The messages of one block on their way. */
class Parcel {
  relayed = 0
  readonly #lost = new Map<Batch, Map<number, string>>()
  #underWay = 0
  #whenSettled: (() => void) | undefined

  get isWhole(): boolean {
    return this.#lost.size === 0
  }

  ticket({ batch, row }: Message): RelayTicket {
    return {
      settle: (reason) => {
        if (reason === undefined) this.relayed++
        else this.#lose(batch, row, reason)
        if (--this.#underWay === 0) this.#whenSettled?.()
      },
    }
  }

  /** It was accepted, or refused for a reason. */
  note({ batch, row }: Message, refusal: string | undefined): void {
    if (refusal === undefined) this.#underWay++
    else this.#lose(batch, row, refusal)
  }

  /** Called when all are noted. */
  settled(): Promise<void> {
    if (this.#underWay === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#whenSettled = resolve
    })
  }

  reasonFor(batch: Batch, row: number): string | undefined {
    return this.#lost.get(batch)?.get(row)
  }

  #lose(batch: Batch, row: number, reason: string): void {
    const rows = this.#lost.get(batch) ?? new Map<number, string>()
    this.#lost.set(batch, rows.set(row, reason))
  }
}
