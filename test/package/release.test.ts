// What keeps a release from being made, and that the changelog of this checkout has the form that a release wants.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { releaseFaults } from '../../packaging/release-faults.js'
import { ROOT } from '../../packaging/run.js'

const CHANGELOG = `# Changelog

## [Unreleased]

## [1.2.0] - 2026-11-23

### Added

- A thing.

## [1.1.0] - 2026-01-02

- Another.
`
const READY = {
  version: '1.2.0',
  lockedVersion: '1.2.0',
  changelog: CHANGELOG,
  changes: '',
  tags: ['v1.1.0'],
}

t.test('nothing is wrong', async (t) => t.same(releaseFaults(READY), []))

t.test('each fault', async (t) => {
  const cases: [Partial<typeof READY>, RegExp][] = [
    [{ changes: ' M lib/cli.ts' }, /not committed/],
    [{ lockedVersion: '1.1.0' }, /package-lock\.json has version 1\.1\.0/],
    [{ tags: ['v1.1.0', 'v1.2.0'] }, /v1\.2\.0 is out already/],
    [{ version: '1.3.0', lockedVersion: '1.3.0' }, /the newest section is not \[1\.3\.0\]/],
    [{ changelog: CHANGELOG.replace('## [Unreleased]\n', '') }, /\[Unreleased\] has to be there/],
    [{ changelog: CHANGELOG.replace('[Unreleased]\n', '[Unreleased]\n\n- A new thing.\n') }, /and empty/],
    [{ changelog: CHANGELOG.replace(' - 2026-11-23', '') }, /\[1\.2\.0\] has no date/],
    [{ changelog: CHANGELOG.replace('- Another.', '') }, /\[1\.1\.0\] has no date, or says nothing/],
  ]
  for (const [change, fault] of cases) {
    const faults = releaseFaults({ ...READY, ...change })
    t.equal(faults.length, 1, String(fault))
    t.match(faults[0], fault)
  }
})

t.test('this checkout has one version', async (t) => {
  const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
  const { version } = JSON.parse(read('package.json'))
  t.equal(JSON.parse(read('package-lock.json')).version, version)
  t.match(read('CHANGELOG.md'), /^## \[Unreleased\]$/m)
  for (const page of ['README.md', 'docs/install.md'])
    t.notOk(read(page).includes(version), `${page} names none`)
})
