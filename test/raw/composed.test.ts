// Headers in combinations that nobody wrote down one by one: links, tunnels in tunnels, fragments of each, streams cut
// anywhere, all mixed in one file. What was put in is found, each message once, octet for octet, and so says tshark.

import { join } from 'node:path'
import t from 'tap'
import { openSqlite } from '../../lib/sqlite.js'
import { makeCase, mixed } from '../support/cases.js'
import { hepcapd } from '../support/cli.js'
import * as f from '../support/frames.js'
import { rowLines, tsharkLines } from '../support/judge.js'
import { madeLines } from '../support/made.js'
import { Random } from '../support/random.js'
import { missing } from '../support/tools.js'

const CASES = 150
t.setTimeout(120_000)

for (const seed of [1, 2]) {
  t.test(`${CASES} combinations, seed ${seed}`, async (t) => {
    const random = new Random(seed)
    const cases = Array.from({ length: CASES }, (_, index) => makeCase(index, random))
    const folder = t.testdir()
    const [file, database] = [join(folder, 'made.pcap'), join(folder, 'made.db')]
    f.writePcap(file, mixed(cases, random))
    const { status, err } = await hepcapd(['--read', file, '--db-url', `sqlite:${database}`])
    t.equal(status, 0, err)
    const putIn = cases.flatMap(({ messages, ipv6 }) => madeLines(messages, ipv6)).sort()
    t.same(rowLines(database), putIn, 'what was put in')
    t.same(
      bodiesOf(database),
      cases.flatMap(({ messages }) => messages.map((m) => m.payload.toString())).sort(),
    )
    if (missing('tshark')) return t.comment(missing('tshark'))
    t.same(await tsharkLines(file, CHECKED), putIn, 'what tshark finds')
  })
}

/** It drops what has a wrong checksum, so the frames are right as well. */
const CHECKED = ['ip', 'udp', 'tcp'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`])

function bodiesOf(path: string): string[] {
  const db = openSqlite(path, { readonly: true })
  try {
    return (db.prepare('SELECT msg FROM sip_capture').pluck().all() as (Buffer | string)[]).map(String).sort()
  } finally {
    db.close()
  }
}
