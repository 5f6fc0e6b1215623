// Outcomes: each message ends in exactly one, whatever was under way for it and in whatever order it ended.

import t from 'tap'
import { Outcomes } from '../../lib/ledger.js'
import { type Deed, Fates } from '../../lib/route/fates.js'
import { Random } from '../support/random.js'

const NO_INTAKE = { received: 0, accepted: 0, dropped: {}, odd: {} }

function fates(rows: number): { fates: Fates; outcomes: Outcomes; settled: () => number } {
  const outcomes = new Outcomes('test')
  let settled = 0
  const made = new Fates(rows, outcomes, (messages) => {
    settled += messages
  })
  return { fates: made, outcomes, settled: () => settled }
}

function ledger(outcomes: Outcomes) {
  const { stored, relayed, discarded, dropped } = outcomes.snapshot(NO_INTAKE, null)
  return { stored, relayed, discarded, dropped }
}

const NOTHING = { stored: 0, relayed: 0, discarded: {}, dropped: {} }

t.test('a message is stored when its rows are, and only then', async (t) => {
  const { fates: f, outcomes, settled } = fates(1)
  f.begin(0, 'row')
  f.begin(0, 'row')
  f.end(0, '')
  f.done(0, 'row')
  t.same(ledger(outcomes), NOTHING)
  t.equal(settled(), 0)
  f.done(0, 'row')
  t.same(ledger(outcomes), { ...NOTHING, stored: 1 })
  t.equal(settled(), 1)
})

const cases: [string, [Deed, string?][], Partial<typeof NOTHING>][] = [
  ['nothing was done', [], { discarded: { route: 1 } }],
  ['one row of two is lost', [['row'], ['row', 'sink/full']], { dropped: { 'sink/full': 1 } }],
  ['stored and relayed', [['row'], ['packet']], { stored: 1 }],
  ['stored, and the packet failed', [['packet', 'relay/resting'], ['row']], { stored: 1 }],
  ['lost, though it was relayed', [['packet'], ['row', 'sink/full']], { dropped: { 'sink/full': 1 } }],
  ['relayed', [['packet']], { relayed: 1 }],
  ['relayed once of twice', [['packet', 'relay/resting'], ['packet']], { relayed: 1 }],
  [
    'no packet went',
    [
      ['packet', 'relay/a'],
      ['packet', 'relay/b'],
    ],
    { dropped: { 'relay/a': 1 } },
  ],
  ['a sink that sends', [['sent_row']], { relayed: 1 }],
  ['a sink that could not send', [['sent_row', 'relay/stopped']], { dropped: { 'relay/stopped': 1 } }],
]

for (const [name, deeds, outcome] of cases) {
  t.test(`${name}: answered before and after the routes end`, async (t) => {
    for (const isLate of [false, true]) {
      const { fates: f, outcomes, settled } = fates(1)
      for (const [deed] of deeds) f.begin(0, deed)
      if (isLate) f.end(0, 'route')
      for (const [deed, failure] of deeds) f.done(0, deed, failure)
      if (!isLate) f.end(0, 'route')
      t.same(ledger(outcomes), { ...NOTHING, ...outcome })
      t.equal(settled(), 1)
    }
  })
}

t.test('what is given up is dropped, and what is answered afterwards changes nothing', async (t) => {
  const { fates: f, outcomes, settled } = fates(3)
  f.end(0, 'route')
  f.begin(1, 'row')
  f.end(1, '')
  f.abandon('sink/stop_timeout')
  t.same(ledger(outcomes), { ...NOTHING, discarded: { route: 1 }, dropped: { 'sink/stop_timeout': 2 } })
  f.done(1, 'row')
  f.end(2, 'route')
  t.same(ledger(outcomes), { ...NOTHING, discarded: { route: 1 }, dropped: { 'sink/stop_timeout': 2 } })
  t.equal(settled(), 3)
})

t.test('any order: the outcomes add up to the messages', async (t) => {
  const random = new Random(7)
  const rows = 500
  const { fates: f, outcomes, settled } = fates(rows)
  const steps: (() => void)[] = []
  for (let row = 0; row < rows; row++) {
    for (let i = random.below(4); i > 0; i--) {
      const deed = random.pick(['row', 'sent_row', 'packet'] as const)
      f.begin(row, deed)
      const failure = random.below(4) === 0 ? 'sink/some' : undefined
      steps.push(() => f.done(row, deed, failure))
    }
    steps.push(() => f.end(row, 'route'))
  }
  for (let i = steps.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[steps[i], steps[j]] = [steps[j]!, steps[i]!]
  }
  for (const step of steps) step()
  const { stored, relayed, discarded, dropped } = ledger(outcomes)
  const all = [stored, relayed, ...Object.values(discarded), ...Object.values(dropped)]
  t.equal(
    all.reduce((sum, count) => sum + count),
    rows,
  )
  t.equal(settled(), rows)
})

t.test('spooled is an outcome until the rows are committed or lost', async (t) => {
  const { fates: f, outcomes, settled } = fates(3)
  for (const row of [0, 1, 2]) {
    f.begin(row, 'row')
    f.end(row, '')
    f.spool(row)
    f.spool(row)
  }
  t.equal(outcomes.spooled, 3)
  t.equal(settled(), 3, 'nobody waits for it')
  t.equal(outcomes.snapshot({ ...NO_INTAKE, accepted: 3 }, null).in_flight, 0)
  f.done(0, 'row')
  f.done(1, 'row', 'sink/full')
  f.abandon('sink/stop_timeout')
  t.equal(outcomes.spooled, 1, 'what is on the disk is not given up')
  t.same(ledger(outcomes), { ...NOTHING, stored: 1, dropped: { 'sink/full': 1 } })
  f.done(2, 'row')
  t.equal(outcomes.spooled, 0)
  t.equal(outcomes.stored, 2)
  t.equal(settled(), 3)
})

t.test('what is settled is not spooled any more', async (t) => {
  const { fates: f, outcomes, settled } = fates(1)
  f.begin(0, 'row')
  f.end(0, '')
  f.done(0, 'row')
  f.spool(0)
  t.equal(outcomes.spooled, 0)
  t.equal(outcomes.stored, 1)
  t.equal(settled(), 1)
})
