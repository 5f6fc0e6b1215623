// Two thousand scripts that are nearly right, always the same ones, and those that the fuzzer found: a tree or faults,
// and each fault in its place. What is wrong with one of them is thrown.

import t from 'tap'
import { checkScript, ScriptFuzzer } from '../support/script-fuzz.js'

t.test('scripts that are nearly right', async (t) => {
  t.setTimeout(240_000)
  const fuzzer = new ScriptFuzzer(4)
  let good = 0
  for (let i = 0; i < 2000; i++) good += Number(fuzzer.run())
  t.ok(good > 100, `${good} of them have no error`)
})

t.test('what the fuzzer once found', async (t) => {
  const found: [name: string, script: string, isGood: boolean][] = [
    ['a port that is read as infinity', `socket = hep_udp:*:${'9'.repeat(400)}`, false],
    ['a text of two lines in a message', 'route { xlog("A\\n", "text"); }', true],
    ['more errors than are listed, and a warning', `# \0\n${'?\n'.repeat(300)}`, false],
  ]
  for (const [name, script, isGood] of found) t.equal(checkScript(script), isGood, name)
})

t.test('what it finds is shown with the command that checks it again', async (t) => {
  const script = "route { xlog('\\'); } # \u2028 \0 \udc80 é"
  const wrong = () => {
    throw new Error('handled wrong')
  }
  try {
    checkScript(script, wrong)
    t.fail('it was not found')
  } catch (error) {
    const { message } = error as Error
    t.match(message, /^Error: handled wrong$/m)
    const [, shown = ''] =
      /^again: node dist\S+\/script-fuzz\.js --script '([ -&(-~]*)'$/m.exec(message) ?? []
    t.equal(JSON.parse(shown), script)
  }
})
