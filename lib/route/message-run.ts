// One message on its way through the routes of a script or a module: runs them in order, does what they ask for,
// and sees to it that the message has its outcome, whatever a route does.

import { correlationPacket } from '../hep/agent.js'
import { EditedPacket } from '../hep/edit.js'
import type { Message } from '../message.js'
import { parseRelayUri } from '../relay/target.js'
import type { ChunkId, ChunkOptions, ChunkValue, ReportCaptureOptions, SipCaptureOptions } from './api.js'
import type { BatchRun } from './batch-run.js'
import type { CaptureActions } from './capture-actions.js'
import type { RowChanges } from './derived-rows.js'
import { Execution } from './execution.js'
import type { Router, Start } from './router.js'
import type { RowKind } from './rows.js'
import type { Route } from './table.js'

/** A message may wait so long for what its routes wait for; then its routes are over. */
const LONGEST_WAIT_MS = 30_000

const REQUEST = 1
const REPLY = 2
const HEP3 = 3

export class MessageRun implements CaptureActions {
  readonly #run: BatchRun
  readonly #row: number
  readonly #router: Router
  readonly #execution: Execution
  /** As it is now; edits that nobody has looked at are still to be made. */
  #message: Message
  #edits: EditedPacket | undefined
  #isStale = false
  #hasResumed = false
  #isOver = false
  /** Why nothing was done with it, as far as a route tried. */
  #refusal = 'route'

  constructor(run: BatchRun, message: Message, row: number) {
    this.#run = run
    this.#row = row
    this.#router = run.router
    this.#message = message
    this.#execution = new Execution(run.router.services!, this)
  }

  start(start: Exclude<Start, 'default'>): void {
    if (start === 'sip') this.#runSip()
    else this.#runRoute(start, () => (this.#hasResumed ? this.#runSip() : this.#end()))
  }

  // What routes ask for

