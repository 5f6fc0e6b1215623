// The npm package where there is no compiler and where no install script may run: it receives, stores and shows on every
// supported Node; and what was cross-compiled for arm64 decodes as what runs here.

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { NODES } from '../../packaging/nodes.js'
import { InstalledPackage, nodeProgram, notPrebuilt, oldest, prebuilds } from '../support/npm-package.js'
import { capture, missing, NO_CAPTURES } from '../support/tools.js'

t.setTimeout(240_000)

const MOST_BYTES = 10 << 20
/** Of the C library and of libstdc++: what Debian 12, Ubuntu 22.04 and RHEL 9 have. */
const NEWEST = { GLIBC: '2.34', GLIBCXX: '3.4.29' }
/** Of the cross compiler. */
const ARM64_ROOT = '/usr/aarch64-linux-gnu'

const MESSAGES = 'sip-81-messages.pcap'

t.test(
  'no prebuilt file needs more of the system than was promised',
  {
    skip: notPrebuilt || missing('objdump'),
  },
  (t) => {
    const files = readdirSync(prebuilds, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.node'),
    )
    t.ok(files.length >= 2)
    for (const file of files) {
      const symbols = execFileSync('objdump', ['-T', join(prebuilds, file)], { encoding: 'utf8' })
      for (const [library, most] of Object.entries(NEWEST))
        t.ok(order(newest(symbols, library), most) <= 0, `${file}: ${library}_${newest(symbols, library)}`)
    }
    t.end()
  },
)

function newest(symbols: string, library: string): string {
  const versions = [...symbols.matchAll(new RegExp(`\\b${library}_([0-9.]+)`, 'g'))].map(
    ([, v]) => v as string,
  )
  return versions.sort(order).at(-1) ?? '0'
}

function order(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

const installed = notPrebuilt || InstalledPackage.install()

t.test(
  'the package, installed without scripts',
  {
    skip: typeof installed === 'string' ? installed : false,
  },
  async (t) => {
    const it = installed as InstalledPackage
    t.teardown(() => it.remove())
    t.ok(it.tarballBytes < MOST_BYTES, `${it.tarballBytes} octets`)

    for (const { version, modules } of NODES) {
      const node = nodeProgram(version)
      await t.test(`on Node ${version}`, { skip: node ? false : 'the registry has none' }, async (t) => {
        await receives(t, it, [node as string], `live-${modules}.db`)
      })
    }
    const file = capture(MESSAGES)
    await t.test('reads the same messages on each', { skip: file ? false : NO_CAPTURES }, async (t) => {
      const shown = new Set<string>()
      for (const { version } of NODES) {
        const node = nodeProgram(version)
        if (node) shown.add(await reads(t, it, [node], `read-${version}.db`, file as string))
      }
      t.equal(shown.size, 1)
    })

    const emulator =
      missing('qemu-aarch64-static') ||
      (!existsSync(join(prebuilds, 'linux-arm64')) && 'there is no prebuilt file for arm64') ||
      (!existsSync(ARM64_ROOT) && 'no C library for arm64')
    const arm64 = file && !emulator ? nodeProgram(oldest, 'arm64') : undefined
    const skip = emulator || (file ? !arm64 && 'the registry has no Node for arm64' : NO_CAPTURES)
    await t.test('decodes the same on arm64', { skip }, async (t) => {
      const emulated = ['/usr/bin/qemu-aarch64-static', '-L', ARM64_ROOT, arm64 as string]
      const there = await reads(t, it, emulated, 'read-arm64.db', file as string)
      t.equal(there, await reads(t, it, [nodeProgram(oldest) as string], 'read-x64.db', file as string))
    })
  },
)

async function receives(t: Test, it: InstalledPackage, node: string[], db: string): Promise<void> {
  let sending: Promise<unknown> | undefined
  const args = ['--listen', 'hep_udp:127.0.0.1:0', '--db-url', `sqlite:${db}`, '--log-format', 'text']
  const daemon = await it.run(node, args, (said, end) => {
    const port = /ready: hep_udp:127\.0\.0\.1:(\d+)/.exec(said)?.[1]
    if (!port || sending) return
    sending = it.run(node, ['send', '--to', `hep_udp:127.0.0.1:${port}`, '--count', '14']).finally(end)
  })
  t.equal(daemon.status, 0, daemon.err)
  t.match(daemon.out + daemon.err, new RegExp(`"sqlite:${db}":\\{"rows":14`))
  t.equal((await rows(t, it, node, db)).length, 14)
}

/** What is in the database in the end, but for what differs from run to run. */
async function reads(
  t: Test,
  it: InstalledPackage,
  node: string[],
  db: string,
  file: string,
): Promise<string> {
  const { status, err } = await it.run(node, ['--read', file, '--db-url', `sqlite:${db}`])
  t.equal(status, 0, err)
  const stored = await rows(t, it, node, db)
  t.equal(stored.length, 81)
  return JSON.stringify(stored)
}

async function rows(t: Test, it: InstalledPackage, node: string[], db: string): Promise<object[]> {
  const { status, out, err } = await it.run(node, [
    'show',
    '--json',
    '--last',
    '100',
    '--db-url',
    `sqlite:${db}`,
  ])
  t.equal(status, 0, err)
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}
