// Every command of README.md and docs/ does what it is printed for, or says why nobody can run it here.

import t from 'tap'
import { noNamespaces } from '../support/namespace.js'
import { PAGES } from '../support/pages.js'
import { runPage } from '../support/printed-commands.js'

t.setTimeout(240_000)

for (const page of PAGES) t.test(page, { skip: noNamespaces() }, (t) => runPage(t, page))
