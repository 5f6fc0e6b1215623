// The progress of a file: one line on a terminal, nothing elsewhere.

import t from 'tap'
import { progressLine, showProgress } from '../../lib/commands/progress.js'
import type { Daemon } from '../../lib/daemon.js'

t.test('how far a file is read', async (t) => {
  const half = progressLine({ file: '/captures/calls.pcap', octets: 6_150_000, size: 12_300_000 })
  t.equal(half, 'calls.pcap [###############...............] 50 % of 12.3 MB')
  t.match(progressLine({ file: 'a', octets: 999, size: 1000 }), / 99 % of 0.0 MB$/, 'not done before it is')
  t.match(progressLine({ file: 'a', octets: 2000, size: 1000 }), / 100 % /, 'a file that grew')
  t.equal(progressLine({ file: '-', octets: 2_000_000, size: 0 }), 'standard input: 2.0 MB')
})

t.test('a line that is rewritten, and taken away at the end', async (t) => {
  const written: string[] = []
  const terminal = {
    isTTY: true,
    write: (text: string) => written.push(text),
  } as unknown as NodeJS.WriteStream
  const daemon = { progress: { file: 'a.pcap', octets: 5, size: 10 } } as Daemon
  const progress = showProgress(daemon, terminal)
  while (written.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  progress.end()
  t.match(written[0], /^\ra\.pcap \[/)
  t.equal(written.at(-1), '\r\x1b[K')
})

t.test('nothing where it is no terminal, or where no file is read', async (t) => {
  const refuses = (isTTY: boolean) =>
    ({ isTTY, write: () => t.fail('written') }) as unknown as NodeJS.WriteStream
  showProgress({ progress: { file: 'a', octets: 1, size: 2 } } as Daemon, refuses(false)).end()
  showProgress({ progress: undefined } as Daemon, refuses(true)).end()
  t.pass('nothing was written')
})
