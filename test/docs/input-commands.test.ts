// Every command of the pages about inputs does what it is printed for, or says why nobody can run it here.

import t from 'tap'
import { noNamespaces } from '../support/namespace.js'
import { INPUT_PAGES } from '../support/pages.js'
import { runPage } from '../support/printed-commands.js'

t.setTimeout(240_000)

for (const page of INPUT_PAGES) t.test(page, { skip: noNamespaces() }, (t) => runPage(t, page))
