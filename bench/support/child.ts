// A helping process that answers one order at a time.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

export class Child<Order extends object, Answer> {
  readonly #process: ChildProcess

  private constructor(child: ChildProcess) {
    this.#process = child
  }

  /** Resolves when the process of this folder says that it is ready. `within` is a command that runs it. */
  static async start<Order extends object, Answer>(
    program: string,
    args: string[],
    nodeOptions: string[] = [],
    within: string[] = [],
  ): Promise<Child<Order, Answer>> {
    const [execPath, ...execArgv] = [...within, process.execPath, ...nodeOptions] as [string, ...string[]]
    const child = fork(new URL(program, import.meta.url), args, { execPath, execArgv })
    await answerOf(child)
    return new Child(child)
  }

  ask(order: Order): Promise<Answer> {
    const answer = answerOf<Answer>(this.#process)
    this.#process.send(order)
    return answer
  }

  end(): void {
    if (this.#process.connected) this.#process.disconnect()
  }
}

/** Rejects when the process ends instead of answering. */
async function answerOf<Answer>(child: ChildProcess): Promise<Answer> {
  const stop = new AbortController()
  const { signal } = stop
  try {
    const answered = once(child, 'message', { signal })
    const ended = once(child, 'exit', { signal }).then(([status]) => {
      throw new Error(`${child.spawnargs.at(-1)} ended with ${status}`)
    })
    const [answer] = await Promise.race([answered, ended])
    return answer as Answer
  } finally {
    stop.abort()
  }
}
