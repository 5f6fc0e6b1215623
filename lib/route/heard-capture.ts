// What a module's route is given while it is traced: every call is told, with its arguments and what it gave.

import type { RouteTrace } from './services.js'

/** `where` is the title of the route. The calls do what they always do. */
export function heardCapture<T extends object>(capture: T, trace: RouteTrace, where: string): T {
  return new Proxy(capture, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        const tell = (result: unknown) => {
          trace.statement(where, `${String(name)}(${args.map(shown).join(', ')})`, `gives ${shown(result)}`)
          return result
        }
        const result: unknown = member.apply(target, args)
        return result instanceof Promise ? result.then(tell) : tell(result)
      }
    },
  })
}

/** As JSON would have it, for values that it has. */
function shown(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}
