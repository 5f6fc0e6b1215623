// Finds files and tables whose names were made by strftime: every name that such a pattern can make.

import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type Database from 'better-sqlite3'

/** What the reports of Homer 6 call their date. */
const HOMER6_DATE = 'tss'

/** What each conversion of lib/options/strftime.ts can become. */
const CONVERSIONS: Record<string, string> = { Y: '\\d{4}', j: '\\d{3}', '%': '%' }
for (const letter of 'ymdHMS') CONVERSIONS[letter] = '\\d{2}'

/** Matches every expansion of a strftime pattern. */
export function patternOf(strftime: string): RegExp {
  const source = strftime.replace(/%(.)|[^%]+|%/gs, (text, letter?: string) => {
    const digits = letter === undefined ? undefined : CONVERSIONS[letter]
    return digits ?? text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  })
  return new RegExp(`^${source}$`, 's')
}

/** Existing files that a path with strftime letters can mean, the newest one first. */
export function filesOf(path: string): string[] {
  return path
    .split('/')
    .reduce<string[]>(expandPart, [])
    .filter((file) => newestMs(file) > 0)
    .sort((a, b) => newestMs(b) - newestMs(a))
}

function expandPart(folders: string[], part: string, index: number): string[] {
  if (!part.includes('%')) return index === 0 ? [part] : folders.map((folder) => `${folder}/${part}`)
  const pattern = patternOf(part)
  if (index === 0) return namesIn('.').filter((name) => pattern.test(name))
  return folders.flatMap((folder) =>
    namesIn(folder === '' ? '/' : folder)
      .filter((name) => pattern.test(name))
      .map((name) => join(`${folder}/`, name)),
  )
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // a folder that is not there, or not ours to look into, has nothing to show
  }
}

/** When the database was last written: recent commits are in its write-ahead log. 0 when there is no file. */
function newestMs(path: string): number {
  const written = writtenMs(path)
  return written === 0 ? 0 : Math.max(written, writtenMs(`${path}-wal`))
}

function writtenMs(path: string): number {
  try {
    const file = statSync(path)
    return file.isFile() ? file.mtimeMs : 0
  } catch {
    return 0
  }
}

/** The existing table that a name with strftime letters means: of several, the one with the newest last row. */
export function tableOf(db: Database.Database, name: string, dateColumn = 'date'): string | undefined {
  const pattern = patternOf(name)
  const tables = db
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
    .pluck()
    .all()
    .map(String)
    .filter((table) => pattern.test(table))
  if (tables.length < 2) return tables[0]
  const dated = tables.map((table) => ({ table, date: lastDate(db, table, dateColumn) }))
  dated.sort((a, b) => (a.date < b.date ? 1 : a.date > b.date ? -1 : 0))
  return dated[0]?.table
}

function lastDate(db: Database.Database, table: string, dateColumn: string): string {
  const present = columnsIn(db, table)
  const column = [dateColumn, HOMER6_DATE].find((name) => present.includes(name))
  if (column === undefined) return ''
  const sql = `SELECT ${quoted(column)} FROM ${quoted(table)} ORDER BY rowid DESC LIMIT 1`
  return String(db.prepare(sql).pluck().get() ?? '')
}

export function columnsIn(db: Database.Database, table: string): string[] {
  return (db.pragma(`table_info(${quoted(table)})`) as { name: string }[]).map(({ name }) => name)
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
