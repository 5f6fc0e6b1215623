// better-sqlite3 alone, as a process of its own: it has every row in memory as an array of values, and inserts
// them into new files.
//
// Arguments: a database of the daemon, whose rows it takes. Says `ready`, answers each RivalOrder with seconds.

import type Database from 'better-sqlite3'
import { columnsOf, quoted, sqliteSchema } from '../../lib/sink/schema.js'
import { openSqlite } from '../../lib/sqlite.js'
import { timed } from './measure.js'

export interface RivalOrder {
  /** A file that does not exist. */
  path: string
}

const TABLE = 'sip_capture'
const ROWS_OF_A_TRANSACTION = 10_000

const names = columnsOf('sip').map(({ name }) => quoted(name))
const rows = rowsOf(process.argv[2] as string)

function rowsOf(path: string): unknown[][] {
  const db = openSqlite(path, { readonly: true })
  const all = db
    .prepare(`SELECT ${names.join(', ')} FROM ${TABLE} ORDER BY id`)
    .raw()
    .all()
  db.close()
  return all as unknown[][]
}

/** What lib/sink/sqlite-store.ts sets, so that the two differ in the way in only. */
const SETTINGS = [
  'page_size = 16384',
  'journal_mode = WAL',
  'synchronous = NORMAL',
  'wal_autocheckpoint = 2000',
]

function open(path: string): Database.Database {
  const db = openSqlite(path)
  for (const setting of SETTINGS) db.pragma(setting)
  for (const statement of sqliteSchema('sip', TABLE)) db.exec(statement)
  return db
}

process.on('message', ({ path }: RivalOrder) => {
  const db = open(path)
  const insert = db.prepare(
    `INSERT INTO ${TABLE} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
  )
  const insertAll = db.transaction((some: unknown[][]) => {
    for (const row of some) insert.run(row)
  })
  const ms = timed(() => {
    for (let first = 0; first < rows.length; first += ROWS_OF_A_TRANSACTION) {
      insertAll(rows.slice(first, first + ROWS_OF_A_TRANSACTION))
    }
  })
  db.close()
  process.send?.(ms / 1000)
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
