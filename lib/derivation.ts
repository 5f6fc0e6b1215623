// Rows of what routes made of a message: other HEP octets, or a correlation id, a protocol type and custom fields of
// its own. The message that was received stays as it is; what is derived stands in batches of its own, which are
// read while they grow and stored when they are sealed.
//
// Bounded: what finds no room is refused, and whoever asked says what becomes of the message.

import { binding, type DerivationOptions, type HepFault, type SealedSlab } from './binding.js'
import { Batch, type Message } from './message.js'

/** What is left undefined stays as it is. */
export interface RowChanges {
  correlationId?: string | undefined
  /** HEP protocol type, 0 to 255. */
  protocolType?: number | undefined
  /** custom_field1 to 3. */
  custom?: readonly (string | undefined)[] | undefined
}

/** `full`: slabs have to be released first. */
export type NotDerived = 'full' | HepFault

const NO_ROOM = -1
const TYPE_STAYS = -1
/** A text's octets fit into 16 bits: at most three for each unit of UTF-16. Columns are far narrower. */
const TEXT_UNITS = Math.floor(0xffff / 3)

/** Its rows can be read at once; a sink takes them when it is sealed. */
class DerivedBatch extends Batch {
  readonly slab: SealedSlab
  sealed = false

  constructor(slab: SealedSlab, view: ArrayBuffer) {
    super(slab, view)
    this.slab = slab
  }

  override release(): void {
    if (!this.sealed) throw new Error('this batch is still open')
    super.release()
  }
}

export class Derivation {
  readonly #native: InstanceType<typeof binding.Derivation>
  #open: DerivedBatch | undefined
  #sealed: Batch[] = []

  constructor(options: DerivationOptions) {
    this.#native = new binding.Derivation(options)
  }

  /**
   * The message with other HEP octets: parsed as if they had come in its place. Its arrival, its sender and its custom
   * fields stay, and so do the numbers and addresses that the octets do not say; without a payload it has none.
   */
  edit(of: Message, packet: Uint8Array): Message | NotDerived {
    return this.#derived(of, () => this.#native.edit(of.batch.handle, of.row, packet))
  }

  /** The same octets in a row of their own. */
  copy(of: Message, { correlationId, protocolType = TYPE_STAYS, custom }: RowChanges): Message | NotDerived {
    const correlation = correlationId === undefined ? null : textOctets(correlationId)
    const fields = custom ? customOctets(custom) : null
    return this.#derived(of, () =>
      this.#native.copy(of.batch.handle, of.row, correlation, protocolType, fields),
    )
  }

  /** The batches that were filled since the last call; each is to be released, once. */
  seal(): Batch[] {
    this.#sealOpen()
    const sealed = this.#sealed
    this.#sealed = []
    return sealed
  }

  #derived(of: Message, work: () => number | HepFault): Message | NotDerived {
    let row = work()
    if (row === NO_ROOM && this.#open) {
      this.#sealOpen()
      row = work()
    }
    if (typeof row === 'string') return row
    return row === NO_ROOM ? 'full' : this.#grown(of.batch.input, row).message(row)
  }

  #grown(input: number, row: number): Batch {
    this.#open ??= new DerivedBatch({ handle: this.#native.open!, input, rows: 0 }, this.#native.view())
    this.#open.slab.rows = row + 1
    return this.#open
  }

  #sealOpen(): void {
    if (!this.#open) return
    this.#native.seal()
    this.#open.sealed = true
    this.#sealed.push(this.#open)
    this.#open = undefined
  }
}

function textOctets(text: string): Buffer {
  return Buffer.from(text.slice(0, TEXT_UNITS))
}

/** As native/batch/custom_fields.h has them. */
function customOctets(custom: readonly (string | undefined)[]): Buffer {
  const texts = [0, 1, 2].map((index) => textOctets(custom[index] ?? ''))
  if (texts.every(({ length }) => length === 0)) return Buffer.alloc(0)
  return Buffer.concat(texts.flatMap((text) => [lengthOctets(text), text]))
}

function lengthOctets({ length }: Buffer): Buffer {
  const octets = Buffer.alloc(2)
  octets.writeUInt16BE(length)
  return octets
}
