// What a trace hears while routes run, in the order in which it happened: routes that begin, statements, lines of
// xlog, faults, packets. It does nothing itself: no packet is sent. Whoever traces in a process that has other things
// to do bounds it.

import { targetName } from '../relay/target.js'
import type { RelayPort, RelayTicket } from '../route/router.js'
import type { RelayTarget } from '../route/rules.js'
import type { RouteLog, RouteTrace } from '../route/services.js'
import type { Route, RouteTable } from '../route/table.js'

export type Step =
  /** A route that begins, or the `default path`. */
  | { step: 'path'; title: string }
  | { step: 'discard'; rule: string }
  | { step: 'statement'; where: string; text: string; values: string }
  | { step: 'log'; level: string; text: string; logged: boolean }
  | { step: 'fault'; what: string; where: string }
  /** The i-th of the packets; null: so many are not kept. */
  | { step: 'send'; to: string; packet: number | null }
  | { step: 'refused'; to: string; reason: string }
  /** From here on no statement is kept, and of other steps the last. */
  | { step: 'left_out' }

export interface RecordedPacket {
  to: RelayTarget
  octets: Buffer
}

export interface RecorderBounds {
  /** The first, of any kind. */
  steps: number
  /** Then of all kinds but statements. */
  lastSteps: number
  packets: number
  /** Of one text. */
  characters: number
}

const UNBOUNDED: RecorderBounds = {
  steps: Number.POSITIVE_INFINITY,
  lastSteps: 0,
  packets: Number.POSITIVE_INFINITY,
  characters: Number.POSITIVE_INFINITY,
}

const LEVELS = new Map([
  [-3, 'L_ALERT'],
  [-2, 'L_CRIT'],
  [-1, 'L_ERR'],
  [1, 'L_WARN'],
  [2, 'L_NOTICE'],
  [3, 'L_INFO'],
  [4, 'L_DBG'],
])

export interface Surroundings {
  /** Would the daemon write a line of this level of xlog? */
  isLogged(level: number): boolean
  /** Why a packet would not be accepted; absent: each would. */
  refusalOf?(to: RelayTarget, packet: Uint8Array): string | undefined
}

/** Every line is made and recorded; `isLogged` says which of them the daemon would write. */
export class Recorder implements RouteLog, RouteTrace, RelayPort {
  readonly packets: RecordedPacket[] = []
  readonly #first: Step[] = []
  readonly #last: Step[] = []
  #hasLeftOut = false
  readonly #surroundings: Surroundings
  readonly #bounds: RecorderBounds

  constructor(surroundings: Surroundings, bounds = UNBOUNDED) {
    this.#surroundings = surroundings
    this.#bounds = bounds
  }

  get steps(): Step[] {
    return this.#hasLeftOut ? [...this.#first, { step: 'left_out' }, ...this.#last] : this.#first
  }

  /** False once no statement is kept any more: what they were need not be worked out. */
  get hearsStatements(): boolean {
    return !this.#hasLeftOut
  }

  isLogged(): boolean {
    return true
  }

  xlog(level: number, text: string): void {
    const logged = this.#surroundings.isLogged(level)
    const name = LEVELS.get(level) ?? String(level)
    this.#add({ step: 'log', level: name, text: this.#cut(text.replace(/\n$/, '')), logged })
  }

  warn(what: string, where: string): void {
    this.#add({ step: 'fault', what, where: this.#cut(where) })
  }

  statement(where: string, text: string, values: string): void {
    this.#add({ step: 'statement', where, text: this.#cut(text), values: this.#cut(values) })
  }

  path(title: string): void {
    this.#add({ step: 'path', title })
  }

  discard(rule: string): void {
    this.#add({ step: 'discard', rule })
  }

  /** Says that it was sent. */
  send(to: RelayTarget, packet: Uint8Array, ticket: RelayTicket): string | undefined {
    const reason = this.#surroundings.refusalOf?.(to, packet)
    if (reason === undefined) this.#keep(to, packet)
    else this.#add({ step: 'refused', to: targetName(to), reason })
    if (reason === undefined) ticket.settle()
    return reason
  }

  /** The same routes, each of which tells when it begins. */
  heard(table: RouteTable): RouteTable {
    const one = (route: Route): Route => this.#heard(route)
    const { request, reply, error, startup, named } = table
    return {
      ...(request && { request: one(request) }),
      ...(reply && { reply: one(reply) }),
      ...(error && { error: one(error) }),
      startup: startup.map(one),
      timers: [],
      named: new Map(Array.from(named, ([name, route]) => [name, one(route)])),
    }
  }

  #keep(to: RelayTarget, packet: Uint8Array): void {
    const isKept = this.packets.length < this.#bounds.packets
    this.#add({ step: 'send', to: targetName(to), packet: isKept ? this.packets.length : null })
    if (isKept) this.packets.push({ to, octets: Buffer.from(packet) })
  }

  #add(step: Step): void {
    if (this.#first.length < this.#bounds.steps) {
      this.#first.push(step)
      return
    }
    this.#hasLeftOut = true
    if (step.step === 'statement') return
    this.#last.push(step)
    if (this.#last.length > this.#bounds.lastSteps) this.#last.shift()
  }

  #cut(text: string): string {
    const { characters } = this.#bounds
    return text.length > characters ? `${text.slice(0, characters)}...` : text
  }

  #heard(route: Route): Route {
    return {
      title: route.title,
      awaits: route.awaits,
      run: (execution) => {
        this.path(route.title)
        return route.run(execution)
      },
    }
  }
}
