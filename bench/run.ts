// `npm run bench`: the bench of each claim in turn, and bench/RESULTS.md from what they say.

import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { openSqlite } from '../lib/sqlite.js'
import { type Answer, doAllHold, isMeasured } from './support/claim.js'

const BENCHES = ['decode', 'sqlite', 'burst', 'steady', 'read', 'live', 'routes', 'databases', 'mariadb']

const root = fileURLToPath(new URL('../../', import.meta.url))
const results = `${root}bench/RESULTS.md`

const sections: string[] = []
for (const name of BENCHES) {
  const answers = await answersOf(name)
  if (!answers || !doAllHold(answers)) process.exitCode = 1
  sections.push(`## bench/${name}.ts\n`, ...(answers ?? []).map(section))
  if (!answers) sections.push('**Ended without an answer.**\n')
}
writeFileSync(results, [...heading(), ...sections].join('\n'))
console.log('bench/RESULTS.md is written')

/** Nothing when the bench failed; what it found wrong stands on stderr. */
async function answersOf(name: string): Promise<Answer[] | undefined> {
  const bench = fork(new URL(`./${name}.js`, import.meta.url), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  let answers: Answer[] | undefined
  bench.on('message', (message) => {
    answers = message as Answer[]
  })
  await once(bench, 'exit')
  return answers
}

function heading(): string[] {
  const [cpu] = cpus()
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  return [
    '# Results of `npm run bench`\n',
    'One file of `bench/` for each claim. Middle of the rounds, and least to most. Rates depend on the machine and on',
    'what else it does: compare inside of one table.\n',
    `- Machine: ${cpu?.model}, ${cpus().length} cores, ${memory}, Linux ${release()}`,
    `- Node ${process.version}, SQLite ${sqliteVersion()}`,
    `- Commit ${commit()}, ${new Date().toISOString().slice(0, 10)}\n`,
  ]
}

function sqliteVersion(): unknown {
  return openSqlite(':memory:').prepare('SELECT sqlite_version()').pluck().get()
}

function commit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  try {
    const changes = git('status', '--porcelain', '--untracked-files=no', '--', ':!bench/RESULTS.md')
    return git('rev-parse', '--short', 'HEAD') + (changes ? ' with changes that are not committed' : '')
  } catch {
    return 'unknown'
  }
}

function section(answer: Answer): string {
  if (!isMeasured(answer)) return `**Not measured**, as ${answer.missing}: ${answer.claim}.\n`
  const { claim, holds, method, figures } = answer
  const rows = figures.map(([name, value]) => `| ${name} | ${value} |`)
  const verdict = holds ? 'Holds' : '**Does not hold**'
  return [`${verdict}: ${claim}.\n`, '| | |', '|---|---|', ...rows, '', `${method}\n`].join('\n')
}
