// Connections that are not through their handshakes: bounded in number and in time, so that peers who begin one
// and never end it cost nothing but a count. Counts are of connections, not of messages.

import type { Socket } from 'node:net'

type Stage = 'tls' | 'ws'

interface Waiting {
  socket: Socket
  stage: Stage
  since: number
}

export interface DoorLimits {
  handshakeMs: number
  handshakes: number
}

export class Door {
  /** Connections that did not come in, by `stage/reason`. */
  readonly refused: Record<string, number> = {}
  readonly #limits: DoorLimits
  readonly #waiting = new Map<string, Waiting>()

  constructor(limits: DoorLimits) {
    this.#limits = limits
  }

  /** Its sender may not send. */
  turnAway(socket: Socket): void {
    this.#countName('acl/not_allowed')
    socket.on('error', () => {})
    socket.destroy()
  }

  /** An accepted socket begins its handshakes. */
  enter(socket: Socket, stage: Stage): void {
    const name = nameOf(socket)
    socket.on('error', () => {}) // 'close' follows
    if (name === undefined) {
      this.#count(stage, 'handshake') // gone already
      socket.destroy()
      return
    }
    this.#waiting.set(name, { socket, stage, since: Date.now() })
    socket.once('close', () => {
      if (this.#waiting.get(name)?.socket === socket) this.#cut(name, 'handshake')
    })
    if (this.#waiting.size > this.#limits.handshakes) this.#cutOldest()
  }

  /** One handshake is done, another one follows. `socket` may be the one that wraps the accepted one. */
  goOn(socket: Socket, stage: Stage): void {
    const waiting = this.#waiting.get(nameOf(socket) ?? '')
    if (waiting) waiting.stage = stage
  }

  /** All handshakes are done; false when it was cut meanwhile. */
  pass(socket: Socket): boolean {
    return this.#waiting.delete(nameOf(socket) ?? '')
  }

  /** What wraps the accepted socket takes that with it: it must not go first. */
  refuse(socket: Socket, reason: string): void {
    const name = nameOf(socket) ?? ''
    const waiting = this.#waiting.get(name)
    this.#waiting.delete(name)
    if (waiting) this.#count(waiting.stage, reason)
    socket.destroy()
  }

  checkTimes(now: number): void {
    for (const [name, { since }] of this.#waiting) {
      if (since > now - this.#limits.handshakeMs) return // the others came later
      this.#cut(name, 'handshake_timeout')
    }
  }

  /** Nobody comes in any more. */
  close(): void {
    for (const { socket } of this.#waiting.values()) socket.destroy()
    this.#waiting.clear()
  }

  #cutOldest(): void {
    for (const name of this.#waiting.keys()) {
      this.#cut(name, 'too_many_handshakes')
      return
    }
  }

  #cut(name: string, reason: string): void {
    const waiting = this.#waiting.get(name)
    if (!waiting) return
    this.#waiting.delete(name)
    this.#count(waiting.stage, reason)
    waiting.socket.destroy()
  }

  #count(stage: Stage, reason: string): void {
    this.#countName(`${stage}/${reason}`)
  }

  #countName(name: string): void {
    this.refused[name] = (this.refused[name] ?? 0) + 1
  }
}

/** The same for an accepted socket and for what wraps it; undefined when the peer has gone. */
function nameOf({ remoteAddress, remotePort, localAddress }: Socket): string | undefined {
  return remotePort === undefined ? undefined : `${remoteAddress} ${remotePort} ${localAddress}`
}
