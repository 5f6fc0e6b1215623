// Every command of README.md does what it is printed for, or says why nobody can run it here.

import t from 'tap'
import { noNamespaces } from '../support/namespace.js'
import { README } from '../support/pages.js'
import { runPage } from '../support/printed-commands.js'

t.setTimeout(240_000)
t.test(README, { skip: noNamespaces() }, (t) => runPage(t, README))
