// Capture on or off, as it was at the moment at which each message came in: what came before the switch was turned is
// handled as before, however long it has waited since.

/** Milliseconds after which no message that came in before is on its way to its routes any more. */
const SETTLED_MS = 10_000

interface Turn {
  /** Microseconds since the epoch, by the clock that stamps what comes in. */
  atUs: number
  isOn: boolean
}

export class CaptureSwitch {
  /** How it was at first, of those messages that may still come. */
  #first: boolean
  /** The oldest first. */
  readonly #turns: Turn[] = []

  constructor(isOn: boolean) {
    this.#first = isOn
  }

  get isOn(): boolean {
    return this.#turns.at(-1)?.isOn ?? this.#first
  }

  /** Resolves when every message that comes in from then on is handled so, and none that came in before the call. */
  async turn(isOn: boolean): Promise<void> {
    if (isOn === this.isOn) return
    const atMs = Date.now() + 1 // this millisecond is half over
    const turn = { atUs: atMs * 1000, isOn }
    this.#turns.push(turn)
    setTimeout(() => this.#settle(turn), SETTLED_MS).unref()
    while (Date.now() < atMs && this.#turns.at(-1) === turn)
      await new Promise((resolve) => setTimeout(resolve, 1))
  }

  isOnAt(arrivalUs: number): boolean {
    for (let at = this.#turns.length - 1; at >= 0; at--) {
      const turn = this.#turns[at]!
      if (arrivalUs >= turn.atUs) return turn.isOn
    }
    return this.#first
  }

  /** Whatever is done to the clock later, nothing that comes in is taken for older than this. */
  #settle(turn: Turn): void {
    const at = this.#turns.indexOf(turn)
    this.#turns.splice(0, at + 1)
    this.#first = turn.isOn
  }
}
