// What has to be so before a release, as far as the files of the checkout tell.

export interface ReleaseFiles {
  /** Of package.json: the one place of the version. */
  version: string
  /** Of package-lock.json. */
  lockedVersion: string
  changelog: string
  /** What `git status --porcelain` says. */
  changes: string
  /** Names of the tags that there are. */
  tags: readonly string[]
}

/** Sentences; none when all is well. */
export function releaseFaults({ version, lockedVersion, changelog, changes, tags }: ReleaseFiles): string[] {
  const faults: string[] = []
  if (changes !== '') faults.push('there are changes that are not committed')
  if (lockedVersion !== version)
    faults.push(`package-lock.json has version ${lockedVersion}, package.json ${version}: npm install`)
  if (tags.includes(`v${version}`))
    faults.push(`v${version} is out already: raise the version in package.json`)
  return [...faults, ...changelogFaults(version, changelog)]
}

const HEADING = /^## \[(.+?)\](?: - (\d{4}-\d{2}-\d{2}))?$/gm

/** In the form of https://keepachangelog.com/en/1.1.0/: a dated section of this version, newest first. */
function changelogFaults(version: string, changelog: string): string[] {
  const sections = [...changelog.matchAll(HEADING)].map(({ 0: line, 1: name, 2: date, index }, at, all) => ({
    name: name as string,
    date,
    text: changelog.slice(index + line.length, all[at + 1]?.index).trim(),
  }))
  const unreleased = sections.find(({ name }) => name === 'Unreleased')
  const released = sections.filter(({ name }) => name !== 'Unreleased')
  const faults: string[] = []
  if (unreleased === undefined || unreleased.text !== '')
    faults.push('CHANGELOG.md: [Unreleased] has to be there, and empty')
  if (released[0]?.name !== version) faults.push(`CHANGELOG.md: the newest section is not [${version}]`)
  for (const { name, date, text } of released)
    if (date === undefined || text === '') faults.push(`CHANGELOG.md: [${name}] has no date, or says nothing`)
  return faults
}
