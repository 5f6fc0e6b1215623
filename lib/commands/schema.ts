// `hepcapd schema`: prints the statements that make the tables of each db_url. It opens no database.

import { dbUrl } from '../options/endpoints.js'
import type { Settings } from '../options/settings.js'
import { expandUtc } from '../options/strftime.js'
import { printable } from '../show/text.js'
import { schemaOf, type WantedTable } from '../sink/engines.js'
import { tableShapes } from '../sink/schema.js'
import { type Output, processOutput } from './output.js'

export interface SchemaOptions {
  /** Of ClickHouse servers, by its name in their configuration. */
  cluster?: string | undefined
  nowMs: number
}

type SchemaSettings = Pick<Settings, 'targets' | 'tableName' | 'rtcpTableName' | 'rules' | 'tableLayout'>

/** Resolves to the exit status. */
export async function schema(
  settings: SchemaSettings,
  options: SchemaOptions,
  output: Output = processOutput(),
): Promise<number> {
  const parts = await Promise.all(settings.targets.map((target) => schemaText(target, settings, options)))
  output.out(parts.join('\n\n'))
  return 0
}

/** A comment that says for whom, and the statements. */
async function schemaText(
  target: Settings['targets'][number],
  settings: SchemaSettings,
  { cluster, nowMs }: SchemaOptions,
): Promise<string> {
  const name = `-- ${printable(String(dbUrl.show(target)))}`
  if (target.kind === 'none') return `${name} stores nothing`
  if (target.kind === 'relay') return `${name} is sent packets: it has no tables of ours`
  const shapes = tableShapes(settings.tableLayout)
  const statements = await schemaOf(target, { tables: tablesOf(settings, nowMs), shapes, cluster })
  return [name, ...statements.map((statement) => `${statement};`)].join('\n')
}

/** Those of the default path, and of methods with a table of their own, each once. */
function tablesOf({ tableName, rtcpTableName, rules }: SchemaSettings, nowMs: number): WantedTable[] {
  const expand = (name: string) => expandUtc(name, Math.floor(nowMs / 1000))
  const names = new Set([tableName, ...rules.tables.values()].map(expand))
  const sip = Array.from(names, (table): WantedTable => ({ kind: 'sip', table }))
  const report = expand(rtcpTableName)
  return names.has(report) ? sip : [...sip, { kind: 'report', table: report }]
}
