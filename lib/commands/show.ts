// `hepcapd show`: what a SQLite database has stored, for people or as JSON. It only ever reads, also while
// the daemon writes.

import Database from 'better-sqlite3'
import { type Fault, renderFault } from '../errors.js'
import { columnsIn, filesOf, quoted, tableOf } from '../show/find.js'
import { messageLines, printable, type StoredRow, tableLines, textOf } from '../show/text.js'
import { openSqlite } from '../sqlite.js'
import { type Output, processOutput } from './output.js'

export interface ShowOptions {
  /** The SQLite file of the db_url; may have strftime letters. */
  path: string
  /** Newest messages, so many at most; a whole call is shown whole. */
  last: number
  /** '' or nothing is any call. */
  callId?: string | undefined
  /** One object a line with every column of the table. */
  json: boolean
  /** May have strftime letters: then the table with the newest last row is shown. */
  tableName: string
  rtcpTableName?: string | undefined
  /** Names of columns that are not called by their default name, by that. */
  renamed?: Readonly<Record<string, string>>
}

const BUSY_MS = 5000
const LADDER = [
  'date',
  'micro_ts',
  'method',
  'reply_reason',
  'source_ip',
  'source_port',
  'destination_ip',
  'destination_port',
  'cseq',
  'from_user',
  'to_user',
  'callid',
]

type Cured = Pick<Fault, 'what' | 'cure'>

/** Resolves to the exit status. */
export async function show(options: ShowOptions, output: Output = processOutput()): Promise<number> {
  let fault: Cured | undefined
  try {
    fault = showNewest(options, output)
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error
    fault = {
      what: `cannot read ${options.path}: ${error.message} (${error.code})`,
      cure: cureOf(error.code),
    }
  }
  if (!fault) return 0
  output.err(renderFault({ where: 'hepcapd show', severity: 'error', ...fault }))
  return 1
}

function nameOf(column: string, { renamed = {} }: ShowOptions): string {
  return renamed[column] ?? column
}

/** In the newest file that has the table. */
function showNewest(options: ShowOptions, output: Output): Cured | undefined {
  const files = filesOf(options.path)
  if (files.length === 0) return nothingYet(`there is no database ${options.path}`)
  for (const file of files) {
    const db = openSqlite(file, { readonly: true, fileMustExist: true, timeout: BUSY_MS })
    try {
      const table = tableOf(db, options.tableName, nameOf('date', options))
      if (table !== undefined) return showTable(db, file, table, options, output)
    } finally {
      db.close()
    }
  }
  return nothingYet(`${files[0]} has no table ${options.tableName}`)
}

function nothingYet(what: string): Cured {
  const cure =
    'nothing is stored yet: start `hepcapd` and send it messages, or name what it writes by --db-url and --table-name'
  return { what, cure }
}

/** One read transaction: rows and counts belong together. */
function showTable(
  db: Database.Database,
  file: string,
  table: string,
  options: ShowOptions,
  output: Output,
): Cured | undefined {
  return db.transaction(() => {
    const fault = options.json ? showJson(db, table, options, output) : showText(db, table, options, output)
    if (fault) return fault
    const reports = tableOf(db, options.rtcpTableName ?? 'rtcp_capture', nameOf('date', options))
    const stored = `${count(db, table)} messages in ${table}`
    const others = `${reports === undefined ? 0 : count(db, reports)} reports in ${reports ?? 'rtcp_capture'}`
    const total = `${stored}, ${others} (${file})`
    if (options.json) output.err(total)
    else output.out(total)
    return undefined
  })()
}

function showJson(
  db: Database.Database,
  table: string,
  options: ShowOptions,
  output: Output,
): Cured | undefined {
  let rows = 0
  const every = columnsIn(db, table).map((name): Selected => ({ name, as: name }))
  for (const row of select(db, table, options, every)) {
    const columns = Object.entries(row).map(([name, value]) => [
      name,
      Buffer.isBuffer(value) ? textOf(value) : value,
    ])
    output.out(JSON.stringify(Object.fromEntries(columns)))
    rows++
  }
  return rows === 0 ? noneOf(options) : undefined
}

function showText(
  db: Database.Database,
  table: string,
  options: ShowOptions,
  output: Output,
): Cured | undefined {
  const whole = Boolean(options.callId)
  const columns = (whole ? [...LADDER, 'msg'] : LADDER).map((as) => ({ name: nameOf(as, options), as }))
  const rows = [...select(db, table, options, columns)]
  if (rows.length === 0) return noneOf(options)
  const [heading, ...lines] = tableLines(rows, output.colours)
  output.out(heading as string)
  for (const [index, line] of lines.entries()) {
    output.out(line)
    if (whole) output.out(['', ...messageLines(rows[index] as StoredRow), ''].join('\n'))
  }
  return undefined
}

/** An empty table is no fault; a call that is not there is. */
function noneOf({ callId }: ShowOptions): Cured | undefined {
  if (!callId) return undefined
  return {
    what: `no message has the Call-ID ${printable(callId)}`,
    cure: 'see the last column of `hepcapd show`',
  }
}

/** A column of the table, and what it is called in the row. */
interface Selected {
  name: string
  as: string
}

/** In the order of time; of a table that lacks a column, without it. */
function select(
  db: Database.Database,
  table: string,
  options: ShowOptions,
  columns: Selected[],
): Iterable<StoredRow> {
  const { last, callId } = options
  const present = columnsIn(db, table)
  const from = quoted(table)
  const [time, call] = ['micro_ts', 'callid'].map((column) => nameOf(column, options)) as [string, string]
  const wanted = columns
    .filter(({ name }) => present.includes(name))
    .map(({ name, as }) => `${from}.${quoted(name)} AS ${quoted(as)}`)
  const order = present.includes(time) ? `${from}.${quoted(time)}, rowid` : 'rowid'
  const newest = `rowid IN (SELECT rowid FROM ${from} ORDER BY rowid DESC LIMIT ?)`
  const which = !callId ? newest : present.includes(call) ? `${from}.${quoted(call)} = ?` : '? IS NULL'
  const sql = `SELECT ${wanted.join(', ') || 'rowid'} FROM ${from} WHERE ${which} ORDER BY ${order}`
  return db.prepare(sql).iterate(callId || last) as Iterable<StoredRow>
}

function count(db: Database.Database, table: string): number {
  return Number(
    db
      .prepare(`SELECT count(*) FROM ${quoted(table)}`)
      .pluck()
      .get(),
  )
}

function cureOf(code: string): string {
  if (/NOTADB|CORRUPT/.test(code)) return 'name the SQLite file that the daemon writes with --db-url'
  if (/CANTOPEN|PERM|AUTH|READONLY|IOERR_ACCESS/.test(code))
    return 'run it as a user who may read the file and its folder'
  if (code.startsWith('SQLITE_BUSY'))
    return 'another program has locked the database: try again when it is done'
  return 'see the message of the database'
}
