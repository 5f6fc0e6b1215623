// Databases: reachable, the login, rights, and what existing tables lack; asked through the engines' own code.

import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { RefusedError } from '../errors.js'
import type { Settings } from '../options/settings.js'
import { expandUtc } from '../options/strftime.js'
import { type DatabaseTarget, databaseName } from '../sink/database-target.js'
import { inspectorOf, type WantedTable } from '../sink/engines.js'
import type { DatabaseReport, TableReport } from '../sink/inspector.js'
import { type TableShapes, tableShapes } from '../sink/schema.js'
import type { Target } from '../sink/sinks.js'
import { AwayError } from '../sink/store.js'
import { diskOf, isWritable, sqliteFindings } from './disks.js'
import { about, type Finding } from './finding.js'

const say = about('databases')

type StoreSettings = Pick<
  Settings,
  'targets' | 'tableName' | 'rtcpTableName' | 'rules' | 'tableLayout' | 'spool'
>

/** Without these a row says little. */
const CORE = ['date', 'micro_ts', 'method', 'callid', 'source_ip', 'destination_ip', 'msg']

export type StoreTarget = Exclude<Target, { kind: 'relay' | 'none' }>

/** What rows are stored in, a database server once for each of its hosts, with the name to show. */
export function storesOf(targets: readonly Target[]): { target: StoreTarget; name: string }[] {
  const second = Math.floor(Date.now() / 1000)
  return targets.flatMap((target): { target: StoreTarget; name: string }[] => {
    if (target.kind === 'sqlite') {
      const path = expandUtc(target.path, second)
      return [{ target: { kind: 'sqlite', path }, name: `sqlite:${path}` }]
    }
    if (target.kind !== 'database') return []
    return hostsOf(target.at).map((at) => ({ target: { kind: 'database', at }, name: databaseName(at) }))
  })
}

function hostsOf(at: DatabaseTarget): DatabaseTarget[] {
  return at.socketPath === undefined ? at.hosts.map((host) => ({ ...at, hosts: [host] })) : [at]
}

/** Tables of now: those of the default path, and of methods with a table of their own. */
export function tablesOf({ tableName, rtcpTableName, rules }: StoreSettings): WantedTable[] {
  const expand = (name: string) => expandUtc(name, Math.floor(Date.now() / 1000))
  const sip = [...new Set([tableName, ...rules.tables.values()].map(expand))]
  const report = expand(rtcpTableName)
  return [
    ...sip.map((table): WantedTable => ({ kind: 'sip', table })),
    ...(sip.includes(report) ? [] : [{ kind: 'report', table: report } as const]),
  ]
}

export async function databaseFindings(settings: StoreSettings): Promise<Finding[]> {
  const shapes = tableShapes(settings.tableLayout)
  const tables = tablesOf(settings)
  const findings: Finding[] = []
  for (const { target, name } of storesOf(settings.targets))
    findings.push(...(await findingsOf(target, name, tables, shapes, settings.spool.folder !== '')))
  return findings
}

async function findingsOf(
  target: StoreTarget,
  name: string,
  tables: readonly WantedTable[],
  shapes: TableShapes,
  hasSpool: boolean,
): Promise<Finding[]> {
  const files = target.kind === 'sqlite' ? fileFindings(target.path) : []
  if (target.kind === 'sqlite' && !existsSync(target.path)) {
    const isUsable = files.every(({ level }) => level !== 'fault')
    return isUsable
      ? [...files, say.ok('database', `${name} does not exist yet: the daemon makes it`)]
      : files
  }
  const inspector = await inspectorOf(target, shapes)
  try {
    return [...files, ...reportFindings(name, await inspector.inspect(tables), shapes)]
  } catch (error) {
    return [...files, unusable(name, error, hasSpool)]
  } finally {
    await inspector.close()
  }
}

function fileFindings(path: string): Finding[] {
  const fileWritable = existsSync(path) ? isWritable(path) : undefined
  return sqliteFindings({ path, disk: diskOf(dirname(path)), fileWritable })
}

/** What is refused will be refused to the daemon too; what is away may come back. */
export function unusable(name: string, error: unknown, hasSpool: boolean): Finding {
  const isAway = error instanceof AwayError
  if (!isAway && !(error instanceof RefusedError)) throw error
  const { code, message, cure } = error as AwayError | RefusedError
  const text = message.includes(code) ? message : `${message} (${code})`
  const why = isAway
    ? `rows wait ${hasSpool ? 'in the spool' : 'in memory, and are lost when it is full'}`
    : 'the daemon cannot start'
  return say.fault('database', `${name}: ${text}`, { cure, why })
}

export function reportFindings(
  name: string,
  { server, mayCreate, tables }: DatabaseReport,
  shapes: TableShapes,
): Finding[] {
  const findings = [say.ok('database', `${name}: ${server}`)]
  const wanting = tables.filter(({ exists }) => !exists).map(({ table }) => table)
  if (wanting.length > 0) findings.push(missingTables(name, wanting, mayCreate))
  for (const table of tables) if (table.exists) findings.push(...tableFindings(name, table, shapes))
  return findings
}

function missingTables(name: string, tables: readonly string[], mayCreate: boolean | undefined): Finding {
  const what = `${name}: ${tables.join(' and ')} ${tables.length > 1 ? 'do' : 'does'} not exist yet`
  if (mayCreate !== false) return say.ok('tables', `${what}; the daemon makes what it needs`)
  return say.fault('tables', `${what}, and this user may not make it`, {
    cure: 'give it the right to CREATE, or run the output of `hepcapd schema` as an administrator',
    why: 'rows wait until there is a table',
  })
}

function tableFindings(name: string, report: TableReport, shapes: TableShapes): Finding[] {
  const { table, mayInsert } = report
  const findings = [...missingColumns(name, report, shapes), ...narrowColumns(name, report)]
  if (mayInsert === false) {
    findings.unshift(
      say.fault('insert', `${name}: this user may not insert into ${table}`, {
        cure: `GRANT INSERT, SELECT ON ${table} TO the user of the db_url`,
        why: 'nothing is stored',
      }),
    )
  }
  const state = mayInsert ? 'there, and this user may insert' : 'there'
  return findings.length > 0 ? findings : [say.ok('table', `${name}: ${table} is ${state}`)]
}

function missingColumns(name: string, { kind, table, missing }: TableReport, shapes: TableShapes): Finding[] {
  if (missing.length === 0) return []
  const froms = new Map(shapes[kind].map((column) => [column.name, column.from.name]))
  const isGrave = missing.some((column) => CORE.includes(froms.get(column) ?? ''))
  const what = `${name}: ${table} lacks ${missing.join(', ')}`
  const more = { cure: 'ALTER TABLE, with the lines of `hepcapd schema`', why: 'it is used without them' }
  return [isGrave ? say.warning('columns', what, more) : say.hint('columns', what, more)]
}

function narrowColumns(name: string, { table, narrow }: TableReport): Finding[] {
  if (narrow.length === 0) return []
  const shown = narrow.map((column) => `${column.name} ${column.type}`).join(', ')
  return [
    say.hint('widths', `${name}: in ${table} some columns are narrow: ${shown}`, {
      cure: 'ALTER TABLE, with the lines of `hepcapd schema`',
      why: 'longer values are cut, and counted',
    }),
  ]
}
