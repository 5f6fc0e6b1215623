// The pages that are made from the table of options are those that stand in the project, and programs that read them agree.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { flagOf } from '../../lib/options/option.js'
import { daemonOptions } from '../../lib/options/table.js'
import { MANUAL_PAGE, manualPage, OPTIONS_PAGE, optionsPage } from '../../packaging/reference.js'
import { ROOT } from '../../packaging/run.js'
import { missing } from '../support/tools.js'

for (const [file, made] of [
  [OPTIONS_PAGE, optionsPage],
  [MANUAL_PAGE, manualPage],
] as const) {
  t.test(`${file} is fresh`, async (t) => {
    t.equal(readFileSync(join(ROOT, file), 'utf8'), made(), 'npm run reference makes it')
  })
}

t.test('both have every option', async (t) => {
  const [page, manual] = [optionsPage(), manualPage().replaceAll('\\-', '-')]
  for (const name of Object.keys(daemonOptions)) {
    t.ok(page.includes(`\`--${flagOf(name)} `), name)
    t.ok(manual.includes(`--${flagOf(name)}\\fR`), name)
  }
})

t.test('the manual page is clean', { skip: missing('groff') }, async (t) => {
  const args = ['-man', '-Tutf8', '-ww', '-z', join(ROOT, MANUAL_PAGE)]
  t.equal(spawnSync('groff', args, { encoding: 'utf8' }).stderr, '')
})
