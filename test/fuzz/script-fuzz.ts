// The parser and the compiler of scripts under fire: `script-fuzz.js SECONDS [SEED]`. Ends with 1 at the first script
// that they handle wrong, and prints the seed and the command that checks that script alone:
// `script-fuzz.js --script JSON`.

import { checkScript, ScriptFuzzer } from '../support/script-fuzz.js'

const [first = '60', second] = process.argv.slice(2)
if (first === '--script') again(second ?? '""')
else fuzz(Number(first), Number(second ?? Date.now() % 2 ** 31))

function again(script: string): void {
  try {
    console.log(`script: ${checkScript(JSON.parse(script)) ? 'no error' : 'errors, each in its place'}`)
  } catch (error) {
    failed((error as Error).message)
  }
}

function fuzz(seconds: number, seed: number): void {
  const end = Date.now() + seconds * 1000
  const fuzzer = new ScriptFuzzer(seed)
  console.log(`script: seed ${seed}`)
  let scripts = 0
  let good = 0
  try {
    for (; Date.now() < end; scripts++) good += Number(fuzzer.run())
    console.log(`script: ${scripts} scripts, ${good} without an error`)
  } catch (error) {
    failed(`seed ${seed}, script ${scripts + 1}: ${(error as Error).message}`)
  }
}

function failed(why: string): void {
  console.error(`script: ${why}`)
  process.exitCode = 1
}
