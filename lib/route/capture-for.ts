// What routes are given: every function under its name, over the message and the services of its execution.

import type { ChunkId, ChunkOptions, ChunkValue } from '../hep/chunk-types.js'
import type { Message } from '../message.js'
import { regexFor } from '../script/regex.js'
import { headerValue } from '../sip/headers.js'
import type {
  Capture,
  HepNetField,
  ReportCaptureOptions,
  RouteVariables,
  SipCaptureOptions,
  XlogLevel,
} from './api.js'
import type { Execution } from './execution.js'
import { L_ERR, levelOf } from './xlog.js'

/** One for each execution. */
export function captureFor(execution: Execution): Capture {
  execution.capture ??= new ExecutionCapture(execution)
  return execution.capture
}

/** Methods of a text `INVITE|BYE`, in lower case; texts of scripts are few. */
const methodLists = new Map<string, Buffer[]>()
const METHOD_LISTS_KEPT = 1000

function methodsOf(text: string): Buffer[] {
  let methods = methodLists.get(text)
  if (!methods) {
    methods = text.split('|').map((method) => Buffer.from(method.trim().toLowerCase()))
    if (methodLists.size >= METHOD_LISTS_KEPT) methodLists.clear()
    methodLists.set(text, methods)
  }
  return methods
}

const REPLY = 2

class ExecutionCapture implements Capture {
  readonly #execution: Execution

  constructor(execution: Execution) {
    this.#execution = execution
  }

  sipCapture(options?: SipCaptureOptions): boolean {
    return this.#execution.actions?.sipCapture(options) ?? false
  }

  async sipCaptureAsync(options?: SipCaptureOptions): Promise<boolean> {
    return (await this.#execution.actions?.sipCaptureAsync(options)) ?? false
  }

  reportCapture(options: ReportCaptureOptions): boolean {
    return this.#execution.actions?.reportCapture(options) ?? false
  }

  async reportCaptureAsync(options: ReportCaptureOptions): Promise<boolean> {
    return (await this.#execution.actions?.reportCaptureAsync(options)) ?? false
  }

  hepGet(id: ChunkId, options?: ChunkOptions): ChunkValue | undefined {
    return this.#execution.actions?.hepGet(id, options)
  }

  hepSet(id: ChunkId, value: string | number, options?: ChunkOptions): boolean {
    return this.#execution.actions?.hepSet(id, value, options) ?? false
  }

  hepDel(id: ChunkId, options?: Pick<ChunkOptions, 'vendor'>): boolean {
    return this.#execution.actions?.hepDel(id, options) ?? false
  }

  hepRelay(options?: { to?: string | undefined }): boolean {
    return this.#execution.actions?.hepRelay(options) ?? false
  }

  hepResumeSip(): boolean {
    return this.#execution.actions?.hepResumeSip() ?? false
  }

  correlate(hepId: string, type1: string, id1: string, type2: string, id2: string): boolean {
    return this.#execution.actions?.correlate(hepId, type1, id1, type2, id2) ?? false
  }

  isMethod(methods: string): boolean {
    const message = this.#message
    if (!message) return false
    const field = message.sipKind === REPLY ? 'cseqMethod' : 'method'
    return methodsOf(methods).some((method) => message.sipIs(field, method))
  }

  hasTotag(): boolean {
    return this.#message?.hasSip('toTag') ?? false
  }

  hasBody(type?: string): boolean {
    const message = this.#message
    if (!message?.hasSip('body')) return false
    if (type === undefined) return true
    const [found = ''] = message.sip('contentType').split(';')
    return found.trim().toLowerCase() === type.trim().toLowerCase()
  }

  isPresentHf(name: string): boolean {
    return this.header(name) !== undefined
  }

  search(expression: string): boolean {
    const message = this.#message
    return message ? regexFor(expression)(message.payload.toString('utf8')) : false
  }

  header(name: string, index = 0): string | undefined {
    const message = this.#message
    return message?.isSip ? headerValue(message.payload, name.trim(), index) : undefined
  }

  hepNet(field: HepNetField): string | number | undefined {
    const message = this.#message
    if (!message || message.hepVersion === 0) return undefined
    const listener = this.#execution.services.inputOf(message.batch.input)
    switch (field) {
      case 'proto_family':
        return message.senderOctets.length === 16 ? 'AF_INET6' : 'AF_INET'
      case 'proto_id':
        return listener?.proto
      case 'src_ip':
        return message.senderIp
      case 'src_port':
        return message.senderPort
      case 'dst_ip':
        return listener?.address
      case 'dst_port':
        return listener?.port
    }
  }

  get hepVersion(): number {
    return this.#message?.hepVersion ?? 0
  }

  xlog(text: string): boolean
  xlog(level: XlogLevel, text: string): boolean
  xlog(first: string, second?: string): boolean {
    const level = second === undefined ? L_ERR : (levelOf(first) ?? L_ERR)
    const { log } = this.#execution.services
    if (log.isLogged(level)) log.xlog(level, second ?? first)
    return true
  }

  cacheStore(system: string, key: string, value: string | number, expiresSeconds = 0): boolean {
    this.#execution.services.cache.store(system, key, String(value), expiresSeconds)
    return true
  }

  cacheFetch(system: string, key: string): string | undefined {
    return this.#execution.services.cache.fetch(system, key)
  }

  cacheRemove(system: string, key: string): boolean {
    this.#execution.services.cache.remove(system, key)
    return true
  }

  cacheAdd(system: string, key: string, by: number, expiresSeconds = 0): number | undefined {
    return this.#execution.services.cache.add(system, key, by, expiresSeconds)
  }

  updateStat(name: string, by: number): boolean {
    const { stats } = this.#execution.services
    if (by === 0) stats.set(name, 0)
    else stats.add(name, by)
    return true
  }

  stat(name: string): number | undefined {
    return this.#execution.services.stats.get(name)
  }

  route(name: string, ...parameters: (string | number)[]): boolean | Promise<boolean> {
    const route = this.#execution.services.routes.named.get(name)
    if (!route) throw new Error(`there is no route ${name}`)
    const code = this.#execution.enter(parameters, () => route.run(this.#execution))
    return typeof code === 'number' ? code >= 0 : code.then((late) => late >= 0)
  }

  get vars(): RouteVariables {
    return new Variables(this.#execution)
  }

  get #message(): Message | undefined {
    return this.#execution.message
  }
}

/** `$var` as JavaScript knows values: a text with a number beside it is the one that it prefers to be. */
class Variables implements RouteVariables {
  readonly #execution: Execution

  constructor(execution: Execution) {
    this.#execution = execution
  }

  get(name: string): string | number | undefined {
    const value = this.#execution.vars.get(name) ?? null
    if (value === null || typeof value !== 'object') return value ?? undefined
    return value.prefersNumber ? value.number : value.text
  }

  set(name: string, value: string | number): void {
    this.#execution.vars.set(name, value)
  }

  delete(name: string): boolean {
    return this.#execution.vars.delete(name)
  }
}
