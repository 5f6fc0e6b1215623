// Two thousand scripts that are nearly right, always the same ones: a tree or faults, and each fault in its place.
// What is wrong with one of them is thrown.

import t from 'tap'
import { ScriptFuzzer } from '../support/script-fuzz.js'

t.test('scripts that are nearly right', async (t) => {
  t.setTimeout(240_000)
  const fuzzer = new ScriptFuzzer(4)
  let good = 0
  for (let i = 0; i < 2000; i++) good += Number(fuzzer.run())
  t.ok(good > 100, `${good} of them have no error`)
})
