// What the page is told, out of the daemon and of the configuration that is in force.

import type { Daemon } from '../../daemon.js'
import type { Settings } from '../../options/settings.js'
import { type CallsPlace, CallsReader } from './calls.js'
import type { PageSource } from './page.js'

type Told = Pick<Daemon, 'ledger' | 'away'>
type Shown = Pick<Settings, 'captureNode' | 'httpCalls' | 'targets' | 'tableName' | 'tableLayout'>

/** `inForce` is asked each time: a reload may have changed it. */
export function pageSource(
  daemon: Told,
  inForce: () => Shown,
  version: string,
  more: Pick<PageSource, 'health' | 'agents'> = {},
): PageSource {
  return {
    version,
    node: () => inForce().captureNode,
    ledger: () => daemon.ledger(),
    away: () => daemon.away,
    calls: new CallsReader(() => placeOf(inForce())),
    callsAreOpen: () => inForce().httpCalls,
    ...more,
  }
}

/** Of several databases each has the same rows. */
function placeOf({ targets, tableName, tableLayout: { renamed } }: Shown): CallsPlace | undefined {
  const sqlite = targets.find((target) => target.kind === 'sqlite')
  return sqlite && { path: sqlite.path, tableName, renamed }
}
