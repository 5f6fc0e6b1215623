// JSON-RPC 2.0 (www.jsonrpc.org/specification) over whatever carries texts: calls, notifications and batches.

import { CommandError, type Json } from './command.js'
import type { GivenArguments, Registry } from './registry.js'

const PARSE_ERROR = -32700
const INVALID_REQUEST = -32600
const METHOD_NOT_FOUND = -32601
const INVALID_PARAMS = -32602
const INTERNAL_ERROR = -32603
/** The first of those that are for implementations. */
const REFUSED = -32000

const CODES: Record<CommandError['kind'], number> = {
  no_command: METHOD_NOT_FOUND,
  bad_argument: INVALID_PARAMS,
  refused: REFUSED,
}

const MOST_CALLS = 100

type Id = string | number | null

/** One caller's texts. `fault` hears of what is our fault. */
export class JsonRpc {
  readonly #registry: Registry
  readonly #fault: (error: Error) => void

  constructor(registry: Registry, fault: (error: Error) => void) {
    this.#registry = registry
    this.#fault = fault
  }

  /** The answer as text; undefined where nothing is to be answered. */
  async answer(text: string): Promise<string | undefined> {
    let asked: unknown
    try {
      asked = JSON.parse(text)
    } catch {
      return JSON.stringify(failed(null, PARSE_ERROR, 'this is no JSON'))
    }
    const answer = Array.isArray(asked) ? await this.#batch(asked) : await this.#one(asked)
    return answer === undefined ? undefined : JSON.stringify(answer)
  }

  async #batch(calls: unknown[]): Promise<Json | undefined> {
    if (calls.length === 0) return failed(null, INVALID_REQUEST, 'a batch without calls')
    if (calls.length > MOST_CALLS) return failed(null, INVALID_REQUEST, `at most ${MOST_CALLS} calls at once`)
    const answers: Json[] = []
    for (const call of calls) {
      const answer = await this.#one(call)
      if (answer !== undefined) answers.push(answer)
    }
    return answers.length === 0 ? undefined : answers
  }

  async #one(call: unknown): Promise<Json | undefined> {
    const request = requestOf(call)
    if (!request) return failed(idOf(call) ?? null, INVALID_REQUEST, 'this is no call of JSON-RPC 2.0')
    const { method, params, id } = request
    const answer = await this.#call(method, params, id ?? null)
    return id === undefined ? undefined : answer
  }

  async #call(method: string, params: GivenArguments, id: Id): Promise<Json> {
    try {
      return { jsonrpc: '2.0', id, result: await this.#registry.call(method, params) }
    } catch (error) {
      if (error instanceof CommandError) return failed(id, CODES[error.kind], error.message)
      this.#fault(error as Error)
      return failed(id, INTERNAL_ERROR, 'a fault of this program, see its log')
    }
  }
}

interface Request {
  method: string
  params: GivenArguments
  /** undefined: a notification. */
  id: Id | undefined
}

function requestOf(call: unknown): Request | undefined {
  if (typeof call !== 'object' || call === null) return undefined
  const { jsonrpc, method, params = [] } = call as Record<string, unknown>
  const id = idOf(call)
  if (jsonrpc !== '2.0' || typeof method !== 'string' || typeof params !== 'object' || params === null)
    return undefined
  if ('id' in call && id === undefined) return undefined
  return { method, params: params as GivenArguments, id }
}

function idOf(call: unknown): Id | undefined {
  if (typeof call !== 'object' || call === null) return undefined
  const { id } = call as Record<string, unknown>
  return typeof id === 'string' || typeof id === 'number' || id === null ? id : undefined
}

function failed(id: Id, code: number, message: string): Json {
  return { jsonrpc: '2.0', id, error: { code, message } }
}
