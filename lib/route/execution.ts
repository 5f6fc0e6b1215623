// One message on its way through the routes: the state that statements change, and the message as it is now.
//
// It lives from the first route that sees the message to the last, `hep_resume_sip()` and asynchronous routes
// included, and belongs to the main thread.

import type { Message } from '../message.js'
import type { Value } from '../script/value.js'
import type { Capture } from './api.js'
import type { CaptureActions } from './capture-actions.js'
import type { RouteServices } from './services.js'

/** What a statement of a route can run into; counted, never the end of the daemon. */
export class RouteFault extends Error {
  override readonly name = 'RouteFault'
}

/** Who does what routes ask for, and has the message as it is now, its edits included. */
export interface MessageActions extends CaptureActions {
  readonly message: Message
}

/** Runs of `route()` inside of each other. */
const MAX_DEPTH = 100

export class Execution {
  readonly services: RouteServices
  /** undefined in timer and startup routes, which have no message. */
  readonly actions: MessageActions | undefined
  /** What captureFor() made. */
  capture: Capture | undefined
  #vars: Map<string, Value> | undefined
  #avps: Map<string, Value[]> | undefined
  /** `$du`, and a `$ru` that a route assigned; null when none did. */
  destinationUri: string | null = null
  assignedRuri: string | null = null
  /** `$rc`: code of the last function or route. */
  returnCode = 1
  /** `$return(n)`, n from 0. */
  returnValues: readonly Value[] = []
  /** `$param(n)`, n from 1, of the routes that run now; the last is the innermost. */
  readonly parameters: (readonly Value[])[] = []
  #steps = 0
  #suspension: Promise<unknown> | undefined

  constructor(services: RouteServices, actions?: MessageActions) {
    this.services = services
    this.actions = actions
  }

  /** `$var`. */
  get vars(): Map<string, Value> {
    this.#vars ??= new Map()
    return this.#vars
  }

  /** `$avp`: last pushed first. */
  get avps(): Map<string, Value[]> {
    this.#avps ??= new Map()
    return this.#avps
  }

  /** The message as it is now; undefined in timer and startup routes. */
  get message(): Message | undefined {
    return this.actions?.message
  }

  /** Once for each statement and each turn of a loop; throws a RouteFault beyond the budget. */
  step(): void {
    if (++this.#steps > this.services.limits.steps) {
      throw new RouteFault(`more than ${this.services.limits.steps} steps for one message`)
    }
  }

  /**
   * `async(...)` and `launch(...)`: the message is not through before this promise has settled, although the route
   * that says so has ended. Whoever runs the route takes it; several are waited for together.
   */
  suspend(until: Promise<unknown>): void {
    this.#suspension = this.#suspension ? allSettled([this.#suspension, until]) : until
    // A route that still waits for something else takes it later: until then nobody hears of a rejection.
    this.#suspension.catch(() => {})
  }

  /** What the route that has just ended left to wait for. Its continuation may leave more. */
  takeSuspension(): Promise<unknown> | undefined {
    const suspension = this.#suspension
    this.#suspension = undefined
    return suspension
  }

  /** Runs a route inside of another, with its `$param`s. Throws a RouteFault when they are too deep. */
  enter<T>(parameters: readonly Value[], run: () => T): T {
    if (this.parameters.length >= MAX_DEPTH)
      throw new RouteFault(`more than ${MAX_DEPTH} routes inside of each other`)
    this.parameters.push(parameters)
    let result: T
    try {
      result = run()
    } catch (error) {
      this.parameters.pop()
      throw error
    }
    if (result instanceof Promise) return result.finally(() => this.parameters.pop()) as T
    this.parameters.pop()
    return result
  }
}

/** Rejects as the first of them did, but not before all have settled: what still runs still has its message. */
async function allSettled(promises: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(promises)) {
    if (result.status === 'rejected') throw result.reason
  }
}
