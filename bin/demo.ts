// `npm run demo`: the whole path at once, for real: a daemon, HEP traffic to it, and the stored calls.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('./hepcapd.js', import.meta.url))
const database = 'sqlite:demo.db'

function say(args: string[]): string[] {
  console.log(`\n$ hepcapd ${args.join(' ')}`)
  return [program, ...args]
}

const daemon = spawn(
  process.execPath,
  say([
    '--listen',
    'hep_udp:127.0.0.1:0',
    '--listen',
    'hep_tcp:127.0.0.1:0',
    '--db-url',
    database,
    '--log-format',
    'text',
  ]),
  { stdio: ['ignore', 'inherit', 'pipe'] },
)
let address: string | undefined
for await (const line of createInterface({ input: daemon.stderr })) {
  console.log(line)
  address = /ready: (hep_udp:[^,]+)/.exec(line)?.[1]
  if (address) break
}
if (!address) process.exit(1)
daemon.stderr.pipe(process.stdout)

spawnSync(process.execPath, say(['send', '--to', address, '--count', '14']), { stdio: 'inherit' })
const ended = once(daemon, 'exit')
daemon.kill('SIGTERM') // stores what is left, prints the ledger
const [status] = await ended
spawnSync(process.execPath, say(['show', '--db-url', database, '--last', '14']), { stdio: 'inherit' })
console.log(`
That was real: HEP3 over UDP, decoded, stored in demo.db, and the ledger shows that nothing was lost.
Next: npx hepcapd                        listens on port 9060, UDP and TCP, and stores in hepcapd.db
      npx hepcapd show --last 20         looks at it, also while it runs
      npx hepcapd --help                 has the rest`)
process.exitCode = status as number
