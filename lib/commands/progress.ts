// How far a capture file is read: one line on a terminal, rewritten in place; nothing elsewhere.

import { basename } from 'node:path'
import type { Daemon } from '../daemon.js'
import type { Progress } from '../listen/files.js'

const EVERY_MS = 200
const BAR = 30

export function showProgress(daemon: Daemon, stream: NodeJS.WriteStream = process.stderr): { end(): void } {
  if (!stream.isTTY || !daemon.progress) return { end: () => {} }
  const clear = () => stream.write('\r\x1b[K')
  const timer = setInterval(() => {
    const { progress } = daemon
    if (progress) stream.write(`\r${progressLine(progress)}\x1b[K`)
  }, EVERY_MS)
  return {
    end() {
      clearInterval(timer)
      clear()
    },
  }
}

/** `call.pcap [#####.....]  50 % of 12.3 MB`, or the octets alone where the size is not known. */
export function progressLine({ file, octets, size }: Progress): string {
  const name = file === '-' ? 'standard input' : basename(file)
  if (size === 0) return `${name}: ${megabytes(octets)}`
  const share = Math.min(octets / size, 1)
  const done = Math.round(share * BAR)
  const percent = Math.floor(share * 100)
  return `${name} [${'#'.repeat(done).padEnd(BAR, '.')}] ${percent} % of ${megabytes(size)}`
}

function megabytes(octets: number): string {
  return `${(octets / 1e6).toFixed(1)} MB`
}
