// Scripts that are wrong, and the whole text of their faults: line, column, message, the line itself and the caret.

import t from 'tap'
import { renderFault } from '../../lib/errors.js'
import { parseScript } from '../../lib/script/parser.js'

export interface WrongScript {
  name: string
  /** Its lines, with their ends. */
  script: string[]
  /** Line by line. */
  says: string[]
}

export function wrong(group: string, cases: readonly WrongScript[]): void {
  t.test(group, async (t) => {
    for (const { name, script, says } of cases) {
      const parsed = parseScript('t.cfg', { text: script.join('') })
      t.equal(parsed.faults.map(renderFault).join('\n'), says.join('\n'), name)
      t.equal(parsed.script, undefined, `${name}: no script`)
    }
  })
}
