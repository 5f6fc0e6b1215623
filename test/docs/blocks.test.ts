// Every block of the pages is run, checked, or says why not; files that they print are sound; links lead somewhere.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { ROOT } from '../../packaging/run.js'
import { blocksOf, PAGES, pageText } from '../support/pages.js'
import { checkFile, folderOf } from '../support/printed-commands.js'

t.setTimeout(240_000)

/** A block in one of these is a program or a configuration: it has a mark. */
const MARKED = ['js', 'ts', 'toml', 'opensips']
const KNOWN = ['sh', ...MARKED, 'json', 'sql', 'text', '']

for (const page of PAGES) {
  t.test(page, async (t) => {
    t.match(pageText(page), /^# \w/, 'it has a title')
    const blocks = blocksOf(page)
    const folder = folderOf(t, blocks)
    for (const { where, language, notRun, file } of blocks) {
      t.ok(KNOWN.includes(language), `${where}: ${language}`)
      if (MARKED.includes(language)) t.ok(notRun ?? file, `${where} is neither a file nor marked`)
      if (file === undefined || !/\.(toml|js|cfg)$/.test(file)) continue
      const { status, stderr } = checkFile(folder, file)
      t.equal(status, 0, `${where}\n${stderr}`)
      t.equal(stderr, '', `${where}: no warnings`)
    }
  })
}

t.test('links lead to files and headings', async (t) => {
  for (const page of PAGES) {
    const text = pageText(page).replaceAll(/^```[\s\S]*?^```$/gm, '')
    for (const [, link = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link)) continue
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? page : join(dirname(page), path)
      t.ok(existsSync(join(ROOT, target)), `${page}: ${link}`)
      if (anchor !== undefined && existsSync(join(ROOT, target)))
        t.ok(anchorsOf(target).includes(anchor), `${page}: ${link}`)
    }
  }
})

/** As GitHub makes them. */
function anchorsOf(page: string): string[] {
  const headings = readFileSync(join(ROOT, page), 'utf8').matchAll(/^#+ (.+)$/gm)
  return Array.from(headings, ([, text = '']) =>
    text
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  )
}
