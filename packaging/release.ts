// `npm run release`: everything is checked, and what users install is made, in a fresh clone of the last commit; release/
// then has the packages and their SHA-256 sums. It publishes nothing. `-- --unchecked` leaves `.ci/run` out.

import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ARCHITECTURES } from './node-runtime.js'
import { releaseFaults } from './release-faults.js'
import { answer, RELEASE, ROOT, run } from './run.js'

const { unchecked } = parseArgs({ options: { unchecked: { type: 'boolean', default: false } } }).values
const { version } = json('package.json')

const faults = releaseFaults({
  version,
  lockedVersion: json('package-lock.json').version,
  changelog: readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8'),
  changes: answer('git', ['status', '--porcelain']),
  tags: answer('git', ['tag', '--list']).split('\n'),
})
for (const fault of faults) console.error(`not ready: ${fault}`)
if (faults.length > 0) process.exitCode = 1
else release()

function json(file: string): { version: string } {
  return JSON.parse(readFileSync(join(ROOT, file), 'utf8'))
}

function release(): void {
  const clone = mkdtempSync(join(tmpdir(), 'hepcapd-release-'))
  try {
    run('git', ['clone', '--quiet', ROOT, clone])
    if (unchecked) run('npm', ['ci', '--no-fund', '--no-audit'], { cwd: clone })
    else run(join(clone, '.ci/run'), [], { cwd: clone })
    packages(clone)
    rmSync(RELEASE, { recursive: true, force: true })
    cpSync(join(clone, 'release'), RELEASE, { recursive: true })
    writeFileSync(join(RELEASE, 'SHA256SUMS'), sums(RELEASE))
    run('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: RELEASE })
  } finally {
    rmSync(clone, { recursive: true, force: true })
  }
  console.log(`${readFileSync(join(RELEASE, 'SHA256SUMS'), 'utf8')}hepcapd ${version} is in ${RELEASE}`)
  if (unchecked) console.log('UNCHECKED: .ci/run was left out')
}

/** All that is published, and the tests that install it. */
function packages(clone: string): void {
  const npm = (...args: string[]) => run('npm', args, { cwd: clone })
  npm('run', 'prebuild')
  mkdirSync(join(clone, 'release'), { recursive: true })
  npm('pack', '--ignore-scripts', '--pack-destination', 'release')
  for (const architecture of Object.keys(ARCHITECTURES)) {
    npm('run', 'deb', '--', '--arch', architecture)
    npm('run', 'tarball', '--', '--arch', architecture)
  }
  run('sh', ['-c', 'node --test --test-concurrency=1 dist/test/package/*.test.js'], { cwd: clone })
}

/** As `sha256sum --check` reads them. */
function sums(folder: string): string {
  return readdirSync(folder)
    .sort()
    .map(
      (name) =>
        `${createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex')}  ${name}\n`,
    )
    .join('')
}
