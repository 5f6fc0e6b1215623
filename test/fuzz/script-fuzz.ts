// The parser of scripts under fire: `script-fuzz.js SECONDS [SEED]`. Ends with 1 at the first script that it handles
// wrong, and prints that script and the seed.

import { ScriptFuzzer } from '../support/script-fuzz.js'

const [seconds = '60', seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2)
const end = Date.now() + Number(seconds) * 1000
const fuzzer = new ScriptFuzzer(Number(seed))
console.log(`script: seed ${seed}`)
let scripts = 0
let good = 0
try {
  for (; Date.now() < end; scripts++) good += Number(fuzzer.run())
  console.log(`script: ${scripts} scripts, ${good} without an error`)
} catch (error) {
  console.error(`script: seed ${seed}, script ${scripts + 1}: ${(error as Error).message}`)
  process.exitCode = 1
}
