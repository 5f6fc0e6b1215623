// Every command of docs/, but for the pages about inputs, does what it is printed for, or says why nobody can run it here.

import t from 'tap'
import { noNamespaces } from '../support/namespace.js'
import { commandsOf, INPUT_PAGES, PAGES, README } from '../support/pages.js'
import { runPage } from '../support/printed-commands.js'

t.setTimeout(240_000)

const others = PAGES.filter((page) => page !== README && !INPUT_PAGES.includes(page))
for (const page of others.filter((page) => commandsOf(page).length > 0))
  t.test(page, { skip: noNamespaces() }, (t) => runPage(t, page))
