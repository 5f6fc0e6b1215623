// `stats`: the ledger.

import type { LedgerSnapshot } from '../../ledger.js'
import type { ControlCommand, Json } from '../command.js'

export function stats(ledger: () => LedgerSnapshot): ControlCommand {
  return {
    name: 'stats',
    help: 'the ledger: what came in and what became of it, by input; rows by sink',
    parameters: [],
    run: () => ledger() as unknown as Json,
    lines: (answer) => JSON.stringify(answer, null, 2).split('\n'),
  }
}
