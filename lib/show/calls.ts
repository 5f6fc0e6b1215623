// The last calls that a SQLite database has stored: the newest messages, by Call-ID. What it reads is bounded, so that
// it never holds back for long what the writer wants to do with its log. It only ever reads.

import type Database from 'better-sqlite3'
import { openSqlite } from '../sqlite.js'
import { columnsIn, filesOf, quoted, tableOf } from './find.js'

export interface CallsQuery {
  /** The file; may have strftime letters. */
  path: string
  tableName: string
  /** Names of columns that are not called by their default name, by that. */
  renamed: Readonly<Record<string, string>>
  /** Calls, at most. */
  last: number
}

export interface Call {
  call_id: string
  /** Of the first of its messages that was read, in milliseconds. */
  time_ms: number
  /** Of that message: a method, or the status of a reply. */
  method: string
  from: string
  to: string
  /** Status and reason of its last reply; '' is none. */
  answer: string
  /** Those that were read. */
  messages: number
}

/** Messages that are looked at. */
const MESSAGES = 2000
const BUSY_MS = 1000
const LONGEST = 200
const MICROS_OF_MS = 1000

const COLUMNS = 'micro_ts method reply_reason from_user from_domain to_user to_domain callid'.split(' ')

type Row = Record<string, unknown>

/** Newest first; none where nothing is stored yet. Throws an SqliteError. */
export function newestCalls(query: CallsQuery): Call[] {
  for (const file of filesOf(query.path)) {
    const db = openSqlite(file, { readonly: true, fileMustExist: true, timeout: BUSY_MS })
    try {
      const table = tableOf(db, query.tableName, query.renamed.date ?? 'date')
      if (table !== undefined) return callsOf(rowsOf(db, table, query), query.last)
    } finally {
      db.close()
    }
  }
  return []
}

/** Newest first. */
function rowsOf(db: Database.Database, table: string, { renamed }: CallsQuery): Row[] {
  const present = new Set(columnsIn(db, table))
  const wanted = COLUMNS.map((as) => ({ as, name: renamed[as] ?? as }))
    .filter(({ name }) => present.has(name))
    .map(({ as, name }) => `${quoted(name)} AS ${quoted(as)}`)
  if (wanted.length === 0) return []
  const sql = `SELECT ${wanted.join(', ')} FROM ${quoted(table)} ORDER BY rowid DESC LIMIT ${MESSAGES}`
  return db.prepare(sql).all() as Row[]
}

/** In the order in which their newest messages came. */
function callsOf(rows: Row[], last: number): Call[] {
  const calls = new Map<string, Call>()
  for (const row of rows) {
    const callId = text(row.callid)
    const known = calls.get(callId)
    if (known) older(known, row)
    else if (calls.size < last) calls.set(callId, older(emptyCall(callId), row))
  }
  return [...calls.values()]
}

function emptyCall(callId: string): Call {
  return { call_id: callId, time_ms: 0, method: '', from: '', to: '', answer: '', messages: 0 }
}

/** Takes in a message that came before those that the call has already. */
function older(call: Call, row: Row): Call {
  const method = text(row.method)
  const isReply = /^\d/.test(method)
  call.messages++
  call.time_ms = Math.floor(Number(row.micro_ts ?? 0) / MICROS_OF_MS)
  call.method = method
  call.from = party(row.from_user, row.from_domain)
  call.to = party(row.to_user, row.to_domain)
  if (isReply && call.answer === '') call.answer = `${method} ${text(row.reply_reason)}`.trim()
  return call
}

function party(user: unknown, domain: unknown): string {
  return [text(user), text(domain)].filter((part) => part !== '').join('@')
}

function text(value: unknown): string {
  const whole = Buffer.isBuffer(value) ? value.toString('utf8') : String(value ?? '')
  return whole.length > LONGEST ? `${whole.slice(0, LONGEST - 1)}\u2026` : whole
}
