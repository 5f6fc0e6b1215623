// The tarballs of release/, unpacked anywhere: each runs on the Node.js that is in it, from wherever it is linked to.

import { execFileSync, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { dialog } from '../../lib/sip/dialog.js'
import { RELEASE, ROOT } from '../../packaging/run.js'
import { pcap } from '../send/captures.js'
import { missing } from '../support/tools.js'

t.setTimeout(240_000)

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
const ARM64_ROOT = '/usr/aarch64-linux-gnu'

function nameOf(arch: string): string {
  return `hepcapd-${version}-linux-${arch}`
}

function skipOf(arch: string): string | false {
  const there = existsSync(RELEASE) && readdirSync(RELEASE).includes(`${nameOf(arch)}.tar.xz`)
  return !there && `release/ has no ${nameOf(arch)}.tar.xz: npm run tarball -- --arch ${arch}`
}

function unpacked(t: Test, arch: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'hepcapd-tarball-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  execFileSync('tar', ['-xJf', join(RELEASE, `${nameOf(arch)}.tar.xz`), '-C', folder])
  return join(folder, nameOf(arch))
}

/** Reads seven messages, and shows them. */
function works(t: Test, command: string[], folder: string): void {
  const run = (...args: string[]) => {
    const [program = '', ...first] = command
    return spawnSync(program, [...first, ...args], { cwd: folder, encoding: 'utf8' })
  }
  t.equal(run('--version').stdout.trim(), version)
  writeFileSync(join(folder, 'call.pcap'), pcap(dialog(0, 7).map(({ text }) => ({ payload: text }))))
  const read = run('--read', 'call.pcap', '--db-url', 'sqlite:call.db')
  t.equal(read.status, 0, read.stderr)
  t.match(run('show', '--db-url', 'sqlite:call.db').stdout, /^7 messages in sip_capture/m)
}

t.test('x64', { skip: skipOf('x64') || (process.arch !== 'x64' && 'this is no x64') }, async (t) => {
  const tree = unpacked(t, 'x64')
  symlinkSync(join(tree, 'hepcapd'), join(tree, '..', 'linked'))
  works(t, [join(tree, '..', 'linked')], join(tree, '..'))
})

const noEmulator = missing('qemu-aarch64-static') || (!existsSync(ARM64_ROOT) && 'no C library for arm64')
t.test('arm64', { skip: skipOf('arm64') || noEmulator }, async (t) => {
  const tree = unpacked(t, 'arm64')
  const program = [join(tree, 'node'), join(tree, 'app/dist/bin/hepcapd.js')]
  works(t, ['/usr/bin/qemu-aarch64-static', '-L', ARM64_ROOT, ...program], join(tree, '..'))
})
