// Any headers around any others, on a real wire: what the kernel does to tags, the filter and the ring lose nothing.

import { join } from 'node:path'
import t from 'tap'
import { type Case, makeCase, mixed } from '../support/cases.js'
import * as f from '../support/frames.js'
import { rowLines } from '../support/judge.js'
import { madeLines } from '../support/made.js'
import { listen, plugIn, replay, settle } from '../support/mirror-port.js'
import { noNamespaces } from '../support/namespace.js'
import { Random } from '../support/random.js'
import { missing } from '../support/tools.js'

const CASES = 150
const LARGEST_MTU = 65_535
t.setTimeout(120_000)

/**
 * The filter is tcpdump's `... or ip proto 4 or 41 or 47 ...`: where IPv6 is around a tunnel of IP, or of GRE, it looks
 * no further. Fragments pass, whatever is in them.
 */
function passesFilter({ layers }: Case): boolean {
  const outermost = layers.filter((name) => !/^(vlan|qinq|oldQinq)$/.test(name)).at(-1)
  return outermost !== 'inIp6' && outermost !== 'gre6'
}

const linesOf = (cases: Case[]) => cases.flatMap(({ messages, ipv6 }) => madeLines(messages, ipv6)).sort()

for (const [bpf, seen] of [
  ['0', () => true],
  ['1', passesFilter],
] as const) {
  const skip = noNamespaces() || missing('tcpreplay')
  t.test(`${CASES} combinations, with --bpf ${bpf}`, { skip }, async (t) => {
    const wire = plugIn(t)
    for (const end of [wire.near, wire.far]) {
      t.equal(await end.run('ip', ['link', 'set', wire.device, 'mtu', String(LARGEST_MTU)]), 0)
    }
    const folder = t.testdir()
    const [file, database] = [join(folder, 'made.pcap'), join(folder, 'made.db')]
    const random = new Random(20)
    const cases = Array.from({ length: CASES }, (_, index) => makeCase(index, random))
    f.writePcap(file, mixed(cases, random))
    const daemon = await listen(t, wire, database, '--bpf', bpf)
    await replay(t, wire, file)
    await settle(t, daemon)
    const expected = linesOf(cases.filter(seen))
    t.ok(expected.length > CASES)
    t.same(rowLines(database), expected)
  })
}