  sipCapture(options: SipCaptureOptions = {}): boolean {
    if (!this.#mayStore()) return false
    const { message } = this
    if (!message.isSip) return this.#refuse('not_sip')
    const stored = options.custom?.some((text) => text !== undefined)
      ? this.#derive(message, { custom: options.custom })
      : message
    if (!stored) return this.#refuse('queue_full')
    if (!this.#put('sip', stored, options.table)) return false
    this.#router.services?.stats.add(message.sipKind === REPLY ? 'captured_replies' : 'captured_requests', 1)
    return true
  }

  sipCaptureAsync(options?: SipCaptureOptions): Promise<boolean> {
    return this.sipCapture(options) ? this.#run.committed() : Promise.resolve(false)
  }

  reportCapture({ correlationId, table, protocolType }: ReportCaptureOptions): boolean {
    if (correlationId === '' || !this.#mayStore()) return false
    if (this.#message.hepVersion === 0) return this.#refuse('not_hep')
    const stored = this.#derive(this.message, { correlationId, protocolType })
    if (!stored) return this.#refuse('queue_full')
    return this.#put('report', stored, table)
  }

  reportCaptureAsync(options: ReportCaptureOptions): Promise<boolean> {
    return this.reportCapture(options) ? this.#run.committed() : Promise.resolve(false)
  }

  hepGet(id: ChunkId, options?: ChunkOptions): ChunkValue | undefined {
    return this.#packet()?.get(id, options)
  }

  hepSet(id: ChunkId, value: string | number, options?: ChunkOptions): boolean {
    return this.#edited(this.#packet()?.set(id, value, options))
  }

  hepDel(id: ChunkId, options?: Pick<ChunkOptions, 'vendor'>): boolean {
    return this.#edited(this.#packet()?.delete(id, options))
  }

  hepRelay({ to }: { to?: string | undefined } = {}): boolean {
    const uri = to ?? this.#execution.destinationUri ?? this.#execution.assignedRuri
    const target = uri === null ? undefined : parseRelayUri(uri)
    if (!target || this.#isOver) return this.#refuse('no_destination')
    const packet = this.#edits?.encode()
    return this.#router.relay(this.#run.fates, this.#row, this.#message, target, packet)
  }

  hepResumeSip(): boolean {
    if (this.#hasResumed) return false
    this.#hasResumed = true
    return true
  }

  correlate(hepId: string, type1: string, id1: string, type2: string, id2: string): boolean {
    const { settings } = this.#router
    const to = settings.hepIds.get(hepId)
    if (!to || this.#isOver) return false
    const options = { ...settings.agent, nowMs: this.#execution.services.now() }
    const packet = correlationPacket({ type1, id1, type2, id2 }, options)
    return packet !== undefined && this.#router.ports.relays.send(to, packet, UNASKED) === undefined
  }

  /** The message with its edits. */
  get message(): Message {
    if (this.#isStale) this.#makeEdits()
    return this.#message
  }

  // One route after the other

  #runSip(): void {
    const { routes } = this.#router
    const { message } = this
    const kind = message.isSip ? message.sipKind : 0
    const route = kind === REQUEST ? routes?.request : kind === REPLY ? routes?.reply : routes?.error
    if (route) this.#runRoute(route, () => this.#end(kind === 0 ? 'not_sip' : undefined))
    else this.#end(kind === 0 ? 'not_sip' : 'no_route')
  }

  #runRoute(route: Route, next: () => void): void {
    let code: number | Promise<number>
    try {
      code = route.run(this.#execution)
    } catch (error) {
      this.#fault(route, error)
      return
    }
    const suspended = this.#execution.takeSuspension()
    if (typeof code === 'number' && !suspended) next()
    else
      this.#wait(
        route,
        suspended ? Promise.resolve(code).then(() => suspended) : (code as Promise<number>),
        next,
      )
  }

  /** The memory of the message is kept until the promise settles, or for the longest time. */
  #wait(route: Route, promise: Promise<unknown>, next: () => void): void {
    this.#run.wait()
    let isWaiting = true
    const go = (on: () => void) => {
      if (!isWaiting) return
      isWaiting = false
      clearTimeout(timer)
      on()
      this.#run.waitedEnough()
    }
    const timer = setTimeout(
      () => go(() => this.#fault(route, new Error(`it took longer than ${LONGEST_WAIT_MS / 1000} s`))),
      LONGEST_WAIT_MS,
    )
    promise.then(
      () => go(() => this.#goOn(route, next)),
      (error) => go(() => this.#fault(route, error)),
    )
  }

  /** A route that went on may have suspended itself once more. */
  #goOn(route: Route, next: () => void): void {
    const suspended = this.#execution.takeSuspension()
    if (suspended) this.#wait(route, suspended, next)
    else next()
  }

  /** What it did counts; if it did nothing, the message takes the default path. */
  #fault(route: Route, error: unknown): void {
    const { name, message } = error as Error
    this.#router.services!.log.warn('route_fault', `${route.title}: ${name}: ${message}`)
    if (this.#isOver) return
    this.#isOver = true
    if (this.#run.fates.hasDeeds(this.#row)) this.#run.fates.end(this.#row, '')
    else this.#router.storeByDefault(this.#run, this.#message, this.#row)
  }

  #end(reason = this.#refusal): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#run.fates.end(this.#row, reason)
  }

  // Rows

  #mayStore(): boolean {
    const refusal = this.#router.refusalOf(this.#message)
    return refusal || this.#isOver ? this.#refuse(refusal ?? this.#refusal) : true
  }

  #refuse(reason: string): false {
    if (this.#refusal === 'route') this.#refusal = reason
    return false
  }

  #put(kind: RowKind, message: Message, template: string | undefined): boolean {
    const router = this.#router
    const table =
      template === undefined ? router.tableOf(kind, message) : router.namedTable(template, message)
    if (table === undefined) {
      router.services!.log.warn('bad_table', 'a route named a table with more than letters, digits and _')
      return this.#refuse('bad_table')
    }
    this.#run.put(kind, table, message, this.#row)
    return true
  }

  #derive(message: Message, changes: RowChanges): Message | undefined {
    return this.#keep(this.#router.ports.derived.copy(message, changes))
  }

  /** The memory of a derived message is held as long as this run lasts. */
  #keep(derived: Message | undefined): Message | undefined {
    if (derived) this.#router.ports.derived.keepFor(this.#run.kept, derived.batch)
    return derived
  }

  // Edits

  #packet(): EditedPacket | undefined {
    if (this.#edits) return this.#edits
    if (this.#message.hepVersion === HEP3) this.#edits = EditedPacket.of(this.#message)
    return this.#edits
  }

  #edited(isDone: boolean | undefined): boolean {
    if (isDone) this.#isStale = true
    return isDone === true
  }

  /** Where the queue of derived rows is full the message stays as it was: the row tells less, but is there. */
  #makeEdits(): void {
    this.#isStale = false
    const made = this.#keep(this.#router.ports.derived.edit(this.#message, this.#edits!.encode()))
    if (made) this.#message = made
  }
}

const UNASKED = { settle() {} }
