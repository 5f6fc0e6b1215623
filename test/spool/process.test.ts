// A spool and processes that end: what it acknowledged is there afterwards, whatever ended it and however full the disk.

import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { Batch } from '../../lib/message.js'
import { Spool } from '../../lib/spool/spool.js'
import { RecordingLog } from '../support/daemon.js'

t.setTimeout(240_000)

const WRITER = fileURLToPath(new URL('../support/spool-writer.js', import.meta.url))

interface Writer {
  process: ChildProcessByStdio<null, Readable, null>
  /** Resolves when it has said so many lines, or `end`. */
  said(lines: number): Promise<string[]>
}

function writer(t: Test, command: string, args: string[]): Writer {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const lines: string[] = []
  const reader = createInterface(child.stdout)
  let heard: () => void = () => {}
  reader.on('line', (line) => {
    lines.push(line)
    heard()
  })
  const said = async (count: number) => {
    while (lines.length < count && lines.at(-1) !== 'end') {
      await new Promise<void>((resolve) => {
        heard = resolve
      })
    }
    return lines
  }
  return { process: child, said }
}

async function found(folder: string): Promise<Map<number, string[]>> {
  const spool = await Spool.open(folder, 'db', { maxBytes: 1 << 30, full: 'drop-newest' }, new RecordingLog())
  const blocks = new Map<number, string[]>()
  for (let block = await spool.next(); block; block = await spool.next()) {
    const batch = new Batch(block.slab)
    const rows = block.tables.flatMap(({ rows }) => Array.from(rows))
    blocks.set(
      block.id.number,
      rows.map((row) => batch.message(row).callId),
    )
    batch.release()
  }
  await spool.close()
  return blocks
}

t.test(
  'kill -9 while it writes: every block that it had acknowledged is there, once and whole',
  async (t) => {
    for (const blocks of [1, 7, 40]) {
      const folder = join(t.testdir(), `spool-${blocks}`)
      const child = writer(t, process.execPath, [WRITER, folder, '100000', '3000'])
      const acknowledged = [...(await child.said(blocks))]
      child.process.kill('SIGKILL')
      await once(child.process, 'exit')
      const there = await found(folder)
      for (const number of acknowledged.map(Number)) {
        t.same(
          there.get(number),
          Array.from({ length: 20 }, (_, row) => `call-${number - 1}-${row}`),
        )
      }
    }
  },
)

function noMounts(): string | false {
  if (process.getuid?.() !== 0) return 'a small disk needs root'
  try {
    execFileSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs -o size=1m tmpfs /mnt'], { stdio: 'ignore' })
    return false
  } catch {
    return 'there are no mounts here'
  }
}

t.test(
  'a disk that is full: blocks are refused by name, and those before are whole',
  {
    skip: noMounts(),
  },
  async (t) => {
    const parent = t.testdir({ disk: {} })
    const folder = join(parent, 'disk')
    const script = 'mount -t tmpfs -o size=4m tmpfs "$1" && exec "$2" "$3" "$1/spool" 60 5000'
    const child = writer(t, 'unshare', ['-m', 'sh', '-c', script, 'sh', folder, process.execPath, WRITER])
    const lines = await child.said(Number.POSITIVE_INFINITY)
    const kept = lines.filter((line) => /^\d+$/.test(line)).map(Number)
    const refused = lines.filter((line) => line.startsWith('no'))
    t.ok(kept.length > 10 && refused.length > 5, `${kept.length} kept, ${refused.length} refused`)
    t.same([...new Set(refused)], ['no ENOSPC'])
    // Its file system is in its own namespace: it is looked at from there, while it lives.
    const copy = join(parent, 'copy')
    execFileSync('cp', ['-r', `/proc/${child.process.pid}/root${folder}/spool`, copy])
    child.process.kill('SIGKILL')
    const there = await found(copy)
    t.same([...there.keys()], kept)
    t.ok([...there.values()].every((ids) => ids.length === 20))
  },
)

t.test(
  'a folder of another user is refused, and nothing in it is touched',
  { skip: process.getuid?.() === 0 ? false : 'only root can give a folder away' },
  async (t) => {
    const folder = t.testdir({ keep: 'as it is' })
    chownSync(folder, 65534, 65534)
    const limits = { maxBytes: 1 << 30, full: 'drop-newest' as const }
    await t.rejects(Spool.open(folder, 'db', limits, new RecordingLog()), {
      code: 'EPERM',
      message: /belongs to user 65534/,
      cure: /--spool/,
    })
    t.same(readdirSync(folder), ['keep'])
  },
)

t.test('a folder that another process writes to is refused, until that ends', async (t) => {
  const folder = join(t.testdir(), 'spool')
  const child = writer(t, process.execPath, [WRITER, folder, '2', '10'])
  await child.said(3)
  await t.rejects(found(folder), { code: 'EWOULDBLOCK', cure: /stop the other daemon/ })
  child.process.kill('SIGKILL')
  await once(child.process, 'exit')
  t.same([...(await found(folder)).keys()], [1, 2], 'no lock is left behind')
})
