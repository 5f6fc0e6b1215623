// Routing without a daemon: settings, and what becomes of one batch.

import { type InputLedger, Outcomes } from '../../lib/ledger.js'
import type { Batch } from '../../lib/message.js'
import { NO_RULES } from '../../lib/options/rules.js'
import { BatchRun, type Commits } from '../../lib/route/batch-run.js'
import type { CollectedRows } from '../../lib/route/collector.js'
import { DerivedRows } from '../../lib/route/derived-rows.js'
import { Fates } from '../../lib/route/fates.js'
import { Holds } from '../../lib/route/holds.js'
import { type RelayPort, Router, type RouterSettings } from '../../lib/route/router.js'
import type { RelayTarget } from '../../lib/route/rules.js'
import type { RouteServices } from '../../lib/route/services.js'

export const ROUTING: RouterSettings = {
  tableName: 'sip_capture',
  rtcpTableName: 'rtcp_capture',
  captureNode: 'homer01',
  captureOn: true,
  tableWindow: null,
  rules: NO_RULES,
  hepRoute: 'none',
  agent: { captureId: 1, compressed: false, homer5: true },
  hepIds: new Map(),
}

/** Keeps what it is given, and says at once that it was sent. */
export class RecordingRelays implements RelayPort {
  readonly sent: { to: RelayTarget; packet: Buffer }[] = []
  /** What it answers instead, when set. */
  refusal: string | undefined

  send(to: RelayTarget, packet: Uint8Array, ticket: { settle(reason?: string): void }): string | undefined {
    if (this.refusal) return this.refusal
    this.sent.push({ to, packet: Buffer.from(packet) })
    ticket.settle()
    return undefined
  }
}

export interface Collected {
  rows: CollectedRows[]
  commits: Commits
  outcomes: Outcomes
  relays: RecordingRelays
  run: BatchRun
}

/** Takes a batch through the routes; rows that were collected are not stored. */
export function collected(
  batch: Batch,
  settings: Partial<RouterSettings> = {},
  services?: RouteServices,
): Collected {
  const derived = new DerivedRows(16 << 20)
  derived.use(new Holds(() => {}))
  const relays = new RecordingRelays()
  const router = new Router({ ...ROUTING, ...settings }, { relays, derived, deeds: ['row'] }, services)
  const outcomes = new Outcomes('test')
  const fates = new Fates(batch.rows, outcomes, () => {})
  const run = new BatchRun(batch, fates, router, { late() {}, over() {} })
  run.go(Number.POSITIVE_INFINITY, () => false)
  return { ...run.take(), outcomes, relays, run }
}

export function ledgerOf(
  outcomes: Outcomes,
): Pick<InputLedger, 'stored' | 'relayed' | 'discarded' | 'dropped'> {
  const none = { received: 0, accepted: 0, dropped: {}, odd: {} }
  const { stored, relayed, discarded, dropped } = outcomes.snapshot(none, null)
  return { stored, relayed, discarded, dropped }
}
