// Capture agents by small numbers, the first of them each with one of its own.

const MOST = 64

export class Nodes {
  static readonly most = MOST
  /** Packets that name no agent. */
  static readonly none = 0
  /** Agents for whom there is no number left. */
  static readonly rest = 1
  readonly #numbers = new Map<number, number>()
  readonly #names = ['0', 'other']

  of(agentId: number): number {
    if (agentId === 0) return Nodes.none
    const known = this.#numbers.get(agentId)
    if (known !== undefined) return known
    if (this.#names.length === MOST) return Nodes.rest
    this.#numbers.set(agentId, this.#names.length)
    return this.#names.push(String(agentId)) - 1
  }

  name(number: number): string {
    return this.#names[number] as string
  }
}
