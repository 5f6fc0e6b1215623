// What a trace hears while routes run, in the order in which it happened: routes that begin, statements, lines of
// xlog, faults, packets. It does nothing itself: no packet is sent.

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
  /** The i-th of the packets. */
  | { step: 'send'; packet: number }

export interface RecordedPacket {
  to: RelayTarget
  octets: Buffer
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

/** Every line is made and recorded; `isLogged` says which of them the daemon would write. */
export class Recorder implements RouteLog, RouteTrace, RelayPort {
  readonly steps: Step[] = []
  readonly packets: RecordedPacket[] = []
  readonly #isLogged: (level: number) => boolean

  constructor(isLogged: (level: number) => boolean) {
    this.#isLogged = isLogged
  }

  isLogged(): boolean {
    return true
  }

  xlog(level: number, text: string): void {
    const logged = this.#isLogged(level)
    this.steps.push({
      step: 'log',
      level: LEVELS.get(level) ?? String(level),
      text: text.replace(/\n$/, ''),
      logged,
    })
  }

  warn(what: string, where: string): void {
    this.steps.push({ step: 'fault', what, where })
  }

  statement(where: string, text: string, values: string): void {
    this.steps.push({ step: 'statement', where, text, values })
  }

  path(title: string): void {
    this.steps.push({ step: 'path', title })
  }

  discard(rule: string): void {
    this.steps.push({ step: 'discard', rule })
  }

  /** Says that it was sent. */
  send(to: RelayTarget, packet: Uint8Array, ticket: RelayTicket): undefined {
    this.steps.push({ step: 'send', packet: this.packets.length })
    this.packets.push({ to, octets: Buffer.from(packet) })
    ticket.settle()
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
