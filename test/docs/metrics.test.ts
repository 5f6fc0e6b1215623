// docs/metrics.md has every metric of a daemon, with its type and what is said of it there, and no other.

import t from 'tap'
import { RunningDaemon } from '../support/cli.js'
import { pageText } from '../support/pages.js'

t.setTimeout(240_000)

/** These are of Node.js, and described as a family. */
const FAMILIES = /^(process|nodejs)_/
const ROW = /^\| `(\w+)` \| (\w+) \| ([^|]*) \| (.*) \|$/gm

interface Described {
  type: string
  help: string
  labels: string[]
}

async function served(text: string): Promise<Map<string, Described>> {
  const types = new Map(
    Array.from(text.matchAll(/^# TYPE (\w+) (\w+)$/gm), ([, name, type]) => [name, type as string]),
  )
  return new Map(
    Array.from(text.matchAll(/^# HELP (\w+) (.*)$/gm), ([, name, help]) => {
      const sample = new RegExp(`^${name}(?:_bucket)?\\{(.*)\\} `, 'm').exec(text)?.[1] ?? ''
      const labels = Array.from(sample.matchAll(/(\w+)="/g), ([, label]) => label as string)
      const described = { type: types.get(name as string) ?? '', help: help as string, labels }
      return [name as string, described] as const
    }),
  )
}

function documented(): Map<string, Described> {
  return new Map(
    Array.from(pageText('docs/metrics.md').matchAll(ROW), ([, name, type, labels, help]) => [
      name as string,
      {
        type: type as string,
        help: help as string,
        labels: Array.from((labels as string).matchAll(/`(\w+)`/g), ([, label]) => label as string),
      },
    ]),
  )
}

t.test('docs/metrics.md says what /metrics says', async (t) => {
  const folder = t.testdir()
  const daemon = await RunningDaemon.start([
    ...['--listen', 'hep_udp:127.0.0.1:0', '--db-url', `sqlite:${folder}/calls.db`],
    ...['--spool', 'off', '--heplify-metrics', '--http', '127.0.0.1:0', '--log-format', 'text'],
  ])
  const door = /http:([\d.:]+)/.exec(daemon.err)?.[1]
  const text = await (await fetch(`http://${door}/metrics`)).text()
  await daemon.stop()
  const [told, written] = [await served(text), documented()]
  for (const [name, { type, help, labels }] of told) {
    if (FAMILIES.test(name)) continue
    t.match(written.get(name), { type, help }, name)
    const known = written.get(name)?.labels ?? []
    for (const label of labels.filter((one) => one !== 'le')) t.ok(known.includes(label), `${name}: ${label}`)
  }
  for (const name of written.keys()) t.ok(told.has(name), `${name} is served`)
})
