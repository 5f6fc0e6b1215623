// Whole scripts, as people have them: they are read without a fault, and printed and read again they are the same.

import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { parseScript } from '../../lib/script/parser.js'
import { parse } from '../support/parse.js'
import { printScript, scriptTree } from '../support/script-tree.js'

const FOLDER = new URL('../../../test/fixtures/scripts/', import.meta.url)
const files = readdirSync(FOLDER).sort()
const read = (file: string) => parse(readFileSync(new URL(file, FOLDER), 'utf8'))

t.test('they are read, for the right version', async (t) => {
  const found = files.map((file) => {
    const { dialect, routes, sockets, parameters, globals } = read(file)
    return [file, dialect, routes.length, sockets.length, parameters.length, globals.length]
  })
  t.same(found, [
    ['capture.cfg', '2.4', 2, 1, 5, 9],
    ['hep-switch-2x.cfg', '2.3', 3, 2, 3, 5],
    ['hep-switch-3x.cfg', '3.x', 8, 4, 3, 5],
    ['statistics.cfg', '2.3', 4, 1, 3, 3],
  ])
})

t.test('printed and read again they are the same', async (t) => {
  for (const file of files) {
    const script = read(file)
    const again = parse(printScript(script), { dialect: script.dialect })
    t.equal(scriptTree(again), scriptTree(script), file)
  }
})

t.test('without any of their lines they are still read to the end', async (t) => {
  for (const file of files) {
    const lines = readFileSync(new URL(file, FOLDER), 'utf8').split('\n')
    for (const [i] of lines.entries()) {
      const { faults } = parseScript(file, { text: lines.toSpliced(i, 1).join('\n') })
      t.ok(faults.length <= 6, `${file} without line ${i + 1}: ${faults.length}`)
    }
  }
})
