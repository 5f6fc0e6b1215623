// What answers HTTP requests of one method and path. The door in front of it has checked Host, Origin and the token.

import type { IncomingHttpHeaders } from 'node:http'

export interface HttpHandler {
  readonly method: 'GET' | 'POST'
  /** Of the URL, without its query: `/metrics`. */
  readonly path: string
  /** A POST's body has to be of this media type, else the door answers 415. */
  readonly takes?: string
  /** Tells nothing of this daemon, such as the page before it has asked for anything: answered without the token too. */
  readonly isPublic?: true
  answer(request: HttpRequest): HttpAnswer | Promise<HttpAnswer>
}

export interface HttpRequest {
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  /** Whole, within the door's bound; empty for GET. */
  readonly body: Buffer
  /** The caller has shown the token: where none is set, nobody has. */
  readonly hasToken: boolean
}

export interface HttpAnswer {
  readonly status: number
  /** Content-Type. */
  readonly type: string
  readonly body: string | Buffer
  /** They go before what the door sets by itself, by name. */
  readonly headers?: Readonly<Record<string, string>>
}
