// A script without faults, from its text.

import { renderFault } from '../../lib/errors.js'
import type { Script } from '../../lib/script/ast.js'
import { type ParseOptions, parseScript } from '../../lib/script/parser.js'

export function parse(text: string, options: ParseOptions = {}): Script {
  const { script, faults } = parseScript('test.cfg', { text, ...options })
  if (!script) throw new Error(`no script:\n${faults.map(renderFault).join('\n')}`)
  return script
}

/** What a reader of files answers when there is only this: file names and texts. */
export function filesOf(files: Record<string, string>): (path: string) => Buffer {
  return (path) => {
    const text = files[path]
    if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
    return Buffer.from(text)
  }
}
