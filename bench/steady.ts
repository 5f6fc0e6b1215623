// Claim: at a steady 5,000 messages a second nothing is lost, and memory stays small.
//
// Arguments: --seconds N, how long (20).

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Claim, mustEqual, present } from './support/claim.js'
import { countRows, SqliteDaemon } from './support/daemon.js'
import { inFolder } from './support/folder.js'
import { figure, sharedClockMs, spread, spreadText } from './support/measure.js'

const RATE = 5000
const MOST_MIB = 150
const SAMPLE_MS = 200

const program = fileURLToPath(new URL('../bin/hepcapd.js', import.meta.url))
const { values } = parseArgs({ options: { seconds: { type: 'string', default: '20' } } })
const seconds = Number(values.seconds)
if (!(seconds >= 1 && seconds <= 3600)) throw new Error('--seconds is 1 to 3600')

await present(() => inFolder(async (folder) => [await steady(join(folder, 'steady.db'))]))

async function steady(path: string): Promise<Claim> {
  const messages = RATE * seconds
  const store = await SqliteDaemon.start(path)
  const { daemon } = store
  const samples: number[] = []
  const sampling = setInterval(() => samples.push(daemon.residentMib), SAMPLE_MS)
  const beganMs = sharedClockMs()
  await send(daemon.port, messages)
  const sendSeconds = (sharedClockMs() - beganMs) / 1000
  await store.stored(messages).catch(() => undefined)
  clearInterval(sampling)
  const [peak, socketDrops] = [daemon.peakMib, daemon.socketDrops]
  const ledger = await daemon.stop()
  const rows = countRows(path)
  mustEqual(ledger.stored, rows, 'rows that the ledger says are stored')
  mustEqual(ledger.received, messages, 'messages that the ledger says came')
  return {
    claim: `${figure(RATE)} messages/s are stored without a loss, in less than ${MOST_MIB} MiB`,
    holds: rows === messages && ledger.lost === 0 && socketDrops === 0 && peak < MOST_MIB,
    method:
      `\`hepcapd send --rate ${RATE}\` for ${seconds} s into the daemon with its defaults. Rows counted in the ` +
      `database, losses in the ledger and by the kernel, memory every ${SAMPLE_MS} ms and at its peak.`,
    figures: [
      ['sent', `${figure(messages)} messages in ${figure(sendSeconds)} s, the start of \`send\` included`],
      ['rows', figure(rows)],
      ['dropped, by the ledger', figure(ledger.lost)],
      ['dropped, by the kernel', figure(socketDrops)],
      ['resident memory', spreadText(spread(samples), 'MiB')],
      ['its peak', `${figure(peak)} MiB`],
    ],
  }
}

async function send(port: number, messages: number): Promise<void> {
  const to = ['--to', `hep_udp:127.0.0.1:${port}`, '--count', String(messages), '--rate', String(RATE)]
  const child = spawn(process.execPath, [program, 'send', ...to], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [summary, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  mustEqual(status, 0, 'exit status of hepcapd send')
  mustEqual((JSON.parse(summary) as { sent: number }).sent, messages, 'messages that the kernel took')
}
