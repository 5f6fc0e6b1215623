// `npm run tarball [-- --arch arm64]`: the same tree as the Debian package for other systems, in release/: unpack it anywhere.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ARCHITECTURES, architectureOf } from './node-runtime.js'
import { DOCUMENTS, packageTree } from './package-tree.js'
import { answer, RELEASE, ROOT, run } from './run.js'

const FILES = [
  'LICENSE',
  'CHANGELOG.md',
  'packaging/hepcapd.service',
  'packaging/hepcapd.toml',
  'packaging/hepcapd.1',
]

const architecture = architectureOf(process.argv.slice(2))
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
const work = mkdtempSync(join(tmpdir(), 'hepcapd-tarball-'))
try {
  const name = `hepcapd-${version}-linux-${ARCHITECTURES[architecture]}`
  packageTree(join(work, name), architecture)
  for (const path of [...DOCUMENTS, ...FILES]) run('cp', ['-r', join(ROOT, path), join(work, name)])
  mkdirSync(RELEASE, { recursive: true })
  const file = join(RELEASE, `${name}.tar.xz`)
  const same = [
    '--sort=name',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    `--mtime=@${answer('git', ['log', '-1', '--format=%ct'])}`,
  ]
  run('tar', ['-cJf', file, ...same, name], { cwd: work })
  console.log(`${file}: ${(statSync(file).size / 2 ** 20).toFixed(1)} MiB`)
} finally {
  rmSync(work, { recursive: true })
}
