// The thread that reads the last calls: a slow disk holds back nobody but those who look. One query after the other.

import { parentPort } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { binding } from '../../binding.js'
import { type CallsQuery, newestCalls } from '../../show/calls.js'
import type { CallsAnswer } from './calls.js'

function answer(query: CallsQuery): CallsAnswer {
  try {
    return { calls: newestCalls(query) }
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error
    return { calls: [], fault: `the database cannot be read: ${error.message} (${error.code})` }
  }
}

binding.nameThread('page/calls')
/** null: nobody looks any more. */
parentPort?.on('message', (query: CallsQuery | null) => {
  if (query) parentPort?.postMessage(answer(query))
  else parentPort?.close()
})
