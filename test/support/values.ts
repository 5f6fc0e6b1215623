// What a type of values makes of texts.

import type { Test } from 'tap'
import { ValueFault, type ValueType } from '../../lib/options/types.js'

/** Each text means the value, and what is shown of it means it again. */
export function means<V>(t: Test, type: ValueType<V>, meanings: [string, V][]): void {
  for (const [written, value] of meanings) {
    t.same(type.parse(written), value, written)
    t.same(type.parse(String(type.show(value))), value, `${written} is shown as ${type.show(value)}`)
  }
}

export function refuses(t: Test, type: ValueType<unknown>, texts: string[], what: RegExp): void {
  for (const written of texts) {
    try {
      type.parse(written)
      t.fail(`${JSON.stringify(written)} was taken`)
    } catch (error) {
      t.ok(error instanceof ValueFault, `${JSON.stringify(written)} is refused`)
      t.match((error as ValueFault).what, what)
      t.not((error as ValueFault).cure, '')
    }
  }
}
